//! `zhenren admin create-key`: a master key file for production.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use zhenren_vault::Vault;

use crate::exit::{Exit, sentence};
use crate::wiring;

/// What can be said.
#[derive(Debug, Args)]
pub(crate) struct CreateKey {
    /// Where to write it; refuses to overwrite.
    #[arg(value_name = "FILE")]
    path: PathBuf,
}

/// Writes the file.
pub(super) fn run(args: &CreateKey) -> Result<Exit> {
    let path = &args.path;
    if path.exists() {
        let text = format!("{} is there already; it is not overwritten", path.display());
        return Err(sentence(Exit::Usage, text));
    }
    wiring::make_folder_of(path)?;
    Vault::load_or_create(path).context("the key file cannot be made")?;
    say!("{} made; back it up apart from the data", path.display());
    Ok(Exit::Good)
}
