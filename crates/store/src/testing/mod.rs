//! For tests of this crate and of those above it: a throw-away PostgreSQL, all tables as text, and
//! stops at exact places. Off unless the feature `testing` is on.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests start a database, read where a given one is, and say what they skip"
)]

use crate::error::StoreError;
use crate::sql::Pool;

mod cluster;
pub mod invariants;
mod snapshot;
pub(crate) mod stops;
mod together;

pub use crate::waypoint::Waypoint;
pub use cluster::Cluster;
pub use snapshot::{Line, Snapshot, Tables};
pub use stops::{Stop, Stoppable};
pub use together::together;

/// Runs statements that no program has, in one transaction: to put a test into a situation that
/// would take a hundred thousand calls to reach.
pub async fn run(pool: &Pool, sql: &'static str) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    tx.run_script(sql.to_owned()).await?;
    tx.commit().await
}
