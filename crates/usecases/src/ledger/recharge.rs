//! Money comes in. The operator's own reference makes a repeated booking harmless.

use thiserror::Error;
use zhenren_domain::ids::{AccountId, EntryId};
use zhenren_domain::ledger::Balance;
use zhenren_domain::money::Fen;
use zhenren_domain::tariff::RECHARGE_MIN;
use zhenren_store::{accounts, ledger, retry_busy};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::text::sha256;

/// Why nothing was booked.
#[derive(Debug, Error)]
pub enum RechargeError {
    /// There is no such account.
    #[error("account does not exist")]
    AccountUnknown,
    /// Less than the smallest recharge.
    #[error("recharge is below the smallest amount")]
    TooSmall,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(RechargeError);

/// Books a recharge once for each reference, and answers with the balance after it.
pub async fn recharge(
    context: &Context,
    account_id: &AccountId,
    amount: Fen,
    reference: &str,
) -> Result<Balance, RechargeError> {
    if amount < RECHARGE_MIN {
        return Err(RechargeError::TooSmall);
    }
    let entry_id = entry_id(account_id, reference);
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        if accounts::find(&mut tx, account_id).await?.is_none() {
            return Err(RechargeError::AccountUnknown);
        }
        ledger::recharge(&mut tx, &entry_id, account_id, amount, context.now()).await?;
        let account = accounts::find(&mut tx, account_id)
            .await?
            .ok_or(RechargeError::AccountUnknown)?;
        tx.commit().await?;
        Ok(account.balance)
    })
    .await
}

/// The entry of a reference: the same text, the same entry.
fn entry_id(account_id: &AccountId, reference: &str) -> EntryId {
    let digest = sha256(format!("{account_id}\n{reference}").as_bytes());
    let (number, _) = digest
        .split_first_chunk::<16>()
        .expect("a digest has 32 bytes");
    EntryId::from_number(u128::from_be_bytes(*number))
}
