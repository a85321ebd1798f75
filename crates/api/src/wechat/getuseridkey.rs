//! `POST /cityservice/face/identify/getuseridkey`: a key that stands for a name and a number.
//!
//! The pair is not verified here: a wrong one fails later with 10003, as at the original.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::Response;
use serde_json::{Map, Value, json};
use zhenren_usecases::tenants::issue_user_id_key::{self, IssueError};

use super::reply::{Reply, finish, ok};
use super::{admit, json_object};
use crate::Api;
use crate::client_address::ClientAddress;
use crate::request_id::RequestId;

/// The handler.
pub(super) async fn getuseridkey(
    State(api): State<Api>,
    request_id: Extension<RequestId>,
    method: Method,
    uri: Uri,
    from: ClientAddress,
    body: Body,
) -> Response {
    finish(issue(&api, &method, &uri, from, body).await, &request_id)
}

async fn issue(
    api: &Api,
    method: &Method,
    uri: &Uri,
    from: ClientAddress,
    body: Body,
) -> Result<Map<String, Value>, Reply> {
    let caller = admit(api, method, uri, from).await?;
    let object = json_object(body).await?;
    let name = text(&object, "name")?;
    let number = text(&object, "id_card_number")?;
    let issued = issue_user_id_key::issue(&api.context, &caller, name, number)
        .await
        .map_err(|error| match error {
            IssueError::Empty => Reply::new(84006, "name or id_card_number empty"),
            IssueError::TooLong => Reply::new(
                10022,
                "name has more than 64 or id_card_number more than 32 characters",
            ),
            IssueError::LimitReached(_) => Reply::new(
                10042,
                "too frequent: this id_card_number was asked about too often today",
            ),
            IssueError::NumberInvalid => {
                Reply::new(10003, "id_card_number has a wrong form or check character")
            }
            IssueError::QuotaUsedUp => Reply::new(
                45009,
                "reach max api quota limit: the calls of this test appid are used up",
            ),
            IssueError::Fault(fault) => Reply::fault(&fault),
        })?;
    Ok(ok(&[
        ("user_id_key", json!(issued.key)),
        ("expires_in", json!(issued.expires_in_s)),
    ]))
}

/// A text field; absent reads as empty, any other type does not fit.
fn text<'a>(object: &'a Map<String, Value>, field: &str) -> Result<&'a str, Reply> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Reply::new(
                47001,
                format!("data format error: {field} must be a string"),
            ))
        }
    }
}
