//! Apps of a tenant: what they are, what they may do, how often, and from where.
//!
//! Their secrets are in `secrets`, their access tokens in `access_tokens` below.

use ipnet::IpNet;
use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::mode::Mode;
use zhenren_domain::standing::Standing;
use zhenren_domain::wish::Wish;
use zhenren_vault::{SecretText, Vault};

use crate::codec;
use crate::error::StoreError;
use crate::secrets;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "apps";

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

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Formal, Self::Test]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// How often an app may call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallLimits {
    /// Calls per minute; the configured default without it.
    pub minute_calls_max: Option<u64>,
    /// Calls per day; the configured default without it.
    pub day_calls_max: Option<u64>,
    /// Verifications in all, for test apps; without it they are not counted.
    pub calls_quota: Option<u64>,
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
    /// Since when its secrets and tokens are dead, if they are.
    pub frozen_at: Option<Timestamp>,
    /// How often it may call.
    pub limits: CallLimits,
    /// Verifications counted against the quota.
    pub calls_count: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT apps.id, apps.account_id, apps.name, apps.kind, apps.strict_id_check,
                apps.entitled, apps.challenge_kind, apps.challenge_actions,
                apps.challenge_terms, apps.frozen_at,
                apps.minute_calls_max, apps.day_calls_max, apps.calls_quota, apps.calls_count,
                apps.created_at
            FROM apps ",
            $rest
        )
    };
}

/// Keeps a new app. `false` when the id is taken.
pub async fn create(tx: &mut Transaction, app: &App) -> Result<bool, StoreError> {
    let sql = "INSERT INTO apps (id, account_id, name, kind, strict_id_check, entitled,
            challenge_kind, challenge_actions, challenge_terms, frozen_at, minute_calls_max,
            day_calls_max, calls_quota, calls_count, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        ON CONFLICT (id) DO NOTHING";
    let values = values![
        &app.id,
        &app.account_id,
        app.name.as_str(),
        app.kind.name(),
        app.strict_id_check,
        app.entitled,
        app.challenge.mode.map(Mode::name),
        codec::actions_text(&app.challenge.actions),
        codec::terms_text(&app.challenge),
        app.frozen_at,
        app.limits.minute_calls_max,
        app.limits.day_calls_max,
        app.limits.calls_quota,
        app.calls_count,
        app.created_at,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Changes what a tenant may change of an app: its name, its strictness, its challenge.
pub async fn update(tx: &mut Transaction, app: &App) -> Result<(), StoreError> {
    let sql = "UPDATE apps
        SET name = $2, strict_id_check = $3, challenge_kind = $4, challenge_actions = $5,
            challenge_terms = $6
        WHERE id = $1";
    let values = values![
        &app.id,
        app.name.as_str(),
        app.strict_id_check,
        app.challenge.mode.map(Mode::name),
        codec::actions_text(&app.challenge.actions),
        codec::terms_text(&app.challenge),
    ];
    tx.change_one(TABLE, sql, values).await
}

/// Lets an app ask for verifications, within limits.
pub async fn grant(
    tx: &mut Transaction,
    id: &AppId,
    limits: &CallLimits,
) -> Result<(), StoreError> {
    let sql = "UPDATE apps SET entitled = 1 WHERE id = $1";
    tx.change_one(TABLE, sql, values![id]).await?;
    set_limits(tx, id, limits).await
}

/// Sets how often an app may call.
pub async fn set_limits(
    tx: &mut Transaction,
    id: &AppId,
    limits: &CallLimits,
) -> Result<(), StoreError> {
    let sql = "UPDATE apps
        SET minute_calls_max = $2, day_calls_max = $3, calls_quota = $4
        WHERE id = $1";
    let values = values![
        id,
        limits.minute_calls_max,
        limits.day_calls_max,
        limits.calls_quota
    ];
    tx.change_one(TABLE, sql, values).await
}

/// Who freezes, or lifts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freezer {
    /// The app's own account.
    Tenant,
    /// Whoever runs the platform; a tenant cannot lift what they froze.
    Operator,
}

impl Freezer {
    const fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Operator => "operator",
        }
    }
}

