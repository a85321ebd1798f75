//! What a tenant may change of its app.

use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::roles::Permission;
use zhenren_domain::wish::Wish;
use zhenren_store::{apps, retry_busy};

use super::{App, AppError, of_account};
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::text;

/// What is to change; what is not named stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What the capture subject is shown.
    pub name: Option<String>,
    /// Whether wrong check characters are refused at once.
    pub strict_id_check: Option<bool>,
    /// What it asks for instead of the operator's challenge.
    pub challenge: Option<Wish>,
}

/// Changes an app.
pub async fn update(
    context: &Context,
    actor: &Actor,
    (account_id, id): (&AccountId, &AppId),
    change: &Change,
) -> Result<App, AppError> {
    actor.may(Permission::ManageApps, account_id)?;
    let name = match &change.name {
        None => None,
        Some(name) => Some(text::name(name).ok_or(AppError::NameInvalid)?),
    };
    if let Some(wish) = &change.challenge {
        wish.check()?;
    }
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let mut app = of_account(&mut tx, account_id, id).await?;
        app.name = name.clone().unwrap_or(app.name);
        app.strict_id_check = change.strict_id_check.unwrap_or(app.strict_id_check);
        app.challenge = change.challenge.clone().unwrap_or(app.challenge);
        apps::update(&mut tx, &app).await?;
        note(
            context,
            &mut tx,
            actor,
            account_id,
            ("app.update", id.as_str(), ""),
        )
        .await?;
        tx.commit().await?;
        Ok(app)
    })
    .await
}
