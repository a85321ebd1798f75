//! Evidence objects: who they belong to, when they must be gone, and their sealed keys.
//!
//! Destruction goes key first, object second: once the key is gone from the row, what is left of
//! the object opens for no one (invariant I4).

use jiff::Timestamp;
use zhenren_domain::ids::{AppId, AttemptId, EvidenceId, VerificationId};
use zhenren_vault::{ObjectKey, Place, Vault};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::{Value, values};

const TABLE: &str = "evidence_objects";

/// Limit: objects that one statement looks for.
pub const NAMED_COUNT_MAX: usize = 16;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    /// The recording of an attempt.
    Clip,
    /// A frame chosen from it.
    BestFrame,
    /// A reference photograph that came with the question.
    CallerPhoto,
    /// The photograph of an enrolled person.
    EnrolledPhoto,
}

impl EvidenceKind {
    /// The name in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clip => "clip",
            Self::BestFrame => "best_frame",
            Self::CallerPhoto => "caller_photo",
            Self::EnrolledPhoto => "enrolled_photo",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [
            Self::Clip,
            Self::BestFrame,
            Self::CallerPhoto,
            Self::EnrolledPhoto,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

/// One evidence object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its id; also the object's name in the evidence store.
    pub id: EvidenceId,
    /// The app it was made for.
    pub app_id: AppId,
    /// The verification it belongs to.
    pub verification_id: Option<VerificationId>,
    /// The attempt it was recorded in.
    pub attempt_id: Option<AttemptId>,
    /// What it is.
    pub kind: EvidenceKind,
    /// Media type of the plain bytes.
    pub media_type: String,
    /// Most parts it can have; what destruction looks for.
    pub parts_count: u32,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it must be destroyed; `None` while an enrolled person keeps it.
    pub deadline_at: Option<Timestamp>,
    /// When its key was destroyed.
    pub key_destroyed_at: Option<Timestamp>,
    /// When its bytes were removed.
    pub destroyed_at: Option<Timestamp>,
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT id, app_id, verification_id, attempt_id, kind, media_type, parts_count,
                key_sealed, created_at, deadline_at, key_destroyed_at, destroyed_at
            FROM evidence_objects ",
            $where
        )
    };
}

/// Keeps a new object and its sealed key; do so before its first byte is written.
pub async fn insert(
    tx: &mut Transaction,
    vault: &Vault,
    evidence: &Evidence,
    key: &ObjectKey,
) -> Result<(), StoreError> {
    let sealed = vault.seal_key(&place(&evidence.id), key)?;
    let sql = "INSERT INTO evidence_objects (id, app_id, verification_id, attempt_id, kind,
            media_type, parts_count, key_sealed, created_at, deadline_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = values![
        &evidence.id,
        &evidence.app_id,
        evidence.verification_id.as_ref(),
        evidence.attempt_id.as_ref(),
        evidence.kind.name(),
        evidence.media_type.as_str(),
        evidence.parts_count,
        sealed,
        evidence.created_at,
        evidence.deadline_at,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// The object with this id.
pub async fn find(tx: &mut Transaction, id: &EvidenceId) -> Result<Option<Evidence>, StoreError> {
    let sql = select!("WHERE id = $1");
    tx.fetch_optional(TABLE, sql, values![id])
        .await?
        .map(|row| read(&row))
        .transpose()
}

/// Which of at most [`NAMED_COUNT_MAX`] objects have a row.
pub async fn named(
    tx: &mut Transaction,
    ids: &[EvidenceId],
) -> Result<Vec<EvidenceId>, StoreError> {
    let sql = "SELECT id FROM evidence_objects
        WHERE id IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    assert!(
        ids.len() <= NAMED_COUNT_MAX,
        "one statement looks for {NAMED_COUNT_MAX} objects"
    );
    let values: Vec<Value> = (0..NAMED_COUNT_MAX)
        .map(|place| Value::from(ids.get(place).map_or("", EvidenceId::as_str)))
        .collect();
    tx.fetch_all(TABLE, sql, &values)
        .await?
        .iter()
        .map(|row| row.id("id"))
        .collect()
}

/// Every object of a verification, in the order they were begun.
pub async fn of_verification(
    tx: &mut Transaction,
    verification_id: &VerificationId,
) -> Result<Vec<Evidence>, StoreError> {
    let sql = select!("WHERE verification_id = $1 ORDER BY created_at, id");
    tx.fetch_all(TABLE, sql, values![verification_id])
        .await?
        .iter()
        .map(read)
        .collect()
}

/// The key of an object; `None` when it was destroyed or there is no such object.
pub async fn open_key(
    tx: &mut Transaction,
    vault: &Vault,
    id: &EvidenceId,
) -> Result<Option<ObjectKey>, StoreError> {
    let sql = select!("WHERE id = $1");
    let Some(row) = tx.fetch_optional(TABLE, sql, values![id]).await? else {
        return Ok(None);
    };
    let sealed = row.opt_bytes("key_sealed")?;
    Ok(sealed
        .map(|sealed| vault.open_key(&place(id), &sealed))
        .transpose()?)
}

/// Moves the deadline: when an attempt ends, or when a person is deleted.
pub async fn set_deadline(
    tx: &mut Transaction,
    id: &EvidenceId,
    deadline_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = "UPDATE evidence_objects
        SET deadline_at = $2
        WHERE id = $1 AND key_destroyed_at IS NULL";
    tx.change_one(TABLE, sql, values![id, deadline_at]).await
}

/// First step of destruction: the key. `false` when it was destroyed before.
pub async fn destroy_key(
    tx: &mut Transaction,
    id: &EvidenceId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE evidence_objects
        SET key_sealed = NULL, key_destroyed_at = $2
        WHERE id = $1 AND key_destroyed_at IS NULL";
    Ok(tx.execute(sql, values![id, at]).await? == 1)
}

/// Last step of destruction, after the bytes were removed.
pub async fn confirm_destroyed(
    tx: &mut Transaction,
    id: &EvidenceId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE evidence_objects
        SET destroyed_at = $2
        WHERE id = $1 AND key_destroyed_at IS NOT NULL AND destroyed_at IS NULL";
    Ok(tx.execute(sql, values![id, at]).await? == 1)
}

/// Objects whose deadline has passed and whose bytes may still be there, oldest deadline first.
pub async fn due(
    tx: &mut Transaction,
    now: Timestamp,
    count_max: u32,
) -> Result<Vec<Evidence>, StoreError> {
    let sql = select!(
        "WHERE deadline_at <= $1 AND destroyed_at IS NULL ORDER BY deadline_at, id LIMIT $2"
    );
    tx.fetch_all(TABLE, sql, values![now, count_max])
        .await?
        .iter()
        .map(read)
        .collect()
}

fn place(id: &EvidenceId) -> Place<'_> {
    Place::new(TABLE, id.as_str(), "key_sealed")
}

fn read(row: &Row) -> Result<Evidence, StoreError> {
    Ok(Evidence {
        id: row.id("id")?,
        app_id: row.id("app_id")?,
        verification_id: row.opt_id("verification_id")?,
        attempt_id: row.opt_id("attempt_id")?,
        kind: row.parsed("kind", EvidenceKind::from_name)?,
        media_type: row.text("media_type")?,
        parts_count: row.count("parts_count")?,
        created_at: row.time("created_at")?,
        deadline_at: row.opt_time("deadline_at")?,
        key_destroyed_at: row.opt_time("key_destroyed_at")?,
        destroyed_at: row.opt_time("destroyed_at")?,
    })
}
