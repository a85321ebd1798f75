//! Who runs the platform, and what they may do. Every change they make is in the audit log.

pub mod actor;
