//! The narrow waist: everything above speaks plain SQL with `$1` parameters and three kinds of
//! column; everything below is one driver for each database. Their differences are in `dialect`.

use crate::dialect::{self, Dialect};
use crate::error::StoreError;
use crate::postgres::{Kind, PostgresPool, PostgresTransaction};
use crate::sqlite::{Member, Reader, Readers, Writer};
use crate::value::Value;
use crate::waypoint::{Waypoint, pass};

pub use crate::row::Row;

/// Connections to one database. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: Connections,
}

#[derive(Clone, Debug)]
enum Connections {
    Sqlite { writer: Writer, readers: Readers },
    Postgres(PostgresPool),
}

impl Pool {
    /// Connects to `sqlite:<path>` (made when missing) or `postgres://…`.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let inner = if url.starts_with("sqlite:") {
            let path = std::path::Path::new(dialect::sqlite_path(url));
            let writer = Writer::open(path)?;
            let readers = Readers::new(path);
            Connections::Sqlite { writer, readers }
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            Connections::Postgres(PostgresPool::connect(url).await?)
        } else {
            return Err(StoreError::UnknownDatabase);
        };
        Ok(Self { inner })
    }

    /// Begins a transaction that may write. On SQLite it waits for the one writer, so a task that
    /// holds one must not begin another; and it may see rows of others that are not on the disk
    /// yet, so an answer that rests on what was read here is given after [`Transaction::commit`].
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        pass(Waypoint::Begin).await;
        let inner = match &self.inner {
            Connections::Sqlite { writer, .. } => Inner::Writer(writer.begin().await?),
            Connections::Postgres(pool) => Inner::Postgres(pool.begin(Kind::Write).await?),
        };
        Ok(Transaction { inner })
    }

    /// Begins a transaction that may write and is known to meet others at the same row, that of
    /// `key`: within this process they wait for each other instead of running again.
    pub async fn begin_in_turn(&self, key: &str) -> Result<Transaction, StoreError> {
        let Connections::Postgres(pool) = &self.inner else {
            return self.begin().await;
        };
        pass(Waypoint::Begin).await;
        let inner = Inner::Postgres(pool.begin_in_turn(key).await?);
        Ok(Transaction { inner })
    }

    /// Begins a transaction that only reads one consistent state; it needs no commit.
    pub async fn read(&self) -> Result<Transaction, StoreError> {
        pass(Waypoint::Begin).await;
        let inner = match &self.inner {
            Connections::Sqlite { readers, .. } => Inner::Reader(readers.begin().await?),
            Connections::Postgres(pool) => Inner::Postgres(pool.begin(Kind::Read).await?),
        };
        Ok(Transaction { inner })
    }

    /// Only reads, each statement a state of its own: for what one statement answers. Needs no
    /// commit.
    pub async fn look(&self) -> Result<Transaction, StoreError> {
        pass(Waypoint::Begin).await;
        let inner = match &self.inner {
            Connections::Sqlite { readers, .. } => Inner::Reader(readers.look().await?),
            Connections::Postgres(pool) => Inner::Postgres(pool.look().await?),
        };
        Ok(Transaction { inner })
    }

    /// Closes every connection, after those in use were given back.
    pub async fn close(&self) {
        match &self.inner {
            Connections::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Connections::Postgres(pool) => pool.close().await,
        }
    }

    /// How many groups of transactions SQLite was asked to put on the disk since the start; 0 on
    /// PostgreSQL, which counts for itself.
    pub fn group_commits_count(&self) -> u64 {
        match &self.inner {
            Connections::Sqlite { writer, .. } => writer.commits_count(),
            Connections::Postgres(_) => 0,
        }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match &self.inner {
            Connections::Sqlite { .. } => Dialect::Sqlite,
            Connections::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// A transaction. Dropped without [`Transaction::commit`], it never happened.
#[derive(Debug)]
pub struct Transaction {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    Writer(Member),
    Reader(Reader),
    Postgres(PostgresTransaction),
}

impl Transaction {
    /// Makes everything durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        pass(Waypoint::Commit).await;
        match self.inner {
            Inner::Writer(tx) => tx.commit().await,
            Inner::Reader(_) => Ok(()),
            Inner::Postgres(tx) => tx.commit().await,
        }?;
        pass(Waypoint::Committed).await;
        Ok(())
    }

    /// Undoes everything now instead of at some later turn of the connection.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Writer(_) | Inner::Reader(_) => Ok(()),
            Inner::Postgres(tx) => tx.rollback().await,
        }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match &self.inner {
            Inner::Writer(_) | Inner::Reader(_) => Dialect::Sqlite,
            Inner::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<u64, StoreError> {
        pass(Waypoint::Statement).await;
        match &mut self.inner {
            Inner::Writer(tx) => tx.execute(sql, values),
            Inner::Reader(tx) => tx.execute(sql, values),
            Inner::Postgres(tx) => tx.execute(sql, values).await,
        }
    }

    /// Runs a statement whose count nobody needs: an insert. A failure is told here or by what
    /// comes after it, at the latest by the commit.
    pub(crate) async fn enqueue(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<(), StoreError> {
        pass(Waypoint::Statement).await;
        match &mut self.inner {
            Inner::Writer(tx) => tx.execute(sql, values).map(drop),
            Inner::Reader(tx) => tx.execute(sql, values).map(drop),
            Inner::Postgres(tx) => tx.enqueue(sql, values, None).await,
        }
    }

    /// Runs a conditional statement that must change exactly one row, or fails like this. Told
    /// here or by what comes after it, at the latest by the commit, which then does not happen.
    pub(crate) async fn enqueue_one(
        &mut self,
        sql: &'static str,
        values: &[Value],
        otherwise: StoreError,
    ) -> Result<(), StoreError> {
        pass(Waypoint::Statement).await;
        let changed = match &mut self.inner {
            Inner::Writer(tx) => tx.execute(sql, values)?,
            Inner::Reader(tx) => tx.execute(sql, values)?,
            Inner::Postgres(tx) => return tx.enqueue(sql, values, Some(otherwise)).await,
        };
        if changed == 1 { Ok(()) } else { Err(otherwise) }
    }

    /// Runs a conditional statement that must change exactly one row.
    pub(crate) async fn change_one(
        &mut self,
        table: &'static str,
        sql: &'static str,
        values: &[Value],
    ) -> Result<(), StoreError> {
        if self.execute(sql, values).await? == 1 {
            Ok(())
        } else {
            Err(StoreError::Conflict { table })
        }
    }

    /// All rows of a query. `table` names where a row that does not parse is from.
    pub(crate) async fn fetch_all(
        &mut self,
        table: &'static str,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        pass(Waypoint::Statement).await;
        match &mut self.inner {
            Inner::Writer(tx) => tx.fetch_all(table, sql, values),
            Inner::Reader(tx) => tx.fetch_all(table, sql, values),
            Inner::Postgres(tx) => tx.fetch_all(table, sql, values).await,
        }
    }

    /// The first row of a query, if there is one.
    pub(crate) async fn fetch_optional(
        &mut self,
        table: &'static str,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.fetch_all(table, sql, values).await?.into_iter().next())
    }

    /// Runs several statements without parameters: migrations.
    pub(crate) async fn run_script(&mut self, sql: String) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Writer(tx) => tx.run_script(&sql),
            Inner::Reader(tx) => tx.run_script(&sql),
            Inner::Postgres(tx) => tx.run_script(&sql).await,
        }
    }
}
