//! `POST /cityservice/face/identify/getinfo`: the answer behind a `verify_result`, asked again by
//! the tenant's server. A failed check is still `errcode` 0 with another `identify_ret`.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::Response;
use serde_json::{Map, Value, json};
use zhenren_usecases::verifications::query_verify_result::{self, QueryError};

use super::reply::{Reply, finish, ok};
use super::{admit, json_object};
use crate::Api;
use crate::client_address::ClientAddress;
use crate::request_id::RequestId;

/// The handler.
pub(super) async fn getinfo(
    State(api): State<Api>,
    request_id: Extension<RequestId>,
    method: Method,
    uri: Uri,
    from: ClientAddress,
    body: Body,
) -> Response {
    finish(answer(&api, &method, &uri, from, body).await, &request_id)
}

async fn answer(
    api: &Api,
    method: &Method,
    uri: &Uri,
    from: ClientAddress,
    body: Body,
) -> Result<Map<String, Value>, Reply> {
    let caller = admit(api, method, uri, from).await?;
    let object = json_object(body).await?;
    // Missing or of another type is 84001 as well, as at the original.
    let verify_result = object
        .get("verify_result")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let found = query_verify_result::query(&api.context, &caller, verify_result)
        .await
        .map_err(|error| match error {
            QueryError::Unknown => Reply::new(84001, "invalid identify id"),
            QueryError::Expired => Reply::new(84002, "user data expired"),
            QueryError::Gone => Reply::new(84003, "user data not exist"),
            QueryError::Fault(fault) => Reply::fault(&fault),
        })?;
    Ok(ok(&[
        ("identify_ret", json!(found.identify_ret)),
        ("identify_time", json!(found.identify_time_s)),
        ("validate_data", json!(found.heard_digits)),
        ("openid", json!(found.openid)),
        ("user_id_key", json!(found.user_id_key)),
        ("finish_time", json!(found.finish_time_s)),
        ("id_card_number_md5", json!(found.number_md5)),
        ("name_utf8_md5", json!(found.name_md5)),
        ("check_alive_type", json!(found.check_alive_type)),
        ("challenge", json!(found.challenge)),
        ("verification_id", json!(found.verification_id)),
    ]))
}
