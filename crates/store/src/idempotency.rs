//! Idempotency keys: the same request again gets the same answer and changes nothing twice.
//!
//! A key is a column of the verification that was opened under it. Insert first
//! (`verifications::insert_once`), in the one transaction of the use case, and recall when somebody
//! was faster: so nothing is looked for that is hardly ever there, and two requests under one key
//! meet at its entry in the index.

use jiff::Timestamp;
use zhenren_domain::ids::VerificationId;

use crate::error::StoreError;
use crate::sql::Transaction;
use crate::value::values;

const TABLE: &str = "verifications";

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recall {
    /// Nothing: go on.
    Unknown,
    /// The same request opened this.
    Same(VerificationId),
    /// Another request came under this key.
    Different,
}

/// A key as it is stored: hashed, because callers may put anything into it.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Keyed hash of the key and the app that calls.
    pub hash: &'a str,
    /// Keyed hash of the request's body.
    pub request_hash: &'a str,
}

/// What is known of a key, when what was remembered until `since` is not known any more.
pub async fn recall(
    tx: &mut Transaction,
    key: &Key<'_>,
    since: Timestamp,
) -> Result<Recall, StoreError> {
    let sql = "SELECT id, request_hash
        FROM verifications
        WHERE idempotency_hash = $1 AND created_at > $2";
    let row = tx
        .fetch_optional(TABLE, sql, values![key.hash, since])
        .await?;
    let Some(row) = row else {
        return Ok(Recall::Unknown);
    };
    if row.text("request_hash")? == key.request_hash {
        Ok(Recall::Same(row.id("id")?))
    } else {
        Ok(Recall::Different)
    }
}

/// Frees a key that was remembered at `since` or before.
pub async fn forget(
    tx: &mut Transaction,
    key: &Key<'_>,
    since: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE verifications
        SET idempotency_hash = NULL, request_hash = NULL
        WHERE idempotency_hash = $1 AND created_at <= $2";
    tx.execute(sql, values![key.hash, since]).await?;
    Ok(())
}
