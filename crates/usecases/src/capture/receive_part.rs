//! One part of a recording: checked, sealed into evidence, then noted.
//!
//! The bytes are written before the row, so a noted part is always there; a part that was written
//! and never noted is simply sent again.

use subtle::ConstantTimeEq;
use thiserror::Error;
use zhenren_domain::attempt::Refusal;
use zhenren_domain::ids::EvidenceId;
use zhenren_store::attempts::Record as Attempt;
use zhenren_store::parts::{self, Part, Putting};
use zhenren_store::{Transaction, attempts, evidence, retry_busy};
use zhenren_vault::ObjectKey;

use super::access::AttemptAccess;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::text::sha256_hex;

/// Why a part is not taken.
#[derive(Debug, Error)]
pub enum PartError {
    /// The part, the number of parts or the whole is over the limit.
    #[error("part is over the limit")]
    TooLarge,
    /// There are no bytes.
    #[error("part is empty")]
    Empty,
    /// The bytes do not have the hash that was sent.
    #[error("part does not have its hash")]
    HashMismatch,
    /// The same index was sent with other bytes.
    #[error("part was sent before with other bytes")]
    Conflict,
    /// The attempt does not take parts now.
    #[error(transparent)]
    Attempt(#[from] Refusal),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(PartError);

/// Receives one part.
pub async fn receive(
    context: &Context,
    access: &AttemptAccess,
    index: u32,
    sha256: &str,
    bytes: &[u8],
) -> Result<(), PartError> {
    let limits = context.settings().upload;
    let size_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size_bytes > limits.part_bytes_max || index >= limits.parts_max {
        return Err(PartError::TooLarge);
    }
    if bytes.is_empty() {
        return Err(PartError::Empty);
    }
    let part = Part {
        index,
        size_bytes,
        sha256: sha256_hex(bytes),
    };
    let given = sha256.to_ascii_lowercase();
    if !bool::from(given.as_bytes().ct_eq(part.sha256.as_bytes())) {
        return Err(PartError::HashMismatch);
    }
    let mut tx = context.pool().read().await?;
    let found = look(context, &mut tx, access, &part).await?;
    drop(tx);
    let (object, key) = match found {
        Looked::Same => return Ok(()),
        Looked::New(object, key) => (object, key),
    };
    context
        .evidence()
        .put(object.as_str(), index, &key, bytes)
        .await?;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        // Again, because others may have been faster since the first look.
        if let Looked::New(..) = look(context, &mut tx, access, &part).await? {
            note(context, &mut tx, access, &part).await?;
        }
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// The parts that have arrived, in order.
pub async fn list(context: &Context, access: &AttemptAccess) -> Result<Vec<Part>, Fault> {
    let mut tx = context.pool().read().await?;
    Ok(parts::list(&mut tx, &access.attempt_id).await?)
}

enum Looked {
    /// The same part is here.
    Same,
    /// It may be written to this object.
    New(EvidenceId, ObjectKey),
}

async fn look(
    context: &Context,
    tx: &mut Transaction,
    access: &AttemptAccess,
    part: &Part,
) -> Result<Looked, PartError> {
    let attempt = attempts::find(tx, &access.attempt_id)
        .await?
        .ok_or_else(gone)?;
    attempt.attempt.may_receive(context.now())?;
    let known = parts::list(tx, &access.attempt_id).await?;
    if let Some(earlier) = known.iter().find(|known| known.index == part.index) {
        return if earlier == part {
            Ok(Looked::Same)
        } else {
            Err(PartError::Conflict)
        };
    }
    let total: u64 = known.iter().map(|known| known.size_bytes).sum();
    if total.saturating_add(part.size_bytes) > context.settings().upload.bytes_max {
        return Err(PartError::TooLarge);
    }
    let (object, key) = object_of(context, tx, &attempt).await?;
    Ok(Looked::New(object, key))
}

async fn note(
    context: &Context,
    tx: &mut Transaction,
    access: &AttemptAccess,
    part: &Part,
) -> Result<(), PartError> {
    match parts::put(tx, &access.attempt_id, part, context.now()).await? {
        Putting::Stored | Putting::Same => Ok(()),
        Putting::Different => Err(PartError::Conflict),
    }
}

/// The object an attempt's recording goes to, and its key.
pub(crate) async fn object_of(
    context: &Context,
    tx: &mut Transaction,
    attempt: &Attempt,
) -> Result<(EvidenceId, ObjectKey), Fault> {
    let id = attempt.evidence_id.clone().ok_or_else(gone)?;
    let key = evidence::open_key(tx, context.vault(), &id)
        .await?
        .ok_or_else(gone)?;
    Ok((id, key))
}

fn gone() -> Fault {
    Fault::new("finding a recording", "its attempt, object or key is gone")
}
