//! All tables as text, alike on both databases, so that a test can compare them with each other and
//! with themselves.
//!
//! Columns of bytes are shown by their length: what is sealed differs each time it is sealed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::dialect::{self, Dialect};
use crate::error::StoreError;
use crate::sql::Pool;

/// Between columns; occurs in no value that is kept.
const SEPARATOR: char = '\u{1f}';
/// The table whose rows nobody may remove, tests that begin again excepted.
const APPEND_ONLY: &str = "ledger_entries";
/// What is shown for NULL.
const NULL: &str = "~";

/// The tables of a database, and how to read them all with one statement.
#[derive(Clone, Debug)]
pub struct Tables {
    columns: Arc<BTreeMap<String, Vec<String>>>,
    sql: &'static str,
    wipe: &'static str,
}

impl Tables {
    /// Looks up what tables there are.
    pub async fn of(pool: &Pool) -> Result<Self, StoreError> {
        let sql = match pool.dialect() {
            Dialect::Sqlite => {
                "SELECT tables.name AS table_name, columns.name AS column_name, columns.type AS type
                FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
                WHERE tables.type = 'table'
                ORDER BY tables.name, columns.cid"
            }
            Dialect::Postgres => {
                "SELECT CAST(table_name AS TEXT) AS table_name,
                    CAST(column_name AS TEXT) AS column_name, CAST(data_type AS TEXT) AS type
                FROM information_schema.columns
                WHERE table_schema = 'public'
                ORDER BY 1, ordinal_position"
            }
        };
        let mut tx = pool.read().await?;
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in tx.fetch_all("schema", sql, &[]).await? {
            let (table, column) = (row.text("table_name")?, row.text("column_name")?);
            if table == "schema_versions" || table.starts_with("sqlite_") {
                continue;
            }
            let text = if row.text("type")?.eq_ignore_ascii_case("BYTEA") {
                format!("'#' || CAST(length({column}) AS TEXT)")
            } else {
                format!("CAST({column} AS TEXT)")
            };
            let text = format!("COALESCE({text}, '{NULL}')");
            shown.entry(table.clone()).or_default().push(text);
            columns.entry(table).or_default().push(column);
        }
        let parts: Vec<String> = shown
            .iter()
            .map(|(table, shown)| {
                let line = shown.join(&format!(" || '{SEPARATOR}' || "));
                format!("SELECT '{table}' AS table_name, {line} AS line FROM {table}")
            })
            .collect();
        let names: Vec<&str> = shown.keys().map(String::as_str).collect();
        let dialect = pool.dialect();
        let wipe = match dialect {
            Dialect::Sqlite => {
                let deletions = names.join("; DELETE FROM ");
                format!("PRAGMA defer_foreign_keys = ON; DELETE FROM {deletions}")
            }
            Dialect::Postgres => format!("TRUNCATE {}", names.join(", ")),
        };
        let lift = dialect::lift_append_only(dialect, APPEND_ONLY);
        let again = dialect::append_only(dialect, APPEND_ONLY);
        let wipe = format!("{lift} {wipe}; {again}");
        Ok(Self {
            columns: Arc::new(columns),
            // Statements are text of the program; a test process makes these once or twice.
            sql: parts.join(" UNION ALL ").leak(),
            wipe: wipe.leak(),
        })
    }

    /// What is in all tables now.
    pub async fn snapshot(&self, pool: &Pool) -> Result<Snapshot, StoreError> {
        let mut tx = pool.read().await?;
        let mut rows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in tx.fetch_all("all", self.sql, &[]).await? {
            let table = row.text("table_name")?;
            rows.entry(table).or_default().insert(row.text("line")?);
        }
        Ok(Snapshot {
            columns: Arc::clone(&self.columns),
            rows,
        })
    }

    /// Empties every table.
    pub async fn wipe(&self, pool: &Pool) -> Result<(), StoreError> {
        let mut tx = pool.begin().await?;
        tx.run_script(self.wipe.to_owned()).await?;
        tx.commit().await
    }
}

/// What was in all tables at one moment. Equal when every value was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    columns: Arc<BTreeMap<String, Vec<String>>>,
    rows: BTreeMap<String, BTreeSet<String>>,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    columns: &'a [String],
    text: &'a str,
}

impl<'a> Line<'a> {
    /// The value of a column, nothing for NULL. Panics when there is no such column.
    pub fn get(&self, column: &str) -> Option<&'a str> {
        let index = self.columns.iter().position(|name| name == column);
        let index = index.unwrap_or_else(|| panic!("there is no column {column}"));
        let value = self.text.split(SEPARATOR).nth(index).unwrap();
        (value != NULL).then_some(value)
    }

    /// The text of a column that is never NULL.
    pub fn text(&self, column: &str) -> &'a str {
        self.get(column)
            .unwrap_or_else(|| panic!("{column} is NULL"))
    }

    /// The number in a column that is never NULL.
    pub fn int(&self, column: &str) -> i64 {
        self.text(column).parse().unwrap()
    }
}

impl Snapshot {
    /// The rows of a table. Panics when there is no such table.
    pub fn rows(&self, table: &str) -> impl Iterator<Item = Line<'_>> {
        let columns = self.columns.get(table);
        let columns = columns.unwrap_or_else(|| panic!("there is no table {table}"));
        let rows = self.rows.get(table).into_iter().flatten();
        rows.map(|text| Line { columns, text })
    }

    /// Every row that one of both has and the other has not, as text to read.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let none = BTreeSet::new();
        for table in self.columns.keys() {
            let rows = |of: &'_ Self| of.rows.get(table).unwrap_or(&none).clone();
            let (here, there) = (rows(self), rows(other));
            let tell = |sign: &str, row: &String| {
                format!("{sign} {table}: {}", row.replace(SEPARATOR, " | "))
            };
            found.extend(here.difference(&there).map(|row| tell("-", row)));
            found.extend(there.difference(&here).map(|row| tell("+", row)));
        }
        found
    }
}
