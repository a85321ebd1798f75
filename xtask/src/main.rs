//! Project chores: `cargo run -p xtask -- tidy`.

mod tidy;
mod tree;

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let command = std::env::args().nth(1).unwrap_or_default();
    match command.as_str() {
        "tidy" => tidy::run(&tree::Tree::open()?),
        other => anyhow::bail!("unknown chore '{other}'; known: tidy"),
    }
}
