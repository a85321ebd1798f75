//! Secrets of apps and of service spaces: two of each may be valid, so that one can be exchanged
//! for the other while both work.
//!
//! Of a secret only its SHA-256 is kept, and that sealed: signatures of the uniCloud door are
//! keyed with it, so it is as good as the secret itself.

use jiff::Timestamp;
use zhenren_domain::ids::{AppId, SecretId, SpaceId};
use zhenren_vault::{Place, SecretText, Vault};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

/// Limit: secrets of one holder that are valid at the same time.
pub const ACTIVE_COUNT_MAX: u32 = 2;
/// Limit: secrets of one holder that are listed, the newest.
const LISTED_COUNT_MAX: u32 = 200;

/// Whose secrets.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'a> {
    /// An app's.
    App(&'a AppId),
    /// A service space's.
    Space(&'a SpaceId),
}

/// What may be told about a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: SecretId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it died, if it did.
    pub revoked_at: Option<Timestamp>,
}

/// The statements of one table.
struct Statements {
    table: &'static str,
    add: &'static str,
    active: &'static str,
    list: &'static str,
    revoke: &'static str,
}

macro_rules! statements {
    ($table:literal, $holder:literal) => {
        Statements {
            table: $table,
            add: concat!(
                "INSERT INTO ",
                $table,
                " (id, ",
                $holder,
                ", verifier_sealed, created_at)
                SELECT $1, $2, $3, $4
                WHERE (SELECT COUNT(*) FROM ",
                $table,
                "
                    WHERE ",
                $holder,
                " = $2 AND revoked_at IS NULL) < $5"
            ),
            active: concat!(
                "SELECT id, verifier_sealed FROM ",
                $table,
                "
                WHERE ",
                $holder,
                " = $1 AND revoked_at IS NULL
                ORDER BY created_at DESC, id DESC"
            ),
            list: concat!(
                "SELECT id, created_at, revoked_at FROM ",
                $table,
                "
                WHERE ",
                $holder,
                " = $1
                ORDER BY created_at DESC, id DESC
                LIMIT $2"
            ),
            revoke: concat!(
                "UPDATE ",
                $table,
                " SET revoked_at = $3
                WHERE id = $1 AND ",
                $holder,
                " = $2 AND revoked_at IS NULL"
            ),
        }
    };
}

const OF_APPS: Statements = statements!("app_secrets", "app_id");
const OF_SPACES: Statements = statements!("space_secrets", "space_id");

impl Holder<'_> {
    const fn statements(&self) -> &'static Statements {
        match self {
            Self::App(_) => &OF_APPS,
            Self::Space(_) => &OF_SPACES,
        }
    }

    /// The id of the holder.
    pub fn id(&self) -> &str {
        match self {
            Self::App(id) => id.as_str(),
            Self::Space(id) => id.as_str(),
        }
    }
}

/// Keeps the lower-case hexadecimal SHA-256 of a new secret. `false` when so many are valid that
/// one must be revoked first: nothing changed.
pub async fn add(
    tx: &mut Transaction,
    vault: &Vault,
    holder: Holder<'_>,
    id: &SecretId,
    verifier: &SecretText,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let statements = holder.statements();
    let place = Place::new(statements.table, id.as_str(), "verifier_sealed");
    let sealed = vault.seal(&place, verifier.reveal().as_bytes())?;
    let values = values![id, holder.id(), sealed, at, ACTIVE_COUNT_MAX];
    Ok(tx.execute(statements.add, values).await? == 1)
}

/// The lower-case hexadecimal SHA-256 of every secret that is valid, newest first.
pub async fn active(
    tx: &mut Transaction,
    vault: &Vault,
    holder: Holder<'_>,
) -> Result<Vec<SecretText>, StoreError> {
    let statements = holder.statements();
    let rows = tx
        .fetch_all(statements.table, statements.active, values![holder.id()])
        .await?;
    let open = |row: &Row| open(vault, statements.table, row, "id");
    rows.iter().map(open).collect()
}

/// The verifier in a row of an app beside its secret, if there is one (`apps::find_caller`).
pub(crate) fn of_caller(vault: &Vault, row: &Row) -> Result<Option<SecretText>, StoreError> {
    let has_one = row.opt_text("secret_id")?.is_some();
    has_one
        .then(|| open(vault, OF_APPS.table, row, "secret_id"))
        .transpose()
}

fn open(
    vault: &Vault,
    table: &'static str,
    row: &Row,
    id: &'static str,
) -> Result<SecretText, StoreError> {
    let id = row.text(id)?;
    let place = Place::new(table, &id, "verifier_sealed");
    Ok(vault.open_text(&place, &row.bytes("verifier_sealed")?)?)
}

/// Ids and dates of a holder's secrets, newest first; never the secrets.
pub async fn list(tx: &mut Transaction, holder: Holder<'_>) -> Result<Vec<Listed>, StoreError> {
    let statements = holder.statements();
    let values = values![holder.id(), LISTED_COUNT_MAX];
    let rows = tx
        .fetch_all(statements.table, statements.list, values)
        .await?;
    let read = |row: &Row| {
        Ok(Listed {
            id: row.id("id")?,
            created_at: row.time("created_at")?,
            revoked_at: row.opt_time("revoked_at")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Revokes one secret. `false` when the holder has no such valid secret.
pub async fn revoke(
    tx: &mut Transaction,
    holder: Holder<'_>,
    id: &SecretId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let values = values![id, holder.id(), at];
    Ok(tx.execute(holder.statements().revoke, values).await? == 1)
}
