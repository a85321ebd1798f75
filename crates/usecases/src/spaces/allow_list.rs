//! The spaces that may call under an account; an empty list is not checked.

use zhenren_domain::ids::{AccountId, SpaceId};
use zhenren_domain::roles::Permission;
use zhenren_store::{accounts, retry_busy, spaces};

use super::SpaceError;
use super::manage::SPACES_COUNT_MAX;
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;

/// The list.
pub async fn read(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
) -> Result<Vec<SpaceId>, SpaceError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    Ok(spaces::allow_list(&mut tx, account_id).await?)
}

/// Replaces the list with spaces of the account.
pub async fn set(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    texts: &[String],
) -> Result<Vec<SpaceId>, SpaceError> {
    actor.may(Permission::ManageApps, account_id)?;
    if texts.len() > SPACES_COUNT_MAX {
        return Err(SpaceError::TooMany);
    }
    let ids: Result<Vec<SpaceId>, _> = texts.iter().map(|text| SpaceId::parse(text)).collect();
    let mut ids = ids.map_err(|_| SpaceError::ListedUnknown)?;
    ids.sort_unstable();
    ids.dedup();
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        if accounts::find(&mut tx, account_id).await?.is_none() {
            return Err(SpaceError::Unknown);
        }
        let at = context.now();
        if spaces::set_allow_list(&mut tx, account_id, &ids, at)
            .await?
            .is_some()
        {
            return Err(SpaceError::ListedUnknown);
        }
        let count = ids.len().to_string();
        let said = ("space.allow_list", account_id.as_str(), count.as_str());
        note(context, &mut tx, actor, account_id, said).await?;
        let kept = spaces::allow_list(&mut tx, account_id).await?;
        tx.commit().await?;
        Ok(kept)
    })
    .await
}
