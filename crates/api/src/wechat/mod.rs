//! The WeChat dialect: the same paths, fields and codes, HTTP 200 whatever happened.
//!
//! Only translates. What a code stands for is decided in `domain::codes` and the use cases.

mod getinfo;
mod getuseridkey;
mod reply;
mod token;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Query;
use axum::http::{Method, Uri};
use axum::routing::any;
use serde::Deserialize;
use zhenren_domain::limits::LimitKind;
use zhenren_domain::standing::Standing;
use zhenren_usecases::limits::calls::{self, CallRefused};
use zhenren_usecases::tenants::Caller;
use zhenren_usecases::tenants::authenticate::{self, TokenError};

use crate::Api;
use crate::body::{self, Unread};
use crate::client_address::ClientAddress;
use reply::Reply;

/// The routes of this room.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/cgi-bin/token", any(token::token))
        .route(
            "/cityservice/face/identify/getuseridkey",
            any(getuseridkey::getuseridkey),
        )
        .route("/cityservice/face/identify/getinfo", any(getinfo::getinfo))
}

/// `?access_token=`.
#[derive(Debug, Default, Deserialize)]
struct TokenQuery {
    access_token: Option<String>,
}

/// The checks every face call starts with: method, token, address, limits, entitlement. Answers who calls.
async fn admit(
    api: &Api,
    method: &Method,
    uri: &Uri,
    ClientAddress(from): ClientAddress,
) -> Result<Caller, Reply> {
    if method != Method::POST {
        return Err(Reply::new(43002, "require POST method"));
    }
    // A query that cannot be read holds no token; the dialect has no other answer than HTTP 200.
    let token = Query::<TokenQuery>::try_from_uri(uri)
        .ok()
        .and_then(|Query(query)| query.access_token)
        .unwrap_or_default();
    if token.is_empty() {
        return Err(Reply::new(41001, "access_token missing"));
    }
    let caller = authenticate::by_token(&api.context, &token).await.map_err(
        |error| match error {
            TokenError::Malformed => Reply::new(40014, "invalid access_token"),
            TokenError::Unknown => Reply::new(
                40001,
                "invalid credential, access_token is invalid or not latest, could get access_token \
             by GET /cgi-bin/token",
            ),
            TokenError::Expired => Reply::new(42001, "access_token expired"),
            TokenError::Fault(fault) => Reply::fault(&fault),
        },
    )?;
    calls::admit(&api.context, &caller.app_id, from)
        .await
        .map_err(call_refused)?;
    match caller.standing {
        Standing::Ready => Ok(caller),
        Standing::Frozen => Err(frozen()),
        Standing::AccountNotOpen => Err(Reply::new(
            48001,
            "api unauthorized: the account has not opened the service",
        )),
        Standing::NotEntitled => Err(Reply::new(
            48001,
            "api unauthorized: no application for access was approved for this appid",
        )),
    }
}

/// A call from elsewhere, or one too many.
fn call_refused(error: CallRefused) -> Reply {
    match error {
        CallRefused::AddressNotAllowed(from) => {
            Reply::new(40164, format!("invalid ip {from}, not in whitelist"))
        }
        CallRefused::LimitReached(reached) if reached.kind == LimitKind::AppDay => {
            Reply::new(45009, "reach max api daily quota limit")
        }
        CallRefused::LimitReached(_) => Reply::new(
            45011,
            "api minute-quota reach limit, must slower, retry next minute",
        ),
        CallRefused::Fault(fault) => Reply::fault(&fault),
    }
}

/// Secrets and tokens of a frozen app.
fn frozen() -> Reply {
    Reply::new(40243, "appsecret is frozen, unfreeze the app first")
}

/// The JSON object of a body, whatever its `Content-Type` says.
async fn json_object(body: Body) -> Result<serde_json::Map<String, serde_json::Value>, Reply> {
    let bytes: Bytes =
        body::read(body, body::JSON_BYTES_MAX)
            .await
            .map_err(|unread| match unread {
                Unread::TooLarge => Reply::new(
                    47001,
                    "data format error: the body has more than 65536 bytes",
                ),
                Unread::Broken => Reply::new(44002, "empty post data"),
            })?;
    if bytes.is_empty() {
        return Err(Reply::new(44002, "empty post data"));
    }
    serde_json::from_str(utf8(&bytes)?)
        .map_err(|_| Reply::new(47001, "data format error: send a JSON object"))
}

/// The text of a body.
fn utf8(bytes: &[u8]) -> Result<&str, Reply> {
    std::str::from_utf8(bytes)
        .map_err(|_| Reply::new(10040, "the request must be encoded in UTF-8"))
}
