//! The secrets of an app: listed by id, made, revoked.

use zhenren_domain::ids::{AccountId, AppId, SecretId};
use zhenren_domain::roles::Permission;
use zhenren_store::apps::access_tokens;
use zhenren_store::secrets::Holder;
use zhenren_store::{retry_busy, secrets as rows};

use super::{AppError, of_account};
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::secrets::{self, Listed, Made};

/// Ids and dates, newest first.
pub async fn list(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &AppId,
) -> Result<Vec<Listed>, AppError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    of_account(&mut tx, account_id, id).await?;
    Ok(rows::list(&mut tx, Holder::App(id)).await?)
}

/// Makes another secret; the one before stays valid until it is revoked.
pub async fn make(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &AppId,
) -> Result<Made, AppError> {
    actor.may(Permission::ManageApps, account_id)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        of_account(&mut tx, account_id, id).await?;
        let wish = (Holder::App(id), "app.secret.create");
        let made = secrets::make(context, &mut tx, actor, account_id, wish).await?;
        let made = made.ok_or(AppError::SecretsFull)?;
        tx.commit().await?;
        Ok(made)
    })
    .await
}

/// Revokes a secret: what is signed with it from now on is refused, and every access token of the
/// app ends, because nobody knows which of them was fetched with it.
pub async fn revoke(
    context: &Context,
    actor: &Actor,
    (account_id, id): (&AccountId, &AppId),
    secret_id: &SecretId,
) -> Result<(), AppError> {
    actor.may(Permission::ManageApps, account_id)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        of_account(&mut tx, account_id, id).await?;
        let wish = (Holder::App(id), "app.secret.revoke", secret_id);
        if !secrets::revoke(context, &mut tx, actor, account_id, wish).await? {
            return Err(AppError::Unknown);
        }
        access_tokens::end(&mut tx, id, context.now()).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
