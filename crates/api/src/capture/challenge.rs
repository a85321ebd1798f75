//! `POST /capture/v1/attempts/{id}/challenge`: what to do before the camera, drawn just now.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use zhenren_domain::challenge::{CHALLENGE_VERSION, Challenge};
use zhenren_usecases::capture::challenge::draw;

use super::{admit, status::refused};
use crate::Api;
use crate::extract::Path;
use crate::problem::CaptureProblem;

/// The handler.
pub(super) async fn challenge(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, CaptureProblem> {
    let access = admit(&api, &id, &headers).await?;
    let drawn = draw(&api.context, &access).await.map_err(refused)?;
    Ok(Json(json!({
        "challenge": shape(&drawn.challenge),
        "deadline_at": drawn.deadline_at.to_string(),
    })))
}

fn shape(challenge: &Challenge) -> Value {
    let steps: Vec<Value> = challenge
        .steps
        .iter()
        .map(|step| {
            let (member, value) = step.prompt.member();
            json!({ member: value, "at_ms": step.at_ms, "window_ms": step.window_ms })
        })
        .collect();
    json!({
        "version": CHALLENGE_VERSION,
        "kind": challenge.kind.name(),
        "duration_ms": challenge.duration_ms,
        "steps": steps,
    })
}
