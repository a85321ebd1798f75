//! The apps of an account, as the tenant runs them: read, changed, frozen, their secrets exchanged.
//! New ones are made by `tenants::create_app`.

pub mod address_ranges;
pub mod freeze;
pub mod read;
pub mod secrets;
pub mod update;

use thiserror::Error;
use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::wish::WishError;
use zhenren_store::{Transaction, apps};

use crate::fault::{Fault, carries_faults};
use crate::operators::actor::Denied;

pub use zhenren_store::apps::App;

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum AppError {
    /// Not for this actor.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such app or secret.
    #[error("there is no such app or secret")]
    Unknown,
    /// The name is empty or too long.
    #[error("name must have 1 to 64 characters")]
    NameInvalid,
    /// The challenge cannot be asked for.
    #[error(transparent)]
    ChallengeInvalid(#[from] WishError),
    /// Two secrets are valid.
    #[error("two secrets are valid; revoke one first")]
    SecretsFull,
    /// A range of addresses is none.
    #[error(
        "address range {0} is none; write it as 192.0.2.0/24 or 2001:db8::/32 without bits \
             beyond the prefix"
    )]
    RangeInvalid(usize),
    /// Too many ranges of addresses.
    #[error("an app has at most 64 address ranges")]
    TooManyRanges,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(AppError);

/// The app of an account; what belongs to another looks like nothing.
async fn of_account(
    tx: &mut Transaction,
    account_id: &AccountId,
    id: &AppId,
) -> Result<App, AppError> {
    let found = apps::find(tx, id).await?;
    found
        .filter(|app| app.account_id == *account_id)
        .ok_or(AppError::Unknown)
}
