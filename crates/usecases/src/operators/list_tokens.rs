//! The tokens of an account, without their texts: those are not kept.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::ids::{AccountId, AccountTokenId};
use zhenren_domain::roles::Permission;
use zhenren_store::account_tokens::{self, AccountToken};

use super::actor::{Actor, Denied};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};

/// Why there is no list.
#[derive(Debug, Error)]
pub enum ListError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(ListError);

/// Tokens in the order they were made, after one of them; ended and revoked ones as well.
pub async fn list(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    after: Option<(Timestamp, AccountTokenId)>,
    count_max: u32,
) -> Result<Vec<AccountToken>, ListError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    let after = after.as_ref().map(|(at, id)| (*at, id));
    Ok(account_tokens::list(&mut tx, account_id, after, count_max).await?)
}
