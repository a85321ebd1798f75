//! Idempotency keys: the same request again gets the same answer and changes nothing twice.
//!
//! Remember first, in the one transaction of the use case, and recall when somebody was faster: so
//! nothing is looked for that is hardly ever there, and two requests under one key meet at its
//! row. Answers are sealed: they may hold capture tokens.

use jiff::Timestamp;
use zhenren_domain::ids::AppId;
use zhenren_vault::{Place, SecretText, Vault};

use crate::error::StoreError;
use crate::sql::Transaction;
use crate::value::values;

const TABLE: &str = "idempotency_keys";

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recall {
    /// Nothing: go on, and remember the answer.
    Unknown,
    /// The same request was answered with this.
    Same(SecretText),
    /// Another request came under this key.
    Different,
}

/// A key as it is stored: hashed, because callers may put anything into it.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The app that calls.
    pub app_id: &'a AppId,
    /// Hash of the key.
    pub key_hash: &'a str,
    /// Hash of the request: method, path and body.
    pub request_hash: &'a str,
}

/// What is known of a key now.
pub async fn recall(
    tx: &mut Transaction,
    vault: &Vault,
    key: &Key<'_>,
    now: Timestamp,
) -> Result<Recall, StoreError> {
    let sql = "SELECT request_hash, answer_sealed
        FROM idempotency_keys
        WHERE app_id = $1 AND key_hash = $2 AND expires_at > $3";
    let values = values![key.app_id, key.key_hash, now];
    let Some(row) = tx.fetch_optional(TABLE, sql, values).await? else {
        return Ok(Recall::Unknown);
    };
    if row.text("request_hash")? != key.request_hash {
        return Ok(Recall::Different);
    }
    let row_name = row_name(key);
    let place = Place::new(TABLE, &row_name, "answer_sealed");
    Ok(Recall::Same(
        vault.open_text(&place, &row.bytes("answer_sealed")?)?,
    ))
}

/// Remembers an answer. `false` when one is remembered under this key: recall it.
pub async fn remember(
    tx: &mut Transaction,
    vault: &Vault,
    key: &Key<'_>,
    answer: &SecretText,
    (at, expires_at): (Timestamp, Timestamp),
) -> Result<bool, StoreError> {
    let row_name = row_name(key);
    let place = Place::new(TABLE, &row_name, "answer_sealed");
    let sealed = vault.seal(&place, answer.reveal().as_bytes())?;
    let sql = "INSERT INTO idempotency_keys (app_id, key_hash, request_hash, answer_sealed,
            created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (app_id, key_hash) DO UPDATE
        SET request_hash = excluded.request_hash, answer_sealed = excluded.answer_sealed,
            created_at = excluded.created_at, expires_at = excluded.expires_at
        WHERE idempotency_keys.expires_at <= excluded.created_at";
    let values = values![
        key.app_id,
        key.key_hash,
        key.request_hash,
        sealed,
        at,
        expires_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Forgets keys that expired before this moment.
pub async fn sweep(tx: &mut Transaction, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM idempotency_keys WHERE expires_at < $1",
        values![before],
    )
    .await
}

fn row_name(key: &Key<'_>) -> String {
    format!("{} {}", key.app_id, key.key_hash)
}
