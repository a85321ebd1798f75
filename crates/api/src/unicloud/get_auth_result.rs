//! `getAuthResult`: the answer of a verification, for the tenant's cloud function.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};
use zhenren_usecases::verifications::query_certificate::{self, QueryError};

use super::{Refusal, admit, finish, object, optional_text, text};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::client_address::ClientAddress;
use crate::request_id::RequestId;

/// The path, part of what is signed.
pub(super) const PATH: &str = "/unicloud/v1/getAuthResult";

/// The handler.
pub(super) async fn get_auth_result(
    State(api): State<Api>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    from: ClientAddress,
    body: Body,
) -> Response {
    finish(answer(&api, &headers, from, body).await, &request_id)
}

async fn answer(
    api: &Api,
    headers: &HeaderMap,
    from: ClientAddress,
    body: Body,
) -> Result<Map<String, Value>, Refusal> {
    let bytes = body::read(body, JSON_BYTES_MAX)
        .await
        .map_err(|_| Refusal::new(50002, "the body is too large or broken"))?;
    let caller = admit(api, PATH, headers, from, &bytes).await?;
    let object = object(&bytes)?;
    let certify_id = text(&object, "certifyId")?;
    let user_id = optional_text(&object, "userId")?;
    let photo = optional_text(&object, "needAlivePhoto")?.unwrap_or("N");
    if !["N", "Y_O", "Y_M"].contains(&photo) {
        return Err(Refusal::new(50002, "needAlivePhoto must be N, Y_O or Y_M"));
    }
    let found = query_certificate::query(&api.context, &caller, certify_id, user_id)
        .await
        .map_err(|error| match error {
            QueryError::Unknown => Refusal::new(54020, "certifyId does not exist"),
            QueryError::Fault(fault) => Refusal::fault(&fault),
        })?;
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| answer.insert(String::from(name), value);
    put("authState", json!(found.auth_state.name()));
    if let Some(sub_code) = found.sub_code {
        put("subCode", json!(sub_code));
    }
    if let Some((score, quality)) = found.scores {
        put("score", json!(score));
        put("quality", json!(quality));
    }
    if photo != "N" {
        // Pictures are not kept by this version; the field is left out, never empty.
        put("photoStatus", json!("NOT_RETAINED"));
    }
    Ok(answer)
}
