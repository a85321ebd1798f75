//! `POST /capture/v1/attempts/{id}/challenge`: what to do before the camera, drawn just now.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::challenge::{CHALLENGE_VERSION, Challenge};
use zhenren_domain::mode::Circumstances;
use zhenren_usecases::capture::challenge::draw;

use super::{admit, status::refused};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX, parse_json};
use crate::extract::Path;
use crate::problem::{self, CaptureProblem, Problem};

/// What the page says about device, light and person; all of it may be left out, and with it the
/// whole body. Unknown fields and abilities are ignored: older servers meet newer pages.
#[derive(Debug, Default, Deserialize)]
struct Fields {
    #[serde(default)]
    cannot: Vec<String>,
    ambient: Option<String>,
    #[serde(default)]
    no_flash: bool,
}

impl Fields {
    fn circumstances(&self) -> Result<Circumstances, CaptureProblem> {
        let cannot = |ability| self.cannot.iter().any(|it| it == ability);
        let too_bright = match self.ambient.as_deref() {
            None | Some("good" | "too_dark") => false,
            Some("too_bright") => true,
            Some(_) => {
                return Err(CaptureProblem(Problem::with_detail(
                    &problem::PARAMETER_INVALID,
                    "ambient must be too_bright, good or too_dark.",
                )));
            }
        };
        Ok(Circumstances {
            no_flash: self.no_flash,
            cannot_flash: cannot("flash"),
            cannot_listen: cannot("sound"),
            too_bright,
        })
    }
}

/// The handler.
pub(super) async fn challenge(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, CaptureProblem> {
    let access = admit(&api, &id, &headers).await?;
    let bytes = body::read(body, JSON_BYTES_MAX)
        .await
        .map_err(Problem::from)?;
    let fields: Fields = if bytes.is_empty() {
        Fields::default()
    } else {
        parse_json(&bytes)?
    };
    let at = fields.circumstances()?;
    let drawn = draw(&api.context, &access, at).await.map_err(refused)?;
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
