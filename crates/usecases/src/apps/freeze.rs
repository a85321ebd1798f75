//! Freezing an app: its secrets and tokens are dead at once, and come back when it is unfrozen.

use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::roles::Permission;
use zhenren_store::apps::Freezer;
use zhenren_store::{apps, retry_busy};

use super::{App, AppError, of_account};
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::{Actor, Denied};

/// Freezes or unfreezes; an app that is so already stays so. What an operator froze, a tenant
/// does not lift.
pub async fn set(
    context: &Context,
    actor: &Actor,
    (account_id, id): (&AccountId, &AppId),
    is_frozen: bool,
) -> Result<App, AppError> {
    actor.may(Permission::ManageApps, account_id)?;
    let by = match actor {
        Actor::AccountToken { .. } => Freezer::Tenant,
        Actor::Operator { .. } | Actor::CommandLine => Freezer::Operator,
    };
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let before = of_account(&mut tx, account_id, id).await?;
        let (has_changed, action) = if is_frozen {
            let at = context.now();
            (apps::freeze(&mut tx, id, at, by).await?, "app.freeze")
        } else {
            (apps::unfreeze(&mut tx, id, by).await?, "app.unfreeze")
        };
        if !is_frozen && !has_changed && before.frozen_at.is_some() {
            return Err(Denied::NotPermitted.into());
        }
        if has_changed {
            note(
                context,
                &mut tx,
                actor,
                account_id,
                (action, id.as_str(), ""),
            )
            .await?;
        }
        let app = of_account(&mut tx, account_id, id).await?;
        tx.commit().await?;
        Ok(app)
    })
    .await
}
