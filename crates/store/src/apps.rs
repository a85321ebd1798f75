//! Apps of a tenant and their secrets.
//!
//! Of a secret only its SHA-256 is kept, and that sealed: signatures of the uniCloud door are
//! keyed with it, so it is as good as the secret itself.

use jiff::Timestamp;
use zhenren_domain::challenge::ChallengeKind;
use zhenren_domain::draw::Wish;
use zhenren_domain::ids::{AccountId, AppId, SecretId};
use zhenren_vault::{Place, SecretText, Vault};

use crate::codec;
use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

/// Limit: secrets of one app that are valid at the same time (rotation needs two).
const ACTIVE_SECRETS_COUNT_MAX: i64 = 10;

/// Formal or test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppKind {
    /// For real verifications.
    Formal,
    /// For trying out.
    Test,
}

impl AppKind {
    /// The name in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Formal => "formal",
            Self::Test => "test",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Formal, Self::Test]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// One app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id, the dialects' `appid`.
    pub id: AppId,
    /// Who pays.
    pub account_id: AccountId,
    /// What the capture subject is shown.
    pub name: String,
    /// Formal or test.
    pub kind: AppKind,
    /// Whether `getuseridkey` refuses identity numbers with a wrong checksum.
    pub strict_id_check: bool,
    /// Whether it may ask at all; otherwise 10006 / 48001.
    pub entitled: bool,
    /// What it asks for instead of the policy's challenge.
    pub challenge: Wish,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Keeps a new app. `false` when the id is taken.
pub async fn create(tx: &mut Transaction, app: &App) -> Result<bool, StoreError> {
    let sql = "INSERT INTO apps (id, account_id, name, kind, strict_id_check, entitled,
            challenge_kind, challenge_actions, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (id) DO NOTHING";
    let values = values![
        &app.id,
        &app.account_id,
        app.name.as_str(),
        app.kind.name(),
        app.strict_id_check,
        app.entitled,
        app.challenge.kind.map(ChallengeKind::name),
        codec::actions_text(&app.challenge.actions),
        app.created_at,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Changes what an app may do; its id, account and age stay.
pub async fn update(tx: &mut Transaction, app: &App) -> Result<(), StoreError> {
    let sql = "UPDATE apps
        SET name = $2, kind = $3, strict_id_check = $4, entitled = $5, challenge_kind = $6,
            challenge_actions = $7
        WHERE id = $1";
    let values = values![
        &app.id,
        app.name.as_str(),
        app.kind.name(),
        app.strict_id_check,
        app.entitled,
        app.challenge.kind.map(ChallengeKind::name),
        codec::actions_text(&app.challenge.actions),
    ];
    tx.change_one("apps", sql, values).await
}

/// The app with this id.
pub async fn find(tx: &mut Transaction, id: &AppId) -> Result<Option<App>, StoreError> {
    let sql = "SELECT id, account_id, name, kind, strict_id_check, entitled, challenge_kind,
            challenge_actions, created_at
        FROM apps
        WHERE id = $1";
    tx.fetch_optional("apps", sql, values![id])
        .await?
        .map(|row| read(&row))
        .transpose()
}

/// Every app, by id.
pub async fn list(tx: &mut Transaction) -> Result<Vec<App>, StoreError> {
    let sql = "SELECT id, account_id, name, kind, strict_id_check, entitled, challenge_kind,
            challenge_actions, created_at
        FROM apps
        ORDER BY id";
    tx.fetch_all("apps", sql, &[])
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Keeps the lower-case hexadecimal SHA-256 of a new secret.
pub async fn add_secret(
    tx: &mut Transaction,
    vault: &Vault,
    app_id: &AppId,
    id: &SecretId,
    verifier: &SecretText,
    at: Timestamp,
) -> Result<(), StoreError> {
    let place = Place::new("app_secrets", id.as_str(), "verifier_sealed");
    let sealed = vault.seal(&place, verifier.reveal().as_bytes())?;
    let sql = "INSERT INTO app_secrets (id, app_id, verifier_sealed, created_at)
        VALUES ($1, $2, $3, $4)";
    tx.execute(sql, values![id, app_id, sealed, at]).await?;
    Ok(())
}

/// The lower-case hexadecimal SHA-256 of every secret that is valid, newest first.
pub async fn active_secrets(
    tx: &mut Transaction,
    vault: &Vault,
    app_id: &AppId,
) -> Result<Vec<SecretText>, StoreError> {
    let sql = "SELECT id, verifier_sealed
        FROM app_secrets
        WHERE app_id = $1 AND revoked_at IS NULL
        ORDER BY created_at DESC, id DESC
        LIMIT $2";
    let rows = tx
        .fetch_all(
            "app_secrets",
            sql,
            values![app_id, ACTIVE_SECRETS_COUNT_MAX],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let id = row.text("id")?;
            let place = Place::new("app_secrets", &id, "verifier_sealed");
            Ok(vault.open_text(&place, &row.bytes("verifier_sealed")?)?)
        })
        .collect()
}

/// Revokes one secret of an app. `false` when there is no such valid secret.
pub async fn revoke_secret(
    tx: &mut Transaction,
    app_id: &AppId,
    id: &SecretId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE app_secrets
        SET revoked_at = $3
        WHERE id = $1 AND app_id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, values![id, app_id, at]).await? == 1)
}

