//! `/healthz`: the process answers. `/readyz`: it can also do its work.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::Api;

/// The process is alive.
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The database answers.
pub(crate) async fn readyz(State(api): State<Api>) -> (StatusCode, Json<Value>) {
    match api.context.is_store_ready().await {
        Ok(()) => (StatusCode::OK, Json(json!({ "status": "ready" }))),
        Err(fault) => {
            tracing::warn!(error = fault.chain(), "not ready");
            let answer = json!({ "status": "not_ready", "missing": "database" });
            (StatusCode::SERVICE_UNAVAILABLE, Json(answer))
        }
    }
}
