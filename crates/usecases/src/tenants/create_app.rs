//! A new app with its first secret, on a new or an existing account.
//!
//! It may ask for nothing until an application for access was approved. Only the command line may
//! leave that out, for installations that ask themselves.

use thiserror::Error;
use zhenren_domain::ids::{AccountId, AppId, SecretId};
use zhenren_domain::roles::Permission;
use zhenren_domain::wish::{Wish, WishError};
use zhenren_store::apps::{App, AppKind, CallLimits};
use zhenren_store::secrets::{self, Holder};
use zhenren_store::{Transaction, accounts, apps, audit, retry_busy};
use zhenren_vault::SecretText;

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::operators::actor::{Actor, Denied};
use crate::text::{self, sha256_hex};

/// What is wished for.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Whose it is to be; a new account is made without it.
    pub account_id: Option<AccountId>,
    /// What the capture subject is shown.
    pub name: String,
    /// Formal or test.
    pub kind: AppKind,
    /// Whether wrong check characters are refused at once.
    pub strict_id_check: bool,
    /// What it asks for instead of the operator's challenge.
    pub challenge: Wish,
    /// Gives access without an application; the command line only.
    pub is_granted: bool,
}

impl NewApp {
    /// A formal app without special wishes.
    pub fn named(account_id: Option<AccountId>, name: &str) -> Self {
        Self {
            account_id,
            name: name.to_owned(),
            kind: AppKind::Formal,
            strict_id_check: false,
            challenge: Wish::default(),
            is_granted: false,
        }
    }
}

/// What was made. The secret is not kept.
#[derive(Clone)]
pub struct Created {
    /// Whose it is.
    pub account_id: AccountId,
    /// Its id, the dialects' `appid`.
    pub app_id: AppId,
    /// The id of its secret.
    pub secret_id: SecretId,
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

/// Why there is none.
#[derive(Debug, Error)]
pub enum CreateError {
    /// Not for this actor.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account.
    #[error("account does not exist")]
    AccountUnknown,
    /// The name is empty or too long.
    #[error("name does not have 1 to 64 characters")]
    NameInvalid,
    /// The challenge cannot be asked for.
    #[error(transparent)]
    ChallengeInvalid(#[from] WishError),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(CreateError);

/// Makes the app.
pub async fn create(context: &Context, actor: &Actor, new: NewApp) -> Result<Created, CreateError> {
    match &new.account_id {
        Some(id) => actor.may(Permission::ManageApps, id)?,
        None => actor.may_everywhere(Permission::ManageAccounts)?,
    }
    if new.is_granted && *actor != Actor::CommandLine {
        return Err(Denied::NotPermitted.into());
    }
    let name = text::name(&new.name).ok_or(CreateError::NameInvalid)?;
    let new = NewApp { name, ..new };
    new.challenge.check()?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let account_id = account(context, &mut tx, actor, &new).await?;
        let app = app(context, &account_id, &new);
        let secret = context.token();
        let secret_id = SecretId::from_number(context.id_number());
        keep(context, &mut tx, &app, &secret_id, &secret).await?;
        let kind = app.kind.name();
        note(context, &mut tx, actor, &app, ("app.create", kind)).await?;
        if app.entitled {
            note(context, &mut tx, actor, &app, ("app.grant", kind)).await?;
        }
        tx.commit().await?;
        Ok(Created {
            account_id,
            app_id: app.id,
            secret_id,
            secret,
        })
    })
    .await
}

/// The account that was named, or a new one that is called like the app.
async fn account(
    context: &Context,
    tx: &mut Transaction,
    actor: &Actor,
    new: &NewApp,
) -> Result<AccountId, CreateError> {
    if let Some(id) = &new.account_id {
        let found = accounts::find(tx, id).await?;
        return found
            .map(|account| account.id)
            .ok_or(CreateError::AccountUnknown);
    }
    let id = AccountId::from_number(context.id_number());
    let at = context.now();
    accounts::create(tx, &id, &new.name, at).await?;
    let event = audit::Event {
        chain: id.as_str(),
        at,
        actor: actor.name(),
        action: "account.create",
        subject: id.as_str(),
        detail: "",
    };
    audit::append(tx, &event).await?;
    Ok(id)
}

fn app(context: &Context, account_id: &AccountId, new: &NewApp) -> App {
    // Whoever gives access without an application gives what approval gives by default.
    let quota = context.settings().test_calls_quota;
    let is_counted = new.is_granted && new.kind == AppKind::Test;
    App {
        id: AppId::from_number(context.id_number()),
        account_id: account_id.clone(),
        name: new.name.clone(),
        kind: new.kind,
        strict_id_check: new.strict_id_check,
        entitled: new.is_granted,
        challenge: new.challenge.clone(),
        frozen_at: None,
        limits: CallLimits {
            calls_quota: is_counted.then_some(quota),
            ..CallLimits::default()
        },
        calls_count: 0,
        created_at: context.now(),
    }
}

async fn note(
    context: &Context,
    tx: &mut Transaction,
    actor: &Actor,
    app: &App,
    (action, detail): (&str, &str),
) -> Result<(), CreateError> {
    let event = audit::Event {
        chain: app.account_id.as_str(),
        at: context.now(),
        actor: actor.name(),
        action,
        subject: app.id.as_str(),
        detail,
    };
    Ok(audit::append(tx, &event).await?)
}

/// Keeps an app and the digest of its first secret. Nothing happens when the app is there.
pub(super) async fn keep(
    context: &Context,
    tx: &mut Transaction,
    app: &App,
    secret_id: &SecretId,
    secret: &str,
) -> Result<bool, Fault> {
    if !apps::create(tx, app).await? {
        return Ok(false);
    }
    let verifier = SecretText::from(sha256_hex(secret.as_bytes()));
    let holder = Holder::App(&app.id);
    Ok(secrets::add(
        tx,
        context.vault(),
        holder,
        secret_id,
        &verifier,
        context.now(),
    )
    .await?)
}
