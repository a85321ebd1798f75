//! `/v1/account/sessions`: an operator signs in, looks, and signs out.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_usecases::operators::SecretText;
use zhenren_usecases::operators::sign_in::{self, SignInError};
use zhenren_usecases::operators::sign_out::{self, SignOutError};

use super::actor::{actor, bearer, denied, invalid};
use super::{Needs, Route, operators};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::client_address::ClientAddress;
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/account/sessions", Needs::Nothing, begin),
        Route::get("/v1/account/sessions/current", Needs::Operator, current),
        Route::delete("/v1/account/sessions/current", Needs::Operator, end),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInFields {
    login: String,
    password: String,
}

async fn begin(
    State(api): State<Api>,
    ClientAddress(from): ClientAddress,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let fields: SignInFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let password = SecretText::from(fields.password);
    let signed_in = sign_in::sign_in(&api.context, &fields.login, &password, from)
        .await
        .map_err(|error| match error {
            SignInError::Refused => Problem::new(&problem::SIGN_IN_REFUSED),
            SignInError::Locked { until, rest_s } => locked(&until, rest_s),
            SignInError::LimitReached(reached) => Problem::limit_reached(reached),
            SignInError::Busy => Problem::new(&problem::UNAVAILABLE),
            SignInError::Fault(fault) => Problem::fault(&fault),
        })?;
    let answer = json!({
        "token": signed_in.token,
        "expires_at": signed_in.expires_at.to_string(),
        "operator": operators::shape(&signed_in.operator),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The problem of a login that is locked until then.
pub(super) fn locked(until: &impl ToString, rest_s: u64) -> Problem {
    let until = until.to_string();
    Problem::with_detail(
        &problem::SIGN_IN_LOCKED,
        format!("Nothing is looked at until {until}; an owner can lift the lock."),
    )
    .after(rest_s)
}

async fn current(State(api): State<Api>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let current = sign_out::current(&api.context, &actor, bearer(&headers)?)
        .await
        .map_err(refused)?;
    Ok(Json(json!({
        "created_at": current.created_at.to_string(),
        "expires_at": current.expires_at.to_string(),
        "operator": operators::shape(&current.operator),
    })))
}

async fn end(State(api): State<Api>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let at = sign_out::sign_out(&api.context, &actor, bearer(&headers)?)
        .await
        .map_err(refused)?;
    Ok(Json(json!({ "ended_at": at.to_string() })))
}

fn refused(error: SignOutError) -> Problem {
    match error {
        SignOutError::Denied(reason) => denied(reason),
        SignOutError::Over => invalid(),
        SignOutError::Fault(fault) => Problem::fault(&fault),
    }
}
