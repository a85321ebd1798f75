//! Service spaces of an account, and the list of those that may call. Their secrets are in
//! `secrets`.

use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, SpaceId};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "spaces";
const LIST: &str = "space_allow_list";

/// One service space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its id.
    pub id: SpaceId,
    /// Whose it is.
    pub account_id: AccountId,
    /// What people call it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Keeps a new space.
pub async fn create(tx: &mut Transaction, space: &Space) -> Result<(), StoreError> {
    let sql = "INSERT INTO spaces (id, account_id, name, created_at) VALUES ($1, $2, $3, $4)";
    let values = values![
        &space.id,
        &space.account_id,
        space.name.as_str(),
        space.created_at
    ];
    tx.change_one(TABLE, sql, values).await
}

/// The space of an account with this id, unless it was removed.
pub async fn find(
    tx: &mut Transaction,
    account_id: &AccountId,
    id: &SpaceId,
) -> Result<Option<Space>, StoreError> {
    let sql = "SELECT id, account_id, name, created_at
        FROM spaces
        WHERE id = $1 AND account_id = $2 AND removed_at IS NULL";
    let row = tx
        .fetch_optional(TABLE, sql, values![id, account_id])
        .await?;
    row.map(|row| read(&row)).transpose()
}

/// Spaces of an account after this id, by id; without those that were removed.
pub async fn list(
    tx: &mut Transaction,
    account_id: &AccountId,
    after: &str,
    count_max: u32,
) -> Result<Vec<Space>, StoreError> {
    let sql = "SELECT id, account_id, name, created_at
        FROM spaces
        WHERE account_id = $1 AND id > $2 AND removed_at IS NULL
        ORDER BY id
        LIMIT $3";
    let values = values![account_id, after, count_max];
    let rows = tx.fetch_all(TABLE, sql, values).await?;
    rows.iter().map(read).collect()
}

/// Removes a space. `false` when it is on the allow list, where its place must not become a door
/// for everybody, or when it is not there: nothing changed.
pub async fn remove(
    tx: &mut Transaction,
    account_id: &AccountId,
    id: &SpaceId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE spaces
        SET removed_at = $3
        WHERE id = $1 AND account_id = $2 AND removed_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM space_allow_list WHERE space_id = $1)";
    Ok(tx.execute(sql, values![id, account_id, at]).await? == 1)
}

/// The spaces that may call under an account, by id; empty means that it is not checked.
pub async fn allow_list(
    tx: &mut Transaction,
    account_id: &AccountId,
) -> Result<Vec<SpaceId>, StoreError> {
    let sql = "SELECT space_id FROM space_allow_list
        WHERE account_id = $1
        ORDER BY space_id";
    let rows = tx.fetch_all(LIST, sql, values![account_id]).await?;
    rows.iter().map(|row| row.id("space_id")).collect()
}

/// Replaces the allow list of an account. Answers the first space that is not there; then the
/// caller must drop the transaction.
pub async fn set_allow_list(
    tx: &mut Transaction,
    account_id: &AccountId,
    ids: &[SpaceId],
    at: Timestamp,
) -> Result<Option<SpaceId>, StoreError> {
    let sql = "DELETE FROM space_allow_list WHERE account_id = $1";
    tx.execute(sql, values![account_id]).await?;
    let sql = "INSERT INTO space_allow_list (account_id, space_id, added_at)
        SELECT account_id, id, $3 FROM spaces
        WHERE id = $2 AND account_id = $1 AND removed_at IS NULL";
    for id in ids {
        if tx.execute(sql, values![account_id, id, at]).await? != 1 {
            return Ok(Some(id.clone()));
        }
    }
    Ok(None)
}

fn read(row: &Row) -> Result<Space, StoreError> {
    Ok(Space {
        id: row.id("id")?,
        account_id: row.id("account_id")?,
        name: row.text("name")?,
        created_at: row.time("created_at")?,
    })
}
