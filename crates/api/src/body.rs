//! Bodies with a limit, read whole. The `Content-Type` is not looked at: the callers of the
//! WeChat dialect send JSON as a form, and `sendBeacon` sends it as text.

use axum::body::{Body, Bytes};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::problem::{self, Problem};

/// Limit: a JSON body without a picture.
pub(crate) const JSON_BYTES_MAX: usize = 64 * 1024;

/// Limit: a JSON body with one picture of 4 MiB in base64 and its other fields.
pub(crate) const PHOTO_JSON_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Why a body could not be read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is longer than the limit.
    TooLarge,
    /// The caller stopped sending.
    Broken,
}

/// Reads at most `bytes_max` bytes.
pub(crate) async fn read(body: Body, bytes_max: usize) -> Result<Bytes, Unread> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::Broken),
    }
}

/// Reads a JSON object into `T`, with a detail that names the first wrong field.
pub(crate) async fn read_json<T: DeserializeOwned>(
    body: Body,
    bytes_max: usize,
) -> Result<T, Problem> {
    let bytes = read(body, bytes_max).await?;
    parse_json(&bytes)
}

/// Parses a JSON object into `T`, with a detail that names the first wrong field.
pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::with_detail(
            &problem::BODY_INVALID,
            format!(
                "Send a JSON object that this call takes: {}.",
                without_values(&error)
            ),
        )
    })
}

/// The parser's own words, but never a value out of the body: it may be a name or a number.
fn without_values(error: &serde_json::Error) -> String {
    let place = format!("line {} column {}", error.line(), error.column());
    let words = error.to_string();
    let named = ["missing field", "unknown field", "duplicate field"]
        .iter()
        .any(|start| words.starts_with(start));
    if named {
        words
    } else {
        format!("it does not fit at {place}")
    }
}

impl From<Unread> for Problem {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::TooLarge => Self::new(&problem::TOO_LARGE),
            Unread::Broken => Self::with_detail(
                &problem::BODY_INVALID,
                "The body ended before its announced length; send it again.",
            ),
        }
    }
}
