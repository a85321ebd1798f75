//! `user_id_key`: a name and a number waiting, sealed, for their capture.

use jiff::Timestamp;
use zhenren_domain::ids::AppId;
use zhenren_domain::retention::IDENTITY_KEY_STARTS_MAX;
use zhenren_vault::{Place, SecretText, Vault};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "identity_keys";

/// A pair to be kept under a key.
#[derive(Clone, Debug)]
pub struct NewIdentityKey<'a> {
    /// The app that asked.
    pub app_id: &'a AppId,
    /// Hash of the key; names the row.
    pub key_hash: &'a str,
    /// The key itself, which `getinfo` repeats.
    pub key: &'a SecretText,
    /// The name.
    pub name: &'a SecretText,
    /// The normalised number.
    pub number: &'a SecretText,
    /// When.
    pub created_at: Timestamp,
    /// Until when it starts captures.
    pub expires_at: Timestamp,
}

/// A kept pair.
#[derive(Clone, Debug)]
pub struct IdentityKey {
    /// The app that asked.
    pub app_id: AppId,
    /// Hash of the key.
    pub key_hash: String,
    /// The key itself.
    pub key: SecretText,
    /// The name.
    pub name: SecretText,
    /// The normalised number.
    pub number: SecretText,
    /// Until when it starts captures.
    pub expires_at: Timestamp,
    /// How many captures it started.
    pub starts_count: u32,
    /// When one of them was accepted.
    pub passed_at: Option<Timestamp>,
}

/// What became of a wish to start a capture with a key.
#[derive(Clone, Debug)]
pub enum Start {
    /// Counted.
    Started(IdentityKey),
    /// Unknown, of another app, expired, or used up by an accepted capture: 10041.
    Invalid,
    /// Started too often: 10042.
    TooMany,
}

/// Keeps a pair.
pub async fn insert(
    tx: &mut Transaction,
    vault: &Vault,
    new: &NewIdentityKey<'_>,
) -> Result<(), StoreError> {
    let seal = |column, text: &SecretText| {
        vault.seal(
            &Place::new(TABLE, new.key_hash, column),
            text.reveal().as_bytes(),
        )
    };
    let sql = "INSERT INTO identity_keys (key_hash, app_id, key_sealed, name_sealed,
            number_sealed, created_at, expires_at, starts_count)
        VALUES ($1, $2, $3, $4, $5, $6, $7, 0)";
    let values = values![
        new.key_hash,
        new.app_id,
        seal("key_sealed", new.key)?,
        seal("name_sealed", new.name)?,
        seal("number_sealed", new.number)?,
        new.created_at,
        new.expires_at,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// The pair under a key of this app.
pub async fn find(
    tx: &mut Transaction,
    vault: &Vault,
    app_id: &AppId,
    key_hash: &str,
) -> Result<Option<IdentityKey>, StoreError> {
    let sql = "SELECT key_hash, app_id, key_sealed, name_sealed, number_sealed, expires_at,
            starts_count, passed_at
        FROM identity_keys
        WHERE key_hash = $1 AND app_id = $2";
    let row = tx
        .fetch_optional(TABLE, sql, values![key_hash, app_id])
        .await?;
    row.map(|row| read(vault, &row)).transpose()
}

/// Counts one more start, while the key lives, was not used up, and has starts left.
pub async fn start(
    tx: &mut Transaction,
    vault: &Vault,
    app_id: &AppId,
    key_hash: &str,
    at: Timestamp,
) -> Result<Start, StoreError> {
    let sql = "UPDATE identity_keys
        SET starts_count = starts_count + 1
        WHERE key_hash = $1 AND app_id = $2 AND expires_at > $3 AND passed_at IS NULL
            AND starts_count < $4";
    let started = tx
        .execute(sql, values![key_hash, app_id, at, IDENTITY_KEY_STARTS_MAX])
        .await?;
    let Some(key) = find(tx, vault, app_id, key_hash).await? else {
        return Ok(Start::Invalid);
    };
    Ok(if started == 1 {
        Start::Started(key)
    } else if at >= key.expires_at || key.passed_at.is_some() {
        Start::Invalid
    } else {
        Start::TooMany
    })
}

/// A capture of this key was accepted: it starts no more.
pub async fn mark_passed(
    tx: &mut Transaction,
    key_hash: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE identity_keys
        SET passed_at = $2
        WHERE key_hash = $1 AND passed_at IS NULL";
    tx.execute(sql, values![key_hash, at]).await?;
    Ok(())
}

/// Forgets keys that expired before this moment; verifications keep their own sealed copies.
pub async fn sweep(tx: &mut Transaction, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM identity_keys WHERE expires_at < $1",
        values![before],
    )
    .await
}

fn read(vault: &Vault, row: &Row) -> Result<IdentityKey, StoreError> {
    let key_hash = row.text("key_hash")?;
    let open = |column| -> Result<SecretText, StoreError> {
        Ok(vault.open_text(&Place::new(TABLE, &key_hash, column), &row.bytes(column)?)?)
    };
    Ok(IdentityKey {
        app_id: row.id("app_id")?,
        key: open("key_sealed")?,
        name: open("name_sealed")?,
        number: open("number_sealed")?,
        expires_at: row.time("expires_at")?,
        starts_count: row.count("starts_count")?,
        passed_at: row.opt_time("passed_at")?,
        key_hash,
    })
}
