//! `zhenren admin ledger`: every move of money, newest first.

use anyhow::Result;
use clap::Args;
use jiff::civil::Date;
use zhenren_api::tables::{self, ledger as table};
use zhenren_domain::ledger::EntryKind;
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::entries;
use zhenren_usecases::operators::actor::Actor;

use super::balance::unread;
use crate::exit::{Exit, sentence};

/// Limit: lines that are fetched at a time.
const PAGE: u32 = 500;

/// What can be said.
#[derive(Debug, Args)]
pub(crate) struct Ledger {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// One day of Asia/Shanghai, such as 2026-03-31; every day without it.
    #[arg(long)]
    day: Option<Date>,
    /// `recharge`, `freeze`, `settle` or `release`.
    #[arg(long, value_parser = kind)]
    kind: Option<EntryKind>,
    /// Print the table that `ledger.csv` of the HTTP interface is.
    #[arg(long)]
    csv: bool,
}

/// Prints the lines.
pub(super) async fn run(context: &Context, args: &Ledger) -> Result<Exit> {
    let account = super::account_of(&args.account)?;
    let selection = entries::select(context, &Actor::CommandLine, &account, args.day, args.kind)
        .await
        .map_err(unread)?;
    if args.csv {
        put!("{}", tables::header_line(table::COLUMNS));
    } else {
        say!("at  kind  available_fen  frozen_fen  spent_fen  forgiven_fen  for");
    }
    let mut after = None;
    loop {
        let lines = selection
            .page(context, after.take(), PAGE)
            .await
            .map_err(|fault| sentence(Exit::Failure, fault.chain()))?;
        for line in &lines {
            if args.csv {
                put!("{}", table::line(line));
                continue;
            }
            let (at, kind, moved) = (line.at, line.kind.name(), line.moved);
            let (available, frozen, spent) =
                (moved.available_fen, moved.frozen_fen, moved.spent_fen);
            let forgiven = line.forgiven.get();
            let verification = line.verification_id.as_ref().map(ToString::to_string);
            let about = verification.or_else(|| line.reference.clone());
            let about = about.unwrap_or_default();
            say!(
                "{at}  {kind:<8}  {available:>8}  {frozen:>8}  {spent:>8}  {forgiven:>4}  {about}"
            );
        }
        match lines.last() {
            Some(last) => after = Some((last.at, last.id.clone())),
            None => return Ok(Exit::Good),
        }
    }
}

fn kind(name: &str) -> Result<EntryKind, String> {
    EntryKind::from_name(name)
        .ok_or_else(|| String::from("write recharge, freeze, settle or release"))
}
