//! Service spaces of an account: a tenant's cloud functions that ask together, and the list of
//! those that may.

pub mod allow_list;
pub mod manage;
pub mod secrets;

use thiserror::Error;
use zhenren_domain::ids::{AccountId, SpaceId};
use zhenren_store::{Transaction, spaces};

use crate::fault::{Fault, carries_faults};
use crate::operators::actor::Denied;

pub use zhenren_store::spaces::Space;

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum SpaceError {
    /// Not for this actor.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such space, secret or account.
    #[error("there is no such space or secret")]
    Unknown,
    /// The name is empty or too long.
    #[error("name must have 1 to 64 characters")]
    NameInvalid,
    /// It is on the allow list: without it the list could let everybody in.
    #[error("the space is on the allow list; take it off the list first")]
    Listed,
    /// Two secrets are valid.
    #[error("two secrets are valid; revoke one first")]
    SecretsFull,
    /// A space of the list is not there.
    #[error("space_ids names a space that this account does not have")]
    ListedUnknown,
    /// Too many spaces.
    #[error("an account has at most 100 spaces")]
    TooMany,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(SpaceError);

/// The space of an account; what belongs to another, or was removed, looks like nothing.
async fn of_account(
    tx: &mut Transaction,
    account_id: &AccountId,
    id: &SpaceId,
) -> Result<Space, SpaceError> {
    let found = spaces::find(tx, account_id, id).await?;
    found.ok_or(SpaceError::Unknown)
}
