//! Submitting the form: its apps must be the account's own, and none of them may be waiting.

use serde_json::Value;
use zhenren_domain::application::{ApplicationState, Form};
use zhenren_domain::ids::{AccountId, AppId, ApplicationId};
use zhenren_domain::roles::Permission;
use zhenren_store::applications as rows;
use zhenren_store::apps::{self, AppKind};
use zhenren_store::{Transaction, accounts, retry_busy};
use zhenren_vault::SecretText;

use super::{Application, ApplicationError, field, form};
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;

/// Submits it.
pub async fn submit(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    value: &Value,
) -> Result<Application, ApplicationError> {
    actor.may(Permission::SubmitApplication, account_id)?;
    let form = form::read(value)
        .and_then(Form::check)
        .map_err(ApplicationError::Fields)?;
    let text = SecretText::from(form::write(&form).to_string());
    let row = retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        if accounts::find(&mut tx, account_id).await?.is_none() {
            return Err(ApplicationError::Unknown);
        }
        let formal = ("formal_app_id", form.formal_app_id.as_str());
        let formal_app_id = app(&mut tx, account_id, formal, AppKind::Formal).await?;
        let test_app_id = match &form.test_app_id {
            None => None,
            Some(id) => Some(app(&mut tx, account_id, ("test_app_id", id), AppKind::Test).await?),
        };
        let row = rows::Application {
            id: ApplicationId::from_number(context.id_number()),
            account_id: account_id.clone(),
            formal_app_id,
            test_app_id,
            state: ApplicationState::Submitted,
            form: text.clone(),
            submitted_at: context.now(),
            submitted_by: actor.name().to_owned(),
            decision: None,
        };
        if !rows::submit(&mut tx, context.vault(), &row).await? {
            return Err(ApplicationError::Waiting);
        }
        let said = (
            "application.submit",
            row.id.as_str(),
            row.formal_app_id.as_str(),
        );
        note(context, &mut tx, actor, account_id, said).await?;
        tx.commit().await?;
        Ok(row)
    })
    .await?;
    Ok(Application { row, form })
}

/// An app of the account, of the kind the field is for.
async fn app(
    tx: &mut Transaction,
    account_id: &AccountId,
    (name, text): (&str, &str),
    kind: AppKind,
) -> Result<AppId, ApplicationError> {
    let unknown = || field(name, "must be the id of an app of this account");
    let id = AppId::parse(text).map_err(|_| unknown())?;
    let app = apps::find(tx, &id)
        .await?
        .filter(|app| app.account_id == *account_id)
        .ok_or_else(unknown)?;
    match (app.kind == kind, kind) {
        (true, _) => Ok(id),
        (false, AppKind::Formal) => Err(field(name, "must be the id of an app of kind formal")),
        (false, AppKind::Test) => Err(field(name, "must be the id of an app of kind test")),
    }
}
