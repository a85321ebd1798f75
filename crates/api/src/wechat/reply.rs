//! `{errcode, errmsg}` and the header the manual documents, `encoding` and all.

use axum::Extension;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use zhenren_usecases::fault::Fault;

use crate::request_id::RequestId;

/// One answer of the dialect, before the request id is known.
#[derive(Debug)]
pub(super) struct Reply {
    errcode: i64,
    errmsg: String,
}

impl Reply {
    /// A refusal; the text is a stem to which the request id is added.
    pub(super) fn new(errcode: i64, errmsg: impl Into<String>) -> Self {
        Self {
            errcode,
            errmsg: errmsg.into(),
        }
    }

    /// Our own failure, logged here and nowhere else.
    pub(super) fn fault(fault: &Fault) -> Self {
        tracing::error!(error = fault.chain(), "a use case failed");
        Self::new(-1, "system error")
    }

    /// The answer with the suffix clients see after every refusal.
    pub(super) fn with_rid(&self, request_id: &RequestId) -> Response {
        let errmsg = format!("{} rid: {}", self.errmsg, request_id.0);
        respond(&json!({ "errcode": self.errcode, "errmsg": errmsg }))
    }
}

/// The answer of a handler, whichever way it went.
pub(super) fn finish(
    result: Result<Map<String, Value>, Reply>,
    request_id: &Extension<RequestId>,
) -> Response {
    match result {
        Ok(fields) => respond(&Value::Object(fields)),
        Err(reply) => reply.with_rid(request_id),
    }
}

/// An answer that carries `errcode` 0 before its own fields.
pub(super) fn ok(fields: &[(&str, Value)]) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert(String::from("errcode"), json!(0));
    object.insert(String::from("errmsg"), json!("ok"));
    for (name, value) in fields {
        object.insert(String::from(*name), value.clone());
    }
    object
}

fn respond(value: &Value) -> Response {
    let mut response = value.to_string().into_response();
    // Spelled as documented: clients have been seen to compare it.
    let kind = HeaderValue::from_static("application/json; encoding=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
