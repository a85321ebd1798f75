//! Rows and jobs, on SQLite and PostgreSQL, through one SQL text.
//!
//! Stores decisions and makes none. Time and ids are parameters, never taken from a clock. Every
//! function takes `&mut Transaction`; a use case begins one, calls what it needs, and commits.
//! Personal columns pass through the vault on their way in and out. Knows no HTTP and no media.

pub mod account_tokens;
pub mod accounts;
pub mod agreements;
pub mod applications;
pub mod apps;
pub mod attempts;
pub mod audit;
pub mod codec;
#[cfg(test)]
mod conformance;
mod dialect;
mod error;
pub mod evidence;
pub mod idempotency;
pub mod identity_keys;
pub mod jobs;
pub mod ledger;
pub mod ledger_entries;
pub mod limit_counters;
mod migrate;
pub mod nonces;
pub mod operator_sessions;
pub mod operators;
pub mod parts;
pub mod payers;
pub mod people;
mod postgres;
pub mod records;
pub mod reseal;
mod retry;
mod row;
pub mod secrets;
pub mod spaces;
mod sql;
mod sqlite;
pub mod tariffs;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod usage;
mod value;
pub mod verifications;
mod waypoint;

pub use error::{Cause, StoreError};
pub use migrate::SCHEMA_VERSION;
pub use retry::{IsBusy, retry_busy};
pub use sql::{Pool, Row, Transaction};
pub use value::Value;
