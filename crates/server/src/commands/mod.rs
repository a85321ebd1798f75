//! One file for each command.

pub(crate) mod admin;
mod compare;
mod doctor;
pub(crate) mod evaluate;
mod matrix;
mod migrate;
mod models;
pub(crate) mod pack;
mod serve;
mod verify;

use anyhow::Result;

use crate::cli::{Cli, Command};
use crate::config::Config;
use crate::exit::Exit;

/// Runs what was asked for.
pub(crate) fn run(cli: Cli) -> Result<Exit> {
    let command = cli.command.unwrap_or(Command::All);
    if let Command::Simulate(args) = &command
        && !matrix::is_wanted(&args.rest)
    {
        return runtime()?.block_on(simulate(args.rest.clone()));
    }
    let config = Config::read(cli.config.as_deref(), cli.profile)?;
    match command {
        Command::All => serve::run(config, serve::Parts::ALL),
        Command::Serve => serve::run(config, serve::Parts::SERVE),
        Command::Work => serve::run(config, serve::Parts::WORK),
        Command::Migrate => runtime()?.block_on(migrate::run(&config)),
        Command::Doctor => runtime()?.block_on(doctor::run(&config)),
        Command::Verify(args) => verify::run(&config, &args),
        Command::Compare(args) => compare::run(&config, &args),
        Command::Evaluate(command) => evaluate::run(&config, &command),
        Command::Pack(command) => pack::run(&config, &command),
        Command::Models(args) => models::run(&config, &args),
        Command::Admin(args) => runtime()?.block_on(admin::run(&config, args)),
        Command::Simulate(args) => matrix::run(&config, args.rest),
        // Answered before the configuration was read.
        Command::DecodeWorker => Ok(Exit::Usage),
    }
}

async fn simulate(arguments: Vec<String>) -> Result<Exit> {
    let good = zhenren_simulator::cli::run(arguments).await?;
    Ok(if good { Exit::Good } else { Exit::Negative })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}
