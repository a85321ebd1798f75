//! `POST /capture/v1/attempts`: a token, a certificate or a `user_id_key` buys one attempt.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::standing::Standing;
use zhenren_usecases::capture::begin::{self, BeginError, Begun, Page, Ticket};

use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::client_address::ClientAddress;
use crate::problem::{self, CaptureProblem, Problem};

/// The consent text this version shows; the page sends back which one was accepted.
const CONSENT_VERSION: &str = "1";

/// Limit: characters of what a page calls its device; ours sends 32.
const DEVICE_ID_CHARS: std::ops::RangeInclusive<usize> = 16..=64;

/// The body. Unknown fields are ignored: older servers meet newer pages.
#[derive(Debug, Deserialize)]
struct Fields {
    capture_token: Option<String>,
    certify_id: Option<String>,
    appid: Option<String>,
    user_id_key: Option<String>,
    check_alive_type: Option<Value>,
    openid: Option<String>,
    consent: Option<Consent>,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    client: Value,
}

#[derive(Debug, Deserialize)]
struct Consent {
    version: String,
    accepted: bool,
}

/// The handler.
pub(super) async fn begin(
    State(api): State<Api>,
    ClientAddress(address): ClientAddress,
    body: Body,
) -> Result<(StatusCode, Json<Value>), CaptureProblem> {
    let mut fields: Fields = body::read_json(body, JSON_BYTES_MAX).await?;
    let agreed = fields
        .consent
        .as_ref()
        .is_some_and(|consent| consent.accepted && consent.version == CONSENT_VERSION);
    if !agreed {
        return Err(CaptureProblem(Problem::new(&problem::CONSENT_MISSING)));
    }
    let page = Page {
        locale: fields.locale.clone(),
        device_id: take_device_id(&mut fields.client),
        address: Some(address),
        client: fields.client.clone(),
        consent_version: String::from(CONSENT_VERSION),
    };
    let ticket = ticket(fields)?;
    let begun = begin::begin(&api.context, ticket, &page)
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, Json(answer(&api, &begun))))
}

/// Takes `device_id` out of what the page says about itself, so that it is counted and not kept.
/// What has another form is no id of ours and counts for nobody.
fn take_device_id(client: &mut Value) -> Option<String> {
    let taken = client.as_object_mut()?.remove("device_id")?;
    let fits = |text: &&str| {
        DEVICE_ID_CHARS.contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    taken.as_str().filter(fits).map(str::to_owned)
}

fn answer(api: &Api, begun: &Begun) -> Value {
    let limits = api.context.settings().upload;
    json!({
        "attempt_id": begun.attempt_id.as_str(),
        "attempt_token": begun.attempt_token,
        "verify_result": begun.verify_result,
        "deadline_at": begun.deadline_at.to_string(),
        "limits": {
            "bytes_max": limits.bytes_max,
            "part_bytes_max": limits.part_bytes_max,
            "parts_max": limits.parts_max,
        },
        "mode": begun.mode.name(),
        "may_flash": begun.may_flash,
        "consent": { "version": CONSENT_VERSION },
        "texts": { "app_name": begun.app_name },
    })
}

fn ticket(fields: Fields) -> Result<Ticket, CaptureProblem> {
    let check_alive_type = check_alive_type(fields.check_alive_type.as_ref())?;
    match (
        fields.capture_token,
        fields.certify_id,
        fields.appid,
        fields.user_id_key,
    ) {
        (Some(token), None, None, None) => Ok(Ticket::CaptureToken(token)),
        (None, Some(id), None, None) => Ok(Ticket::CertifyId(id)),
        (None, None, Some(appid), Some(key)) => {
            let openid = fields.openid.unwrap_or_default();
            Ok(Ticket::UserIdKey {
                appid,
                key,
                check_alive_type,
                openid,
            })
        }
        _ => Err(CaptureProblem(Problem::with_detail(
            &problem::PARAMETER_INVALID,
            "Send exactly one of capture_token, certify_id, or appid with user_id_key.",
        ))),
    }
}

/// 0, 1 or 2. The manual's default, 0, is the JS call's; a page that names none leaves the choice
/// to the app.
fn check_alive_type(value: Option<&Value>) -> Result<Option<u8>, CaptureProblem> {
    match value.map(Value::as_u64) {
        None => Ok(None),
        Some(Some(0)) => Ok(Some(0)),
        Some(Some(1)) => Ok(Some(1)),
        Some(Some(2)) => Ok(Some(2)),
        Some(_) => Err(CaptureProblem(Problem::with_detail(
            &problem::PARAMETER_INVALID,
            "check_alive_type must be 0, 1 or 2.",
        ))),
    }
}

fn refused(error: BeginError) -> CaptureProblem {
    CaptureProblem(match error {
        BeginError::TokenUnknown => Problem::new(&problem::TOKEN_UNKNOWN),
        BeginError::TokenSpent => Problem::new(&problem::TOKEN_SPENT),
        BeginError::TokenExpired => Problem::new(&problem::TOKEN_EXPIRED),
        BeginError::UserIdKeyInvalid => Problem::new(&problem::USER_ID_KEY_INVALID),
        BeginError::TooManyAttempts => Problem::new(&problem::TOO_MANY_ATTEMPTS),
        BeginError::LimitReached(reached) => Problem::limit_reached(reached),
        BeginError::InsufficientFen => Problem::new(&problem::INSUFFICIENT_BALANCE),
        BeginError::QuotaUsedUp => Problem::new(&problem::QUOTA_EXHAUSTED),
        BeginError::NotReady(Standing::Frozen) => Problem::new(&problem::APP_FROZEN),
        BeginError::NotReady(Standing::AccountNotOpen) => {
            Problem::new(&problem::SERVICE_NOT_OPENED)
        }
        BeginError::NotReady(Standing::NotEntitled | Standing::Ready) => {
            Problem::new(&problem::APP_NOT_ENTITLED)
        }
        BeginError::IdentitySourceMissing => Problem::new(&problem::IDENTITY_SOURCE_MISSING),
        BeginError::Unsupported(unsupported) => Problem::unsupported(unsupported),
        BeginError::Analyzing => Problem::with_detail(
            &problem::TOKEN_SPENT,
            "A recording for this is being analysed; wait for its result.",
        ),
        BeginError::Closed => Problem::with_detail(
            &problem::TOKEN_SPENT,
            "This verification has its answer already; ask the server that sent you here.",
        ),
        BeginError::Fault(fault) => Problem::fault(&fault),
    })
}
