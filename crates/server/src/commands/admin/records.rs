//! `zhenren admin records`: what was asked on one day of the last thirty, newest first.

use anyhow::Result;
use clap::Args;
use jiff::civil::Date;
use zhenren_api::tables::{self, records as table};
use zhenren_domain::ids::AppId;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::records::{self, CallRecord, Door, STATES, Wanted};
use zhenren_usecases::operators::actor::Actor;

use super::balance::unread;
use crate::exit::{Exit, sentence};

/// Limit: records that are fetched at a time.
const PAGE: u32 = 500;

/// What can be said.
#[derive(Debug, Args)]
pub(crate) struct Records {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// One day of Asia/Shanghai, such as 2026-03-31; today without it.
    #[arg(long)]
    day: Option<Date>,
    /// Of this app only.
    #[arg(long, value_name = "APP_ID")]
    app: Option<AppId>,
    /// `wechat`, `unicloud` or `v1`.
    #[arg(long, value_parser = door)]
    door: Option<Door>,
    /// `open`, `capturing`, `analyzing` or `closed`.
    #[arg(long, value_parser = state)]
    state: Option<&'static str>,
    /// `accepted`, `rejected` or `inconclusive`.
    #[arg(long, value_parser = outcome)]
    outcome: Option<Outcome>,
    /// `true` or `false`.
    #[arg(long)]
    billable: Option<bool>,
    /// Print the table that `records.csv` of the HTTP interface is.
    #[arg(long)]
    csv: bool,
}

/// Prints the records.
pub(super) async fn run(context: &Context, args: Records) -> Result<Exit> {
    let account = super::account_of(&args.account)?;
    let wanted = Wanted {
        day: args.day,
        app_id: args.app,
        door: args.door,
        state: args.state,
        outcome: args.outcome,
        billable: args.billable,
    };
    let selection = records::select(context, &Actor::CommandLine, &account, wanted)
        .await
        .map_err(unread)?;
    if args.csv {
        put!("{}", tables::header_line(table::COLUMNS));
    } else {
        say!("{}", selection.day);
    }
    let mut after = None;
    loop {
        let found = selection
            .page(context, after.take(), PAGE)
            .await
            .map_err(|fault| sentence(Exit::Failure, fault.chain()))?;
        for record in &found {
            if args.csv {
                put!("{}", table::line(record));
            } else {
                say!("{}", line(record));
            }
        }
        match found.last() {
            Some(last) => after = Some((last.created_at, last.id.clone())),
            None => return Ok(Exit::Good),
        }
    }
}

fn line(record: &CallRecord) -> String {
    let outcome = record.outcome.map_or("-", Outcome::name);
    let reason = record.reason.map_or("-", Reason::name);
    let paid = match record.billable {
        None => String::from("-"),
        Some(false) => String::from("free"),
        Some(true) => record.settled.unwrap_or_default().to_string(),
    };
    format!(
        "{}  {}  {}  {:<8}  {:<9}  {outcome}  {reason}  {paid}",
        record.created_at,
        record.id,
        record.app_id,
        record.door.name(),
        record.state
    )
}

fn door(name: &str) -> Result<Door, String> {
    Door::from_name(name).ok_or_else(|| String::from("write wechat, unicloud or v1"))
}

fn state(name: &str) -> Result<&'static str, String> {
    STATES
        .into_iter()
        .find(|state| *state == name)
        .ok_or_else(|| String::from("write open, capturing, analyzing or closed"))
}

fn outcome(name: &str) -> Result<Outcome, String> {
    Outcome::from_name(name).ok_or_else(|| String::from("write accepted, rejected or inconclusive"))
}
