//! Connections that only read, each with one consistent state while it is lent.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::dialect::{self, classify_sqlite};
use crate::error::{Cause, StoreError};
use crate::row::Row;
use crate::value::Value;

/// A few readers that take turns. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    /// Readers of a file that exists.
    pub(crate) fn new(path: &Path) -> Self {
        Self(Arc::new(Shared {
            path: path.to_owned(),
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(dialect::SQLITE_READERS_COUNT_MAX)),
        }))
    }

    /// Begins to read one consistent state.
    pub(crate) async fn begin(&self) -> Result<Reader, StoreError> {
        let mut reader = self.look().await?;
        reader.execute(dialect::SQLITE_READ, &[])?;
        reader.is_begun = true;
        Ok(reader)
    }

    /// Lends a reader of which each statement reads a state of its own.
    pub(crate) async fn look(&self) -> Result<Reader, StoreError> {
        let permits = Arc::clone(&self.0.permits);
        let permit = tokio::time::timeout(dialect::ACQUIRE_TIMEOUT, permits.acquire_owned())
            .await
            .map_err(|_| StoreError::Unavailable(Cause::NoConnection))?
            .map_err(|_| StoreError::Unavailable(Cause::Closed))?;
        let idle = self.0.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => super::open(&self.0.path, dialect::SQLITE_READER_SETTINGS)?,
        };
        Ok(Reader {
            connection: Some(connection),
            is_begun: false,
            shared: Arc::clone(&self.0),
            _permit: permit,
        })
    }

    /// Closes every connection, after those in use were given back.
    pub(crate) async fn close(&self) {
        let count = u32::try_from(dialect::SQLITE_READERS_COUNT_MAX).unwrap_or(u32::MAX);
        // Fails when they were closed before, which is as good.
        if let Ok(permits) = self.0.permits.acquire_many(count).await {
            self.0.permits.close();
            permits.forget();
        }
        self.0.idle().clear();
    }
}

/// One reader while it is lent.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Gone only in `drop`.
    connection: Option<Connection>,
    /// Whether a transaction must be ended.
    is_begun: bool,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    pub(crate) fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection
            .as_ref()
            .ok_or(StoreError::Unavailable(Cause::Closed))
    }

    pub(crate) fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64, StoreError> {
        super::execute(self.connection()?, sql, values)
    }

    pub(crate) fn fetch_all(
        &self,
        table: &'static str,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        super::fetch_all(self.connection()?, table, sql, values)
    }

    pub(crate) fn run_script(&self, sql: &str) -> Result<(), StoreError> {
        self.connection()?
            .execute_batch(sql)
            .map_err(classify_sqlite)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // A connection that cannot end its transaction is not lent again.
            if !self.is_begun || super::execute(&connection, "ROLLBACK", &[]).is_ok() {
                self.shared.idle().push(connection);
            }
        }
    }
}
