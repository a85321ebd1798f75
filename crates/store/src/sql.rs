//! The narrow waist: everything above speaks plain SQL with `$1` parameters and three kinds of
//! column; everything below is sqlx. Differences between the databases are in `dialect`.

use jiff::Timestamp;
use sqlx::postgres::{PgArguments, PgPool, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Row as _, query::Query};
use zhenren_domain::money::Fen;

use crate::dialect::{self, Dialect};
use crate::error::StoreError;
use crate::value::Value;
use crate::waypoint::{Waypoint, pass};

/// Connections to one database. Cloning shares them.
#[derive(Clone, Debug)]
pub struct Pool {
    inner: Connections,
}

#[derive(Clone, Debug)]
enum Connections {
    /// Invariant: `writer` has one connection, so that writers queue here and not in SQLite.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

impl Pool {
    /// Connects to `sqlite:<path>` (made when missing) or `postgres://…`.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            let (writer, readers) = dialect::connect_sqlite(url).await?;
            Ok(Self {
                inner: Connections::Sqlite { writer, readers },
            })
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let pool = dialect::connect_postgres(url).await?;
            Ok(Self {
                inner: Connections::Postgres(pool),
            })
        } else {
            Err(StoreError::UnknownDatabase)
        }
    }

    /// Begins a transaction that may write. On SQLite it waits for the one writer, so a task that
    /// holds one must not begin another.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        pass(Waypoint::Begin).await;
        let inner = match &self.inner {
            Connections::Sqlite { writer, .. } => Inner::Sqlite(
                writer
                    .begin_with(dialect::SQLITE_BEGIN)
                    .await
                    .map_err(fault)?,
            ),
            Connections::Postgres(pool) => Inner::Postgres(
                pool.begin_with(dialect::POSTGRES_BEGIN)
                    .await
                    .map_err(fault)?,
            ),
        };
        Ok(Transaction { inner })
    }

    /// Begins a transaction that only reads one consistent state; it needs no commit.
    pub async fn read(&self) -> Result<Transaction, StoreError> {
        pass(Waypoint::Begin).await;
        let inner = match &self.inner {
            Connections::Sqlite { readers, .. } => Inner::Sqlite(
                readers
                    .begin_with(dialect::SQLITE_READ)
                    .await
                    .map_err(fault)?,
            ),
            Connections::Postgres(pool) => Inner::Postgres(
                pool.begin_with(dialect::POSTGRES_READ)
                    .await
                    .map_err(fault)?,
            ),
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
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    /// Makes everything durable.
    pub async fn commit(self) -> Result<(), StoreError> {
        pass(Waypoint::Commit).await;
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await.map_err(fault),
            Inner::Postgres(tx) => tx.commit().await.map_err(fault),
        }?;
        pass(Waypoint::Committed).await;
        Ok(())
    }

    /// Undoes everything now instead of at some later turn of the connection.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.inner {
            Inner::Sqlite(tx) => tx.rollback().await.map_err(fault),
            Inner::Postgres(tx) => tx.rollback().await.map_err(fault),
        }
    }

    pub(crate) const fn dialect(&self) -> Dialect {
        match &self.inner {
            Inner::Sqlite(_) => Dialect::Sqlite,
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
            Inner::Sqlite(tx) => {
                let done = bind_sqlite(sql, values)
                    .execute(&mut **tx)
                    .await
                    .map_err(fault)?;
                Ok(done.rows_affected())
            }
            Inner::Postgres(tx) => {
                let done = bind_postgres(sql, values)
                    .execute(&mut **tx)
                    .await
                    .map_err(fault)?;
                Ok(done.rows_affected())
            }
        }
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
            Inner::Sqlite(tx) => {
                let rows = bind_sqlite(sql, values)
                    .fetch_all(&mut **tx)
                    .await
                    .map_err(fault)?;
                Ok(rows
                    .into_iter()
                    .map(|row| Row {
                        table,
                        inner: RowInner::Sqlite(row),
                    })
                    .collect())
            }
            Inner::Postgres(tx) => {
                let rows = bind_postgres(sql, values)
                    .fetch_all(&mut **tx)
                    .await
                    .map_err(fault)?;
                let wrap = |row| Row {
                    table,
                    inner: RowInner::Postgres(row),
                };
                Ok(rows.into_iter().map(wrap).collect())
            }
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
        let script = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
        match &mut self.inner {
            Inner::Sqlite(tx) => script.execute(&mut **tx).await.map(drop).map_err(fault),
            Inner::Postgres(tx) => script.execute(&mut **tx).await.map(drop).map_err(fault),
        }
    }
}

/// One row of an answer.
#[derive(Debug)]
pub struct Row {
    table: &'static str,
    inner: RowInner,
}

#[derive(Debug)]
enum RowInner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A column that does not parse.
    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        let row = match &self.inner {
            RowInner::Sqlite(row) => row.try_get::<String, _>("id"),
            RowInner::Postgres(row) => row.try_get::<String, _>("id"),
        };
        StoreError::Corrupt {
            table: self.table,
            column,
            row: row.unwrap_or_default(),
        }
    }

    pub(crate) fn opt_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match &self.inner {
            RowInner::Sqlite(row) => row.try_get(column),
            RowInner::Postgres(row) => row.try_get(column),
        }
        .map_err(|_| self.corrupt(column))
    }

    pub(crate) fn opt_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        match &self.inner {
            RowInner::Sqlite(row) => row.try_get(column),
            RowInner::Postgres(row) => row.try_get(column),
        }
        .map_err(|_| self.corrupt(column))
    }

    pub(crate) fn opt_bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        match &self.inner {
            RowInner::Sqlite(row) => row.try_get(column),
            RowInner::Postgres(row) => row.try_get(column),
        }
        .map_err(|_| self.corrupt(column))
    }

    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.opt_text(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.opt_bytes(column)?.ok_or_else(|| self.corrupt(column))
    }

    pub(crate) fn is_set(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }

    pub(crate) fn count(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.int(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn size(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn fen(&self, column: &'static str) -> Result<Fen, StoreError> {
        Fen::new(self.int(column)?).map_err(|_| self.corrupt(column))
    }

    pub(crate) fn opt_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        self.opt_int(column)?
            .map(|micros| Timestamp::from_microsecond(micros).map_err(|_| self.corrupt(column)))
            .transpose()
    }

    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.opt_time(column)?.ok_or_else(|| self.corrupt(column))
    }

    /// A text column through a parser: ids, names of enums.
    pub(crate) fn parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(&self.text(column)?).ok_or_else(|| self.corrupt(column))
    }

    /// An optional text column through a parser.
    pub(crate) fn opt_parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.opt_text(column)?
            .map(|text| parse(&text).ok_or_else(|| self.corrupt(column)))
            .transpose()
    }

    /// An id column.
    pub(crate) fn id<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.parsed(column, |text| text.parse().ok())
    }

    /// An optional id column.
    pub(crate) fn opt_id<T: std::str::FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.opt_parsed(column, |text| text.parse().ok())
    }
}

fn bind_sqlite<'q>(sql: &'static str, values: &[Value]) -> Query<'q, Sqlite, SqliteArguments> {
    values
        .iter()
        .cloned()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        })
}

fn bind_postgres<'q>(sql: &'static str, values: &[Value]) -> Query<'q, Postgres, PgArguments> {
    values
        .iter()
        .cloned()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        })
}

fn fault(error: sqlx::Error) -> StoreError {
    dialect::classify(error)
}
