//! The secrets of a service space: listed by id, made, revoked.

use zhenren_domain::ids::{AccountId, SecretId, SpaceId};
use zhenren_domain::roles::Permission;
use zhenren_store::secrets::Holder;
use zhenren_store::{retry_busy, secrets as rows};

use super::{SpaceError, of_account};
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::secrets::{self, Listed, Made};

/// Ids and dates, newest first.
pub async fn list(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &SpaceId,
) -> Result<Vec<Listed>, SpaceError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    of_account(&mut tx, account_id, id).await?;
    Ok(rows::list(&mut tx, Holder::Space(id)).await?)
}

/// Makes another secret; the one before stays valid until it is revoked.
pub async fn make(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &SpaceId,
) -> Result<Made, SpaceError> {
    actor.may(Permission::ManageApps, account_id)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        of_account(&mut tx, account_id, id).await?;
        let wish = (Holder::Space(id), "space.secret.create");
        let made = secrets::make(context, &mut tx, actor, account_id, wish).await?;
        let made = made.ok_or(SpaceError::SecretsFull)?;
        tx.commit().await?;
        Ok(made)
    })
    .await
}

/// Revokes a secret; what is signed with it from now on is refused.
pub async fn revoke(
    context: &Context,
    actor: &Actor,
    (account_id, id): (&AccountId, &SpaceId),
    secret_id: &SecretId,
) -> Result<(), SpaceError> {
    actor.may(Permission::ManageApps, account_id)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        of_account(&mut tx, account_id, id).await?;
        let wish = (Holder::Space(id), "space.secret.revoke", secret_id);
        if !secrets::revoke(context, &mut tx, actor, account_id, wish).await? {
            return Err(SpaceError::Unknown);
        }
        tx.commit().await?;
        Ok(())
    })
    .await
}
