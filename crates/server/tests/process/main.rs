//! The binary as a process: commands, exit codes, sentences, and being killed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::format_collect,
    clippy::disallowed_methods,
    reason = "a test that fails should panic, and these tests are about processes"
)]

mod access;
mod cli;
mod common;
mod keys;
mod kills;
mod limits;
mod load;
mod money;
mod operators;
mod restart;
