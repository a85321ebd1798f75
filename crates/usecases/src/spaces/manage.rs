//! Spaces are made with their first secret, listed, and removed.

use zhenren_domain::ids::{AccountId, SpaceId};
use zhenren_domain::roles::Permission;
use zhenren_store::secrets::Holder;
use zhenren_store::{accounts, retry_busy, spaces};

use super::{Space, SpaceError, of_account};
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::secrets::{self, Made};
use crate::text;

/// Limit: spaces of one account; an allow list is looked through at each call.
pub(super) const SPACES_COUNT_MAX: usize = 100;

/// Makes a space.
pub async fn create(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    name: &str,
) -> Result<(Space, Made), SpaceError> {
    actor.may(Permission::ManageApps, account_id)?;
    let name = text::name(name).ok_or(SpaceError::NameInvalid)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        if accounts::find(&mut tx, account_id).await?.is_none() {
            return Err(SpaceError::Unknown);
        }
        let count_max = u32::try_from(SPACES_COUNT_MAX).unwrap_or(u32::MAX);
        let there = spaces::list(&mut tx, account_id, "", count_max).await?;
        if there.len() >= SPACES_COUNT_MAX {
            return Err(SpaceError::TooMany);
        }
        let space = Space {
            id: SpaceId::from_number(context.id_number()),
            account_id: account_id.clone(),
            name: name.clone(),
            created_at: context.now(),
        };
        spaces::create(&mut tx, &space).await?;
        let said = ("space.create", space.id.as_str(), "");
        note(context, &mut tx, actor, account_id, said).await?;
        let wish = (Holder::Space(&space.id), "space.secret.create");
        let made = secrets::make(context, &mut tx, actor, account_id, wish).await?;
        let made = made.ok_or(SpaceError::SecretsFull)?;
        tx.commit().await?;
        Ok((space, made))
    })
    .await
}

/// Spaces by id, after this one.
pub async fn list(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    after: &str,
    count_max: u32,
) -> Result<Vec<Space>, SpaceError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    Ok(spaces::list(&mut tx, account_id, after, count_max).await?)
}

/// Removes a space that is not on the allow list.
pub async fn remove(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &SpaceId,
) -> Result<Space, SpaceError> {
    actor.may(Permission::ManageApps, account_id)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let space = of_account(&mut tx, account_id, id).await?;
        if !spaces::remove(&mut tx, account_id, id, context.now()).await? {
            return Err(SpaceError::Listed);
        }
        let said = ("space.remove", id.as_str(), "");
        note(context, &mut tx, actor, account_id, said).await?;
        tx.commit().await?;
        Ok(space)
    })
    .await
}
