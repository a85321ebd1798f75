//! An account is called something else.

use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_store::{accounts, retry_busy};

use super::{AccountError, note};
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::text;

/// Renames the account.
pub async fn rename(
    context: &Context,
    actor: &Actor,
    id: &AccountId,
    name: &str,
) -> Result<(), AccountError> {
    actor.may(Permission::ManageAccounts, id)?;
    let name = text::name(name).ok_or(AccountError::NameInvalid)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        if accounts::find(&mut tx, id).await?.is_none() {
            return Err(AccountError::Unknown);
        }
        accounts::rename(&mut tx, id, &name).await?;
        let said = ("account.rename", id.as_str(), "");
        note(context, &mut tx, actor, id, said).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
