//! `zhenren admin recharge`: money comes in.

use anyhow::Result;
use clap::Args;
use zhenren_domain::money::Fen;
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::recharge::{self, RechargeError};
use zhenren_usecases::operators::actor::Actor;

use crate::exit::{Exit, sentence};

/// What can be said.
#[derive(Debug, Args)]
pub(crate) struct Recharge {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// How much, in fen; 100 to 1000000000.
    #[arg(long)]
    fen: i64,
    /// A reference of yours; the same one is booked once.
    #[arg(long)]
    reference: String,
}

/// Books the money and prints the balance after it.
pub(super) async fn run(context: &Context, args: &Recharge) -> Result<Exit> {
    let account = super::account_of(&args.account)?;
    let amount = Fen::new(args.fen).map_err(|error| sentence(Exit::Usage, error.to_string()))?;
    let actor = Actor::CommandLine;
    let booked = recharge::recharge(context, &actor, &account, amount, &args.reference)
        .await
        .map_err(|error| match error {
            RechargeError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
            RechargeError::AmountOutOfRange => sentence(
                Exit::Usage,
                "a recharge is 100 fen or more and 1000000000 fen or less",
            ),
            refused @ (RechargeError::Denied(_)
            | RechargeError::AccountUnknown
            | RechargeError::ReferenceInvalid
            | RechargeError::Conflict) => sentence(Exit::Usage, refused.to_string()),
        })?;
    let balance = booked.balance;
    say!("available  {}", balance.available);
    say!("frozen     {}", balance.frozen);
    say!("spent      {}", balance.spent);
    Ok(Exit::Good)
}
