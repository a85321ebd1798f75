//! The tenant side's own language, `/v1`: JSON, problem documents, idempotency keys.

mod create;
mod people;
mod photo;
mod read;
mod shape;

use axum::Router;
use axum::routing::{get, post};

use crate::Api;

/// The routes of this room.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/people", post(people::enrol))
        .route("/v1/verifications", post(create::create))
        .route("/v1/verifications/{id}", get(read::read))
        .route("/v1/verifications/{id}/cancel", post(read::cancel))
}
