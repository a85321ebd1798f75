//! Every difference between SQLite and PostgreSQL, and nothing else.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::error::StoreError;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Takes the write lock at once: a read that later writes would otherwise fail half-way.
pub(crate) const SQLITE_BEGIN: &str = "BEGIN IMMEDIATE";
/// One consistent state for reading; writers are not in the way of readers in WAL mode.
pub(crate) const SQLITE_READ: &str = "BEGIN DEFERRED";
/// Below this level PostgreSQL loses updates that SQLite hides; the conformance suite shows it.
pub(crate) const POSTGRES_BEGIN: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE";
pub(crate) const POSTGRES_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Limit: readers beside the one writer.
const SQLITE_READERS_COUNT_MAX: u32 = 8;
/// Limit: connections of one node.
const POSTGRES_CONNECTIONS_COUNT_MAX: u32 = 16;
/// Limit: how long another process (an `admin` command) may hold the write lock.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Limit: how long a use case waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

macro_rules! claim_sql {
    ($suffix:literal) => {
        concat!(
            "WITH due AS (
                SELECT id FROM jobs
                WHERE ((state = 'ready' AND run_at <= $1) OR (state = 'leased' AND lease_until <= $1))
                AND ($5 = '' OR kind = $5)
                ORDER BY run_at, id
                LIMIT $2 ",
            $suffix,
            ")
            UPDATE jobs
            SET state = 'leased', lease_token = $3, lease_until = $4, runs_count = runs_count + 1
            WHERE id IN (SELECT id FROM due)
            RETURNING id, kind, subject, run_at, runs_count, lease_token, lease_until"
        )
    };
}

/// Leases jobs that are due. Claimants on PostgreSQL step over each other's rows instead of
/// waiting for them.
pub(crate) const fn claim_sql(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => claim_sql!(""),
        Dialect::Postgres => claim_sql!("FOR UPDATE SKIP LOCKED"),
    }
}

/// The text of a migration. Texts sort by their bytes on both databases (invariant I10). A line
/// `-- append-only: <table>` becomes a trigger that refuses to change or remove a row of it.
pub(crate) fn migration_text(dialect: Dialect, sql: &str) -> String {
    let mut text = match dialect {
        Dialect::Sqlite => sql.to_owned(),
        Dialect::Postgres => sql.replace(" TEXT", " TEXT COLLATE \"C\""),
    };
    for table in sql
        .lines()
        .filter_map(|line| line.strip_prefix("-- append-only: "))
    {
        let line = format!("-- append-only: {table}\n");
        text = text.replace(&line, &append_only(dialect, table));
    }
    text
}

/// Takes away what a line `-- append-only: <table>` made, for tests that empty all tables.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn lift_append_only(dialect: Dialect, table: &str) -> String {
    match dialect {
        Dialect::Sqlite => {
            format!("DROP TRIGGER {table}_no_UPDATE; DROP TRIGGER {table}_no_DELETE;")
        }
        Dialect::Postgres => format!("DROP FUNCTION {table}_never_change() CASCADE;"),
    }
}

/// Triggers that refuse to change or remove a row.
pub(crate) fn append_only(dialect: Dialect, table: &str) -> String {
    match dialect {
        Dialect::Sqlite => ["UPDATE", "DELETE"]
            .map(|event| {
                format!(
                    "CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
                    BEGIN SELECT RAISE(ABORT, 'rows of {table} never change'); END;\n"
                )
            })
            .concat(),
        Dialect::Postgres => format!(
            "CREATE FUNCTION {table}_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'rows of {table} never change'; END $$;
            CREATE TRIGGER {table}_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION {table}_never_change();\n"
        ),
    }
}

/// Lets one node at a time change tables; SQLite's write lock does so already.
pub(crate) const fn migration_lock(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => Some("SELECT pg_advisory_xact_lock(7265616)"),
    }
}

pub(crate) async fn connect_sqlite(url: &str) -> Result<(SqlitePool, SqlitePool), StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(classify)?
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A committed answer survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(SQLITE_BUSY_TIMEOUT)
        // Deleted personal rows are overwritten, not only unlinked.
        .pragma("secure_delete", "on");
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await
        .map_err(classify)?;
    let readers = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS_COUNT_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.pragma("query_only", "on"))
        .await
        .map_err(classify)?;
    Ok((writer, readers))
}

pub(crate) async fn connect_postgres(url: &str) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(classify)?;
    PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS_COUNT_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await
        .map_err(classify)
}

/// Codes that mean "run it again": serialization failure, deadlock, lock not available.
const POSTGRES_BUSY: [&str; 3] = ["40001", "40P01", "55P03"];
/// Primary codes `SQLITE_BUSY` and `SQLITE_LOCKED`.
const SQLITE_BUSY: [i64; 2] = [5, 6];

/// Sorts a driver's error into busy, conflict and unavailable.
pub(crate) fn classify(error: sqlx::Error) -> StoreError {
    let Some(database) = error.as_database_error() else {
        return StoreError::Unavailable(error);
    };
    let code = database.code().unwrap_or_default();
    // Extended SQLite codes carry the primary code in their lowest byte.
    let sqlite_busy = code
        .parse::<i64>()
        .is_ok_and(|code| SQLITE_BUSY.contains(&(code & 0xff)));
    let is_postgres = database
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .is_some();
    let busy = if is_postgres {
        POSTGRES_BUSY.contains(&&*code)
    } else {
        sqlite_busy
    };
    if busy {
        StoreError::Busy
    } else if database.is_unique_violation() {
        StoreError::Conflict { table: "unique" }
    } else {
        StoreError::Unavailable(error)
    }
}
