//! Which pages on other hosts may call the capture side. Tokens, not cookies, carry the right to
//! do anything, so an allowed origin gives no more than the chance to ask.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Api;

/// Answers preflight requests and names the allowed origin.
pub(crate) async fn allow(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/capture/v1/") {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| {
        origin.to_str().is_ok_and(|text| {
            api.settings
                .capture_origins
                .iter()
                .any(|known| known == text || known == "*")
        })
    });
    let is_preflight = request.method() == Method::OPTIONS;
    let mut response = if is_preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if is_preflight {
            let fixed = HeaderValue::from_static;
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_METHODS,
                fixed("GET, POST, PUT"),
            );
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                fixed("Authorization, Content-Type, X-Part-SHA256"),
            );
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, fixed("600"));
        }
    }
    response
}
