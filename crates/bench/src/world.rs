//! Tenants with money, and whether it is all there afterwards.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use zhenren_domain::holder::HolderKind;
use zhenren_domain::ids::{AccountId, VerificationId};
use zhenren_domain::ledger::HoldState;
use zhenren_domain::money::Fen;
use zhenren_store::accounts::Holder;
use zhenren_store::apps::CallLimits;
use zhenren_store::{Pool, accounts, apps, ledger};
use zhenren_usecases::clock::Clock;
use zhenren_usecases::context::{Context, Pieces};
use zhenren_usecases::entropy::Entropy;
use zhenren_usecases::ledger::recharge;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::settings::Settings;
use zhenren_usecases::tenants::create_app::{self, NewApp};
use zhenren_vault::{EvidenceStore, SecretText, Vault};

/// What each account is given: ten million yuan, which no run spends.
const RECHARGE_FEN: i64 = 1_000_000_000;

/// One tenant.
pub(crate) struct App {
    pub(crate) appid: String,
    pub(crate) secret: String,
    account_id: AccountId,
}

/// All of them.
pub(crate) struct World {
    pub(crate) apps: Vec<App>,
}

impl World {
    /// Makes the tables, and so many tenants.
    pub(crate) async fn make(folder: &Path, url: &str, count: usize) -> Result<Self> {
        let (vault, _) = Vault::load_or_create(&folder.join("master.key"))?;
        let context = Context::new(Pieces {
            clock: Clock::System,
            entropy: Entropy::System,
            pool: Pool::connect(url).await?,
            vault,
            evidence: EvidenceStore::in_memory(),
            analyzer: None,
            settings: Settings::default(),
        });
        context.pool().migrate(context.now()).await?;
        let mut apps = Vec::new();
        for number in 0..count {
            apps.push(tenant(&context, &format!("tenant {number}")).await?);
        }
        context.pool().close().await;
        Ok(Self { apps })
    }

    /// Checks that every acknowledged verification has one frozen hold, that there are no others,
    /// and that the entries of each account add up to its balance. Answers how many there are.
    pub(crate) async fn check_books(&self, url: &str, acknowledged: &[String]) -> Result<usize> {
        let pool = Pool::connect(url).await?;
        let mut tx = pool.read().await?;
        let ids: BTreeSet<&str> = acknowledged.iter().map(String::as_str).collect();
        ensure!(ids.len() == acknowledged.len(), "an id was given twice");
        let mut reserved = 0;
        for id in &ids {
            let hold = ledger::hold_of(&mut tx, &VerificationId::parse(id)?)
                .await?
                .with_context(|| format!("{id} has no hold"))?;
            ensure!(hold.state == HoldState::Frozen, "{id} is not frozen");
            reserved += hold.amount.get();
        }
        let mut frozen = 0;
        for app in &self.apps {
            let account = accounts::find(&mut tx, &app.account_id)
                .await?
                .context("an account is kept")?;
            let books = ledger::books(&mut tx, &app.account_id).await?;
            ensure!(books == account.balance, "{} does not add up", account.id);
            let whole = account.balance.available.get() + account.balance.frozen.get();
            ensure!(whole == RECHARGE_FEN, "{} lost money", account.id);
            frozen += account.balance.frozen.get();
        }
        ensure!(
            frozen == reserved,
            "{frozen} fen are frozen and {reserved} are in holds"
        );
        drop(tx);
        pool.close().await;
        Ok(ids.len())
    }
}

/// A tenant that may ask as often as it likes, and can pay.
async fn tenant(context: &Context, name: &str) -> Result<App> {
    let new = NewApp {
        is_granted: true,
        ..NewApp::named(None, name)
    };
    let created = create_app::create(context, &Actor::CommandLine, new).await?;
    let holder = Holder {
        kind: HolderKind::Simulated,
        name: SecretText::from(name),
        number: SecretText::from("simulated"),
        recorded_at: context.now(),
        recorded_by: String::from("bench"),
    };
    let unlimited = CallLimits {
        minute_calls_max: Some(1_000_000_000),
        day_calls_max: Some(1_000_000_000),
        calls_quota: None,
    };
    let account_id = created.account_id;
    let mut tx = context.pool().begin().await?;
    accounts::record_holder(&mut tx, context.vault(), &account_id, &holder).await?;
    accounts::open(&mut tx, &account_id, context.now()).await?;
    apps::set_limits(&mut tx, &created.app_id, &unlimited).await?;
    tx.commit().await?;
    recharge::recharge(
        context,
        &Actor::CommandLine,
        &account_id,
        Fen::new(RECHARGE_FEN)?,
        "bench",
    )
    .await?;
    Ok(App {
        appid: created.app_id.to_string(),
        secret: created.secret,
        account_id,
    })
}
