//! `POST …/cancel`: the capture subject left, refused, or cannot record.
//!
//! Pages that are being closed use `sendBeacon`, which sends no headers: then the token stands
//! in the body.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::outcome::Reason;
use zhenren_usecases::capture::cancel;

use super::status::refused;
use super::{admit, admit_with};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::Path;
use crate::problem::{self, CaptureProblem, Problem};

#[derive(Debug, Deserialize)]
struct Fields {
    reason: String,
    attempt_token: Option<String>,
}

/// The handler.
pub(super) async fn cancel(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, CaptureProblem> {
    let fields: Fields = body::read_json(body, JSON_BYTES_MAX).await?;
    let access = match (
        headers.contains_key(header::AUTHORIZATION),
        &fields.attempt_token,
    ) {
        (false, Some(token)) => admit_with(&api, &id, token).await?,
        _ => admit(&api, &id, &headers).await?,
    };
    let reason = reason(&fields.reason)?;
    let state = cancel::cancel(&api.context, &access, reason)
        .await
        .map_err(refused)?;
    Ok(Json(json!({ "state": state })))
}

fn reason(name: &str) -> Result<Reason, CaptureProblem> {
    match name {
        "cancelled" | "left" => Ok(Reason::Cancelled),
        "not_authorised" => Ok(Reason::NotAuthorised),
        "device_unsupported" => Ok(Reason::DeviceUnsupported),
        "timed_out" => Ok(Reason::CaptureTimedOut),
        _ => Err(CaptureProblem(Problem::with_detail(
            &problem::PARAMETER_INVALID,
            "reason must be cancelled, not_authorised, device_unsupported, timed_out or left.",
        ))),
    }
}
