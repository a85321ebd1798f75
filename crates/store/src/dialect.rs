//! Every difference between SQLite and PostgreSQL, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::ErrorCode;
use tokio_postgres::error::SqlState;

use crate::error::{Cause, StoreError};

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

/// What every SQLite connection is set to.
pub(crate) const SQLITE_SETTINGS: &str = "
    PRAGMA journal_mode = wal;
    -- A committed answer survives a power cut.
    PRAGMA synchronous = full;
    PRAGMA foreign_keys = on;
    -- Deleted personal rows are overwritten, not only unlinked.
    PRAGMA secure_delete = on;
    -- Savepoints keep the pages they may have to bring back; not in a file.
    PRAGMA temp_store = memory;";
/// What the writer is set to beside that: a cache that holds a whole group of use cases, and
/// fewer, larger moves of the log into the database file (32 MiB).
pub(crate) const SQLITE_WRITER_SETTINGS: &str = "
    PRAGMA cache_size = -16384;
    PRAGMA wal_autocheckpoint = 8192;";
/// What readers are set to beside that.
pub(crate) const SQLITE_READER_SETTINGS: &str = "PRAGMA query_only = on;";

/// What every PostgreSQL connection is set to. Reading a small table whole would lock all of it
/// against every writer at the level SERIALIZABLE, and the planner likes to read small tables
/// whole; so it is made to use indexes. Statements are few and alike: one plan each is enough.
pub(crate) const POSTGRES_SETTINGS: &str = "
    SET enable_seqscan = off;
    SET jit = off;
    SET plan_cache_mode = force_generic_plan";

/// Limit: readers beside the one writer.
pub(crate) const SQLITE_READERS_COUNT_MAX: usize = 8;
/// Limit: statements that a connection keeps prepared.
pub(crate) const STATEMENTS_COUNT_MAX: usize = 512;
/// Limit: connections of one node.
pub(crate) const POSTGRES_CONNECTIONS_COUNT_MAX: usize = 16;
/// Limit: how long another process (an `admin` command) may hold the write lock.
pub(crate) const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Limit: how long a use case waits for a connection.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

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
/// `-- append-only: <table>` becomes a trigger that refuses to change or remove a row of it. A table
/// that ends in `); -- clustered` is on SQLite the tree of its key, and not another one beside it. On
/// PostgreSQL `-- roomy: <table>` leaves most of each page free for changed rows, and
/// `-- unchecked: <table>.<column>` takes away the check of a reference.
pub(crate) fn migration_text(dialect: Dialect, sql: &str) -> String {
    let mut text = match dialect {
        Dialect::Sqlite => sql.replace("); -- clustered\n", ") WITHOUT ROWID;\n"),
        Dialect::Postgres => sql.replace(" TEXT", " TEXT COLLATE \"C\""),
    };
    for table in sql
        .lines()
        .filter_map(|line| line.strip_prefix("-- append-only: "))
    {
        let line = format!("-- append-only: {table}\n");
        text = text.replace(&line, &append_only(dialect, table));
    }
    if dialect == Dialect::Postgres {
        text.extend(sql.lines().filter_map(meeting));
    }
    text
}

/// What a line about meetings of transactions stands for on PostgreSQL.
fn meeting(line: &str) -> Option<String> {
    if let Some(table) = line.strip_prefix("-- roomy: ") {
        return Some(format!("ALTER TABLE {table} SET (fillfactor = 20);\n"));
    }
    let (table, column) = line.strip_prefix("-- unchecked: ")?.split_once('.')?;
    let name = format!("{table}_{column}_fkey");
    Some(format!("ALTER TABLE {table} DROP CONSTRAINT {name};\n"))
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
            "CREATE OR REPLACE FUNCTION {table}_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
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

/// The file of a `sqlite:` URL.
pub(crate) fn sqlite_path(url: &str) -> &str {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    path.split('?').next().unwrap_or_default()
}

/// The parts of a `postgres:` URL. A `host` among its parameters replaces the one in front, as
/// it does for PostgreSQL's own programs; that is how the folder of a socket is named.
pub(crate) fn postgres_config(url: &str) -> Result<tokio_postgres::Config, StoreError> {
    let has_host = url
        .split_once('?')
        .is_some_and(|(_, query)| query.split('&').any(|pair| pair.starts_with("host=")));
    let url = if has_host {
        without_host(url)
    } else {
        url.to_owned()
    };
    url.parse().map_err(classify_postgres)
}

/// `postgres://user:password@host:port/name` without `host:port`.
fn without_host(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (front, back) = rest.split_at(end);
    let user = front
        .rfind('@')
        .map_or("", |place| front.split_at(place + 1).0);
    format!("{scheme}://{user}{back}")
}

/// Sorts an error of SQLite into busy, conflict and unavailable.
pub(crate) fn classify_sqlite(error: rusqlite::Error) -> StoreError {
    let extended = error.sqlite_extended_error_code().unwrap_or(0);
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ if SQLITE_UNIQUE.contains(&extended) => StoreError::Conflict { table: "unique" },
        _ => StoreError::Unavailable(Cause::Sqlite(Arc::new(error))),
    }
}

/// `SQLITE_CONSTRAINT_UNIQUE` and `SQLITE_CONSTRAINT_PRIMARYKEY`.
const SQLITE_UNIQUE: [i32; 2] = [
    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE,
    rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
];

/// Codes that mean "run it again".
const POSTGRES_BUSY: [SqlState; 3] = [
    SqlState::T_R_SERIALIZATION_FAILURE,
    SqlState::T_R_DEADLOCK_DETECTED,
    SqlState::LOCK_NOT_AVAILABLE,
];

/// Sorts an error of PostgreSQL into busy, conflict and unavailable.
pub(crate) fn classify_postgres(error: tokio_postgres::Error) -> StoreError {
    let Some(refusal) = error.as_db_error() else {
        return StoreError::Unavailable(Cause::Postgres(Arc::new(error)));
    };
    if POSTGRES_BUSY.contains(refusal.code()) {
        StoreError::Busy
    } else if *refusal.code() == SqlState::UNIQUE_VIOLATION {
        StoreError::Conflict { table: "unique" }
    } else {
        StoreError::Unavailable(Cause::Refused {
            code: refusal.code().code().to_owned(),
            message: refusal.message().to_owned(),
        })
    }
}
