//! Migrations: embedded, numbered, applied in order, checked by their hash at every start.
//!
//! They expand first and contract in a later release. The text of one that was released never
//! changes.

use jiff::Timestamp;
use zhenren_vault::sha256_hex;

use crate::dialect;
use crate::error::StoreError;
use crate::sql::{Pool, Transaction};
use crate::value::values;

/// Every migration, in order; the version of each is its place, from 1.
const MIGRATIONS: [&str; 8] = [
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_accounts.sql"),
    include_str!("migrations/0003_operators.sql"),
    include_str!("migrations/0004_money.sql"),
    include_str!("migrations/0005_limits.sql"),
    include_str!("migrations/0006_meetings.sql"),
    include_str!("migrations/0007_fewer_trees.sql"),
    include_str!("migrations/0008_challenges.sql"),
];

/// The schema version that this program reads and writes.
pub const SCHEMA_VERSION: i64 = 8;

const VERSIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_versions (
    version BIGINT NOT NULL PRIMARY KEY,
    sha256 TEXT NOT NULL,
    applied_at BIGINT NOT NULL
)";

impl Pool {
    /// Brings the tables to [`SCHEMA_VERSION`]. Answers how many migrations were applied now.
    pub async fn migrate(&self, at: Timestamp) -> Result<usize, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(lock) = dialect::migration_lock(self.dialect()) {
            tx.fetch_all("schema_versions", lock, &[]).await?;
        }
        tx.run_script(dialect::migration_text(self.dialect(), VERSIONS_TABLE))
            .await?;
        let applied = applied(&mut tx).await?;
        check(&applied)?;
        let mut count = 0;
        for (version, sql) in (1_i64..).zip(MIGRATIONS).skip(applied.len()) {
            tx.run_script(dialect::migration_text(self.dialect(), sql))
                .await?;
            tx.execute(
                "INSERT INTO schema_versions (version, sha256, applied_at) VALUES ($1, $2, $3)",
                values![version, sha256_hex(sql.as_bytes()), at],
            )
            .await?;
            count += 1;
        }
        tx.commit().await?;
        Ok(count)
    }

    /// Refuses a database whose tables are not those of this program; changes nothing.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        let found = match applied(&mut tx).await {
            Ok(applied) => applied,
            // An empty database has no table to ask.
            Err(StoreError::Unavailable(cause)) if cause.is_refusal() => Vec::new(),
            Err(error) => return Err(error),
        };
        check(&found)?;
        if found.len() == MIGRATIONS.len() {
            Ok(())
        } else {
            Err(mismatch(&found, "run `zhenren migrate`"))
        }
    }
}

async fn applied(tx: &mut Transaction) -> Result<Vec<(i64, String)>, StoreError> {
    let sql = "SELECT version, sha256 FROM schema_versions ORDER BY version";
    let rows = tx.fetch_all("schema_versions", sql, &[]).await?;
    rows.iter()
        .map(|row| Ok((row.int("version")?, row.text("sha256")?)))
        .collect()
}

fn check(applied: &[(i64, String)]) -> Result<(), StoreError> {
    if applied.len() > MIGRATIONS.len() {
        return Err(mismatch(applied, "start a newer program"));
    }
    for ((version, found), (wanted, sql)) in applied.iter().zip((1_i64..).zip(MIGRATIONS)) {
        if *version != wanted || *found != sha256_hex(sql.as_bytes()) {
            return Err(mismatch(
                applied,
                "a migration differs from the one that was applied",
            ));
        }
    }
    Ok(())
}

fn mismatch(applied: &[(i64, String)], advice: &'static str) -> StoreError {
    let found = applied.last().map_or(0, |(version, _)| *version);
    StoreError::Schema {
        found,
        wanted: SCHEMA_VERSION,
        advice,
    }
}
