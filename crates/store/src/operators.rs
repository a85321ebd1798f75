//! Operators: the people who run the platform.
//!
//! A login is sealed and found by its keyed hash; a password is kept as a sealed argon2id hash.
//! Hashing and the rules for both live in the use cases.

use jiff::Timestamp;
use zhenren_domain::ids::OperatorId;
use zhenren_domain::roles::Role;
use zhenren_vault::{Place, SecretText, Vault};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "operators";

/// One operator, without the password.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The id; what the audit log names.
    pub id: OperatorId,
    /// What is typed at the sign-in.
    pub login: SecretText,
    /// What for.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the password was set last.
    pub password_changed_at: Timestamp,
    /// Since when the operator may not sign in; `None` for active ones.
    pub disabled_at: Option<Timestamp>,
}

/// An operator that is not kept yet.
#[derive(Clone, Copy, Debug)]
pub struct NewOperator<'a> {
    /// The id.
    pub id: &'a OperatorId,
    /// What is typed at the sign-in.
    pub login: &'a SecretText,
    /// Its keyed hash.
    pub login_hash: &'a str,
    /// The password's argon2id hash, in the text form that carries its parameters and salt.
    pub password_hash: &'a SecretText,
    /// What for.
    pub role: Role,
    /// Now.
    pub at: Timestamp,
}

