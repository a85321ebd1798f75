//! `zhenren migrate`: creates or upgrades the tables.

use anyhow::Result;

use crate::config::Config;
use crate::exit::Exit;
use crate::wiring;

/// Applies what is missing.
pub(crate) async fn run(config: &Config) -> Result<Exit> {
    let pool = wiring::pool(config).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "there is no context before there are tables"
    )]
    let applied = pool.migrate(jiff::Timestamp::now()).await?;
    say!(
        "{applied} migration(s) applied, schema {}",
        zhenren_store::SCHEMA_VERSION
    );
    Ok(Exit::Good)
}
