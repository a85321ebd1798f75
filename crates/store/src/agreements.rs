//! Versions of the agreement, whose texts never change, and who accepted which of them.

use jiff::Timestamp;
use zhenren_domain::ids::{AcceptanceId, AccountId};
use zhenren_vault::{Place, SecretText, Vault};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "agreements";
const ACCEPTANCES: &str = "agreement_acceptances";
/// Limit: versions that are listed, the newest.
const LISTED_COUNT_MAX: u32 = 200;

/// One version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementText {
    /// What people call it, for instance `1` or `2026-11`.
    pub version: String,
    /// The text that is accepted.
    pub body: String,
    /// SHA-256 of the text, lower-case hexadecimal.
    pub sha256: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// By whom.
    pub published_by: String,
}

/// One acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Its id.
    pub id: AcceptanceId,
    /// Who is bound.
    pub account_id: AccountId,
    /// Which version.
    pub version: String,
    /// SHA-256 of the text as the signer saw it.
    pub sha256: String,
    /// The person who agreed.
    pub signer: SecretText,
    /// Through whose credentials.
    pub accepted_by: String,
    /// When.
    pub accepted_at: Timestamp,
}

/// Publishes a version; it is the newest from now on. `false` when there is one of that name.
pub async fn publish(tx: &mut Transaction, text: &AgreementText) -> Result<bool, StoreError> {
    let sql = "INSERT INTO agreements (version, position, body, sha256, published_at, published_by)
        SELECT $1, (SELECT COALESCE(MAX(position), 0) + 1 FROM agreements), $2, $3, $4, $5
        WHERE NOT EXISTS (SELECT 1 FROM agreements WHERE version = $1)";
    let values = values![
        text.version.as_str(),
        text.body.as_str(),
        text.sha256.as_str(),
        text.published_at,
        text.published_by.as_str(),
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The version that is to be accepted now.
pub async fn newest(tx: &mut Transaction) -> Result<Option<AgreementText>, StoreError> {
    let sql = "SELECT version, body, sha256, published_at, published_by
        FROM agreements
        ORDER BY position DESC
        LIMIT 1";
    let row = tx.fetch_optional(TABLE, sql, &[]).await?;
    row.map(|row| read(&row)).transpose()
}

/// One version.
pub async fn find(
    tx: &mut Transaction,
    version: &str,
) -> Result<Option<AgreementText>, StoreError> {
    let sql = "SELECT version, body, sha256, published_at, published_by
        FROM agreements
        WHERE version = $1";
    let row = tx.fetch_optional(TABLE, sql, values![version]).await?;
    row.map(|row| read(&row)).transpose()
}

/// Versions, the newest first.
pub async fn list(tx: &mut Transaction) -> Result<Vec<AgreementText>, StoreError> {
    let sql = "SELECT version, body, sha256, published_at, published_by
        FROM agreements
        ORDER BY position DESC
        LIMIT $1";
    let rows = tx.fetch_all(TABLE, sql, values![LISTED_COUNT_MAX]).await?;
    rows.iter().map(read).collect()
}

/// Keeps an acceptance for ever. `false` when the account accepted that version before.
pub async fn accept(
    tx: &mut Transaction,
    vault: &Vault,
    acceptance: &Acceptance,
) -> Result<bool, StoreError> {
    let place = Place::new(ACCEPTANCES, acceptance.id.as_str(), "signer_sealed");
    let signer = vault.seal(&place, acceptance.signer.reveal().as_bytes())?;
    let sql = "INSERT INTO agreement_acceptances (id, account_id, version, sha256, signer_sealed,
            accepted_by, accepted_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (account_id, version) DO NOTHING";
    let values = values![
        &acceptance.id,
        &acceptance.account_id,
        acceptance.version.as_str(),
        acceptance.sha256.as_str(),
        signer,
        acceptance.accepted_by.as_str(),
        acceptance.accepted_at,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// What an account accepted, the latest first.
pub async fn acceptances(
    tx: &mut Transaction,
    vault: &Vault,
    account_id: &AccountId,
) -> Result<Vec<Acceptance>, StoreError> {
    let sql = "SELECT id, account_id, version, sha256, signer_sealed, accepted_by, accepted_at
        FROM agreement_acceptances
        WHERE account_id = $1
        ORDER BY accepted_at DESC, id DESC
        LIMIT $2";
    let rows = tx
        .fetch_all(ACCEPTANCES, sql, values![account_id, LISTED_COUNT_MAX])
        .await?;
    let read = |row: &Row| {
        let id: AcceptanceId = row.id("id")?;
        let place = Place::new(ACCEPTANCES, id.as_str(), "signer_sealed");
        Ok(Acceptance {
            account_id: row.id("account_id")?,
            version: row.text("version")?,
            sha256: row.text("sha256")?,
            signer: vault.open_text(&place, &row.bytes("signer_sealed")?)?,
            accepted_by: row.text("accepted_by")?,
            accepted_at: row.time("accepted_at")?,
            id,
        })
    };
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<AgreementText, StoreError> {
    Ok(AgreementText {
        version: row.text("version")?,
        body: row.text("body")?,
        sha256: row.text("sha256")?,
        published_at: row.time("published_at")?,
        published_by: row.text("published_by")?,
    })
}
