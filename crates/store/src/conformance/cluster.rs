//! A throw-away PostgreSQL: `initdb` in a temporary folder, a private socket, gone with the value.
//!
//! `initdb` refuses to run as root, so root hands both programs to the `postgres` or `nobody`
//! account. The server is told to die with this process, should the process be killed.
#![expect(
    clippy::disallowed_methods,
    reason = "tests start a database and read where a given one is"
)]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

use crate::sql::Pool;

use super::world;

/// Limit: a cold start of the server on a loaded machine.
const START_TRIES_COUNT_MAX: u32 = 600;
const TEMPLATE: &str = "zhenren_conformance_template";

/// Whether a missing PostgreSQL is a failure.
pub(super) fn is_required() -> bool {
    std::env::var("REQUIRE_POSTGRES").is_ok_and(|value| value == "1")
}

/// A running server: ours, or one that was given.
pub(super) struct Cluster {
    /// `postgres://…/{database}?…` with the database left out in the middle.
    url: (String, String),
    _server: Option<Server>,
}

struct Server {
    child: Child,
    // Dropped after `Drop::drop` has stopped the server.
    _folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGQUIT is PostgreSQL's immediate shutdown; SIGKILL would leave its children.
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-QUIT", &pid]).status().ok();
        self.child.wait().ok();
    }
}

impl Cluster {
    /// The server of `TEST_POSTGRES_URL`, or a new private one; `None` when there is neither.
    pub(super) fn start() -> Option<Self> {
        if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
            let (base, options) = url.split_once('?').unwrap_or((&url, ""));
            let (host, _) = base.rsplit_once('/').expect("a URL with a database");
            return Some(Self {
                url: (format!("{host}/"), format!("?{options}")),
                _server: None,
            });
        }
        let programs = find_programs()?;
        let folder = TempDir::with_prefix("zhenren-pg-").unwrap();
        let account = account_for(folder.path());
        if let Some(account) = &account {
            chown(folder.path(), Some(account.uid), Some(account.gid)).unwrap();
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        init(&programs, folder.path(), account.as_ref());
        let child = launch(&programs, folder.path(), account.as_ref());
        let socket = folder.path().display().to_string();
        let server = Server {
            child,
            _folder: folder,
        };
        let url = (
            "postgres://postgres@localhost/".to_owned(),
            format!("?host={socket}"),
        );
        Some(Self {
            url,
            _server: Some(server),
        })
    }

    /// Makes the database that all others are copied from; never one of an earlier run, whose
    /// tables may be older.
    pub(super) async fn make_template(&self) {
        self.drop_template().await;
        let mut admin = self.admin().await;
        run(&mut admin, format!("CREATE DATABASE {TEMPLATE}")).await;
        let pool = Pool::connect(&self.url_of(TEMPLATE)).await.unwrap();
        pool.migrate(world::START).await.unwrap();
        pool.close().await;
    }

    /// Removes it again; matters on a server that was given.
    pub(super) async fn drop_template(&self) {
        let mut admin = self.admin().await;
        let sql = format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)");
        run(&mut admin, sql).await;
    }

    /// A fresh database with all tables; its URL.
    pub(super) async fn database(&self, name: &str) -> String {
        self.drop_database(name).await;
        let mut admin = self.admin().await;
        let sql = format!("CREATE DATABASE {} TEMPLATE {TEMPLATE}", short(name));
        run(&mut admin, sql).await;
        self.url_of(&short(name))
    }

    /// Removes a database again; matters on a server that was given.
    pub(super) async fn drop_database(&self, name: &str) {
        let mut admin = self.admin().await;
        run(
            &mut admin,
            format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", short(name)),
        )
        .await;
    }

    fn url_of(&self, database: &str) -> String {
        format!("{}{database}{}", self.url.0, self.url.1)
    }

    async fn admin(&self) -> PgConnection {
        let url = self.url_of("postgres");
        for _ in 0..START_TRIES_COUNT_MAX {
            if let Ok(connection) = PgConnection::connect(&url).await {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("PostgreSQL did not start");
    }
}

async fn run(admin: &mut PgConnection, sql: String) {
    admin
        .execute(sqlx::raw_sql(AssertSqlSafe(sql)))
        .await
        .unwrap();
}

/// Names of databases have at most 63 bytes.
fn short(name: &str) -> String {
    format!("zc_{}", name.chars().take(55).collect::<String>())
}

/// The folder that holds `initdb` and `postgres`, newest version first.
fn find_programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    folders.sort();
    folders.reverse();
    let path = std::env::var("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

struct Account {
    uid: u32,
    gid: u32,
}

/// Whom to run the server as: nobody special, unless we are root.
fn account_for(folder: &Path) -> Option<Account> {
    if std::fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let number = |flag: &str, name: &str| -> Option<u32> {
        let output = Command::new("id").args([flag, name]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    ["postgres", "nobody"].into_iter().find_map(|name| {
        Some(Account {
            uid: number("-u", name)?,
            gid: number("-g", name)?,
        })
    })
}

/// A command under the right account that dies with its parent.
fn command(program: &Path, account: Option<&Account>) -> Command {
    let Some(account) = account else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={}", account.uid))
        .arg(format!("--regid={}", account.gid))
        .args(["--clear-groups", "--pdeathsig=QUIT"])
        .arg(program);
    command
}

fn init(programs: &Path, folder: &Path, account: Option<&Account>) {
    let attempt = |locale: &[&str]| {
        let data = folder.join("data");
        std::fs::remove_dir_all(&data).ok();
        command(&programs.join("initdb"), account)
            .arg("-D")
            .arg(&data)
            .args([
                "-U",
                "postgres",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
            ])
            .args(locale)
            .current_dir("/")
            .stdout(Stdio::null())
            .output()
            .unwrap()
    };
    // A language that sorts unlike SQLite, so that a forgotten collation shows (invariant I10).
    let linguistic = [
        "--locale=C.UTF-8",
        "--locale-provider=icu",
        "--icu-locale=en-US",
    ];
    if !attempt(&linguistic).status.success() {
        let plain = attempt(&["--no-locale"]);
        let text = String::from_utf8_lossy(&plain.stderr);
        assert!(plain.status.success(), "initdb failed: {text}");
    }
}

fn launch(programs: &Path, folder: &Path, account: Option<&Account>) -> Child {
    let log = std::fs::File::create(folder.join("log")).unwrap();
    command(&programs.join("postgres"), account)
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args([
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "full_page_writes=off",
        ])
        .args(["-c", "synchronous_commit=off", "-c", "shared_buffers=32MB"])
        .current_dir("/")
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}
