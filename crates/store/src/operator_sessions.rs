//! Sign-ins of operators, kept as hashes of their tokens, and failed sign-ins in a row.

use jiff::Timestamp;
use zhenren_domain::ids::OperatorId;
use zhenren_domain::roles::Role;

use crate::error::StoreError;
use crate::sql::Transaction;
use crate::value::values;

const TABLE: &str = "operator_sessions";

/// How a sign-in stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// Valid for this operator, who has this role now.
    Alive {
        /// Whose.
        operator_id: OperatorId,
        /// The role of the moment.
        role: Role,
        /// When it began.
        created_at: Timestamp,
        /// When it ends by itself.
        expires_at: Timestamp,
    },
    /// Outlived, signed out, or its operator is disabled.
    Over,
    /// Never issued here.
    Unknown,
}

/// Keeps a new sign-in.
pub async fn begin(
    tx: &mut Transaction,
    token_hash: &str,
    operator_id: &OperatorId,
    at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO operator_sessions (token_hash, operator_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4)";
    tx.execute(sql, values![token_hash, operator_id, at, expires_at])
        .await?;
    Ok(())
}

/// How the sign-in with this token's hash stands now.
pub async fn look_up(
    tx: &mut Transaction,
    token_hash: &str,
    now: Timestamp,
) -> Result<SessionState, StoreError> {
    let sql = "SELECT s.operator_id, s.created_at, s.expires_at, s.ended_at, o.role, o.disabled_at
        FROM operator_sessions AS s
        JOIN operators AS o ON o.id = s.operator_id
        WHERE s.token_hash = $1";
    let Some(row) = tx.fetch_optional(TABLE, sql, values![token_hash]).await? else {
        return Ok(SessionState::Unknown);
    };
    let expires_at = row.time("expires_at")?;
    let is_over = now >= expires_at
        || row.opt_time("ended_at")?.is_some()
        || row.opt_time("disabled_at")?.is_some();
    if is_over {
        return Ok(SessionState::Over);
    }
    Ok(SessionState::Alive {
        operator_id: row.id("operator_id")?,
        role: row.parsed("role", Role::from_name)?,
        created_at: row.time("created_at")?,
        expires_at,
    })
}

/// Ends one sign-in. `false` when it is over already.
pub async fn end(
    tx: &mut Transaction,
    token_hash: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE operator_sessions
        SET ended_at = $2
        WHERE token_hash = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, values![token_hash, at]).await? == 1)
}

/// Ends every sign-in of an operator but the one with the hash `but` (none is spared by an empty
/// text). Answers how many were ended.
pub async fn end_all(
    tx: &mut Transaction,
    operator_id: &OperatorId,
    but: &str,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "UPDATE operator_sessions
        SET ended_at = $3
        WHERE operator_id = $1 AND token_hash <> $2 AND ended_at IS NULL AND expires_at > $3";
    tx.execute(sql, values![operator_id, but, at]).await
}

/// Forgets sign-ins that expired before this moment.
pub async fn sweep(tx: &mut Transaction, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM operator_sessions WHERE expires_at < $1";
    tx.execute(sql, values![before]).await
}

/// Failed sign-ins in a row, by the keyed hash of the login that was typed.
pub mod failures {
    use super::{StoreError, Timestamp, Transaction, values};

    const TABLE: &str = "sign_in_failures";

    /// How a login stands.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Failures {
        /// How many in a row, a lock that has passed included.
        pub count: u32,
        /// Until when nothing is looked at.
        pub locked_until: Option<Timestamp>,
    }

    /// How a login stands.
    pub async fn find(tx: &mut Transaction, login_hash: &str) -> Result<Failures, StoreError> {
        let sql = "SELECT failures_count, locked_until
            FROM sign_in_failures
            WHERE login_hash = $1";
        match tx.fetch_optional(TABLE, sql, values![login_hash]).await? {
            Some(row) => Ok(Failures {
                count: row.count("failures_count")?,
                locked_until: row.opt_time("locked_until")?,
            }),
            None => Ok(Failures::default()),
        }
    }

    /// Counts one more failure; answers how many in a row it makes. A row that was not touched
    /// since `forget_before` counts from the beginning.
    pub async fn add(
        tx: &mut Transaction,
        login_hash: &str,
        at: Timestamp,
        forget_before: Timestamp,
    ) -> Result<u32, StoreError> {
        let sql = "INSERT INTO sign_in_failures (login_hash, failures_count, last_at)
            VALUES ($1, 1, $2)
            ON CONFLICT (login_hash) DO UPDATE
            SET failures_count = CASE WHEN sign_in_failures.last_at < $3 THEN 1
                    ELSE sign_in_failures.failures_count + 1 END,
                last_at = excluded.last_at
            RETURNING failures_count";
        let row = tx
            .fetch_optional(TABLE, sql, values![login_hash, at, forget_before])
            .await?
            .ok_or(StoreError::Conflict { table: TABLE })?;
        row.count("failures_count")
    }

    /// Locks a login, and counts from the beginning afterwards.
    pub async fn lock(
        tx: &mut Transaction,
        login_hash: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE sign_in_failures
            SET failures_count = 0, locked_until = $2
            WHERE login_hash = $1";
        tx.change_one(TABLE, sql, values![login_hash, until]).await
    }

    /// Says of failures that the last of them was now; nothing when there are none.
    pub async fn touch(
        tx: &mut Transaction,
        login_hash: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE sign_in_failures SET last_at = $2 WHERE login_hash = $1";
        tx.execute(sql, values![login_hash, at]).await?;
        Ok(())
    }

    /// Forgets the failures of a login, its lock included. `false` when there were none.
    pub async fn clear(tx: &mut Transaction, login_hash: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM sign_in_failures WHERE login_hash = $1";
        Ok(tx.execute(sql, values![login_hash]).await? == 1)
    }

    /// Forgets what was not touched since this moment and is not locked now.
    pub async fn sweep(
        tx: &mut Transaction,
        before: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM sign_in_failures
            WHERE last_at < $1 AND (locked_until IS NULL OR locked_until < $2)";
        tx.execute(sql, values![before, now]).await
    }
}
