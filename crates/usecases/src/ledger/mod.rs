//! Money: in by recharge, frozen at the question, settled or released with the answer; and what
//! the account side reads and changes of it.

pub mod balance;
pub mod billing_rules;
pub mod close;
pub mod entries;
pub mod freeze;
pub mod recharge;
pub mod records;
pub mod statistics;
pub mod tariffs;

use thiserror::Error;
use zhenren_domain::days::DayError;
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_store::Transaction;
use zhenren_store::payers::{self, Payer};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::operators::actor::{Actor, Denied};

/// Why nothing is shown.
#[derive(Debug, Error)]
pub enum ReadError {
    /// They may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account.
    #[error("account does not exist")]
    AccountUnknown,
    /// The days that were asked for are not to be had.
    #[error(transparent)]
    Day(#[from] DayError),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(ReadError);

/// The account that somebody wants to read, as it is now.
async fn readable(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
) -> Result<(Transaction, Payer), ReadError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    let payer = payers::find(&mut tx, account_id, context.now())
        .await?
        .ok_or(ReadError::AccountUnknown)?;
    Ok((tx, payer))
}
