//! One installation under test: a real database, a real key file, a real folder of evidence, a
//! clock that is moved by hand, and randomness from a seed (invariant I12).

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use zhenren_domain::ids::AccountId;
use zhenren_domain::money::Fen;
use zhenren_store::Pool;
use zhenren_store::testing::{self, Cluster, Snapshot, Tables};
use zhenren_usecases::accounts::create as accounts;
use zhenren_usecases::analysis::scripted::PORTRAIT;
use zhenren_usecases::clock::Clock;
use zhenren_usecases::context::{Context, Pieces};
use zhenren_usecases::entropy::Entropy;
use zhenren_usecases::ledger::recharge;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::people::enrol;
use zhenren_usecases::settings::Settings;
use zhenren_usecases::tenants::create_app::{self, NewApp};
use zhenren_usecases::tenants::{AppKind, demo};
use zhenren_usecases::worker;
use zhenren_vault::{EvidenceStore, Vault};

use crate::analyzer::TroubledAnalyzer;
use crate::memory::Tenant;

/// When every story begins: the evening before a leap day in Shanghai.
const START: Timestamp = Timestamp::constant(1_835_352_000, 0);
/// The person whom the first tenant has enrolled.
pub(crate) const PERSON: (&str, &str) = ("张三", "11010519491231002X");
/// Somebody whom nobody has enrolled.
pub(crate) const STRANGER: (&str, &str) = ("李四", "440308199003072318");
/// Questions about one of them a day.
pub(crate) const IDENTITY_DAY_MAX: u64 = 10;
/// Calls of its test app in all.
const TEST_CALLS_QUOTA: u64 = 3;
/// What the first tenant has at the start, under which reference: seven calls.
pub(crate) const FIRST_RECHARGE: (Fen, &str) = (Fen::of(600), "opening");

/// Where databases are made; one for each thread that runs cases.
pub(crate) struct Shard {
    folder: TempDir,
    sqlite_tables: Tables,
    postgres: Option<(String, Tables)>,
}

impl Shard {
    /// A migrated SQLite file to copy, and a PostgreSQL database to empty.
    pub(crate) async fn new(cluster: Option<&Cluster>, number: usize) -> Self {
        let folder = fast_folder();
        let pool = Pool::connect(&sqlite_url(&folder.path().join("template.db")))
            .await
            .unwrap();
        pool.migrate(START).await.unwrap();
        let sqlite_tables = Tables::of(&pool).await.unwrap();
        pool.close().await;
        let mut postgres = None;
        if let Some(cluster) = cluster {
            let url = cluster.database(&format!("simulation_{number}")).await;
            let pool = Pool::connect(&url).await.unwrap();
            postgres = Some((url, Tables::of(&pool).await.unwrap()));
            pool.close().await;
        }
        Self {
            folder,
            sqlite_tables,
            postgres,
        }
    }

    /// Fresh worlds, one for each database, with the same keys and the same seed.
    pub(crate) async fn worlds(&self, seed: u64) -> Vec<World> {
        let folder = TempDir::new_in(self.folder.path()).unwrap();
        let database = folder.path().join("zhenren.db");
        std::fs::copy(self.folder.path().join("template.db"), &database).unwrap();
        let mut places = vec![("SQLite", sqlite_url(&database), &self.sqlite_tables, folder)];
        if let Some((url, tables)) = &self.postgres {
            let folder = TempDir::new_in(self.folder.path()).unwrap();
            places.push(("PostgreSQL", url.clone(), tables, folder));
        }
        let mut worlds: Vec<World> = Vec::new();
        for (name, url, tables, folder) in places {
            write_keys(&folder.path().join("keys"));
            let pool = Pool::connect(&url).await.unwrap();
            if name == "PostgreSQL" {
                tables.wipe(&pool).await.unwrap();
            }
            let clock = Clock::manual(START);
            let analyzer = Arc::new(TroubledAnalyzer::default());
            let context = context(folder.path(), pool, &clock, &analyzer, seed);
            worlds.push(World {
                name,
                url,
                folder,
                tables: tables.clone(),
                clock,
                analyzer,
                seed,
                context,
            });
        }
        worlds
    }
}

