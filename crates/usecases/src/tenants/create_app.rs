//! A new app with its secret, on a new or an existing account.

use zhenren_domain::draw::Wish;
use zhenren_domain::ids::{AccountId, AppId, SecretId};
use zhenren_store::apps::{App, AppKind};
use zhenren_store::{Transaction, accounts, apps, retry_busy};
use zhenren_vault::SecretText;

use crate::context::Context;
use crate::fault::Fault;
use crate::text::{self, sha256_hex};

/// What was made. The secret is not kept.
#[derive(Clone)]
pub struct Created {
    /// Whose it is.
    pub account_id: AccountId,
    /// Its id, the dialects' `appid`.
    pub app_id: AppId,
    /// Its secret.
    pub secret: String,
}

impl std::fmt::Debug for Created {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Created")
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// Makes the app; nothing when the account does not exist or the name is empty.
pub async fn create(
    context: &Context,
    account_id: Option<AccountId>,
    name: &str,
) -> Result<Option<Created>, Fault> {
    let Some(name) = text::name(name) else {
        return Ok(None);
    };
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let account_id = if let Some(id) = &account_id {
            if accounts::find(&mut tx, id).await?.is_none() {
                return Ok(None);
            }
            id.clone()
        } else {
            let id = AccountId::from_number(context.id_number());
            accounts::create(&mut tx, &id, &name, context.now()).await?;
            id
        };
        let app_id = AppId::from_number(context.id_number());
        let secret = context.token();
        keep(
            context,
            &mut tx,
            &app(context, &account_id, &app_id, &name),
            &secret,
        )
        .await?;
        tx.commit().await?;
        Ok(Some(Created {
            account_id,
            app_id,
            secret,
        }))
    })
    .await
}

/// A formal app without special wishes.
pub(super) fn app(context: &Context, account_id: &AccountId, id: &AppId, name: &str) -> App {
    App {
        id: id.clone(),
        account_id: account_id.clone(),
        name: name.to_owned(),
        kind: AppKind::Formal,
        strict_id_check: false,
        entitled: true,
        challenge: Wish::default(),
        created_at: context.now(),
    }
}

/// Keeps an app and the digest of its first secret. Nothing happens when the app is there.
pub(super) async fn keep(
    context: &Context,
    tx: &mut Transaction,
    app: &App,
    secret: &str,
) -> Result<bool, Fault> {
    if !apps::create(tx, app).await? {
        return Ok(false);
    }
    let id = SecretId::from_number(context.id_number());
    let verifier = SecretText::from(sha256_hex(secret.as_bytes()));
    apps::add_secret(tx, context.vault(), &app.id, &id, &verifier, context.now()).await?;
    Ok(true)
}
