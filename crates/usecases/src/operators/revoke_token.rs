//! Makes an account token worthless, at once. Doing it again changes nothing.

use thiserror::Error;
use zhenren_domain::ids::{AccountId, AccountTokenId};
use zhenren_domain::roles::Permission;
use zhenren_store::account_tokens::{self, AccountToken};
use zhenren_store::{audit, retry_busy};

use super::actor::{Actor, Denied};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};

/// Why nothing was revoked.
#[derive(Debug, Error)]
pub enum RevokeError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The account has no such token.
    #[error("the account has no such token")]
    TokenUnknown,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(RevokeError);

/// Revokes a token; answers how it stands then.
pub async fn revoke(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &AccountTokenId,
) -> Result<AccountToken, RevokeError> {
    actor.may(Permission::ManageTokens, account_id)?;
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        let is_new = account_tokens::revoke(&mut tx, account_id, id, at).await?;
        let token = account_tokens::find(&mut tx, account_id, id)
            .await?
            .ok_or(RevokeError::TokenUnknown)?;
        if is_new {
            let event = audit::Event {
                chain: account_id.as_str(),
                at,
                actor: actor.name(),
                action: "token.revoke",
                subject: id.as_str(),
                detail: token.scope.name(),
            };
            audit::append(&mut tx, &event).await?;
        }
        tx.commit().await?;
        Ok(token)
    })
    .await
}
