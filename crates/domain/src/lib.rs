//! Rules as values: what is asked, what was measured, what is decided, what it costs.
//!
//! Knows no async, clock, randomness, serialization, SQL, HTTP or pixels: time, ids and random
//! numbers arrive as arguments. Start reading at [`verification`] and [`decide`].

pub mod agreement;
pub mod application;
pub mod attempt;
pub mod billing;
pub mod challenge;
pub mod codes;
pub mod days;
pub mod decide;
pub mod draw;
pub mod holder;
pub mod identity_number;
pub mod ids;
pub mod jobs;
pub mod ledger;
pub mod limits;
pub mod measurements;
pub mod mode;
pub mod money;
pub mod outcome;
pub mod policy;
pub mod retention;
pub mod roles;
pub mod sign_in;
pub mod standing;
pub mod tariff;
pub mod verification;
pub mod wish;
