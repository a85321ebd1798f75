//! One-use tokens that let a device begin a capture attempt, kept as hashes.

use jiff::Timestamp;
use zhenren_domain::ids::{AttemptId, VerificationId};

use crate::error::StoreError;
use crate::sql::Transaction;
use crate::value::values;

const TABLE: &str = "capture_tokens";

/// What became of a token that was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spending {
    /// It is spent now, for this verification.
    Spent(VerificationId),
    /// It was spent before.
    AlreadySpent,
    /// It is too late.
    Expired,
    /// Never issued here.
    Unknown,
}

/// Issues a token for a verification.
pub async fn issue(
    tx: &mut Transaction,
    token_hash: &str,
    verification_id: &VerificationId,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO capture_tokens (token_hash, verification_id, issued_at, expires_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (token_hash) DO NOTHING";
    tx.enqueue(sql, values![token_hash, verification_id, at, expires_at])
        .await
}

/// Spends a token; only the first to show it succeeds.
pub async fn spend(
    tx: &mut Transaction,
    token_hash: &str,
    attempt_id: &AttemptId,
    at: Timestamp,
) -> Result<Spending, StoreError> {
    let sql = "UPDATE capture_tokens
        SET spent_at = $2, spent_by = $3
        WHERE token_hash = $1 AND spent_at IS NULL AND expires_at > $2";
    let spent = tx.execute(sql, values![token_hash, at, attempt_id]).await? == 1;
    let sql = "SELECT verification_id, spent_at FROM capture_tokens WHERE token_hash = $1";
    let Some(row) = tx.fetch_optional(TABLE, sql, values![token_hash]).await? else {
        return Ok(Spending::Unknown);
    };
    Ok(if spent {
        Spending::Spent(row.id("verification_id")?)
    } else if row.opt_time("spent_at")?.is_some() {
        Spending::AlreadySpent
    } else {
        Spending::Expired
    })
}

/// Whether a token can still be spent; asked when a create call is repeated.
pub async fn is_unspent(
    tx: &mut Transaction,
    token_hash: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT token_hash FROM capture_tokens
        WHERE token_hash = $1 AND spent_at IS NULL AND expires_at > $2";
    Ok(tx
        .fetch_optional(TABLE, sql, values![token_hash, now])
        .await?
        .is_some())
}

/// Makes every unspent token of a verification worthless, when it closes.
pub async fn revoke(
    tx: &mut Transaction,
    verification_id: &VerificationId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE capture_tokens
        SET expires_at = $2
        WHERE verification_id = $1 AND spent_at IS NULL AND expires_at > $2";
    tx.execute(sql, values![verification_id, at]).await?;
    Ok(())
}
