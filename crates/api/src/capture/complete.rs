//! `POST …/complete`: all parts are here; analysis may begin.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::challenge::ClockLog;
use zhenren_usecases::capture::complete::{self, CompleteError, Completion};

use super::admit;
use super::status::refused;
use crate::Api;
use crate::body;
use crate::extract::Path;
use crate::problem::{self, CaptureProblem, Problem};

/// Limit: a clock log of 30 frames a second for half a minute, and a few prompts.
const BODY_BYTES_MAX: usize = 256 * 1024;

#[derive(Debug, Deserialize)]
struct Fields {
    parts_count: u32,
    bytes: u64,
    sha256: String,
    media_type: String,
    #[serde(default)]
    clock: Clock,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Clock {
    onsets_ms: Vec<f64>,
    frames_ms: Vec<(f64, Option<f64>)>,
}

/// The handler.
pub(super) async fn complete(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), CaptureProblem> {
    let access = admit(&api, &id, &headers).await?;
    let fields: Fields = body::read_json(body, BODY_BYTES_MAX).await?;
    let completion = Completion {
        parts_count: fields.parts_count,
        size_bytes: fields.bytes,
        sha256: fields.sha256.to_ascii_lowercase(),
        media_type: fields.media_type,
        clock: ClockLog {
            onsets_ms: fields.clock.onsets_ms,
            frames_ms: fields.clock.frames_ms,
        },
    };
    complete::complete(&api.context, &access, completion).await.map_err(|error| {
        CaptureProblem(match error {
            CompleteError::PartsIncomplete => Problem::new(&problem::PARTS_INCOMPLETE),
            CompleteError::DigestMismatch => Problem::new(&problem::DIGEST_MISMATCH),
            CompleteError::AlreadyCompleted => Problem::new(&problem::ALREADY_COMPLETED),
            CompleteError::ClockInvalid => Problem::with_detail(
                &problem::PARAMETER_INVALID,
                "clock holds at most 32 onsets and 4096 frames, all finite numbers, and as many \
                 onsets as the challenge has steps or none.",
            ),
            CompleteError::Attempt(refusal) => return refused(refusal.into()),
            CompleteError::Fault(fault) => Problem::fault(&fault),
        })
    })?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "state": "analyzing" }))))
}
