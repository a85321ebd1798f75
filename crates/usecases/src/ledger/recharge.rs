//! Money comes in. The caller's own reference makes a repeated booking harmless.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::ids::{AccountId, EntryId};
use zhenren_domain::ledger::{Balance, Refusal};
use zhenren_domain::money::Fen;
use zhenren_domain::roles::Permission;
use zhenren_store::accounts::{self, Account};
use zhenren_store::{Transaction, audit, ledger, ledger_entries, retry_busy};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::operators::actor::{Actor, Denied};
use crate::text::sha256;

/// Limit: characters of a reference.
pub const REFERENCE_CHARS_MAX: usize = 64;

/// Why nothing was booked.
#[derive(Debug, Error)]
pub enum RechargeError {
    /// They may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account.
    #[error("account does not exist")]
    AccountUnknown,
    /// Less than the smallest recharge, or more than the largest.
    #[error("recharge is outside the amounts that are booked")]
    AmountOutOfRange,
    /// The reference is empty, too long, or has control characters.
    #[error("reference is empty, too long or not plain")]
    ReferenceInvalid,
    /// The reference was booked with another amount.
    #[error("reference was booked with another amount")]
    Conflict,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(RechargeError);

/// A recharge that is in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Its entry.
    pub entry_id: EntryId,
    /// How much came in.
    pub amount: Fen,
    /// The caller's own words for it.
    pub reference: String,
    /// Who booked it.
    pub booked_by: Option<String>,
    /// When it was booked.
    pub booked_at: Timestamp,
    /// The money of the account now.
    pub balance: Balance,
}

/// Books a recharge once for each reference. The same again answers the same.
pub async fn recharge(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    amount: Fen,
    reference: &str,
) -> Result<Booked, RechargeError> {
    actor.may(Permission::MoveMoney, account_id)?;
    let reference = checked(reference)?;
    let entry_id = entry_id(account_id, reference);
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin_in_turn(account_id.as_str()).await?;
        let account = accounts::find(&mut tx, account_id)
            .await?
            .ok_or(RechargeError::AccountUnknown)?;
        let balance = account
            .balance
            .recharge(amount)
            .map_err(|refusal| match refusal {
                Refusal::Impossible(error) => Fault::new("adding up a recharge", error).into(),
                Refusal::RechargeOutOfRange | Refusal::InsufficientFen => {
                    RechargeError::AmountOutOfRange
                }
            })?;
        let recharge = ledger::Recharge {
            entry_id: &entry_id,
            account_id,
            amount,
            reference,
            booked_by: actor.name(),
            at,
        };
        if !ledger::recharge(&mut tx, &recharge).await? {
            let booked = repeated(&mut tx, &account, &entry_id, amount, reference).await?;
            // What was found may be on its way to the disk still.
            tx.commit().await?;
            return Ok(booked);
        }
        let event = audit::Event {
            chain: account_id.as_str(),
            at,
            actor: actor.name(),
            action: "recharge.book",
            subject: entry_id.as_str(),
            detail: &amount.get().to_string(),
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(Booked {
            entry_id: entry_id.clone(),
            amount,
            reference: reference.to_owned(),
            booked_by: Some(actor.name().to_owned()),
            booked_at: at,
            balance,
        })
    })
    .await
}

/// What was booked before under this reference.
async fn repeated(
    tx: &mut Transaction,
    account: &Account,
    entry_id: &EntryId,
    amount: Fen,
    reference: &str,
) -> Result<Booked, RechargeError> {
    let entry = ledger_entries::find(tx, &account.id, entry_id)
        .await?
        .filter(|entry| entry.moved.available_fen == amount.get())
        .ok_or(RechargeError::Conflict)?;
    Ok(Booked {
        entry_id: entry.id,
        amount,
        // Lines of the first schema did not keep them.
        reference: entry.reference.unwrap_or_else(|| reference.to_owned()),
        booked_by: entry.booked_by,
        booked_at: entry.at,
        balance: account.balance,
    })
}

fn checked(reference: &str) -> Result<&str, RechargeError> {
    let reference = reference.trim();
    let fits = (1..=REFERENCE_CHARS_MAX).contains(&reference.chars().count());
    let plain = !reference.chars().any(char::is_control);
    if fits && plain {
        Ok(reference)
    } else {
        Err(RechargeError::ReferenceInvalid)
    }
}

/// The entry of a reference: the same text, the same entry.
fn entry_id(account_id: &AccountId, reference: &str) -> EntryId {
    let digest = sha256(format!("{account_id}\n{reference}").as_bytes());
    let (number, _) = digest
        .split_first_chunk::<16>()
        .expect("a digest has 32 bytes");
    EntryId::from_number(u128::from_be_bytes(*number))
}
