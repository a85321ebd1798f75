//! `zhenren admin balance`: how an account stands.

use anyhow::Result;
use clap::Args;
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::{ReadError, balance};
use zhenren_usecases::operators::actor::Actor;

use crate::exit::{Exit, sentence};

/// What can be said.
#[derive(Debug, Args)]
pub(crate) struct Balance {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
}

/// Prints money, agreement year and prices.
pub(super) async fn run(context: &Context, args: &Balance) -> Result<Exit> {
    let account = super::account_of(&args.account)?;
    let standing = balance::read(context, &Actor::CommandLine, &account)
        .await
        .map_err(unread)?;
    say!("available   {}", standing.balance.available);
    say!("frozen      {}", standing.balance.frozen);
    say!("spent       {}", standing.balance.spent);
    say!("recharged   {}", standing.recharged);
    let (first, last) = (standing.year_started_on, standing.year_ends_on);
    say!("year        {first} to {last}");
    say!("calls       {}", standing.calls_count);
    say!("tier        {}", standing.tier_place);
    say!("next price  {}", standing.tier.price);
    let tariff = standing.tariff_id.map(|id| format!("  {id}"));
    say!(
        "tiers       {}{}",
        standing.tariff,
        tariff.unwrap_or_default()
    );
    Ok(Exit::Good)
}

/// Why nothing is shown.
pub(super) fn unread(error: ReadError) -> anyhow::Error {
    match error {
        ReadError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
        refused @ (ReadError::Denied(_) | ReadError::AccountUnknown | ReadError::Day(_)) => {
            sentence(Exit::Usage, refused.to_string())
        }
    }
}
