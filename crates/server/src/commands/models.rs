//! `zhenren models import`: from fetched packages to the files the engine loads.

use std::path::Path;

use anyhow::Result;

use crate::cli::{ImportArgs, ModelsCommand};
use crate::config::Config;
use crate::exit::Exit;
use crate::progress::Progress;

/// Runs the command.
pub(crate) fn run(config: &Config, command: &ModelsCommand) -> Result<Exit> {
    match command {
        ModelsCommand::Import(args) => import(config, args),
    }
}

fn import(config: &Config, args: &ImportArgs) -> Result<Exit> {
    let models = Path::new(&config.engine.models_directory);
    let progress = Progress::start("importing the models");
    let mut say = |line: &str| eprintln!("{line}");
    let report = zhenren_importer::import_all(&args.runtime, models, &mut say)?;
    drop(progress);
    let (new, same) = (report.imported.len(), report.unchanged.len());
    say!(
        "{new} model(s) imported, {same} unchanged, in {}",
        models.display()
    );
    Ok(Exit::Good)
}
