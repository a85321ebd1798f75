//! All parts are here and agree with their digest: one job, in the transaction that says so.

use sha2::{Digest, Sha256};
use thiserror::Error;
use zhenren_domain::attempt::Refusal;
use zhenren_domain::challenge::ClockLog;
use zhenren_domain::ids::JobId;
use zhenren_domain::jobs::JobKind;
use zhenren_store::attempts::{self, Manifest, Record as Attempt};
use zhenren_store::jobs::{self, NewJob};
use zhenren_store::parts::{self, Part};
use zhenren_store::retry_busy;

use super::access::AttemptAccess;
use super::load;
use super::receive_part::object_of;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::ledger::close::advance;
use crate::text::hex;

/// Limit: entries of a clock log; 30 frames a second for half a minute, with room.
const CLOCK_FRAMES_MAX: usize = 4096;
const CLOCK_ONSETS_MAX: usize = 32;
/// Limit: characters of a media type.
const MEDIA_TYPE_CHARS_MAX: usize = 128;

/// What the device says it has sent.
pub type Completion = Manifest;

/// Why it is not complete.
#[derive(Debug, Error)]
pub enum CompleteError {
    /// Parts or bytes are missing, or there are more than were announced.
    #[error("parts are not those that were announced")]
    PartsIncomplete,
    /// The whole does not have the digest.
    #[error("recording does not have its digest")]
    DigestMismatch,
    /// It was completed with other content.
    #[error("recording was completed with other content")]
    AlreadyCompleted,
    /// The clock log or media type is not one.
    #[error("clock log or media type is out of bounds")]
    ClockInvalid,
    /// The attempt is not where this belongs.
    #[error(transparent)]
    Attempt(#[from] Refusal),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(CompleteError);

/// Completes a recording; the same call again changes nothing.
pub async fn complete(
    context: &Context,
    access: &AttemptAccess,
    completion: Completion,
) -> Result<(), CompleteError> {
    check_bounds(&completion)?;
    if !check_content(context, access, &completion).await? {
        return Ok(());
    }
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        let (attempt, verification) = load(context, &mut tx, &access.attempt_id).await?;
        if is_repeated(&attempt, &completion)? {
            // The first call may be on its way to the disk still.
            tx.commit().await?;
            return Ok(());
        }
        let after = attempt.attempt.clone().complete(at)?;
        attempts::advance(&mut tx, &attempt.attempt, &after).await?;
        attempts::set_manifest(&mut tx, &after.id, &completion).await?;
        let analyzing = verification
            .verification
            .clone()
            .complete(&after.id)
            .map_err(|_| CompleteError::Attempt(Refusal::Ended))?;
        advance(context, &mut tx, &verification, analyzing).await?;
        let job = NewJob {
            id: &JobId::from_number(context.id_number()),
            kind: JobKind::Analyse,
            subject: after.id.as_str(),
            run_at: at,
            at,
        };
        jobs::add(&mut tx, &job).await?;
        tx.commit().await?;
        Ok::<(), CompleteError>(())
    })
    .await?;
    context.call_worker();
    context.announce_change();
    Ok(())
}

fn check_bounds(completion: &Completion) -> Result<(), CompleteError> {
    let clock: &ClockLog = &completion.clock;
    let fits = clock.onsets_ms.len() <= CLOCK_ONSETS_MAX
        && clock.frames_ms.len() <= CLOCK_FRAMES_MAX
        && completion.media_type.chars().count() <= MEDIA_TYPE_CHARS_MAX;
    let finite = clock.onsets_ms.iter().all(|ms| ms.is_finite())
        && clock
            .frames_ms
            .iter()
            .all(|(shown, captured)| shown.is_finite() && captured.is_none_or(f64::is_finite));
    if fits && finite {
        Ok(())
    } else {
        Err(CompleteError::ClockInvalid)
    }
}

/// Whether this very call was made before; another one is refused.
fn is_repeated(attempt: &Attempt, completion: &Completion) -> Result<bool, CompleteError> {
    match &attempt.manifest {
        None => Ok(false),
        Some(manifest) if manifest == completion => Ok(true),
        Some(_) => Err(CompleteError::AlreadyCompleted),
    }
}

/// Reads everything that arrived and compares; `false` when the call is a repetition.
async fn check_content(
    context: &Context,
    access: &AttemptAccess,
    completion: &Completion,
) -> Result<bool, CompleteError> {
    let mut tx = context.pool().read().await?;
    let (attempt, _) = load(context, &mut tx, &access.attempt_id).await?;
    if is_repeated(&attempt, completion)? {
        return Ok(false);
    }
    attempt.attempt.may_receive(context.now())?;
    let steps = attempt
        .challenge
        .as_ref()
        .map_or(0, |challenge| challenge.steps.len());
    let onsets = completion.clock.onsets_ms.len();
    if onsets != 0 && onsets != steps {
        return Err(CompleteError::ClockInvalid);
    }
    let arrived = parts::list(&mut tx, &access.attempt_id).await?;
    if !is_whole(&arrived, completion) {
        return Err(CompleteError::PartsIncomplete);
    }
    let (object, key) = object_of(context, &mut tx, &attempt).await?;
    drop(tx);
    let mut digest = Sha256::new();
    for part in &arrived {
        let bytes = context
            .evidence()
            .open(object.as_str(), part.index, &key)
            .await?;
        digest.update(bytes.reveal());
    }
    if hex(&digest.finalize()) == completion.sha256 {
        Ok(true)
    } else {
        Err(CompleteError::DigestMismatch)
    }
}

/// Parts 0, 1, 2 … without a gap, as many and as large together as announced.
fn is_whole(arrived: &[Part], completion: &Completion) -> bool {
    let without_gap = (0_u32..)
        .zip(arrived)
        .all(|(index, part)| part.index == index);
    let size_bytes: u64 = arrived.iter().map(|part| part.size_bytes).sum();
    without_gap
        && !arrived.is_empty()
        && u32::try_from(arrived.len()) == Ok(completion.parts_count)
        && size_bytes == completion.size_bytes
}
