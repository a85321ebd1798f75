//! The demo account and app of the development profile, with money to spend.
//!
//! The appid is fixed and readable; the secret is a function of the key file, so it is random
//! for each installation, stays the same between starts, and is nowhere stored.

use zhenren_domain::holder::HolderKind;
use zhenren_domain::ids::{AcceptanceId, AccountId, AppId, EntryId, SecretId};
use zhenren_domain::money::Fen;
use zhenren_domain::wish::Wish;
use zhenren_store::accounts::Holder;
use zhenren_store::agreements::{self, Acceptance};
use zhenren_store::apps::{App, AppKind, CallLimits};
use zhenren_store::{StoreError, Transaction, accounts, apps, ledger, retry_busy};
use zhenren_vault::SecretText;

use super::create_app;
use crate::agreements::PROGRAM;
use crate::context::Context;
use crate::fault::Fault;
use crate::operators::actor::Actor;

/// The body of the demo ids.
const BODY: &str = "demo";

/// What the demo account is given once: 650.00 yuan.
const RECHARGE: Fen = Fen::of(65_000);

/// The demo app's credentials.
#[derive(Clone)]
pub struct DemoReady {
    /// Its appid.
    pub appid: String,
    /// Its secret.
    pub secret: String,
}

impl std::fmt::Debug for DemoReady {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("DemoReady")
            .field("appid", &self.appid)
            .finish_non_exhaustive()
    }
}

/// The demo account's id.
pub fn account_id() -> AccountId {
    AccountId::from_body(BODY).expect("the body is lower-case letters")
}

fn app_id() -> AppId {
    AppId::from_body(BODY).expect("the body is lower-case letters")
}

/// Whether this database holds the demo app.
pub async fn exists(context: &Context) -> Result<bool, Fault> {
    let mut tx = context.pool().read().await?;
    Ok(apps::find(&mut tx, &app_id()).await?.is_some())
}

/// Makes an open account, money and an app with access when they are not there.
pub async fn ensure(context: &Context) -> Result<DemoReady, Fault> {
    let secret = context
        .vault()
        .derived_token("demo-secret", BODY)
        .reveal()
        .to_owned();
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        accounts::create(&mut tx, &account_id(), "Demo", at).await?;
        let entry = EntryId::from_body(BODY).expect("the body is lower-case letters");
        open_simulated(context, &mut tx, &account_id(), "Demo").await?;
        let recharge = ledger::Recharge {
            entry_id: &entry,
            account_id: &account_id(),
            amount: RECHARGE,
            reference: "demo",
            booked_by: Actor::CommandLine.name(),
            at,
        };
        ledger::recharge(&mut tx, &recharge).await?;
        let secret_id = SecretId::from_number(context.id_number());
        let app = app(context, &account_id(), app_id(), "Zhenren Demo");
        create_app::keep(context, &mut tx, &app, &secret_id, &secret).await?;
        tx.commit().await?;
        Ok::<(), Fault>(())
    })
    .await?;
    Ok(DemoReady {
        appid: app_id().to_string(),
        secret,
    })
}

/// Opens an account that nobody holds; an open one stays as it is.
async fn open_simulated(
    context: &Context,
    tx: &mut Transaction,
    id: &AccountId,
    name: &str,
) -> Result<(), StoreError> {
    let is_new = accounts::find(tx, id)
        .await?
        .is_some_and(|account| account.opened_at.is_none());
    if !is_new {
        return Ok(());
    }
    let holder = Holder {
        kind: HolderKind::Simulated,
        name: SecretText::from(name),
        number: SecretText::from("simulated"),
        recorded_at: context.now(),
        recorded_by: String::from(PROGRAM),
    };
    accounts::record_holder(tx, context.vault(), id, &holder).await?;
    let newest = crate::agreements::newest(context, tx).await?;
    let acceptance = Acceptance {
        id: AcceptanceId::from_number(context.id_number()),
        account_id: id.clone(),
        version: newest.version,
        sha256: newest.sha256,
        signer: SecretText::from(name),
        accepted_by: String::from(PROGRAM),
        accepted_at: context.now(),
    };
    agreements::accept(tx, context.vault(), &acceptance).await?;
    accounts::open(tx, id, context.now()).await?;
    Ok(())
}

fn app(context: &Context, account_id: &AccountId, id: AppId, name: &str) -> App {
    App {
        id,
        account_id: account_id.clone(),
        name: name.to_owned(),
        kind: AppKind::Formal,
        strict_id_check: false,
        entitled: true,
        challenge: Wish::default(),
        frozen_at: None,
        limits: CallLimits::default(),
        calls_count: 0,
        created_at: context.now(),
    }
}

/// Another tenant that may ask at once, for tests: account, app and secret, without money.
#[cfg(feature = "scripted")]
pub async fn tenant(context: &Context, name: &str) -> Result<create_app::Created, Fault> {
    let mut tx = context.pool().begin().await?;
    let account_id = AccountId::from_number(context.id_number());
    let app_id = AppId::from_number(context.id_number());
    accounts::create(&mut tx, &account_id, name, context.now()).await?;
    open_simulated(context, &mut tx, &account_id, name).await?;
    let secret = context.token();
    let secret_id = SecretId::from_number(context.id_number());
    let app = app(context, &account_id, app_id.clone(), name);
    create_app::keep(context, &mut tx, &app, &secret_id, &secret).await?;
    tx.commit().await?;
    Ok(create_app::Created {
        account_id,
        app_id,
        secret_id,
        secret,
    })
}
