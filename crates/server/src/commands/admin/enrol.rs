//! `zhenren admin enrol`: a person with a photograph, for the demo account when none is named.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use zhenren_usecases::people::enrol::{self, EnrolError};
use zhenren_usecases::tenants::demo;

use super::lines;
use crate::commands::verify::{PHOTO_BYTES_MAX, photo_sentence, read_limited};
use crate::config::{Config, Profile};
use crate::exit::{Exit, sentence};
use crate::wiring;

/// What can be said.
#[derive(Debug, Args)]
pub(crate) struct Enrol {
    /// The account; the demo account without it.
    #[arg(long, value_name = "ACC_ID")]
    account: Option<String>,
    /// A file (`-` for standard input) with the name in its first line and the identity number in
    /// its second.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// A photograph: JPEG, PNG or WebP.
    #[arg(long, value_name = "FILE")]
    photo: PathBuf,
}

/// Enrols the person, or replaces the photograph of one.
pub(super) async fn run(config: &Config, args: &Enrol) -> Result<Exit> {
    let photo = read_limited(&args.photo, PHOTO_BYTES_MAX)?;
    let [name, number] = lines::read("--file", &args.file)?;
    let analyzer = wiring::analyzer(config)?;
    let context = wiring::context(config, Some(Arc::clone(&analyzer))).await?;
    context.pool().migrate(context.now()).await?;
    if config.profile == Profile::Development {
        demo::ensure(&context).await?;
    }
    let account = match &args.account {
        Some(text) => super::account_of(text)?,
        None => demo::account_id(),
    };
    let enrolled = enrol::enrol_for(&context, &account, name.reveal(), number.reveal(), photo)
        .await
        .map_err(|error| match error {
            EnrolError::NameInvalid => {
                sentence(Exit::Usage, "--file: the name must have 1 to 64 characters")
            }
            EnrolError::NumberInvalid(error) => sentence(Exit::Usage, format!("--file: {error}")),
            EnrolError::Photo(refused) => photo_sentence(&args.photo, &refused),
            EnrolError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
        })?;
    let verb = if enrolled.replaced {
        "replaced"
    } else {
        "enrolled"
    };
    say!("{verb}  {}", enrolled.id);
    Ok(Exit::Good)
}
