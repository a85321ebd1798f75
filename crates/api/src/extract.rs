//! Paths and queries that cannot be read are answered with problems, like everything else; what
//! the framework would answer is plain text.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{self, CaptureProblem, Problem};

/// The variable pieces of a path. What cannot be read names nothing: 404.
pub(crate) struct Path<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(found)| Self(found))
            .map_err(|_| Problem::new(&problem::NOT_FOUND))
    }
}

/// The query of a call of the capture side.
pub(crate) struct Query<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = CaptureProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, CaptureProblem> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(found)| Self(found))
            .map_err(|_| {
                CaptureProblem(Problem::with_detail(
                    &problem::PARAMETER_INVALID,
                    "Send each parameter of the query once, and wait_ms as a whole number from 0.",
                ))
            })
    }
}

/// The query of a call of the account side. Parameters that `T` does not have are refused when it
/// says so (`deny_unknown_fields`).
pub(crate) struct Fields<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Fields<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(found)| Self(found))
            .map_err(|rejection| {
                let words = rejection.body_text();
                // The parser's own words, but never a value out of the query.
                let named = ["missing field", "unknown field", "duplicate field"]
                    .iter()
                    .find_map(|start| words.find(start))
                    .and_then(|from| words.get(from..));
                let words = named.unwrap_or("a parameter does not parse");
                let detail = format!("Send a query that this call takes: {words}.");
                Problem::with_detail(&problem::PARAMETER_INVALID, detail)
            })
    }
}
