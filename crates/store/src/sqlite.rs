//! SQLite without a thread in between: a statement runs where the use case runs.
//!
//! A statement of a create call takes microseconds, and handing it to another thread and back would
//! take longer than that. What waits for the disk, the commit, has a thread of its own (`group`);
//! a statement that was once seen to be slow leaves the executor's other tasks to other threads.

mod group;
mod readers;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, StatementStatus};

use crate::dialect::{self, classify_sqlite};
use crate::error::StoreError;
use crate::row::{Cell, Row};
use crate::value::Value;

pub(crate) use group::{Member, Writer};
pub(crate) use readers::{Reader, Readers};

/// From so many steps of SQLite's machine on (a millisecond or so) a statement is run beside the
/// executor next time. Steps and not time: a clock would also see what else the machine does.
const SLOW_STEPS_COUNT: i32 = 20_000;

/// A statement's text, known by its address and length: they are all `'static`.
type Text = (usize, usize);

fn text(sql: &'static str) -> Text {
    (sql.as_ptr().addr(), sql.len())
}

/// Texts of statements that were slow.
static SLOW_STATEMENTS: Mutex<BTreeSet<Text>> = Mutex::new(BTreeSet::new());

/// Opens the file and makes the connection what all of ours are.
fn open(path: &Path, settings: &str) -> Result<Connection, StoreError> {
    let connection = Connection::open(path).map_err(classify_sqlite)?;
    connection
        .busy_timeout(dialect::SQLITE_BUSY_TIMEOUT)
        .map_err(classify_sqlite)?;
    for text in [dialect::SQLITE_SETTINGS, settings] {
        connection.execute_batch(text).map_err(classify_sqlite)?;
    }
    // Without it SQLite prepares some statements again whenever their parameters change, in case
    // another plan were better for the new ones; that was a sixth of the cost of a create.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(classify_sqlite)?;
    connection.set_prepared_statement_cache_capacity(dialect::STATEMENTS_COUNT_MAX);
    Ok(connection)
}

/// Runs a statement; answers how many rows it changed.
fn execute(
    connection: &Connection,
    sql: &'static str,
    values: &[Value],
) -> Result<u64, StoreError> {
    watched(connection, sql, values, |statement| {
        let changed = statement.raw_execute().map_err(classify_sqlite)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    })
}

/// All rows of a query.
fn fetch_all(
    connection: &Connection,
    table: &'static str,
    sql: &'static str,
    values: &[Value],
) -> Result<Vec<Row>, StoreError> {
    watched(connection, sql, values, |statement| {
        let names = names_of(sql, statement);
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(classify_sqlite)? {
            let cells = (0..names.len())
                .map(|place| row.get_ref(place).map(cell))
                .collect::<Result<_, _>>()
                .map_err(classify_sqlite)?;
            found.push(Row::new(table, Arc::clone(&names), cells));
        }
        Ok(found)
    })
}

/// The names of a statement's columns, made once for each text.
fn names_of(sql: &'static str, statement: &CachedStatement<'_>) -> Arc<[String]> {
    static NAMES: Mutex<BTreeMap<Text, Arc<[String]>>> = Mutex::new(BTreeMap::new());
    let mut known = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = known
        .entry(text(sql))
        .or_insert_with(|| statement.column_names().map(str::to_owned).collect());
    Arc::clone(names)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Text(text) => String::from_utf8(text.to_vec()).map_or(Cell::Other, Cell::Text),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => Cell::Other,
    }
}

/// A prepared statement with its parameters. SQLite takes `$2` for a name and counts places by
/// itself, so the number in the name says which value it is.
fn bound<'c>(
    connection: &'c Connection,
    sql: &'static str,
    values: &[Value],
) -> Result<CachedStatement<'c>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(classify_sqlite)?;
    for place in 1..=statement.parameter_count() {
        let value = statement
            .parameter_name(place)
            .and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok())
            .and_then(|number| values.get(number.checked_sub(1)?))
            .ok_or_else(|| {
                classify_sqlite(rusqlite::Error::InvalidParameterCount(values.len(), place))
            })?;
        statement
            .raw_bind_parameter(place, value)
            .map_err(classify_sqlite)?;
    }
    Ok(statement)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Int(Some(value)) => ValueRef::Integer(*value),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
            Self::Int(None) | Self::Text(None) | Self::Bytes(None) => ValueRef::Null,
        }))
    }
}

/// Runs a statement in place, or beside the executor when it was slow before.
fn watched<T>(
    connection: &Connection,
    sql: &'static str,
    values: &[Value],
    work: impl FnOnce(&mut CachedStatement<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let text = text(sql);
    let slow = || {
        SLOW_STATEMENTS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    };
    let mut statement = bound(connection, sql, values)?;
    if slow().contains(&text) {
        return beside(|| work(&mut statement));
    }
    let result = work(&mut statement);
    if statement.reset_status(StatementStatus::VmStep) >= SLOW_STEPS_COUNT {
        slow().insert(text);
    }
    result
}

/// Tells a runtime with several threads that this one is taken for a while. A runtime with one
/// thread (tests) has nobody to give the other tasks to.
fn beside<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    let has_others = Handle::try_current()
        .is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
    if has_others {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}
