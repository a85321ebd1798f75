//! The rows of a new verification: itself, its price frozen, a line in the audit log.

use thiserror::Error;
use zhenren_domain::ids::{AccountId, AppId, EntryId, VerificationId};
use zhenren_domain::money::Fen;
use zhenren_domain::retention::after;
use zhenren_domain::tariff::civil_day;
use zhenren_domain::verification::{State, Verification};
use zhenren_domain::wish::Wish;
use zhenren_store::idempotency::Key;
use zhenren_store::ledger::{Freeze, Freezing};
use zhenren_store::usage::{self, Usage};
use zhenren_store::verifications::{self, Door, Record, ReferenceSource, Subject};
use zhenren_store::{StoreError, Transaction, apps, audit, ledger};

use crate::context::Context;
use crate::fault::Fault;
use crate::verifications::tokens;

/// A question that was checked.
#[derive(Clone, Debug)]
pub(crate) struct NewVerification {
    pub(crate) verification_id: VerificationId,
    pub(crate) account_id: AccountId,
    pub(crate) app_id: AppId,
    /// Whether it is counted against the app's quota.
    pub(crate) is_counted: bool,
    pub(crate) door: Door,
    pub(crate) challenge: Wish,
    pub(crate) subject: Subject,
    pub(crate) identity_key_hash: Option<String>,
}

/// Why no money was reserved.
#[derive(Debug, Error)]
pub(crate) enum FreezeError {
    /// The balance does not cover the price.
    #[error("not enough money is available")]
    InsufficientFen,
    /// A test app has no calls left.
    #[error("the app's quota is used up")]
    QuotaUsedUp,
    /// The account that pays is not there.
    #[error("account does not exist")]
    AccountUnknown,
    /// The tariff that holds does not parse.
    #[error("price is unknown")]
    PriceUnknown(#[source] Fault),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for FreezeError {
    fn from(error: StoreError) -> Self {
        if matches!(
            error,
            StoreError::Corrupt {
                table: "tariffs",
                ..
            }
        ) {
            Self::PriceUnknown(error.into())
        } else {
            Self::Fault(error.into())
        }
    }
}

/// Writes the verification; nothing when one was opened under this key.
pub(crate) async fn insert(
    context: &Context,
    tx: &mut Transaction,
    new: &NewVerification,
    reference: ReferenceSource,
    key: Option<&Key<'_>>,
) -> Result<Option<Record>, StoreError> {
    let record = record(context, new, reference);
    let vault = context.vault();
    let Some(key) = key else {
        verifications::insert(tx, vault, &record).await?;
        return Ok(Some(record));
    };
    let is_new = verifications::insert_once(tx, vault, &record, key).await?;
    Ok(is_new.then_some(record))
}

/// Writes what goes with a verification that was inserted, and answers with the price that was
/// reserved. Refused, the caller must drop the transaction.
pub(crate) async fn write(
    context: &Context,
    tx: &mut Transaction,
    new: &NewVerification,
    record: &Record,
) -> Result<Fen, FreezeError> {
    let at = record.verification.created_at;
    if new.is_counted && !apps::count_call(tx, &new.app_id).await? {
        return Err(FreezeError::QuotaUsedUp);
    }
    let wish = Freeze {
        entry_id: &EntryId::from_number(context.id_number()),
        account_id: &new.account_id,
        verification_id: &new.verification_id,
        at,
    };
    let price = match ledger::freeze(tx, &wish).await? {
        Freezing::Insufficient => return Err(FreezeError::InsufficientFen),
        Freezing::AccountUnknown => return Err(FreezeError::AccountUnknown),
        Freezing::Frozen(price) => price,
    };
    let event = audit::Event {
        chain: new.account_id.as_str(),
        at,
        actor: new.app_id.as_str(),
        action: "verification.open",
        subject: new.verification_id.as_str(),
        detail: new.door.name(),
    };
    audit::append(tx, &event).await?;
    let day = civil_day(at);
    usage::add(tx, &new.account_id, &new.app_id, day, &Usage::request()).await?;
    Ok(price)
}

fn record(context: &Context, new: &NewVerification, reference: ReferenceSource) -> Record {
    let at = context.now();
    let settings = context.settings();
    let verification = Verification {
        id: new.verification_id.clone(),
        created_at: at,
        startable_until: after(at, settings.start_window),
        expires_at: after(at, settings.verification_life),
        attempts_max: new
            .challenge
            .attempts_max
            .unwrap_or(settings.policy.attempts_max),
        attempts_count: 0,
        last_reason: None,
        state: State::Open,
    };
    let verify_result_hash = match new.door {
        Door::Wechat => {
            let token = tokens::verify_result(context, &new.verification_id);
            Some(tokens::verify_result_hash(context, &token))
        }
        Door::Unicloud | Door::V1 => None,
    };
    Record {
        verification,
        app_id: new.app_id.clone(),
        account_id: new.account_id.clone(),
        door: new.door,
        policy_version: settings.policy.version,
        challenge: new.challenge.clone(),
        reference,
        subject: new.subject.clone(),
        identity_key_hash: new.identity_key_hash.clone(),
        verify_result_hash,
        need_picture: false,
        billing: None,
    }
}