/// In memory where there is such a folder: every commit waits for the disk.
fn fast_folder() -> TempDir {
    TempDir::with_prefix_in("zhenren-simulation-", "/dev/shm")
        .or_else(|_| TempDir::with_prefix("zhenren-simulation-"))
        .unwrap()
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// The same keys everywhere, or token hashes would differ. Only tests know them.
fn write_keys(path: &Path) {
    let (seal, index) = ("5e".repeat(32), "1d".repeat(32));
    std::fs::write(path, format!("seal 00000001 {seal}\nindex {index}\n")).unwrap();
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// One installation.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) context: Context,
    pub(crate) clock: Clock,
    pub(crate) analyzer: Arc<TroubledAnalyzer>,
    url: String,
    folder: TempDir,
    tables: Tables,
    seed: u64,
}

fn context(
    folder: &Path,
    pool: Pool,
    clock: &Clock,
    analyzer: &Arc<TroubledAnalyzer>,
    seed: u64,
) -> Context {
    let analyzer = Arc::clone(analyzer);
    let mut settings = Settings::default();
    // Few enough to be reached.
    settings.limits.identity_day_max = IDENTITY_DAY_MAX;
    settings.test_calls_quota = TEST_CALLS_QUOTA;
    Context::new(Pieces {
        clock: clock.clone(),
        entropy: Entropy::seeded(seed),
        pool,
        vault: Vault::load(&folder.join("keys")).unwrap(),
        evidence: EvidenceStore::local(&folder.join("evidence")).unwrap(),
        analyzer: Some(analyzer),
        settings,
    })
}

impl World {
    /// Two tenants, the first with money and a test app, a closed account, an enrolled person, and prices about to change.
    pub(crate) async fn set_up(&self) -> Vec<Tenant> {
        let mut tenants = Vec::new();
        for name in ["First", "Second"] {
            let made = demo::tenant(&self.context, name).await.unwrap();
            tenants.push(Tenant {
                account_id: made.account_id,
                appid: made.app_id.to_string(),
                secret: made.secret,
                begins_ready: true,
            });
        }
        tenants.push(self.test_app(&tenants[0].account_id).await);
        tenants.push(self.closed().await);
        let first = &tenants[0].account_id;
        let (amount, reference) = FIRST_RECHARGE;
        recharge::recharge(&self.context, &Actor::CommandLine, first, amount, reference)
            .await
            .unwrap();
        let (name, number) = PERSON;
        enrol::enrol_for(&self.context, first, name, number, PORTRAIT.to_vec())
            .await
            .unwrap();
        testing::run(
            self.context.pool(),
            "UPDATE accounts SET calls_count = 99998",
        )
        .await
        .unwrap();
        worker::plan_sweeps(&self.context).await.unwrap();
        tenants
    }

    /// A test app of the first tenant, with few calls to spend.
    async fn test_app(&self, account_id: &AccountId) -> Tenant {
        let new = NewApp {
            kind: AppKind::Test,
            is_granted: true,
            ..NewApp::named(Some(account_id.clone()), "Trial")
        };
        let made = create_app::create(&self.context, &Actor::CommandLine, new)
            .await
            .unwrap();
        Tenant {
            account_id: made.account_id,
            appid: made.app_id.to_string(),
            secret: made.secret,
            begins_ready: true,
        }
    }

    /// An account that nobody opened, with an app that was given no access.
    async fn closed(&self) -> Tenant {
        let id = accounts::create(&self.context, &Actor::CommandLine, "Closed")
            .await
            .unwrap();
        let new = NewApp::named(Some(id), "Closed");
        let made = create_app::create(&self.context, &Actor::CommandLine, new)
            .await
            .unwrap();
        Tenant {
            account_id: made.account_id,
            appid: made.app_id.to_string(),
            secret: made.secret,
            begins_ready: false,
        }
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// Everything in memory is gone; the files and rows are not.
    pub(crate) async fn restart(&mut self) {
        self.context.pool().close().await;
        let pool = Pool::connect(&self.url).await.unwrap();
        self.seed += 1;
        let folder = self.folder.path();
        self.context = context(folder, pool, &self.clock, &self.analyzer, self.seed);
    }

    pub(crate) async fn snapshot(&self) -> Snapshot {
        self.tables.snapshot(self.context.pool()).await.unwrap()
    }

    /// How many files an object has.
    pub(crate) fn files_count(&self, object: &str) -> usize {
        let folder = self.folder.path().join("evidence").join(object);
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }
}
