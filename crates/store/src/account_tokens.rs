//! Tokens with which a tenant's own programs run its account, kept as hashes.

use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, AccountTokenId};
use zhenren_domain::roles::Scope;

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "account_tokens";

/// One token, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountToken {
    /// The id; what the audit log names.
    pub id: AccountTokenId,
    /// Whose account it runs.
    pub account_id: AccountId,
    /// What people call it.
    pub name: String,
    /// What for.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it: an operator's or a token's id, or `command_line`.
    pub created_by: String,
    /// When it ends by itself; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// How a token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// Valid.
    Alive(AccountToken),
    /// Outlived or revoked.
    Over,
    /// Never issued here.
    Unknown,
}

/// Keeps a new token under its hash.
pub async fn insert(
    tx: &mut Transaction,
    token_hash: &str,
    token: &AccountToken,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO account_tokens (id, account_id, token_hash, name, scope, created_at,
            created_by, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = values![
        &token.id,
        &token.account_id,
        token_hash,
        token.name.as_str(),
        token.scope.name(),
        token.created_at,
        token.created_by.as_str(),
        token.expires_at,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// How the token with this hash stands now.
pub async fn look_up(
    tx: &mut Transaction,
    token_hash: &str,
    now: Timestamp,
) -> Result<TokenState, StoreError> {
    let sql = "SELECT id, account_id, name, scope, created_at, created_by, expires_at, revoked_at
        FROM account_tokens
        WHERE token_hash = $1";
    let Some(row) = tx.fetch_optional(TABLE, sql, values![token_hash]).await? else {
        return Ok(TokenState::Unknown);
    };
    let token = read(&row)?;
    let is_over = token.revoked_at.is_some() || token.expires_at.is_some_and(|end| now >= end);
    Ok(if is_over {
        TokenState::Over
    } else {
        TokenState::Alive(token)
    })
}

/// A token of an account.
pub async fn find(
    tx: &mut Transaction,
    account_id: &AccountId,
    id: &AccountTokenId,
) -> Result<Option<AccountToken>, StoreError> {
    let sql = "SELECT id, account_id, name, scope, created_at, created_by, expires_at, revoked_at
        FROM account_tokens
        WHERE id = $1 AND account_id = $2";
    tx.fetch_optional(TABLE, sql, values![id, account_id])
        .await?
        .map(|row| read(&row))
        .transpose()
}

/// Tokens of an account in the order they were made, after one of them.
pub async fn list(
    tx: &mut Transaction,
    account_id: &AccountId,
    after: Option<(Timestamp, &AccountTokenId)>,
    count_max: u32,
) -> Result<Vec<AccountToken>, StoreError> {
    let sql = "SELECT id, account_id, name, scope, created_at, created_by, expires_at, revoked_at
        FROM account_tokens
        WHERE account_id = $1 AND (created_at > $2 OR (created_at = $2 AND id > $3))
        ORDER BY created_at, id
        LIMIT $4";
    let (at, id) = match after {
        Some((at, id)) => (at, id.as_str()),
        None => (Timestamp::MIN, ""),
    };
    tx.fetch_all(TABLE, sql, values![account_id, at, id, count_max])
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Revokes a token of an account. `false` when there is no such token, or it is revoked already.
pub async fn revoke(
    tx: &mut Transaction,
    account_id: &AccountId,
    id: &AccountTokenId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE account_tokens
        SET revoked_at = $3
        WHERE id = $1 AND account_id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, values![id, account_id, at]).await? == 1)
}

fn read(row: &Row) -> Result<AccountToken, StoreError> {
    Ok(AccountToken {
        id: row.id("id")?,
        account_id: row.id("account_id")?,
        name: row.text("name")?,
        scope: row.parsed("scope", Scope::from_name)?,
        created_at: row.time("created_at")?,
        created_by: row.text("created_by")?,
        expires_at: row.opt_time("expires_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    })
}
