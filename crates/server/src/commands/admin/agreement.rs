//! `zhenren admin agreement`: versions of the agreement, and accepting the newest.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_usecases::agreements::accept::{self, Signing};
use zhenren_usecases::agreements::{AgreementError, publish, read};
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;

use super::lines;
use crate::commands::verify::read_limited;
use crate::exit::{Exit, sentence};

/// Limit: bytes of a text of 100000 characters.
const TEXT_BYTES_MAX: u64 = 400_000;

/// `zhenren admin agreement`. `--version` is that of the text here, not the program's.
#[derive(Debug, Subcommand)]
pub(crate) enum AgreementCommand {
    /// List the versions, the newest first.
    List,
    /// Print the text of a version.
    #[command(disable_version_flag = true)]
    Show(Show),
    /// Publish a text as the newest version.
    #[command(disable_version_flag = true)]
    Publish(Publish),
    /// Accept the newest version for an account; the first time opens it.
    #[command(disable_version_flag = true)]
    Accept(Accept),
}

/// `zhenren admin agreement show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The version.
    version: String,
}

/// `zhenren admin agreement publish`.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// What it is called; a name that was not used before.
    #[arg(long)]
    version: String,
    /// A file with the text, in UTF-8.
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
}

/// `zhenren admin agreement accept`.
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// The version that was read.
    #[arg(long)]
    version: String,
    /// SHA-256 of the text that was read, as `list` prints it.
    #[arg(long)]
    sha256: String,
    /// A file (`-` for standard input) with the name of the person who agrees in its first line.
    #[arg(long, value_name = "FILE")]
    signer_file: PathBuf,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: AgreementCommand) -> Result<Exit> {
    let actor = &Actor::CommandLine;
    match command {
        AgreementCommand::List => {
            let found = read::list(context, actor, None).await.map_err(refused)?;
            for text in found {
                say!("{}  {}  {}", text.version, text.sha256, text.published_at);
            }
        }
        AgreementCommand::Show(args) => {
            let found = read::find(context, actor, None, &args.version).await;
            say!("{}", found.map_err(refused)?.body);
        }
        AgreementCommand::Publish(args) => {
            let bytes = read_limited(&args.text, TEXT_BYTES_MAX)?;
            let text = String::from_utf8(bytes)
                .map_err(|_| sentence(Exit::Usage, "--text must be a file in UTF-8"))?;
            let published = publish::publish(context, actor, &args.version, &text)
                .await
                .map_err(refused)?;
            say!("version  {}", published.version);
            say!("sha256   {}", published.sha256);
        }
        AgreementCommand::Accept(args) => {
            let account_id = super::account_of(&args.account)?;
            let [signer] = lines::read("--signer-file", &args.signer_file)?;
            let signing = Signing {
                version: &args.version,
                sha256: &args.sha256,
                signer: signer.reveal(),
            };
            let accepted = accept::accept(context, actor, &account_id, &signing)
                .await
                .map_err(refused)?;
            say!("accepted  {}", accepted.acceptance.version);
            say!(
                "opened    {}",
                if accepted.has_opened { "now" } else { "before" }
            );
        }
    }
    Ok(Exit::Good)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is what `map_err` hands over"
)]
fn refused(error: AgreementError) -> anyhow::Error {
    match error {
        AgreementError::Fault(ref fault) => sentence(Exit::Failure, fault.chain()),
        AgreementError::Denied(_)
        | AgreementError::Unknown
        | AgreementError::TextInvalid
        | AgreementError::VersionTaken
        | AgreementError::SignerInvalid
        | AgreementError::NotNewest
        | AgreementError::TextDiffers
        | AgreementError::RealNameMissing => sentence(Exit::Usage, error.to_string()),
    }
}
