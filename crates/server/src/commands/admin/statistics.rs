//! `zhenren admin statistics`: what each day added up to.

use anyhow::Result;
use clap::Args;
use jiff::civil::Date;
use zhenren_api::tables::{self, statistics as table};
use zhenren_domain::ids::AppId;
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::statistics::{self, Usage};
use zhenren_usecases::operators::actor::Actor;

use super::balance::unread;
use crate::exit::Exit;

/// What can be said.
#[derive(Debug, Args)]
pub(crate) struct Statistics {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// First day of Asia/Shanghai, such as 2026-03-01; 30 days in all without it.
    #[arg(long)]
    from: Option<Date>,
    /// Last day; today without it.
    #[arg(long)]
    to: Option<Date>,
    /// Of this app only.
    #[arg(long, value_name = "APP_ID")]
    app: Option<AppId>,
    /// Print the table that `statistics.csv` of the HTTP interface is.
    #[arg(long)]
    csv: bool,
}

/// Prints a line for each day and one for all.
pub(super) async fn run(context: &Context, args: &Statistics) -> Result<Exit> {
    let account = super::account_of(&args.account)?;
    let range = (args.from, args.to);
    let actor = Actor::CommandLine;
    let found = statistics::read(context, &actor, &account, range, args.app.as_ref())
        .await
        .map_err(unread)?;
    if args.csv {
        put!("{}", tables::header_line(table::COLUMNS));
        for day in &found.days {
            put!("{}", table::line(day));
        }
        return Ok(Exit::Good);
    }
    say!("day         requests  compared  billed  accepted  rejected  inconclusive  amount");
    for (day, usage) in &found.days {
        say!("{day}  {}", line(usage));
    }
    say!("total       {}", line(&found.total));
    Ok(Exit::Good)
}

fn line(usage: &Usage) -> String {
    format!(
        "{:>8}  {:>8}  {:>6}  {:>8}  {:>8}  {:>12}  {}",
        usage.requests_count,
        usage.compared_count,
        usage.billed_count,
        usage.accepted_count,
        usage.rejected_count,
        usage.inconclusive_count,
        usage.billed
    )
}
