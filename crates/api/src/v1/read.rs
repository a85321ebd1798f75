//! `GET /v1/verifications/{id}` and `POST …/cancel`.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::Value;
use zhenren_domain::ids::VerificationId;
use zhenren_usecases::verifications::cancel::{self, CancelError};
use zhenren_usecases::verifications::read;

use super::shape;
use crate::Api;
use crate::auth;
use crate::client_address::ClientAddress;
use crate::extract::Path;
use crate::problem::{self, Problem};

/// `GET /v1/verifications/{id}`.
pub(super) async fn read(
    State(api): State<Api>,
    Path(id): Path<String>,
    from: ClientAddress,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = auth::caller(&api, &headers, from).await?;
    let id = parse(&id)?;
    let found = read::read(&api.context, &caller, &id)
        .await
        .map_err(|f| Problem::fault(&f))?;
    let report = found.ok_or_else(|| Problem::new(&problem::NOT_FOUND))?;
    Ok(Json(shape::verification(&report)))
}

/// `POST /v1/verifications/{id}/cancel`.
pub(super) async fn cancel(
    State(api): State<Api>,
    Path(id): Path<String>,
    from: ClientAddress,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let caller = auth::caller(&api, &headers, from).await?;
    let id = parse(&id)?;
    let report = cancel::cancel(&api.context, &caller, &id)
        .await
        .map_err(|error| match error {
            CancelError::Unknown => Problem::new(&problem::NOT_FOUND),
            CancelError::AlreadyClosed => Problem::new(&problem::ALREADY_CLOSED),
            CancelError::Fault(fault) => Problem::fault(&fault),
        })?;
    Ok(Json(shape::verification(&report)))
}

/// What is no id cannot belong to anybody.
fn parse(id: &str) -> Result<VerificationId, Problem> {
    VerificationId::parse(id).map_err(|_| Problem::new(&problem::NOT_FOUND))
}
