//! A throw-away PostgreSQL: `initdb` in a temporary folder, a private socket, gone with the value.
//!
//! `initdb` refuses to run as root, so root hands both programs to the `postgres` or `nobody`
//! account. The server is told to die with this process, should the process be killed.

use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

use crate::dialect;
use crate::sql::Pool;

/// Limit: a cold start of the server on a loaded machine.
const START_TRIES_COUNT_MAX: u32 = 600;

/// A running server: ours, or one that was given.
#[derive(Debug)]
pub struct Cluster {
    /// `postgres://…/{database}?…` with the database left out in the middle.
    url: (String, String),
    /// Names of databases begin with this, so that test processes may share a given server.
    prefix: String,
    template: OnceCell<String>,
    made: Mutex<BTreeSet<String>>,
    server: Option<Server>,
}

#[derive(Debug)]
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
    /// The server of `TEST_POSTGRES_URL`, or a new private one. Where there is neither it says
    /// that PostgreSQL was skipped, and panics when `REQUIRE_POSTGRES=1`.
    pub fn start_or_skip() -> Option<Self> {
        let cluster = Self::start();
        if cluster.is_none() {
            let is_required = std::env::var("REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
            assert!(
                !is_required,
                "REQUIRE_POSTGRES=1 and there is no PostgreSQL"
            );
            println!(
                "SKIPPED: no PostgreSQL (initdb or TEST_POSTGRES_URL); SQLite was tested alone"
            );
        }
        cluster
    }

    fn start() -> Option<Self> {
        if let Ok(url) = std::env::var("TEST_POSTGRES_URL") {
            let (base, options) = url.split_once('?').unwrap_or((&url, ""));
            let (host, _) = base.rsplit_once('/').expect("a URL with a database");
            return Some(Self::at((format!("{host}/"), format!("?{options}")), None));
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
        Some(Self::at(url, Some(server)))
    }

    fn at(url: (String, String), server: Option<Server>) -> Self {
        Self {
            url,
            prefix: format!("zt_{}_", std::process::id()),
            template: OnceCell::new(),
            made: Mutex::new(BTreeSet::new()),
            server,
        }
    }

    /// A fresh database with all tables; its URL.
    pub async fn database(&self, name: &str) -> String {
        let template = self.template.get_or_init(|| self.make_template()).await;
        let name = self.name_of(name);
        self.create(&name, &format!("TEMPLATE {template}")).await;
        self.url_of(&name)
    }

    /// Removes a database again.
    pub async fn drop_database(&self, name: &str) {
        self.drop_named(&self.name_of(name)).await;
    }

    /// Leaves nothing behind on a server that was given; ours goes with the value.
    pub async fn remove(self) {
        if self.server.is_none() {
            let made = self.made.lock().unwrap().clone();
            for name in made {
                self.drop_named(&name).await;
            }
        }
    }

    /// The database that all others are copied from.
    async fn make_template(&self) -> String {
        let name = self.name_of("template");
        self.create(&name, "").await;
        let pool = Pool::connect(&self.url_of(&name)).await.unwrap();
        pool.migrate(Timestamp::UNIX_EPOCH).await.unwrap();
        pool.close().await;
        name
    }

    async fn create(&self, name: &str, options: &str) {
        self.drop_named(name).await;
        self.made.lock().unwrap().insert(name.to_owned());
        run(
            &self.admin().await,
            format!("CREATE DATABASE {name} {options}"),
        )
        .await;
    }

    async fn drop_named(&self, name: &str) {
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        run(&self.admin().await, sql).await;
    }

    /// Names of databases have at most 63 bytes.
    fn name_of(&self, name: &str) -> String {
        format!("{}{name}", self.prefix).chars().take(63).collect()
    }

    fn url_of(&self, database: &str) -> String {
        format!("{}{database}{}", self.url.0, self.url.1)
    }

    async fn admin(&self) -> Client {
        let config = dialect::postgres_config(&self.url_of("postgres")).unwrap();
        for _ in 0..START_TRIES_COUNT_MAX {
            if let Ok((client, connection)) = config.connect(NoTls).await {
                tokio::spawn(connection);
                return client;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("PostgreSQL did not start");
    }
}

async fn run(admin: &Client, sql: String) {
    admin.batch_execute(&sql).await.unwrap();
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
