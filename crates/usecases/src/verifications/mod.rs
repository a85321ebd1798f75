//! Questions: opened, read, withdrawn, expired.

pub mod cancel;
pub mod expire;
pub mod open;
pub mod query_certificate;
pub mod query_verify_result;
pub mod read;
pub(crate) mod tokens;
