//! PostgreSQL: connections that are lent, and transactions whose statements need not wait for each
//! other.
//!
//! A statement whose answer nobody needs is sent at once and looked at later, at the latest before
//! the commit; the server works through them in order while the use case goes on.

mod pool;
mod turns;

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut};
use tokio_postgres::{Client, Statement};

use crate::dialect::{self, classify_postgres};
use crate::error::{Cause, StoreError};
use crate::row::{Cell, Row};
use crate::value::Value;

use pool::Lent;
pub(crate) use pool::PostgresPool;
use turns::Turn;

/// What a transaction may do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Write,
    Read,
}

type Answer = Result<u64, StoreError>;
type Waiting = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A statement that was sent.
struct Sent {
    answer: Waiting,
    /// The answer, when it came while the statement was being sent.
    early: Option<Answer>,
    /// How many rows it must change, and the fault when it does not.
    expected: Option<StoreError>,
}

/// A transaction. Dropped without [`PostgresTransaction::commit`], it never happened.
pub(crate) struct PostgresTransaction {
    lent: Lent,
    /// What it is ended with when it is dropped.
    end: &'static str,
    sent: Vec<Sent>,
    /// A statement failed: the server will keep nothing, whatever it is told.
    has_failed: bool,
    /// Nothing more is to be told to the server.
    is_over: bool,
    /// Dropped last: the next in the queue begins after this one ended.
    _turn: Option<Turn>,
}

impl std::fmt::Debug for PostgresTransaction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PostgresTransaction")
            .field("sent", &self.sent.len())
            .finish_non_exhaustive()
    }
}

impl PostgresTransaction {
    async fn begin(lent: Lent, kind: Kind, turn: Option<Turn>) -> Self {
        let (sql, end) = match kind {
            Kind::Write => (dialect::POSTGRES_BEGIN, "ROLLBACK"),
            // Not a rollback: those are counted, and each is to be one that failed.
            Kind::Read => (dialect::POSTGRES_READ, "COMMIT"),
        };
        let mut this = Self {
            lent,
            end,
            sent: Vec::new(),
            has_failed: false,
            is_over: false,
            _turn: turn,
        };
        let client = this.lent.client();
        let begin = async move { client.batch_execute(sql).await.map(|()| 0) };
        this.send(begin, None).await;
        this
    }

    /// No transaction: each statement is one by itself.
    const fn alone(lent: Lent) -> Self {
        Self {
            lent,
            end: "",
            sent: Vec::new(),
            has_failed: false,
            is_over: true,
            _turn: None,
        }
    }

