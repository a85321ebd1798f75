//! Every sealed column there is, and sealing its values anew with the newest key, page by page.
//!
//! What is on a page is read and written in one transaction, and a value is replaced only when it
//! still is what was read: whoever stops this anywhere leaves values of the old key and of the new
//! one, and both open.

use zhenren_vault::{Place, Vault};

use crate::error::StoreError;
use crate::sql::Transaction;
use crate::value::values;

/// Limit: values of one transaction.
const PAGE: u32 = 200;

/// A column of sealed values, found by one or two others.
#[derive(Debug)]
pub struct Column {
    table: &'static str,
    name: &'static str,
    has_second: bool,
    count: &'static str,
    page: &'static str,
    replace: &'static str,
}

macro_rules! column {
    ($table:literal, $column:literal) => {
        column!($table, $column, "id")
    };
    ($table:literal, $column:literal, $first:literal) => {
        column!($table, $column, $first, "''", false)
    };
    ($table:literal, $column:literal, $first:literal, $second:literal) => {
        column!($table, $column, $first, $second, true)
    };
    ($table:literal, $column:literal, $first:literal, $second:literal, $has_second:literal) => {
        Column {
            table: $table,
            name: $column,
            has_second: $has_second,
            count: concat!(
                "SELECT COUNT(*) AS values_count FROM ",
                $table,
                " WHERE substr(",
                $column,
                ", 2, 4) <> $1"
            ),
            page: concat!(
                "SELECT ",
                $first,
                " AS first_key, ",
                $second,
                " AS second_key, ",
                $column,
                " AS sealed FROM ",
                $table,
                " WHERE (",
                $first,
                " > $1 OR (",
                $first,
                " = $1 AND ",
                $second,
                " > $2)) AND substr(",
                $column,
                ", 2, 4) <> $3 ORDER BY 1, 2 LIMIT $4"
            ),
            replace: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $4 WHERE ",
                $first,
                " = $1 AND ",
                $second,
                " = $2 AND ",
                $column,
                " = $3"
            ),
        }
    };
}

/// Every sealed column; a test holds them against the schema.
pub const COLUMNS: [Column; 22] = [
    column!("accounts", "holder_name_sealed"),
    column!("accounts", "holder_number_sealed"),
    column!("agreement_acceptances", "signer_sealed"),
    column!("applications", "form_sealed"),
    column!("applications", "refusal_sealed"),
    column!("app_secrets", "verifier_sealed"),
    column!("space_secrets", "verifier_sealed"),
    column!("identity_keys", "key_sealed", "key_hash"),
    column!("identity_keys", "name_sealed", "key_hash"),
    column!("identity_keys", "number_sealed", "key_hash"),
    column!("verifications", "name_sealed"),
    column!("verifications", "number_sealed"),
    column!("verifications", "tenant_reference_sealed"),
    column!("verifications", "identity_key_sealed"),
    column!("capture_attempts", "client_sealed"),
    column!("evidence_objects", "key_sealed"),
    column!("people", "name_sealed"),
    column!("people", "number_sealed"),
    column!("people", "features_sealed"),
    column!("operators", "login_sealed"),
    column!("operators", "password_sealed"),
    column!("idempotency_keys", "answer_sealed", "app_id", "key_hash"),
];

/// Where a page ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    first: String,
    second: String,
}

/// How many values of a column an older key sealed.
pub async fn old_count(
    tx: &mut Transaction,
    vault: &Vault,
    column: &Column,
) -> Result<u64, StoreError> {
    let key = vault.current_key().to_vec();
    let row = tx
        .fetch_optional(column.table, column.count, values![key])
        .await?;
    row.map_or(Ok(0), |row| row.size("values_count"))
}

/// Seals the next values of a column anew; answers how many, and where to go on.
pub async fn page(
    tx: &mut Transaction,
    vault: &Vault,
    column: &Column,
    after: &Cursor,
) -> Result<(u64, Option<Cursor>), StoreError> {
    let key = vault.current_key().to_vec();
    let values = values![after.first.as_str(), after.second.as_str(), key, PAGE];
    let rows = tx.fetch_all(column.table, column.page, values).await?;
    let mut resealed_count = 0;
    let mut last = None;
    for row in &rows {
        let cursor = Cursor {
            first: row.text("first_key")?,
            second: row.text("second_key")?,
        };
        let sealed = row.bytes("sealed")?;
        let row_name = if column.has_second {
            format!("{} {}", cursor.first, cursor.second)
        } else {
            cursor.first.clone()
        };
        let place = Place::new(column.table, &row_name, column.name);
        if let Some(anew) = vault.reseal(&place, &sealed)? {
            let (first, second) = (cursor.first.as_str(), cursor.second.as_str());
            let values = values![first, second, sealed, anew];
            resealed_count += tx.execute(column.replace, values).await?;
        }
        last = Some(cursor);
    }
    Ok((resealed_count, last))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sql::Pool;

    #[tokio::test]
    async fn every_sealed_column_of_the_schema_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let pool = Pool::connect(&url).await.unwrap();
        pool.migrate(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
        let mut tx = pool.read().await.unwrap();
        let sql = "SELECT tables.name AS table_name, columns.name AS column_name
            FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
            WHERE tables.type = 'table' AND columns.name LIKE '%_sealed'";
        let rows = tx.fetch_all("schema", sql, &[]).await.unwrap();
        let there: BTreeSet<(String, String)> = rows
            .iter()
            .map(|row| {
                let text = |name| row.text(name).unwrap();
                (text("table_name"), text("column_name"))
            })
            .collect();
        let named: BTreeSet<(String, String)> = COLUMNS
            .iter()
            .map(|it| (it.table.to_owned(), it.name.to_owned()))
            .collect();
        assert_eq!(named, there);
    }
}
