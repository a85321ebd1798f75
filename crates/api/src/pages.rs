//! The pages built from `web/`, embedded into the binary.
//!
//! Files under `/assets` carry a hash in their name and never change; pages are asked for anew.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::extract::Path;
use crate::headers::PAGE_POLICY;
use crate::problem::{self, Problem};

/// `web/dist`, as it was when the binary was built.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Built;

/// What a page says when the binary was built without `web/dist`.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
     <title>Zhenren</title>\n<p>This binary was built without its pages. \
     Run <code>make web</code>, then build again.</p>\n</html>\n";

/// Whether the pages are in this binary.
pub fn are_built() -> bool {
    Built::get("capture.html").is_some()
}

/// `GET /capture`: the hosted capture page. It may stand in a frame of the tenant's own page.
pub(crate) async fn capture() -> Response {
    page("capture.html", true)
}

/// `GET /demo`: the page that plays a tenant.
pub(crate) async fn demo() -> Response {
    page("demo.html", false)
}

/// `GET /assets/{*path}`.
pub(crate) async fn asset(Path(path): Path<String>) -> Response {
    let name = format!("assets/{path}");
    let Some(file) = Built::get(&name) else {
        return Problem::new(&problem::NOT_FOUND).into_response();
    };
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(&name)),
    );
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, forever);
    // The capture SDK is loaded by tenants' own pages.
    let anywhere = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anywhere);
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    response
}

fn page(name: &str, may_be_framed: bool) -> Response {
    let Some(file) = Built::get(name) else {
        return (StatusCode::NOT_FOUND, Html(NOT_BUILT)).into_response();
    };
    let mut response = Html(file.data.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    let ancestors = if may_be_framed { "*" } else { "'none'" };
    if let Ok(policy) =
        HeaderValue::from_str(&format!("{PAGE_POLICY}; frame-ancestors {ancestors}"))
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The media type of a built file, by its ending.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_have_their_media_types() {
        assert_eq!(
            media_type("assets/a.1234.js"),
            "text/javascript; charset=utf-8"
        );
        assert_eq!(media_type("assets/detect.wasm"), "application/wasm");
        assert_eq!(media_type("assets/unknown.bin"), "application/octet-stream");
    }
}
