//! `POST /v1/people`: enrols a person, or replaces the photograph of one.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_usecases::people::enrol::{self, EnrolError};

use super::photo;
use crate::Api;
use crate::auth;
use crate::body::{self, PHOTO_JSON_BYTES_MAX};
use crate::client_address::ClientAddress;
use crate::problem::{self, Problem};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    name: String,
    id_number: String,
    photo: String,
}

/// The handler.
pub(super) async fn enrol(
    State(api): State<Api>,
    from: ClientAddress,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = auth::caller(&api, &headers, from).await?;
    let fields: Fields = body::read_json(body, PHOTO_JSON_BYTES_MAX).await?;
    let bytes = photo::decode(&fields.photo)?;
    let enrolled = enrol::enrol(
        &api.context,
        &caller,
        &fields.name,
        &fields.id_number,
        bytes,
    )
    .await
    .map_err(|error| match error {
        EnrolError::NameInvalid => Problem::with_detail(
            &problem::PARAMETER_INVALID,
            "name must have 1 to 64 characters.",
        ),
        EnrolError::NumberInvalid(error) => Problem::with_detail(
            &problem::PARAMETER_INVALID,
            format!("id_number is wrong: {error}."),
        ),
        EnrolError::Photo(refused) => photo::refused(&refused),
        EnrolError::Fault(fault) => Problem::fault(&fault),
    })?;
    let answer = json!({ "id": enrolled.id.as_str(), "replaced": enrolled.replaced });
    Ok((StatusCode::CREATED, Json(answer)))
}
