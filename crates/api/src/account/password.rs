//! `/v1/account/password`: operators change their own.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_usecases::operators::SecretText;
use zhenren_usecases::operators::change_password::{self, ChangeError};

use super::actor::{actor, bearer, denied};
use super::operators::password_refused;
use super::sessions::locked;
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/v1/account/password", Needs::Operator, change)]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordFields {
    present_password: String,
    new_password: String,
}

async fn change(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let fields: PasswordFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let present = SecretText::from(fields.present_password);
    let new = SecretText::from(fields.new_password);
    let token = bearer(&headers)?;
    let ended = change_password::change(&api.context, &actor, token, &present, &new)
        .await
        .map_err(|error| match error {
            ChangeError::Denied(reason) => denied(reason),
            ChangeError::Refused(why) => password_refused(why),
            ChangeError::Wrong => Problem::new(&problem::PASSWORD_WRONG),
            ChangeError::Locked { until, rest_s } => locked(&until, rest_s),
            ChangeError::Busy => Problem::new(&problem::UNAVAILABLE),
            ChangeError::Fault(fault) => Problem::fault(&fault),
        })?;
    Ok(Json(json!({ "sessions_ended_count": ended })))
}
