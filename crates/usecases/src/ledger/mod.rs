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

use jiff::Timestamp;
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

/// Some of many things, and where the rest begins.
#[derive(Clone, Debug)]
pub struct Page<Item, Id> {
    /// The things, in their order.
    pub items: Vec<Item>,
    /// The last of them, when more come after it.
    pub next: Option<(Timestamp, Id)>,
}

impl<Item, Id> Page<Item, Id> {
    /// A page of at most `count_max` out of one more than that, which only tells that there is more.
    fn of(mut items: Vec<Item>, count_max: u32, place: impl Fn(&Item) -> (Timestamp, Id)) -> Self {
        let count_max = usize::try_from(count_max).unwrap_or(usize::MAX);
        let is_more = items.len() > count_max;
        items.truncate(count_max);
        let next = items.last().filter(|_| is_more).map(place);
        Self { items, next }
    }
}

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