/// Kills the secrets and tokens of an app. `false` when they are dead already, unless an operator
/// takes over what a tenant froze.
pub async fn freeze(
    tx: &mut Transaction,
    id: &AppId,
    at: Timestamp,
    by: Freezer,
) -> Result<bool, StoreError> {
    let sql = "UPDATE apps
        SET frozen_at = COALESCE(frozen_at, $2), frozen_by = $3
        WHERE id = $1 AND (frozen_at IS NULL OR (frozen_by = 'tenant' AND $4 <> 'tenant'))";
    let values = values![id, at, by.name(), by.name()];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Brings the secrets and tokens of an app back. `false` when they were not dead, or when it is
/// not theirs to lift.
pub async fn unfreeze(tx: &mut Transaction, id: &AppId, by: Freezer) -> Result<bool, StoreError> {
    let sql = "UPDATE apps
        SET frozen_at = NULL, frozen_by = NULL
        WHERE id = $1 AND frozen_at IS NOT NULL AND (frozen_by = 'tenant' OR $2 <> 'tenant')";
    Ok(tx.execute(sql, values![id, by.name()]).await? == 1)
}

/// Counts one call against the quota. `false` when it is used up: nothing changed.
pub async fn count_call(tx: &mut Transaction, id: &AppId) -> Result<bool, StoreError> {
    let sql = "UPDATE apps
        SET calls_count = calls_count + 1
        WHERE id = $1 AND (calls_quota IS NULL OR calls_count < calls_quota)";
    Ok(tx.execute(sql, values![id]).await? == 1)
}

/// Whether the quota has room for another call.
pub async fn has_calls_left(tx: &mut Transaction, id: &AppId) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM apps
        WHERE id = $1 AND (calls_quota IS NULL OR calls_count < calls_quota)";
    Ok(tx.fetch_optional(TABLE, sql, values![id]).await?.is_some())
}

/// The app with this id.
pub async fn find(tx: &mut Transaction, id: &AppId) -> Result<Option<App>, StoreError> {
    let sql = select!("WHERE apps.id = $1");
    let row = tx.fetch_optional(TABLE, sql, values![id]).await?;
    row.map(|row| read(&row)).transpose()
}

/// The app with this id, and what stands in its way.
pub async fn find_with_standing(
    tx: &mut Transaction,
    id: &AppId,
) -> Result<Option<(App, Standing)>, StoreError> {
    let sql = "SELECT apps.id, apps.account_id, apps.name, apps.kind, apps.strict_id_check,
            apps.entitled, apps.challenge_kind, apps.challenge_actions,
                apps.challenge_terms, apps.frozen_at,
            apps.minute_calls_max, apps.day_calls_max, apps.calls_quota, apps.calls_count,
            apps.created_at, accounts.opened_at
        FROM apps
        JOIN accounts ON accounts.id = apps.account_id
        WHERE apps.id = $1";
    let Some(row) = tx.fetch_optional(TABLE, sql, values![id]).await? else {
        return Ok(None);
    };
    read_with_standing(&row).map(Some)
}

fn read_with_standing(row: &Row) -> Result<(App, Standing), StoreError> {
    let app = read(row)?;
    let is_open = row.opt_time("opened_at")?.is_some();
    let standing = Standing::of(app.frozen_at.is_some(), is_open, app.entitled);
    Ok((app, standing))
}

