//! The uniCloud dialect: `getCertifyId` and `getAuthResult` as a signed HTTP form, which the Node
//! package for cloud functions calls. HTTP 200 whatever happened.

mod get_auth_result;
mod get_certify_id;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Map, Value, json};
use zhenren_domain::standing::Standing;
use zhenren_usecases::fault::Fault;
use zhenren_usecases::limits::LimitReached;
use zhenren_usecases::limits::calls::{self, CallRefused};
use zhenren_usecases::tenants::Caller;
use zhenren_usecases::tenants::authenticate_signed::{self, Signed, SignedError, SignedSpace};

use crate::Api;
use crate::client_address::ClientAddress;
use crate::problem::limit_sentence;
use crate::request_id::RequestId;

/// The subject every answer of this dialect names.
const SUBJECT: &str = "uni-cloud-verify";

/// The routes of this room.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route(get_certify_id::PATH, post(get_certify_id::get_certify_id))
        .route(
            get_auth_result::PATH,
            post(get_auth_result::get_auth_result),
        )
}

/// One refusal of the dialect.
#[derive(Debug)]
struct Refusal {
    err_code: i64,
    err_msg: String,
}

impl Refusal {
    fn new(err_code: i64, err_msg: impl Into<String>) -> Self {
        Self {
            err_code,
            err_msg: err_msg.into(),
        }
    }

    fn limit_reached(reached: LimitReached) -> Self {
        Self::new(
            60000,
            format!("service unavailable: {}", limit_sentence(reached)),
        )
    }

    fn fault(fault: &Fault) -> Self {
        Self::of_fault(55000, "server error; repeat the request", fault)
    }

    /// A failure of ours that the dialect has a number for.
    fn of_fault(err_code: i64, err_msg: &str, fault: &Fault) -> Self {
        tracing::error!(error = fault.chain(), "a use case failed");
        Self::new(err_code, err_msg)
    }
}

/// Who calls: the signature covers method, path, time, nonce and body.
async fn admit(
    api: &Api,
    path: &str,
    headers: &HeaderMap,
    ClientAddress(from): ClientAddress,
    body: &Bytes,
) -> Result<Caller, Refusal> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    };
    let signed = Signed {
        appid: header("x-zhenren-app-id"),
        timestamp_ms: header("x-zhenren-timestamp"),
        nonce: header("x-zhenren-nonce"),
        signature: header("x-zhenren-signature"),
        space: headers
            .contains_key("x-zhenren-space-id")
            .then(|| SignedSpace {
                id: header("x-zhenren-space-id"),
                signature: header("x-zhenren-space-signature"),
            }),
        method: "POST",
        path,
        body,
    };
    let caller = authenticate_signed::authenticate(&api.context, &signed)
        .await
        .map_err(unsigned)?;
    calls::admit(&api.context, &caller.app_id, from)
        .await
        .map_err(call_refused)?;
    match caller.standing {
        Standing::Ready => Ok(caller),
        Standing::Frozen => Err(Refusal::new(
            54021,
            "call credential frozen: unfreeze the app first",
        )),
        Standing::AccountNotOpen => Err(Refusal::new(
            55023,
            "service not opened: accept the agreement first",
        )),
        Standing::NotEntitled => Err(Refusal::new(
            55023,
            "service not opened: no application for access was approved for this appId",
        )),
    }
}

/// A call from elsewhere, or one too many.
fn call_refused(error: CallRefused) -> Refusal {
    match error {
        CallRefused::AddressNotAllowed(from) => Refusal::new(
            54021,
            format!(
                "call credential not valid from {from}: add it to the address ranges of the app"
            ),
        ),
        CallRefused::LimitReached(reached) => Refusal::limit_reached(reached),
        CallRefused::Fault(fault) => Refusal::fault(&fault),
    }
}

/// A call whose signature is not taken.
fn unsigned(error: SignedError) -> Refusal {
    match error {
        SignedError::Missing => Refusal::new(
            54021,
            "call credential missing: send X-Zhenren-App-Id, -Timestamp, -Nonce, -Signature",
        ),
        SignedError::AppUnknown => Refusal::new(54003, "appId does not exist"),
        SignedError::Stale => Refusal::new(
            54021,
            "call credential expired: the timestamp is more than 300 s from our clock",
        ),
        SignedError::Replayed => Refusal::new(
            54021,
            "call credential used before: every call needs a new nonce",
        ),
        SignedError::Wrong => Refusal::new(54021, "call credential invalid"),
        SignedError::SpaceUnknown => Refusal::new(54022, "service space does not exist"),
        SignedError::SpaceWrong => Refusal::new(
            54021,
            "call credential of the service space missing or invalid: send \
                 X-Zhenren-Space-Signature",
        ),
        SignedError::SpaceNotListed => Refusal::new(
            54004,
            "service space is not in the white list of the account",
        ),
        SignedError::Fault(fault) => Refusal::fault(&fault),
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(body)
        .map_err(|_| Refusal::new(50002, "the body must be a JSON object in UTF-8"))
}

/// A required text field.
fn text<'a>(object: &'a Map<String, Value>, field: &str) -> Result<&'a str, Refusal> {
    match object.get(field) {
        None | Some(Value::Null) => Err(Refusal::new(50001, format!("{field} is missing"))),
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(Refusal::new(50001, format!("{field} is empty")))
        }
        Some(Value::String(text)) => Ok(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Refusal::new(50002, format!("{field} must be a string")))
        }
    }
}

/// An optional text field.
fn optional_text<'a>(
    object: &'a Map<String, Value>,
    field: &str,
) -> Result<Option<&'a str>, Refusal> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(_) => text(object, field).map(Some),
    }
}

fn finish(result: Result<Map<String, Value>, Refusal>, request_id: &RequestId) -> Response {
    let mut answer = Map::new();
    let (err_code, err_msg, fields) = match result {
        Ok(fields) => (0, String::new(), fields),
        Err(refusal) => (refusal.err_code, refusal.err_msg, Map::new()),
    };
    answer.insert(String::from("errCode"), json!(err_code));
    answer.insert(String::from("errMsg"), json!(err_msg));
    answer.insert(String::from("errSubject"), json!(SUBJECT));
    answer.insert(String::from("requestId"), json!(request_id.0));
    answer.extend(fields);
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (kind, Value::Object(answer).to_string()).into_response()
}
