//! Prices are added for the time to come, never changed and never for the past.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::ids::{AccountId, TariffId};
use zhenren_domain::roles::Permission;
use zhenren_domain::tariff::Tariff;
use zhenren_store::tariffs;
use zhenren_store::{accounts, audit, retry_busy};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::operators::actor::{Actor, Denied};

pub use zhenren_store::tariffs::Record;

/// A tariff to add.
#[derive(Clone, Debug)]
pub struct NewTariff {
    /// For which account; `None` for every account that has none of its own.
    pub account_id: Option<AccountId>,
    /// The prices.
    pub tariff: Tariff,
    /// From when; now when nothing is said.
    pub valid_from: Option<Timestamp>,
    /// Until before when; no end when nothing is said.
    pub valid_until: Option<Timestamp>,
}

/// Why nothing was added or shown.
#[derive(Debug, Error)]
pub enum TariffsError {
    /// They may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account.
    #[error("account does not exist")]
    AccountUnknown,
    /// It would begin before now and change what was charged.
    #[error("tariff begins in the past")]
    BeginsInThePast,
    /// It would end before it begins.
    #[error("tariff ends before it begins")]
    EndsBeforeItBegins,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(TariffsError);

/// Adds a tariff. It may overlap others: an account's own goes first, then the one that begins
/// last.
pub async fn add(
    context: &Context,
    actor: &Actor,
    new: &NewTariff,
) -> Result<Record, TariffsError> {
    match &new.account_id {
        Some(account_id) => actor.may(Permission::MoveMoney, account_id)?,
        None => actor.may_everywhere(Permission::MoveMoney)?,
    }
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        if let Some(account_id) = &new.account_id
            && accounts::find(&mut tx, account_id).await?.is_none()
        {
            return Err(TariffsError::AccountUnknown);
        }
        let valid_from = new.valid_from.unwrap_or(at);
        if valid_from < at {
            return Err(TariffsError::BeginsInThePast);
        }
        if new.valid_until.is_some_and(|until| until <= valid_from) {
            return Err(TariffsError::EndsBeforeItBegins);
        }
        let record = Record {
            id: TariffId::from_number(context.id_number()),
            account_id: new.account_id.clone(),
            tariff: new.tariff.clone(),
            valid_from,
            valid_until: new.valid_until,
            created_at: at,
            created_by: actor.name().to_owned(),
        };
        tariffs::add(&mut tx, &record).await?;
        let chain = new.account_id.as_ref().map(AccountId::as_str);
        let event = audit::Event {
            chain: chain.unwrap_or(audit::SYSTEM_CHAIN),
            at,
            actor: actor.name(),
            action: "tariff.add",
            subject: record.id.as_str(),
            detail: &record.tariff.to_string(),
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(record)
    })
    .await
}

/// Tariffs for all accounts and those of one, the one that begins last first.
pub async fn list(
    context: &Context,
    actor: &Actor,
    account_id: Option<&AccountId>,
    after: Option<(Timestamp, TariffId)>,
    count_max: u32,
) -> Result<Vec<Record>, TariffsError> {
    match account_id {
        Some(account_id) => actor.may(Permission::Read, account_id)?,
        None => actor.may_everywhere(Permission::Read)?,
    }
    let mut tx = context.pool().read().await?;
    if let Some(account_id) = account_id
        && accounts::find(&mut tx, account_id).await?.is_none()
    {
        return Err(TariffsError::AccountUnknown);
    }
    let before = after.as_ref().map(|(at, id)| (*at, id));
    Ok(tariffs::list(&mut tx, account_id, before, count_max).await?)
}
