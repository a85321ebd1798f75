//! How many durable creates a second: `make bench-ledger`.
//!
//! Starts the real server as a process, asks it `POST /v1/verifications` over real sockets with
//! real credentials, and prints its rate and latency beside that of a bare handler that makes one
//! grouped insert (SQLite) or of pgbench (PostgreSQL), measured in the same run. Checks the books
//! at the end: every acknowledged create has exactly one frozen hold, and the money is all there.
//! Nothing about speed is asserted.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a command that starts processes and measures"
)]

mod baseline;
mod load;
mod process;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;

use load::{Measured, Target};
use process::Server;
use world::World;

/// Accounts that the load is spread over, as that of many tenants is.
const ACCOUNTS_COUNT: usize = 64;
/// Connections of one row on PostgreSQL, and clients of pgbench.
const POSTGRES_CLIENTS_COUNT: usize = 32;

#[derive(Parser)]
enum Arguments {
    /// Measures.
    Run {
        /// The server's binary.
        #[arg(long, default_value = "target/release/zhenren")]
        server: PathBuf,
        /// URL of an empty PostgreSQL database.
        #[arg(long)]
        postgres: Option<String>,
        /// A command that prints pgbench's report for that server.
        #[arg(long)]
        pgbench: Option<PathBuf>,
        /// Seconds of each row.
        #[arg(long, default_value_t = 8)]
        seconds: u64,
    },
    /// The bare handler: one insert a request, answered when it is on the disk.
    Baseline {
        /// Where it keeps its rows.
        #[arg(long)]
        database: String,
    },
}

fn main() -> Result<()> {
    match Arguments::parse() {
        Arguments::Baseline { database } => runtime(true)?.block_on(baseline::serve(&database)),
        Arguments::Run {
            server,
            postgres,
            pgbench,
            seconds,
        } => runtime(false)?.block_on(async {
            let run = Run {
                server,
                length: Duration::from_secs(seconds),
            };
            println!("| what | connections | creates/s | p50 ms | p99 ms | of baseline |");
            println!("|---|---|---|---|---|---|");
            run.sqlite().await?;
            if let (Some(postgres), Some(pgbench)) = (postgres, pgbench) {
                run.postgres(&postgres, &pgbench).await?;
            }
            Ok(())
        }),
    }
}

/// The servers have what a server has; the load has one thread, so that it takes little of the
/// processors it shares with them.
fn runtime(is_server: bool) -> Result<tokio::runtime::Runtime> {
    let mut builder = if is_server {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    Ok(builder.enable_all().build()?)
}

struct Run {
    server: PathBuf,
    length: Duration,
}

impl Run {
    async fn sqlite(&self) -> Result<()> {
        let folder = tempfile::Builder::new()
            .prefix("bench-ledger-")
            .tempdir_in("target")?;
        let bare = format!("sqlite:{}", folder.path().join("bare.db").display());
        let bare = Server::baseline(&bare)?;
        let url = format!("sqlite:{}", folder.path().join("zhenren.db").display());
        let world = World::make(folder.path(), &url, ACCOUNTS_COUNT).await?;
        let server = Server::zhenren(&self.server, folder.path(), &url)?;
        let mut acknowledged = Vec::new();
        for connections in [16, 128] {
            let baseline = self
                .measure(Target::bare(&bare.address), connections)
                .await?;
            row(
                "bare handler, one grouped insert",
                connections,
                &baseline,
                None,
            );
            let target = Target::create(&server.address, &world.apps);
            let measured = self.measure(target, connections).await?;
            row(
                "SQLite, 64 accounts",
                connections,
                &measured,
                Some(baseline.rate),
            );
            acknowledged.extend(measured.acknowledged);
            let target = Target::create(&server.address, world.apps.get(..1).unwrap_or_default());
            let measured = self.measure(target, connections).await?;
            row(
                "SQLite, one account",
                connections,
                &measured,
                Some(baseline.rate),
            );
            acknowledged.extend(measured.acknowledged);
        }
        drop((bare, server));
        self.check(&world, &url, &acknowledged).await
    }

    async fn postgres(&self, url: &str, pgbench: &std::path::Path) -> Result<()> {
        let connections = POSTGRES_CLIENTS_COUNT;
        let folder = tempfile::Builder::new()
            .prefix("bench-ledger-")
            .tempdir_in("target")?;
        let baseline = process::pgbench(pgbench, connections, self.length)?;
        println!(
            "| pgbench -N | {connections} | {:.0} | {:.2} (mean) | | |",
            baseline.rate, baseline.latency_ms
        );
        let world = World::make(folder.path(), url, ACCOUNTS_COUNT).await?;
        let server = Server::zhenren(&self.server, folder.path(), url)?;
        let mut acknowledged = Vec::new();
        for (what, count) in [
            ("PostgreSQL, 64 accounts", ACCOUNTS_COUNT),
            ("PostgreSQL, one account", 1),
        ] {
            let before = process::rollbacks(pgbench)?;
            let apps = world.apps.get(..count).unwrap_or_default();
            let target = Target::create(&server.address, apps);
            let measured = self.measure(target, connections).await?;
            // The database publishes its counts with a delay of up to a second.
            tokio::time::sleep(Duration::from_millis(1500)).await;
            let again = process::rollbacks(pgbench)?.saturating_sub(before);
            let what = format!("{what} ({again} run again)");
            row(&what, connections, &measured, Some(baseline.rate));
            acknowledged.extend(measured.acknowledged);
        }
        drop(server);
        self.check(&world, url, &acknowledged).await
    }

    async fn measure(&self, target: Target, connections: usize) -> Result<Measured> {
        load::measure(target, connections, self.length).await
    }

    async fn check(&self, world: &World, url: &str, acknowledged: &[String]) -> Result<()> {
        let count = world
            .check_books(url, acknowledged)
            .await
            .context("THE BOOKS ARE WRONG")?;
        println!();
        println!("books: {count} acknowledged creates, each with one frozen hold; money conserved");
        println!();
        Ok(())
    }
}

fn row(what: &str, connections: usize, measured: &Measured, baseline: Option<f64>) {
    let share = baseline.map_or_else(String::new, |baseline| {
        format!("{:.0} %", 100.0 * measured.rate / baseline)
    });
    println!(
        "| {what} | {connections} | {:.0} | {:.2} | {:.2} | {share} |",
        measured.rate, measured.p50_ms, measured.p99_ms
    );
}
