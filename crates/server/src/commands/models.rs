//! `zhenren models import`: from fetched packages to the files the engine loads.

use anyhow::{Context, Result};

use crate::cli::{ImportArgs, ModelsCommand};
use crate::exit::Exit;
use crate::progress::Progress;

/// Runs the command.
pub fn run(command: &ModelsCommand) -> Result<Exit> {
    match command {
        ModelsCommand::Import(args) => import(args),
    }
}

fn import(args: &ImportArgs) -> Result<Exit> {
    let progress = Progress::start("importing the models");
    let imported = zhenren_importer::import(&args.runtime)
        .context("the models cannot be imported; run `make runtime-packages` first")?;
    drop(progress);
    for line in imported {
        println!("{line}");
    }
    Ok(Exit::Good)
}
