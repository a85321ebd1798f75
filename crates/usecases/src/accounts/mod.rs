//! Accounts as operators see them: made, named, and held by somebody whose real name is recorded.

pub mod create;
pub mod read;
pub mod record_real_name;
pub mod rename;

use thiserror::Error;
use zhenren_domain::holder::HolderError;
use zhenren_domain::ids::AccountId;
use zhenren_store::{StoreError, Transaction, audit};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::operators::actor::{Actor, Denied};

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum AccountError {
    /// Not for this actor.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// The name is empty or too long.
    #[error("name must have 1 to 64 characters")]
    NameInvalid,
    /// The real name or its number cannot be anybody's.
    #[error(transparent)]
    Holder(#[from] HolderError),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(AccountError);

/// A line of the audit log about an account: what was done, to what, and codes that tell more.
pub(crate) async fn note(
    context: &Context,
    tx: &mut Transaction,
    actor: &Actor,
    account_id: &AccountId,
    (action, subject, detail): (&str, &str, &str),
) -> Result<(), StoreError> {
    let event = audit::Event {
        chain: account_id.as_str(),
        at: context.now(),
        actor: actor.name(),
        action,
        subject,
        detail,
    };
    audit::append(tx, &event).await
}
