//! The account side, `/v1/account/…`: for operators and for a tenant's own programs.
//!
//! One file for each noun with its routes; who calls is found out in `actor`.

use axum::Router;

use crate::Api;

/// The routes of this room.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
}
