//! The apps of an account.

use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::roles::Permission;
use zhenren_store::apps;

use super::{App, AppError, of_account};
use crate::context::Context;
use crate::operators::actor::Actor;

/// One app.
pub async fn find(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &AppId,
) -> Result<App, AppError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    of_account(&mut tx, account_id, id).await
}

/// Apps by id, after this one.
pub async fn list(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    after: &str,
    count_max: u32,
) -> Result<Vec<App>, AppError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    Ok(apps::list_of_account(&mut tx, account_id, after, count_max).await?)
}
