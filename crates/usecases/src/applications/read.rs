//! Applications of an account, or of all accounts for whoever decides them.

use zhenren_domain::application::ApplicationState;
use zhenren_domain::ids::{AccountId, ApplicationId};
use zhenren_domain::roles::Permission;
use zhenren_store::applications::{self as rows, Wanted};

use super::{Application, ApplicationError, whole};
use crate::context::Context;
use crate::operators::actor::Actor;

/// Applications by age, after this id.
pub async fn list(
    context: &Context,
    actor: &Actor,
    wanted: &Wanted<'_>,
) -> Result<Vec<Application>, ApplicationError> {
    match wanted.account_id {
        Some(id) => actor.may(Permission::Read, id)?,
        None => actor.may_everywhere(Permission::Read)?,
    }
    let mut tx = context.pool().read().await?;
    let found = rows::list(&mut tx, context.vault(), wanted).await?;
    let whole: Result<Vec<_>, _> = found.into_iter().map(whole).collect();
    Ok(whole?)
}

/// Which applications are wanted: of an account or all, in a state or any, after an id, so many.
pub fn wanted<'a>(
    account_id: Option<&'a AccountId>,
    state: Option<ApplicationState>,
    after: &'a str,
    count_max: u32,
) -> Wanted<'a> {
    Wanted {
        account_id,
        state,
        after,
        count_max,
    }
}

/// One application of an account.
pub async fn find(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &ApplicationId,
) -> Result<Application, ApplicationError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    let found = rows::find(&mut tx, context.vault(), id)
        .await?
        .filter(|row| row.account_id == *account_id)
        .ok_or(ApplicationError::Unknown)?;
    Ok(whole(found)?)
}
