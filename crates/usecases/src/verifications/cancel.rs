//! The tenant withdraws a question: it closes, free, and a running attempt ends with it.

use thiserror::Error;
use zhenren_domain::ids::VerificationId;
use zhenren_domain::outcome::Reason;
use zhenren_store::{retry_busy, verifications};

use super::read::{self, Report};
use crate::capture::abandon;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::ledger::close::advance;
use crate::tenants::Caller;

/// Why it was not withdrawn.
#[derive(Debug, Error)]
pub enum CancelError {
    /// There is no such verification of this app.
    #[error("verification is unknown")]
    Unknown,
    /// It has its answer.
    #[error("verification is already closed")]
    AlreadyClosed,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(CancelError);

/// Withdraws a question and answers with the report of it.
pub async fn cancel(
    context: &Context,
    caller: &Caller,
    id: &VerificationId,
) -> Result<Report, CancelError> {
    retry_busy(|| async {
        let at = context.now();
        let account_id = caller.account_id.as_str();
        let mut tx = context.pool().begin_in_turn(account_id).await?;
        let record = verifications::find_of_app(&mut tx, context.vault(), &caller.app_id, id)
            .await?
            .ok_or(CancelError::Unknown)?;
        let running = record.verification.state.attempt_id().cloned();
        let cancelled = record
            .verification
            .clone()
            .cancel(at)
            .map_err(|_| CancelError::AlreadyClosed)?;
        if let Some(running) = running {
            abandon(&mut tx, &running, Reason::Cancelled, at).await?;
        }
        advance(context, &mut tx, &record, cancelled).await?;
        tx.commit().await?;
        Ok::<(), CancelError>(())
    })
    .await?;
    context.announce_change();
    read::read(context, caller, id)
        .await?
        .ok_or(CancelError::Unknown)
}
