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

/// A column of sealed values, found by the key of its table.
#[derive(Debug)]
pub struct Column {
    table: &'static str,
    name: &'static str,
    count: &'static str,
    page: &'static str,
    replace: &'static str,
}

macro_rules! column {
    ($table:literal, $column:literal) => {
        column!($table, $column, "id")
    };
    ($table:literal, $column:literal, $key:literal) => {
        Column {
            table: $table,
            name: $column,
            count: concat!(
                "SELECT COUNT(*) AS values_count FROM ",
                $table,
                " WHERE substr(",
                $column,
                ", 2, 4) <> $1"
            ),
            page: concat!(
                "SELECT ",
                $key,
                " AS row_key, ",
                $column,
                " AS sealed FROM ",
                $table,
                " WHERE ",
                $key,
                " > $1 AND substr(",
                $column,
                ", 2, 4) <> $2 ORDER BY 1 LIMIT $3"
            ),
            replace: concat!(
                "UPDATE ",
                $table,
                " SET ",
                $column,
                " = $3 WHERE ",
                $key,
                " = $1 AND ",
                $column,
                " = $2"
            ),
        }
    };
}

/// Every sealed column; a test holds them against the schema.
pub const COLUMNS: [Column; 21] = [
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
];

/// Where a page ended: the key of its last row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor(String);

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
    let values = values![after.0.as_str(), key, PAGE];
    let rows = tx.fetch_all(column.table, column.page, values).await?;
    let mut resealed_count = 0;
    let mut last = None;
    for row in &rows {
        let row_key = row.text("row_key")?;
        let sealed = row.bytes("sealed")?;
        let place = Place::new(column.table, &row_key, column.name);
        if let Some(anew) = vault.reseal(&place, &sealed)? {
            let values = values![row_key.as_str(), sealed, anew];
            resealed_count += tx.execute(column.replace, values).await?;
        }
        last = Some(Cursor(row_key));
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
