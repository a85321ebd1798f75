//! `GET /capture/v1/attempts/{id}`: how far it is; waits for a change when asked to.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::attempt::Refusal;
use zhenren_domain::outcome::Hint;
use zhenren_usecases::capture::CaptureError;
use zhenren_usecases::capture::status;

use super::admit;
use crate::Api;
use crate::extract::{Path, Query};
use crate::problem::{self, CaptureProblem, Problem};

/// Limit: proxies close idle requests after 30 s.
const WAIT_MS_MAX: u64 = 20_000;

/// `?wait_ms=`.
#[derive(Debug, Deserialize)]
pub(super) struct StatusQuery {
    wait_ms: Option<u64>,
}

/// The handler.
pub(super) async fn status(
    State(api): State<Api>,
    Path(id): Path<String>,
    Query(query): Query<StatusQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, CaptureProblem> {
    let access = admit(&api, &id, &headers).await?;
    let wait_ms = query.wait_ms.unwrap_or(0).min(WAIT_MS_MAX);
    let seen = status::wait(&api.context, &access, wait_ms)
        .await
        .map_err(|f| Problem::fault(&f))?;
    let result = seen.result.map(|result| {
        json!({
            "outcome": result.outcome.name(),
            "errcode": result.errcode,
            "hint": result.hint.map(Hint::name),
            "retry": result.retry.map(|token| json!({ "capture_token": token })),
        })
    });
    Ok(Json(json!({ "state": seen.state, "result": result })))
}

/// The problem of a refused step of the attempt.
pub(super) fn refused(error: CaptureError) -> CaptureProblem {
    CaptureProblem(match error {
        CaptureError::Refused(Refusal::Ended) => Problem::new(&problem::ATTEMPT_ENDED),
        CaptureError::Refused(Refusal::TooLate) => Problem::new(&problem::ATTEMPT_EXPIRED),
        CaptureError::Refused(Refusal::NotChallenged | Refusal::NotCompleted) => {
            Problem::new(&problem::NOT_CHALLENGED)
        }
        CaptureError::Refused(Refusal::AlreadyCompleted | Refusal::NotYetDue) => {
            Problem::new(&problem::ALREADY_COMPLETED)
        }
        CaptureError::Unsupported(unsupported) => Problem::unsupported(unsupported),
        CaptureError::Fault(fault) => Problem::fault(&fault),
    })
}
