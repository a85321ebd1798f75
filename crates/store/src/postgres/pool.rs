//! A few connections that are lent in turn.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::{Client, Config, NoTls, Statement};

use super::turns::Turns;
use super::{Connection, Kind, PostgresTransaction};
use crate::dialect::{self, classify_postgres};
use crate::error::{Cause, StoreError};

/// Connections to one database. Cloning shares them.
#[derive(Clone)]
pub(crate) struct PostgresPool(Arc<Shared>);

struct Shared {
    config: Config,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    turns: Turns,
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for PostgresPool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PostgresPool")
            .finish_non_exhaustive()
    }
}

impl PostgresPool {
    /// Connects once, to see that it can be done.
    pub(crate) async fn connect(url: &str) -> Result<Self, StoreError> {
        let this = Self(Arc::new(Shared {
            config: dialect::postgres_config(url)?,
            idle: Mutex::default(),
            permits: Arc::new(Semaphore::new(dialect::POSTGRES_CONNECTIONS_COUNT_MAX)),
            turns: Turns::default(),
        }));
        drop(this.lend().await?);
        Ok(this)
    }

    async fn lend(&self) -> Result<Lent, StoreError> {
        let permits = Arc::clone(&self.0.permits);
        let permit = tokio::time::timeout(dialect::ACQUIRE_TIMEOUT, permits.acquire_owned())
            .await
            .map_err(|_| StoreError::Unavailable(Cause::NoConnection))?
            .map_err(|_| StoreError::Unavailable(Cause::Closed))?;
        let connection = match self.take_idle() {
            Some(connection) => connection,
            None => open(&self.0.config).await?,
        };
        Ok(Lent {
            connection,
            shared: Arc::clone(&self.0),
            _permit: permit,
        })
    }

    /// A connection that was given back and still lives.
    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.0.idle();
        loop {
            let connection = idle.pop()?;
            if !connection.client.is_closed() {
                return Some(connection);
            }
        }
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&self, kind: Kind) -> Result<PostgresTransaction, StoreError> {
        Ok(PostgresTransaction::begin(self.lend().await?, kind, None).await)
    }

    /// Lends a connection of which each statement reads a state of its own.
    pub(crate) async fn look(&self) -> Result<PostgresTransaction, StoreError> {
        Ok(PostgresTransaction::alone(self.lend().await?))
    }

    /// Begins a transaction that writes what others of this process write under the same key; it
    /// waits for their end first, and only then for a connection.
    pub(crate) async fn begin_in_turn(&self, key: &str) -> Result<PostgresTransaction, StoreError> {
        let turn = self.0.turns.wait(key).await;
        Ok(PostgresTransaction::begin(self.lend().await?, Kind::Write, Some(turn)).await)
    }

    /// Closes every connection, after those in use were given back.
    pub(crate) async fn close(&self) {
        let count = u32::try_from(dialect::POSTGRES_CONNECTIONS_COUNT_MAX).unwrap_or(u32::MAX);
        // Fails when they were closed before, which is as good.
        if let Ok(permits) = self.0.permits.acquire_many(count).await {
            self.0.permits.close();
            permits.forget();
        }
        self.0.idle().clear();
    }
}

async fn open(config: &Config) -> Result<Connection, StoreError> {
    let (client, connection) = config.connect(NoTls).await.map_err(classify_postgres)?;
    // Carries bytes until the client is dropped. A failure reaches whoever waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    client
        .batch_execute(dialect::POSTGRES_SETTINGS)
        .await
        .map_err(classify_postgres)?;
    Ok(Connection {
        client: Arc::new(client),
        statements: BTreeMap::new(),
    })
}

/// A connection while it is lent.
pub(super) struct Lent {
    connection: Connection,
    shared: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    pub(super) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.connection.client)
    }

    /// The prepared statement of a text, known by its address and length.
    pub(super) fn statement(&self, sql: &'static str) -> Option<Statement> {
        let key = (sql.as_ptr().addr(), sql.len());
        self.connection.statements.get(&key).cloned()
    }

    pub(super) fn keep_statement(&mut self, sql: &'static str, statement: &Statement) {
        let statements = &mut self.connection.statements;
        if statements.len() >= dialect::STATEMENTS_COUNT_MAX {
            statements.clear();
        }
        statements.insert((sql.as_ptr().addr(), sql.len()), statement.clone());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let connection = Connection {
            client: Arc::clone(&self.connection.client),
            statements: std::mem::take(&mut self.connection.statements),
        };
        if !connection.client.is_closed() {
            self.shared.idle().push(connection);
        }
    }
}
