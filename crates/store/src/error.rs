//! What can go wrong below the use cases. Handlers never match on these; they report a fault.

use zhenren_vault::VaultError;

use crate::retry::IsBusy;

/// A fault or a lost race of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Others were in the way; run the whole use case again.
    #[error("database is busy")]
    Busy,
    /// A row is not in the state that the statement named, or exists already.
    #[error("row of {table} is not in the expected state")]
    Conflict {
        /// The table.
        table: &'static str,
    },
    /// The database does not answer or refuses the statement.
    #[error("database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// A row does not parse.
    #[error("column {column} of {table} row {row} does not parse")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id, when it has one.
        row: String,
    },
    /// A sealed column does not open, or keys are missing.
    #[error("vault failed on a sealed column")]
    Vault(#[from] VaultError),
    /// The database's tables are not those of this program.
    #[error("database has schema version {found} and this program needs {wanted}: {advice}")]
    Schema {
        /// Version of the database; 0 when it is empty.
        found: i64,
        /// Version of the program.
        wanted: i64,
        /// What to do.
        advice: &'static str,
    },
    /// The database URL is neither SQLite nor PostgreSQL.
    #[error("database URL must start with sqlite: or postgres:")]
    UnknownDatabase,
}

impl IsBusy for StoreError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }
}