/// Keeps a new operator. `false` when the login is taken.
pub async fn insert(
    tx: &mut Transaction,
    vault: &Vault,
    new: &NewOperator<'_>,
) -> Result<bool, StoreError> {
    let login = vault.seal(&login_place(new.id), new.login.reveal().as_bytes())?;
    let hash = new.password_hash.reveal().as_bytes();
    let password = vault.seal(&password_place(new.id), hash)?;
    let sql = "INSERT INTO operators (id, login_hash, login_sealed, password_sealed, role,
            created_at, password_changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT DO NOTHING";
    let values = values![
        new.id,
        new.login_hash,
        login,
        password,
        new.role.name(),
        new.at,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The operator with this id.
pub async fn find(
    tx: &mut Transaction,
    vault: &Vault,
    id: &OperatorId,
) -> Result<Option<Operator>, StoreError> {
    let sql = "SELECT id, login_sealed, role, created_at, password_changed_at, disabled_at
        FROM operators
        WHERE id = $1";
    tx.fetch_optional(TABLE, sql, values![id])
        .await?
        .map(|row| read(&row, vault))
        .transpose()
}

/// Whether there is an operator with this id; opens nothing sealed.
pub async fn is_known(tx: &mut Transaction, id: &OperatorId) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM operators WHERE id = $1";
    Ok(tx.fetch_optional(TABLE, sql, values![id]).await?.is_some())
}

/// The operator whose login has this keyed hash.
pub async fn find_by_login(
    tx: &mut Transaction,
    vault: &Vault,
    login_hash: &str,
) -> Result<Option<Operator>, StoreError> {
    let sql = "SELECT id, login_sealed, role, created_at, password_changed_at, disabled_at
        FROM operators
        WHERE login_hash = $1";
    tx.fetch_optional(TABLE, sql, values![login_hash])
        .await?
        .map(|row| read(&row, vault))
        .transpose()
}

/// Operators in the order they were made, after one of them.
pub async fn list(
    tx: &mut Transaction,
    vault: &Vault,
    after: Option<(Timestamp, &OperatorId)>,
    count_max: u32,
) -> Result<Vec<Operator>, StoreError> {
    let sql = "SELECT id, login_sealed, role, created_at, password_changed_at, disabled_at
        FROM operators
        WHERE created_at > $1 OR (created_at = $1 AND id > $2)
        ORDER BY created_at, id
        LIMIT $3";
    let (at, id) = match after {
        Some((at, id)) => (at, id.as_str()),
        None => (Timestamp::MIN, ""),
    };
    tx.fetch_all(TABLE, sql, values![at, id, count_max])
        .await?
        .iter()
        .map(|row| read(row, vault))
        .collect()
}

/// The password's hash of an operator.
pub async fn password_hash(
    tx: &mut Transaction,
    vault: &Vault,
    id: &OperatorId,
) -> Result<Option<SecretText>, StoreError> {
    let sql = "SELECT id, password_sealed FROM operators WHERE id = $1";
    let Some(row) = tx.fetch_optional(TABLE, sql, values![id]).await? else {
        return Ok(None);
    };
    let sealed = row.bytes("password_sealed")?;
    Ok(Some(vault.open_text(&password_place(id), &sealed)?))
}

/// Sets another password. `false` when there is no such operator.
pub async fn set_password(
    tx: &mut Transaction,
    vault: &Vault,
    id: &OperatorId,
    hash: &SecretText,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sealed = vault.seal(&password_place(id), hash.reveal().as_bytes())?;
    let sql = "UPDATE operators
        SET password_sealed = $2, password_changed_at = $3
        WHERE id = $1";
    Ok(tx.execute(sql, values![id, sealed, at]).await? == 1)
}

/// Keeps the same password under other parameters, unless it was changed since `known_at`.
pub async fn rehash(
    tx: &mut Transaction,
    vault: &Vault,
    id: &OperatorId,
    hash: &SecretText,
    known_at: Timestamp,
) -> Result<bool, StoreError> {
    let sealed = vault.seal(&password_place(id), hash.reveal().as_bytes())?;
    let sql = "UPDATE operators
        SET password_sealed = $2
        WHERE id = $1 AND password_changed_at = $3";
    Ok(tx.execute(sql, values![id, sealed, known_at]).await? == 1)
}

/// Gives an operator another role. `false` when that would leave no active owner, or when the
/// operator does not have the role `from` (any more).
pub async fn set_role(
    tx: &mut Transaction,
    id: &OperatorId,
    from: Role,
    to: Role,
) -> Result<bool, StoreError> {
    let sql = "UPDATE operators
        SET role = $3
        WHERE id = $1 AND role = $2
            AND ($2 <> 'owner' OR $3 = 'owner' OR disabled_at IS NOT NULL OR EXISTS (
                SELECT 1 FROM operators AS other
                WHERE other.role = 'owner' AND other.disabled_at IS NULL AND other.id <> $1))";
    Ok(tx.execute(sql, values![id, from.name(), to.name()]).await? == 1)
}

/// Keeps an active operator from signing in. `false` when that would leave no active owner, or
/// when the operator is disabled already.
pub async fn disable(
    tx: &mut Transaction,
    id: &OperatorId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE operators
        SET disabled_at = $2
        WHERE id = $1 AND disabled_at IS NULL
            AND (role <> 'owner' OR EXISTS (
                SELECT 1 FROM operators AS other
                WHERE other.role = 'owner' AND other.disabled_at IS NULL AND other.id <> $1))";
    Ok(tx.execute(sql, values![id, at]).await? == 1)
}

/// Lets a disabled operator sign in again. `false` when the operator is not disabled.
pub async fn enable(tx: &mut Transaction, id: &OperatorId) -> Result<bool, StoreError> {
    let sql = "UPDATE operators
        SET disabled_at = NULL
        WHERE id = $1 AND disabled_at IS NOT NULL";
    Ok(tx.execute(sql, values![id]).await? == 1)
}

fn login_place(id: &OperatorId) -> Place<'_> {
    Place::new(TABLE, id.as_str(), "login_sealed")
}

fn password_place(id: &OperatorId) -> Place<'_> {
    Place::new(TABLE, id.as_str(), "password_sealed")
}

fn read(row: &Row, vault: &Vault) -> Result<Operator, StoreError> {
    let id: OperatorId = row.id("id")?;
    let login = vault.open_text(&login_place(&id), &row.bytes("login_sealed")?)?;
    Ok(Operator {
        login,
        role: row.parsed("role", Role::from_name)?,
        created_at: row.time("created_at")?,
        password_changed_at: row.time("password_changed_at")?,
        disabled_at: row.opt_time("disabled_at")?,
        id,
    })
}
