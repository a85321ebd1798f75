//! `zhenren admin billing`: whether an account pays for attacks as well.

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_domain::billing::BillingRules;
use zhenren_usecases::context::Context;
use zhenren_usecases::ledger::billing_rules::{self, ChangeError};
use zhenren_usecases::operators::actor::Actor;

use super::balance::unread;
use crate::exit::{Exit, sentence};

/// `zhenren admin billing`.
#[derive(Debug, Subcommand)]
pub(crate) enum BillingCommand {
    /// Show it.
    Show(Show),
    /// Change it for every verification that closes from now on.
    Set(Set),
}

/// `zhenren admin billing show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
}

/// `zhenren admin billing set`.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The account.
    #[arg(long, value_name = "ACC_ID")]
    account: String,
    /// Whether a rejected presence check is billed: `true` or `false`.
    #[arg(long, action = clap::ArgAction::Set)]
    bills_attacks: bool,
}

/// Runs one of them.
pub(super) async fn run(context: &Context, command: BillingCommand) -> Result<Exit> {
    let actor = Actor::CommandLine;
    let rules = match command {
        BillingCommand::Show(args) => {
            let account = super::account_of(&args.account)?;
            billing_rules::read(context, &actor, &account)
                .await
                .map_err(unread)?
        }
        BillingCommand::Set(args) => {
            let account = super::account_of(&args.account)?;
            let rules = BillingRules {
                bills_attacks: args.bills_attacks,
            };
            billing_rules::change(context, &actor, &account, rules)
                .await
                .map_err(|error| match error {
                    ChangeError::Fault(fault) => sentence(Exit::Failure, fault.chain()),
                    refused @ (ChangeError::Denied(_) | ChangeError::AccountUnknown) => {
                        sentence(Exit::Usage, refused.to_string())
                    }
                })?
        }
    };
    say!("bills_attacks  {}", rules.bills_attacks);
    Ok(Exit::Good)
}
