//! `zhenren admin audit`: who changed what, and whether the log is still whole.

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::operators::check_audit::{self, CheckError};
use zhenren_usecases::operators::read_audit::{self, Chain, ReadError};

use crate::exit::{Exit, sentence};

/// `zhenren admin audit`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print lines of a log, oldest first.
    List(List),
    /// Recompute every log; exit code 1 when a line does not fit.
    Check,
}

/// `zhenren admin audit list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The account; what belongs to no account without it.
    #[arg(long, value_name = "ACC_ID")]
    account: Option<String>,
    /// The last line that is known already.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: i64,
    /// How many lines, 1 to 10000.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: AuditCommand) -> Result<Exit> {
    match command {
        AuditCommand::List(args) => list(context, &args).await,
        AuditCommand::Check => check(context).await,
    }
}

async fn list(context: &Context, args: &List) -> Result<Exit> {
    let chain = match &args.account {
        Some(text) => Chain::Account(super::account_of(text)?),
        None => Chain::System,
    };
    let lines = read_audit::read(context, &Actor::CommandLine, &chain, args.after, args.limit)
        .await
        .map_err(|error| match error {
            ReadError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
            ReadError::Denied(denied) => sentence(Exit::Usage, denied.to_string()),
        })?;
    for line in lines {
        let (sequence, at, actor) = (line.sequence, line.at, line.actor);
        say!(
            "{sequence:>6}  {at}  {actor}  {}  {}  {}",
            line.action,
            line.subject,
            line.detail
        );
    }
    Ok(Exit::Good)
}

async fn check(context: &Context) -> Result<Exit> {
    let checked = check_audit::check(context, &Actor::CommandLine)
        .await
        .map_err(|error| match error {
            CheckError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
            CheckError::Denied(denied) => sentence(Exit::Usage, denied.to_string()),
        })?;
    let mut exit = Exit::Good;
    for chain in checked {
        let (name, count) = (&chain.chain, chain.lines_count);
        match chain.first_broken {
            None => say!("whole   {name}  {count} lines  {}", chain.hash),
            Some(sequence) => {
                say!("BROKEN  {name}  {count} lines  line {sequence} does not fit");
                exit = Exit::Negative;
            }
        }
    }
    Ok(exit)
}
