//! `zhenren admin key`: another master key, and everything sealed anew with it.
//!
//! A server has its keys in memory and could not open what the new key seals, so none may run on
//! this machine meanwhile: each holds its key file shared, and this wants it alone.

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use zhenren_usecases::keys::{self, Beginning};
use zhenren_vault::Vault;

use crate::config::Config;
use crate::exit::{Exit, sentence};
use crate::wiring;

/// `zhenren admin key`.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Put a new sealing key in front of the key file and seal everything anew with it. Stop every
    /// server first. Stopped in the middle, it goes on where it was when it is run again.
    Rotate,
}

/// Runs one of them.
pub(super) async fn run(config: &Config, command: &KeyCommand) -> Result<Exit> {
    match command {
        KeyCommand::Rotate => rotate(config).await,
    }
}

async fn rotate(config: &Config) -> Result<Exit> {
    let path = Path::new(&config.vault.master_key_file);
    // Also makes the file of a development installation that has none.
    let mut context = super::open(config).await?;
    let _alone = wiring::key_file_alone(path)?;
    let left = keys::old_count(&context).await.map_err(failed)?;
    let beginning = if left == 0 {
        Vault::rotate(path)?;
        context.pool().close().await;
        context = super::open(config).await?;
        Beginning::Rotated
    } else {
        eprintln!("a rotation was stopped: {left} values wait; it goes on, no other key is made");
        Beginning::Continued
    };
    say!("key       {}", keys::current(&context));
    let resealed = keys::reseal(&context, beginning).await.map_err(failed)?;
    let left = keys::old_count(&context).await.map_err(failed)?;
    context.pool().close().await;
    say!("resealed  {resealed}");
    if left > 0 {
        let text = format!("{left} values were written by another process meanwhile; run it again");
        return Err(sentence(Exit::Failure, text));
    }
    let shown = path.display();
    say!(
        "{shown} has another key: back it up apart from the data, and keep the older copies as long as backups of the database"
    );
    Ok(Exit::Good)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is what `map_err` hands over"
)]
fn failed(fault: zhenren_usecases::fault::Fault) -> anyhow::Error {
    sentence(Exit::Failure, fault.chain())
}
