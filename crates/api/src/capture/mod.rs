//! The capture side, `/capture/v1`: what the device of the capture subject talks to.
//!
//! It learns the next step and a hint, never a score, a threshold or a fine reason (I6).

mod begin;
mod challenge;
mod complete;
pub(crate) mod cors;
mod end;
mod parts;
mod status;
mod support;

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::routing::{get, post, put};
use zhenren_domain::ids::AttemptId;
use zhenren_usecases::capture::access::{self, AccessError, AttemptAccess};

use crate::Api;
use crate::problem::{self, CaptureProblem, Problem};

/// The routes of this room.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/capture/v1/support", get(support::support))
        .route("/capture/v1/attempts", post(begin::begin))
        .route("/capture/v1/attempts/{id}", get(status::status))
        .route(
            "/capture/v1/attempts/{id}/challenge",
            post(challenge::challenge),
        )
        .route("/capture/v1/attempts/{id}/parts", get(parts::list))
        .route(
            "/capture/v1/attempts/{id}/parts/{index}",
            put(parts::receive),
        )
        .route(
            "/capture/v1/attempts/{id}/complete",
            post(complete::complete),
        )
        .route("/capture/v1/attempts/{id}/cancel", post(end::cancel))
}

/// The attempt of this path, opened by the bearer token of the headers.
async fn admit(api: &Api, id: &str, headers: &HeaderMap) -> Result<AttemptAccess, CaptureProblem> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    admit_with(api, id, token).await
}

async fn admit_with(api: &Api, id: &str, token: &str) -> Result<AttemptAccess, CaptureProblem> {
    let id = AttemptId::parse(id).map_err(|_| CaptureProblem(Problem::new(&problem::NOT_FOUND)))?;
    if token.is_empty() {
        return Err(CaptureProblem(Problem::new(
            &problem::ATTEMPT_TOKEN_INVALID,
        )));
    }
    access::open(&api.context, &id, token)
        .await
        .map_err(|error| {
            CaptureProblem(match error {
                AccessError::Unknown => Problem::new(&problem::NOT_FOUND),
                AccessError::Fault(fault) => Problem::fault(&fault),
            })
        })
}
