//! A new account. It is closed until its holder's real name is known and an agreement accepted.

use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_store::{accounts, retry_busy};

use super::{AccountError, note};
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::text;

/// Makes the account.
pub async fn create(
    context: &Context,
    actor: &Actor,
    name: &str,
) -> Result<AccountId, AccountError> {
    actor.may_everywhere(Permission::ManageAccounts)?;
    let name = text::name(name).ok_or(AccountError::NameInvalid)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let id = AccountId::from_number(context.id_number());
        accounts::create(&mut tx, &id, &name, context.now()).await?;
        let said = ("account.create", id.as_str(), "");
        note(context, &mut tx, actor, &id, said).await?;
        tx.commit().await?;
        Ok(id)
    })
    .await
}
