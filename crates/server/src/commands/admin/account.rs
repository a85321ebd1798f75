//! `zhenren admin account`: accounts, and who really holds them.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use zhenren_domain::holder::HolderKind;
use zhenren_usecases::accounts::record_real_name::{self, RealName};
use zhenren_usecases::accounts::{AccountError, create, read};
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;

use super::lines;
use crate::exit::{Exit, sentence};

/// Limit: accounts that are fetched at a time.
const PAGE: u32 = 200;

/// `zhenren admin account`.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account; it stays closed until an agreement is accepted.
    Create(Create),
    /// List the accounts.
    List,
    /// Show one account.
    Show(Show),
    /// Record who really holds an account, from papers that were seen.
    RealName(RealNameArgs),
}

/// `zhenren admin account create`.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What people call it.
    #[arg(long)]
    name: String,
}

/// `zhenren admin account show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
}

/// `zhenren admin account real-name`.
#[derive(Debug, Args)]
pub(crate) struct RealNameArgs {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// What holds it.
    #[arg(long, value_enum)]
    kind: Kind,
    /// A file (`-` for standard input) with the legal name in its first line, and in its second the
    /// identity number of a person or the unified social credit code of an organisation.
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

/// What may hold an account.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    Person,
    Organisation,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: AccountCommand) -> Result<Exit> {
    match command {
        AccountCommand::Create(args) => {
            let id = create::create(context, &Actor::CommandLine, &args.name)
                .await
                .map_err(refused)?;
            say!("account  {id}");
            Ok(Exit::Good)
        }
        AccountCommand::List => list(context).await,
        AccountCommand::Show(args) => show(context, &args.account).await,
        AccountCommand::RealName(args) => {
            let id = super::account_of(&args.account)?;
            let [name, number] = lines::read("--file", &args.file)?;
            let real_name = RealName {
                kind: match args.kind {
                    Kind::Person => HolderKind::Person,
                    Kind::Organisation => HolderKind::Organisation,
                },
                name: name.reveal(),
                number: number.reveal(),
            };
            record_real_name::record(context, &Actor::CommandLine, &id, &real_name)
                .await
                .map_err(refused)?;
            show(context, &args.account).await
        }
    }
}

async fn list(context: &Context) -> Result<Exit> {
    let mut after = String::new();
    loop {
        let found = read::list(context, &Actor::CommandLine, &after, PAGE)
            .await
            .map_err(refused)?;
        for account in &found {
            let opened = account.opened_at.map(|at| at.to_string());
            let opened = opened.unwrap_or_else(|| String::from("closed"));
            say!("{}  {opened}  {}", account.id, account.name);
        }
        match found.last() {
            Some(last) => after = last.id.to_string(),
            None => return Ok(Exit::Good),
        }
    }
}

async fn show(context: &Context, account: &str) -> Result<Exit> {
    let id = super::account_of(account)?;
    let found = read::find(context, &Actor::CommandLine, &id)
        .await
        .map_err(refused)?;
    say!("account    {}", found.account.id);
    say!("name       {}", found.account.name);
    match &found.real_name {
        None => say!("real name  not recorded"),
        Some(shown) => {
            let kind = shown.kind.name();
            say!("real name  {kind} {} {}", shown.name, shown.number);
        }
    }
    match found.account.opened_at {
        None => say!("opened     no"),
        Some(at) => {
            say!("opened     {at}");
            say!("year from  {}", found.agreement.year_started_on);
            say!("calls      {}", found.agreement.calls_count);
        }
    }
    let version = found
        .accepted_version
        .unwrap_or_else(|| String::from("none"));
    say!("accepted   {version}");
    Ok(Exit::Good)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "this is what `map_err` hands over"
)]
fn refused(error: AccountError) -> anyhow::Error {
    match error {
        AccountError::Fault(ref fault) => sentence(Exit::Failure, fault.chain()),
        AccountError::Denied(_)
        | AccountError::Unknown
        | AccountError::NameInvalid
        | AccountError::Holder(_) => sentence(Exit::Usage, error.to_string()),
    }
}
