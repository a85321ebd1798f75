//! What the platform can do: one function, one transaction, one file for each use case, and the
//! worker that does what must happen later.
//!
//! Knows no HTTP status, no SQL and no configuration file. Start reading at `verifications::open`.

pub mod accounts;
pub mod agreements;
pub mod analysis;
pub mod applications;
pub mod apps;
pub mod capture;
pub mod clock;
pub mod context;
pub mod entropy;
pub mod evidence;
pub mod fault;
pub mod identity_sources;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod modes;
pub mod operators;
pub mod people;
pub mod secrets;
pub mod settings;
pub mod spaces;
pub mod stopwatch;
mod sweep;
pub mod tenants;
pub mod text;
pub mod verifications;
pub mod worker;
