//! `POST /v1/verifications`: opens a verification. Repeating the request with its key is safe.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_usecases::verifications::open::{
    self, Idempotency, OpenError, Opening, ReferenceSource, Source, Subject,
};

use super::photo;
use crate::Api;
use crate::asked::AskedFields;
use crate::auth;
use crate::body::{self, PHOTO_JSON_BYTES_MAX, parse_json};
use crate::client_address::ClientAddress;
use crate::problem::{self, Problem};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    id_number: String,
    user_id: Option<String>,
    challenge: Option<AskedFields>,
    reference: ReferenceFields,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferenceFields {
    source: String,
    photo: Option<String>,
}

/// The handler.
pub(super) async fn create(
    State(api): State<Api>,
    from: ClientAddress,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let caller = auth::caller(&api, &headers, from).await?;
    let key = idempotency_key(&headers)?;
    let bytes = body::read(body, PHOTO_JSON_BYTES_MAX).await?;
    let fields: Fields = parse_json(&bytes)?;
    let opening = Opening {
        subject: Subject {
            name: fields.name,
            id_number: fields.id_number,
        },
        user_id: fields.user_id,
        challenge: fields.challenge.map(AskedFields::for_one).transpose()?,
        reference: reference(fields.reference)?,
        idempotency: Some(Idempotency {
            key,
            body: bytes.to_vec(),
        }),
        source: Source::V1,
    };
    let opened = open::open(&api.context, &caller, opening)
        .await
        .map_err(|e| refused(&e))?;
    let url = opened
        .capture_token
        .as_ref()
        .map(|token| format!("{}/capture#token={token}", api.settings.public_url));
    let answer = json!({
        "id": opened.verification_id.as_str(),
        "state": opened.state,
        "outcome": opened.outcome.map(Outcome::name),
        "reason": opened.reason.map(Reason::name),
        "capture_token": opened.capture_token,
        "capture_url": url,
        "expires_at": opened.expires_at.to_string(),
        "price_fen": opened.price.get(),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

fn idempotency_key(headers: &HeaderMap) -> Result<String, Problem> {
    let key = headers
        .get("idempotency-key")
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let fits = (8..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if fits {
        Ok(key.to_owned())
    } else {
        Err(Problem::new(&problem::IDEMPOTENCY_KEY_MISSING))
    }
}

fn invalid(detail: &str) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}

fn reference(fields: ReferenceFields) -> Result<ReferenceSource, Problem> {
    match (fields.source.as_str(), fields.photo) {
        ("enrolled", None) => Ok(ReferenceSource::Enrolled),
        ("caller_photo", Some(text)) => Ok(ReferenceSource::CallerPhoto(photo::decode(&text)?)),
        ("caller_photo", None) => Err(invalid("reference.photo is missing.")),
        ("enrolled", Some(_)) => Err(invalid(
            "reference.photo goes with source caller_photo only.",
        )),
        _ => Err(invalid(
            "reference.source must be enrolled or caller_photo.",
        )),
    }
}

fn refused(error: &OpenError) -> Problem {
    match error {
        OpenError::IdentitySourceMissing => Problem::new(&problem::IDENTITY_SOURCE_MISSING),
        OpenError::InsufficientFen => Problem::new(&problem::INSUFFICIENT_BALANCE),
        OpenError::QuotaUsedUp => Problem::new(&problem::QUOTA_EXHAUSTED),
        OpenError::NotFrozen(fault) => Problem::busy(fault),
        OpenError::LimitReached(reached) => Problem::limit_reached(*reached),
        OpenError::NameInvalid => invalid("name must have 1 to 64 characters."),
        OpenError::NumberInvalid => invalid("id_number must be an identity number."),
        OpenError::UserIdInvalid => invalid("user_id must have 1 to 128 characters."),
        OpenError::ChallengeInvalid(error) => invalid(&format!("{error}.")),
        OpenError::Unsupported(unsupported) => Problem::unsupported(*unsupported),
        OpenError::IdempotencyConflict => Problem::new(&problem::IDEMPOTENCY_CONFLICT),
        OpenError::Photo(refusal) => photo::refused(refusal),
        OpenError::PriceUnknown(fault) | OpenError::Fault(fault) => Problem::fault(fault),
    }
}
