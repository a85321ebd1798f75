//! Nonces of signed requests: each is accepted once.

use jiff::Timestamp;
use zhenren_domain::ids::AppId;

use crate::error::StoreError;
use crate::sql::Transaction;
use crate::value::values;

/// Remembers a nonce. `false` when it was seen before.
pub async fn remember(
    tx: &mut Transaction,
    app_id: &AppId,
    nonce: &str,
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO nonces (app_id, nonce, expires_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (app_id, nonce) DO NOTHING";
    Ok(tx.execute(sql, values![app_id, nonce, expires_at]).await? == 1)
}

/// Forgets nonces whose requests are too old to be accepted anyway.
pub async fn sweep(tx: &mut Transaction, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute("DELETE FROM nonces WHERE expires_at < $1", values![before])
        .await
}
