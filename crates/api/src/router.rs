//! All rooms under one roof, and what surrounds every request.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::extract::Path;
use crate::problem::{self, Problem};
use crate::{
    Api, account, capture, client_address, demo, headers, health, pages, request_id, unicloud, v1,
    wechat,
};

/// Limit: no body of any call is larger; each handler has its own, smaller limit.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The whole server.
pub fn router(api: Api) -> Router {
    let mut rooms = tenant_side()
        .merge(capture::routes())
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/problems/{code}", get(problem_page))
        .route("/capture", get(pages::capture))
        .route("/assets/{*path}", get(pages::asset));
    if api.settings.demo.is_some() {
        rooms = rooms
            .merge(demo::routes())
            .route("/demo", get(pages::demo))
            .route("/", get(|| async { Redirect::temporary("/demo") }));
    }
    rooms
        .fallback(|| async { Problem::new(&problem::NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::new(&problem::METHOD_NOT_ALLOWED) })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(
            api.clone(),
            capture::cors::allow,
        ))
        .layer(middleware::from_fn_with_state(
            api.clone(),
            client_address::attach,
        ))
        .layer(middleware::from_fn(headers::attach))
        .layer(middleware::from_fn_with_state(
            api.clone(),
            request_id::attach,
        ))
        .with_state(api)
}

/// What tenants' servers talk to; the demo back end talks to it as well.
pub(crate) fn tenant_side() -> Router<Api> {
    Router::new()
        .merge(wechat::routes())
        .merge(unicloud::routes())
        .merge(v1::routes())
        .merge(account::routes())
}

async fn problem_page(Path(code): Path<String>) -> Response {
    match problem::page(&code) {
        Some(text) => Html(text).into_response(),
        None => (StatusCode::NOT_FOUND, Problem::new(&problem::NOT_FOUND)).into_response(),
    }
}
