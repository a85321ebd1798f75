//! What an account agreed to be billed for beyond the rule: attacks, or not.

use thiserror::Error;
use zhenren_domain::billing::BillingRules;
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_store::{audit, payers, retry_busy};

use super::{ReadError, readable};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::operators::actor::{Actor, Denied};

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// They may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account.
    #[error("account does not exist")]
    AccountUnknown,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(ChangeError);

/// Reads it.
pub async fn read(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
) -> Result<BillingRules, ReadError> {
    let (_, payer) = readable(context, actor, account_id).await?;
    Ok(payer.rules)
}

/// Changes it for every verification that closes from now on.
pub async fn change(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    rules: BillingRules,
) -> Result<BillingRules, ChangeError> {
    actor.may(Permission::MoveMoney, account_id)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        if !payers::set_rules(&mut tx, account_id, rules).await? {
            return Err(ChangeError::AccountUnknown);
        }
        let detail = if rules.bills_attacks {
            "bills_attacks"
        } else {
            "bills_no_attacks"
        };
        let event = audit::Event {
            chain: account_id.as_str(),
            at: context.now(),
            actor: actor.name(),
            action: "billing.change",
            subject: account_id.as_str(),
            detail,
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(rules)
    })
    .await
}
