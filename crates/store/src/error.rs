//! What can go wrong below the use cases. Handlers never match on these; they report a fault.

use std::sync::Arc;

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
    Unavailable(#[source] Cause),
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

/// Why a database is unavailable. Cloned where one failed commit was that of several use cases.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Cause {
    /// SQLite says so.
    #[error("SQLite failed")]
    Sqlite(#[source] Arc<rusqlite::Error>),
    /// PostgreSQL refused a statement. What it tells in detail is left out: that may be a row.
    #[error("PostgreSQL refused: {message} ({code})")]
    Refused {
        /// The five characters of the SQL standard.
        code: String,
        /// What it says.
        message: String,
    },
    /// The way to PostgreSQL failed.
    #[error("PostgreSQL does not answer")]
    Postgres(#[source] Arc<tokio_postgres::Error>),
    /// Every connection was in use for too long.
    #[error("no connection became free in time")]
    NoConnection,
    /// The pool was closed.
    #[error("connections are closed")]
    Closed,
    /// An earlier statement of the transaction failed, so nothing of it was kept.
    #[error("transaction was given up by an earlier statement")]
    GivenUp,
    /// The thread that commits could not be started or has ended.
    #[error("thread that commits is gone")]
    NoCommitter,
}

impl Cause {
    /// Whether the database understood and refused the statement, for instance because a table is
    /// missing.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.sqlite_error_code().is_some(),
            Self::Refused { .. } => true,
            Self::Postgres(_)
            | Self::NoConnection
            | Self::Closed
            | Self::GivenUp
            | Self::NoCommitter => false,
        }
    }
}

impl IsBusy for StoreError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }
}
