//! The programs that are measured.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// `host:port`.
    pub(crate) address: String,
}

impl Server {
    /// The real one, over this folder and database.
    pub(crate) fn zhenren(binary: &Path, folder: &Path, database: &str) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .args(["--profile", "development", "all"])
            .env("ZHENREN_SERVER_BIND", "127.0.0.1:0")
            .env("ZHENREN_DATABASE_URL", database)
            .env("ZHENREN_VAULT_MASTER_KEY_FILE", folder.join("master.key"))
            .env("ZHENREN_EVIDENCE_DIRECTORY", folder.join("evidence"))
            .env("ZHENREN_LOG_FILTER", "warn");
        // Counted as ever, and never full: one app asks about one person all the time.
        for limit in ["APP_MINUTE_CALLS", "APP_DAY_CALLS", "IDENTITY_DAY"] {
            command.env(format!("ZHENREN_LIMITS_{limit}_MAX"), "1000000000");
        }
        Self::start(command)
    }

    /// This program as the bare handler.
    pub(crate) fn baseline(database: &str) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["baseline", "--database", database]);
        Self::start(command)
    }

    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().context("a pipe was asked for")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("http://")
            .and_then(|rest| rest.split('/').next())
            .with_context(|| format!("no address in {line:?}"))?
            .to_owned();
        Ok(Self { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What pgbench reports.
pub(crate) struct Pgbench {
    pub(crate) rate: f64,
    pub(crate) latency_ms: f64,
}

/// Runs pgbench with so many clients for so long.
pub(crate) fn pgbench(command: &Path, clients: usize, length: Duration) -> Result<Pgbench> {
    let text = output(
        Command::new(command)
            .arg("simple-update")
            .arg(clients.to_string())
            .arg(length.as_secs().to_string()),
    )?;
    let number = |front: &str| -> Result<f64> {
        let rest = text.lines().find_map(|line| line.strip_prefix(front));
        let rest = rest.with_context(|| format!("no {front:?} in {text}"))?;
        Ok(rest.split_whitespace().next().unwrap_or_default().parse()?)
    };
    Ok(Pgbench {
        rate: number("tps = ")?,
        latency_ms: number("latency average = ")?,
    })
}

/// How many transactions PostgreSQL has undone: those that will be run again.
pub(crate) fn rollbacks(command: &Path) -> Result<u64> {
    let text = output(Command::new(command).arg("rollbacks"))?;
    Ok(text.trim().parse()?)
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("{command:?} failed");
    }
    Ok(String::from_utf8(output.stdout)?)
}
