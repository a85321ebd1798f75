//! Freezing an app: its secrets and tokens are dead at once, and come back when it is unfrozen.

use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::roles::Permission;
use zhenren_store::{apps, retry_busy};

use super::{App, AppError, of_account};
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;

/// Freezes or unfreezes; an app that is so already stays so.
pub async fn set(
    context: &Context,
    actor: &Actor,
    (account_id, id): (&AccountId, &AppId),
    is_frozen: bool,
) -> Result<App, AppError> {
    actor.may(Permission::ManageApps, account_id)?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        of_account(&mut tx, account_id, id).await?;
        let (has_changed, action) = if is_frozen {
            let at = context.now();
            (apps::freeze(&mut tx, id, at).await?, "app.freeze")
        } else {
            (apps::unfreeze(&mut tx, id).await?, "app.unfreeze")
        };
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