    /// Sends a statement and goes on.
    async fn send(
        &mut self,
        statement: impl Future<Output = Result<u64, tokio_postgres::Error>> + Send + 'static,
        expected: Option<StoreError>,
    ) {
        let mut answer: Waiting =
            Box::pin(async move { statement.await.map_err(classify_postgres) });
        // The first look at it puts it on its way.
        let early = std::future::poll_fn(|context| {
            Poll::Ready(match answer.as_mut().poll(context) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            })
        })
        .await;
        self.sent.push(Sent {
            answer,
            early,
            expected,
        });
    }

    /// Looks at every answer that is due. The first failure is the one that tells why.
    async fn look(&mut self) -> Result<(), StoreError> {
        for sent in std::mem::take(&mut self.sent) {
            let answer = match sent.early {
                Some(answer) => answer,
                None => sent.answer.await,
            };
            match (answer, sent.expected) {
                (Err(error), _) => {
                    self.has_failed = true;
                    return Err(error);
                }
                (Ok(changed), Some(error)) if changed != 1 => {
                    self.has_failed = true;
                    return Err(error);
                }
                (Ok(_), _) => {}
            }
        }
        Ok(())
    }

    /// What a statement answered, after what was sent before it.
    async fn settle<T>(
        &mut self,
        result: Result<T, tokio_postgres::Error>,
    ) -> Result<T, StoreError> {
        self.look().await?;
        result.map_err(|error| {
            self.has_failed = true;
            classify_postgres(error)
        })
    }

    async fn prepared(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Statement, StoreError> {
        if let Some(statement) = self.lent.statement(sql) {
            return Ok(statement);
        }
        let types: Vec<Type> = values.iter().map(type_of).collect();
        let client = self.lent.client();
        let prepared = client.prepare_typed(sql, &types).await;
        let statement = self.settle(prepared).await?;
        self.lent.keep_statement(sql, &statement);
        Ok(statement)
    }

    /// Sends a statement whose answer is looked at later; `expected` is the fault when it does not
    /// change exactly one row.
    pub(crate) async fn enqueue(
        &mut self,
        sql: &'static str,
        values: &[Value],
        expected: Option<StoreError>,
    ) -> Result<(), StoreError> {
        let statement = self.prepared(sql, values).await?;
        let client = self.lent.client();
        let values = values.to_vec();
        let execute = async move {
            client
                .execute_raw(&statement, values.iter().map(Parameter))
                .await
        };
        self.send(execute, expected).await;
        Ok(())
    }

    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<u64, StoreError> {
        let statement = self.prepared(sql, values).await?;
        let client = self.lent.client();
        let done = client
            .execute_raw(&statement, values.iter().map(Parameter))
            .await;
        self.settle(done).await
    }

    pub(crate) async fn fetch_all(
        &mut self,
        table: &'static str,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepared(sql, values).await?;
        let client = self.lent.client();
        let parameters: Vec<Parameter<'_>> = values.iter().map(Parameter).collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = parameters
            .iter()
            .map(|it| -> &(dyn ToSql + Sync) { it })
            .collect();
        let rows = client.query(&statement, &parameters).await;
        let rows = self.settle(rows).await?;
        let names: Arc<[String]> = statement
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        Ok(rows
            .iter()
            .map(|row| {
                let cells = (0..names.len()).map(|place| cell(row, place)).collect();
                Row::new(table, Arc::clone(&names), cells)
            })
            .collect())
    }

    pub(crate) async fn run_script(&mut self, sql: &str) -> Result<(), StoreError> {
        let client = self.lent.client();
        let done = client.batch_execute(sql).await;
        self.settle(done).await
    }

    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        // Counts are checked before the server is told to commit, and so is what never reached it;
        // failures of its own need not be: it answers a commit after one with a rollback.
        let is_doubtful =
            |sent: &Sent| sent.expected.is_some() || matches!(sent.early, Some(Err(_)));
        if self.sent.iter().any(is_doubtful) {
            self.look().await?;
        }
        if self.has_failed {
            return Err(StoreError::Unavailable(Cause::GivenUp));
        }
        let client = self.lent.client();
        self.is_over = true;
        self.send(
            async move { client.batch_execute("COMMIT").await.map(|()| 0) },
            None,
        )
        .await;
        self.look().await
    }

    pub(crate) async fn rollback(mut self) -> Result<(), StoreError> {
        self.is_over = true;
        let client = self.lent.client();
        client
            .batch_execute("ROLLBACK")
            .await
            .map_err(classify_postgres)
    }
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // One look sends it; the next transaction of this connection comes after it in any case.
        let client = self.lent.client();
        let mut end = std::pin::pin!(client.batch_execute(self.end));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let _is_sent = end.as_mut().poll(&mut context).is_pending();
    }
}

const fn type_of(value: &Value) -> Type {
    match value {
        Value::Int(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

fn cell(row: &tokio_postgres::Row, place: usize) -> Cell {
    let type_of = row.columns().get(place).map(tokio_postgres::Column::type_);
    match type_of {
        Some(&Type::INT8) => read(row, place, Cell::Int),
        Some(&Type::TEXT) => read(row, place, Cell::Text),
        Some(&Type::BYTEA) => read(row, place, Cell::Bytes),
        _ => Cell::Other,
    }
}

fn read<'r, T: tokio_postgres::types::FromSql<'r>>(
    row: &'r tokio_postgres::Row,
    place: usize,
    make: fn(T) -> Cell,
) -> Cell {
    match row.try_get::<_, Option<T>>(place) {
        Ok(Some(value)) => make(value),
        Ok(None) => Cell::Null,
        Err(_) => Cell::Other,
    }
}

/// A value on its way. Its `Debug`, which the driver may log, says nothing of it.
struct Parameter<'v>(&'v Value);

impl std::fmt::Debug for Parameter<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(type_of(self.0).name())
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        type_: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Int(value) => value.to_sql(type_, out),
            Value::Text(value) => value.to_sql(type_, out),
            Value::Bytes(value) => value.to_sql(type_, out),
        }
    }

    fn accepts(type_: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(type_)
    }

    fn to_sql_checked(
        &self,
        type_: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Int(value) => value.to_sql_checked(type_, out),
            Value::Text(value) => value.to_sql_checked(type_, out),
            Value::Bytes(value) => value.to_sql_checked(type_, out),
        }
    }
}

/// A client and what it has prepared.
struct Connection {
    client: Arc<Client>,
    statements: std::collections::BTreeMap<(usize, usize), Statement>,
}
