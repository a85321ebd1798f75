//! What the server answers on the wire, door by door.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::format_collect,
    reason = "a test that fails should panic"
)]

mod account_tokens;
mod accounts;
mod analysis;
mod applications;
mod apps;
mod busy;
mod call_limits;
mod capture;
mod challenges;
mod common;
mod ledger;
mod limits;
mod operators;
mod races;
mod records;
mod role_examples;
mod roles;
mod sign_in;
mod sign_in_meanwhile;
mod spaces;
mod tariffs;
mod unicloud;
mod v1;
mod wechat;
