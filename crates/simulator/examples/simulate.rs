//! `zhenren simulate` without the rest of `zhenren`, to work on the simulator against a running
//! server: the same arguments, exit code 1 when a subject did not fare as it should.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let good = zhenren_simulator::cli::run(std::env::args().skip(1).collect()).await?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
