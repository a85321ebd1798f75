//! `zhenren admin tariff`: prices for the time to come.

use anyhow::Result;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use zhenren_domain::tariff::Tariff;
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::tariffs::{self, NewTariff, Record, TariffsError};
use zhenren_usecases::operators::actor::Actor;

use crate::exit::{Exit, sentence};

/// Limit: tariffs that are fetched at a time.
const PAGE: u32 = 200;

/// `zhenren admin tariff`.
#[derive(Debug, Subcommand)]
pub(crate) enum TariffCommand {
    /// List the prices for all accounts, and those of one.
    List(List),
    /// Add prices; what was charged does not change.
    Add(Add),
}

/// `zhenren admin tariff list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// The account; without it only what holds for all.
    #[arg(long, value_name = "ACC_ID")]
    account: Option<String>,
}

/// `zhenren admin tariff add`.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The account; every account that has no prices of its own without it.
    #[arg(long, value_name = "ACC_ID")]
    account: Option<String>,
    /// Up to so many calls of the agreement year, so many fen: 100000:85,200000:80,500000:70,:60.
    #[arg(long, value_parser = tiers)]
    tiers: Tariff,
    /// From when, in RFC 3339; now without it.
    #[arg(long, value_name = "TIME")]
    valid_from: Option<Timestamp>,
    /// Until before when, in RFC 3339; no end without it.
    #[arg(long, value_name = "TIME")]
    valid_until: Option<Timestamp>,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: TariffCommand) -> Result<Exit> {
    match command {
        TariffCommand::List(args) => list(context, &args).await,
        TariffCommand::Add(args) => add(context, args).await,
    }
}

async fn list(context: &Context, args: &List) -> Result<Exit> {
    let account = args.account.as_deref().map(super::account_of).transpose()?;
    let mut after = None;
    loop {
        let actor = Actor::CommandLine;
        let found = tariffs::list(context, &actor, account.as_ref(), after.take(), PAGE)
            .await
            .map_err(refused)?;
        for record in &found {
            print(record);
        }
        match found.last() {
            Some(last) => after = Some((last.valid_from, last.id.clone())),
            None => return Ok(Exit::Good),
        }
    }
}

async fn add(context: &Context, args: Add) -> Result<Exit> {
    let new = NewTariff {
        account_id: args.account.as_deref().map(super::account_of).transpose()?,
        tariff: args.tiers,
        valid_from: args.valid_from,
        valid_until: args.valid_until,
    };
    let record = tariffs::add(context, &Actor::CommandLine, &new)
        .await
        .map_err(refused)?;
    print(&record);
    Ok(Exit::Good)
}

fn print(record: &Record) {
    let account = record.account_id.as_ref().map(ToString::to_string);
    let account = account.unwrap_or_else(|| String::from("all accounts"));
    let until = record.valid_until.map(|at| format!(" until {at}"));
    let until = until.unwrap_or_default();
    let (id, from, tariff) = (&record.id, record.valid_from, &record.tariff);
    say!("{id}  {account}  from {from}{until}  {tariff}");
}

fn refused(error: TariffsError) -> anyhow::Error {
    match error {
        TariffsError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
        refused @ (TariffsError::Denied(_)
        | TariffsError::AccountUnknown
        | TariffsError::BeginsInThePast
        | TariffsError::EndsBeforeItBegins) => sentence(Exit::Usage, refused.to_string()),
    }
}

fn tiers(text: &str) -> Result<Tariff, String> {
    Tariff::parse(text).map_err(|error| error.to_string())
}