/// The app with this id, what stands in its way, and the hashes of its valid secrets: all that a
/// call with a secret must know, in one statement.
pub async fn find_caller(
    tx: &mut Transaction,
    vault: &Vault,
    id: &AppId,
) -> Result<Option<(App, Standing, Vec<SecretText>)>, StoreError> {
    let sql = "SELECT apps.id, apps.account_id, apps.name, apps.kind, apps.strict_id_check,
            apps.entitled, apps.challenge_kind, apps.challenge_actions, apps.challenge_terms,
            apps.frozen_at,
            apps.minute_calls_max, apps.day_calls_max, apps.calls_quota, apps.calls_count,
            apps.created_at, accounts.opened_at, app_secrets.id AS secret_id, verifier_sealed
        FROM apps
        JOIN accounts ON accounts.id = apps.account_id
        LEFT JOIN app_secrets ON app_secrets.app_id = apps.id AND app_secrets.revoked_at IS NULL
        WHERE apps.id = $1";
    let rows = tx.fetch_all(TABLE, sql, values![id]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let (app, standing) = read_with_standing(row)?;
    let mut verifiers = Vec::with_capacity(rows.len());
    for row in &rows {
        verifiers.extend(secrets::of_caller(vault, row)?);
    }
    Ok(Some((app, standing, verifiers)))
}

/// Every app, by id.
pub async fn list(tx: &mut Transaction) -> Result<Vec<App>, StoreError> {
    let sql = select!("ORDER BY apps.id");
    let rows = tx.fetch_all(TABLE, sql, &[]).await?;
    rows.iter().map(read).collect()
}

/// Apps of an account after this id, by id.
pub async fn list_of_account(
    tx: &mut Transaction,
    account_id: &AccountId,
    after: &str,
    count_max: u32,
) -> Result<Vec<App>, StoreError> {
    let sql = select!(
        "WHERE apps.account_id = $1 AND apps.id > $2
            ORDER BY apps.id
            LIMIT $3"
    );
    let values = values![account_id, after, count_max];
    let rows = tx.fetch_all(TABLE, sql, values).await?;
    rows.iter().map(read).collect()
}

/// From where an app may call; empty means from everywhere.
pub async fn address_ranges(tx: &mut Transaction, id: &AppId) -> Result<Vec<IpNet>, StoreError> {
    let sql = "SELECT address_range FROM app_address_ranges
        WHERE app_id = $1
        ORDER BY address_range";
    let rows = tx.fetch_all("app_address_ranges", sql, values![id]).await?;
    let range = |row: &Row| row.parsed("address_range", |text| text.parse().ok());
    rows.iter().map(range).collect()
}

/// Replaces from where an app may call.
pub async fn set_address_ranges(
    tx: &mut Transaction,
    id: &AppId,
    ranges: &[IpNet],
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM app_address_ranges WHERE app_id = $1";
    tx.execute(sql, values![id]).await?;
    let sql = "INSERT INTO app_address_ranges (app_id, address_range, added_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (app_id, address_range) DO NOTHING";
    for range in ranges {
        tx.execute(sql, values![id, range.to_string(), at]).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<App, StoreError> {
    Ok(App {
        id: row.id("id")?,
        account_id: row.id("account_id")?,
        name: row.text("name")?,
        kind: row.parsed("kind", AppKind::from_name)?,
        strict_id_check: row.is_set("strict_id_check")?,
        entitled: row.is_set("entitled")?,
        challenge: codec::read_wish(row)?,
        frozen_at: row.opt_time("frozen_at")?,
        limits: CallLimits {
            minute_calls_max: opt_size(row, "minute_calls_max")?,
            day_calls_max: opt_size(row, "day_calls_max")?,
            calls_quota: opt_size(row, "calls_quota")?,
        },
        calls_count: row.size("calls_count")?,
        created_at: row.time("created_at")?,
    })
}

fn opt_size(row: &Row, column: &'static str) -> Result<Option<u64>, StoreError> {
    let number = row.opt_int(column)?;
    number
        .map(|number| u64::try_from(number).map_err(|_| row.corrupt(column)))
        .transpose()
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

    /// Ends every token of an app: one that was fetched with a leaked secret must not outlive it.
    pub async fn end(
        tx: &mut Transaction,
        app_id: &AppId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE access_tokens
            SET superseded_at = COALESCE(superseded_at, $2), alive_until = $2
            WHERE app_id = $1 AND alive_until > $2";
        tx.execute(sql, values![app_id, at]).await?;
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
