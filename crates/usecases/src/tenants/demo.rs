//! The demo account and app of the development profile, with money to spend.
//!
//! The appid is fixed and readable; the secret is a function of the key file, so it is random
//! for each installation, stays the same between starts, and is nowhere stored.

use zhenren_domain::ids::{AccountId, AppId, EntryId};
use zhenren_domain::money::Fen;
use zhenren_store::{accounts, apps, ledger, retry_busy};

use super::create_app;
use crate::context::Context;
use crate::fault::Fault;

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

/// Makes account, money and app when they are not there.
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
        ledger::recharge(&mut tx, &entry, &account_id(), RECHARGE, at).await?;
        let app = create_app::app(context, &account_id(), &app_id(), "Zhenren Demo");
        create_app::keep(context, &mut tx, &app, &secret).await?;
        tx.commit().await?;
        Ok::<(), Fault>(())
    })
    .await?;
    Ok(DemoReady {
        appid: app_id().to_string(),
        secret,
    })
}
