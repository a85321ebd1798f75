//! What the device of the capture subject does: begin, challenge, parts, complete, wait, leave.

pub mod access;
pub mod begin;
pub mod cancel;
pub mod challenge;
pub mod complete;
pub mod expire;
pub mod receive_part;
pub mod status;

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::attempt::Refusal;
use zhenren_domain::ids::AttemptId;
use zhenren_domain::mode::Unsupported;
use zhenren_domain::outcome::Reason;
use zhenren_store::attempts::Record as Attempt;
use zhenren_store::verifications::Record as Verification;
use zhenren_store::{Transaction, attempts, verifications};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};

/// Why a step of an attempt is not taken.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// The attempt is not where this step belongs.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The challenge cannot run, here or on the device.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(CaptureError);

/// Ends an attempt whose verification was closed from outside.
pub(crate) async fn abandon(
    tx: &mut Transaction,
    id: &AttemptId,
    reason: Reason,
    at: Timestamp,
) -> Result<(), Fault> {
    let Some(found) = attempts::find(tx, id).await? else {
        return Ok(());
    };
    if let Ok(ended) = found.attempt.clone().abandon(reason, at) {
        attempts::advance(tx, &found.attempt, &ended).await?;
    }
    Ok(())
}

/// The attempt and its verification as they are now.
pub(crate) async fn load(
    context: &Context,
    tx: &mut Transaction,
    id: &AttemptId,
) -> Result<(Attempt, Verification), Fault> {
    let gone = |what: &'static str| Fault::new("loading a capture attempt", what);
    let attempt = attempts::find(tx, id)
        .await?
        .ok_or_else(|| gone("the attempt is gone"))?;
    let verification = verifications::find(tx, context.vault(), &attempt.verification_id)
        .await?
        .ok_or_else(|| gone("the verification is gone"))?;
    Ok((attempt, verification))
}
