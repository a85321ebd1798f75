//! `PUT …/parts/{index}` and `GET …/parts`: the recording, in pieces that can be sent again.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use zhenren_usecases::capture::receive_part::{self, PartError};

use super::admit;
use super::status::refused;
use crate::Api;
use crate::body;
use crate::extract::Path;
use crate::problem::{self, CaptureProblem, Problem};

/// `PUT /capture/v1/attempts/{id}/parts/{index}`.
pub(super) async fn receive(
    State(api): State<Api>,
    Path((id, index)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, CaptureProblem> {
    let access = admit(&api, &id, &headers).await?;
    let index: u32 = index.parse().map_err(|_| {
        Problem::with_detail(
            &problem::PARAMETER_INVALID,
            "The part's index is a number from 0.",
        )
    })?;
    let sha256 = headers
        .get("x-part-sha256")
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let limit = usize::try_from(api.context.settings().upload.part_bytes_max).unwrap_or(usize::MAX);
    let bytes = body::read(body, limit).await.map_err(Problem::from)?;
    let size = bytes.len();
    receive_part::receive(&api.context, &access, index, sha256, &bytes)
        .await
        .map_err(part_refused)?;
    Ok(Json(json!({ "index": index, "bytes": size })))
}

/// `GET /capture/v1/attempts/{id}/parts`.
pub(super) async fn list(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, CaptureProblem> {
    let access = admit(&api, &id, &headers).await?;
    let parts = receive_part::list(&api.context, &access)
        .await
        .map_err(|f| Problem::fault(&f))?;
    let parts: Vec<Value> = parts
        .iter()
        .map(|part| json!({ "index": part.index, "bytes": part.size_bytes, "sha256": part.sha256 }))
        .collect();
    Ok(Json(json!({ "parts": parts })))
}

fn part_refused(error: PartError) -> CaptureProblem {
    CaptureProblem(match error {
        PartError::TooLarge => Problem::new(&problem::TOO_LARGE),
        PartError::Empty => Problem::with_detail(&problem::BODY_INVALID, "Send at least one byte."),
        PartError::HashMismatch => Problem::new(&problem::PART_HASH_MISMATCH),
        PartError::Conflict => Problem::new(&problem::PART_CONFLICT),
        PartError::Attempt(refusal) => return refused(refusal.into()),
        PartError::Fault(fault) => Problem::fault(&fault),
    })
}
