//! Who runs the platform, and what they may do. Every change they make is in the audit log.

pub mod actor;
pub mod authenticate;
pub mod create_token;
pub mod list_tokens;
pub mod revoke_token;
