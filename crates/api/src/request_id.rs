//! One id for each request: in the logs, in `X-Request-Id`, and in WeChat's `rid` suffix.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;

use crate::Api;

/// The id of the request at hand: three groups of eight lower-case hexadecimal digits.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub String);

impl RequestId {
    fn mint(api: &Api) -> Self {
        let bytes: [u8; 12] = api.context.random_bytes();
        let digits = zhenren_usecases::text::hex(&bytes);
        let group = |from: usize| digits.get(from..from + 8).unwrap_or_default();
        Self(format!("{}-{}-{}", group(0), group(8), group(16)))
    }
}

/// Mints the id, hands it to the handlers and sends it back.
pub(crate) async fn attach(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let id = RequestId::mint(&api);
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    // The path may carry an id but never a secret: tokens travel in queries, headers and bodies.
    let path = request.uri().path().to_owned();
    let started = api.context.monotonic_ms();
    let mut response = next.run(request).await;
    let took_ms = api.context.monotonic_ms().saturating_sub(started);
    let status = response.status().as_u16();
    tracing::info!(request_id = %id.0, %method, path, status, took_ms, "answered");
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}