fn read(row: &Row) -> Result<App, StoreError> {
    Ok(App {
        id: row.id("id")?,
        account_id: row.id("account_id")?,
        name: row.text("name")?,
        kind: row.parsed("kind", AppKind::from_name)?,
        strict_id_check: row.is_set("strict_id_check")?,
        entitled: row.is_set("entitled")?,
        challenge: Wish {
            kind: row.opt_parsed("challenge_kind", ChallengeKind::from_name)?,
            actions: row.parsed("challenge_actions", codec::actions_from_text)?,
        },
        created_at: row.time("created_at")?,
    })
}

/// Access tokens of the WeChat door, kept as hashes.
pub mod access_tokens {
    use super::{AppId, StoreError, Timestamp, Transaction, values};
    use zhenren_domain::retention::{ACCESS_TOKEN_OVERLAP, after};

    /// How a token stands.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub enum TokenState {
        /// Valid for this app.
        Alive(AppId),
        /// Outlived: 42001.
        Expired,
        /// Replaced by a newer one more than five minutes ago: 40001.
        Superseded,
        /// Never issued here: 40001.
        Unknown,
    }

    /// Issues a token; older ones of the app live five minutes more at most.
    pub async fn issue(
        tx: &mut Transaction,
        app_id: &AppId,
        token_hash: &str,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let overlap_until = after(at, ACCESS_TOKEN_OVERLAP);
        let sql = "UPDATE access_tokens
            SET superseded_at = $2
            WHERE app_id = $1 AND superseded_at IS NULL";
        tx.execute(sql, values![app_id, at]).await?;
        let sql = "UPDATE access_tokens
            SET alive_until = $2
            WHERE app_id = $1 AND alive_until > $2";
        tx.execute(sql, values![app_id, overlap_until]).await?;
        let sql =
            "INSERT INTO access_tokens (token_hash, app_id, issued_at, expires_at, alive_until)
            VALUES ($1, $2, $3, $4, $4)";
        tx.execute(sql, values![token_hash, app_id, at, expires_at])
            .await?;
        Ok(())
    }

    /// How the token with this hash stands now.
    pub async fn look_up(
        tx: &mut Transaction,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<TokenState, StoreError> {
        let sql = "SELECT app_id, expires_at, alive_until
            FROM access_tokens
            WHERE token_hash = $1";
        let Some(row) = tx
            .fetch_optional("access_tokens", sql, values![token_hash])
            .await?
        else {
            return Ok(TokenState::Unknown);
        };
        if now >= row.time("expires_at")? {
            Ok(TokenState::Expired)
        } else if now >= row.time("alive_until")? {
            Ok(TokenState::Superseded)
        } else {
            Ok(TokenState::Alive(row.id("app_id")?))
        }
    }

    /// Forgets tokens that expired before this moment.
    pub async fn sweep(tx: &mut Transaction, before: Timestamp) -> Result<u64, StoreError> {
        tx.execute(
            "DELETE FROM access_tokens WHERE expires_at < $1",
            values![before],
        )
        .await
    }
}
