//! Rules as values: what is asked, what was measured, what is decided, what it costs.
//!
//! Knows no async, clock, randomness, serialization, SQL, HTTP or pixels.

pub mod challenge;
pub mod measurements;
pub mod outcome;
pub mod policy;
