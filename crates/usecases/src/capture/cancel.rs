//! The capture subject left, refused the camera, or has a device that cannot record.

use zhenren_domain::attempt::{Refusal, State};
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_store::{attempts, retry_busy};

use super::access::AttemptAccess;
use super::{CaptureError, load};
use crate::context::Context;
use crate::ledger::close::advance;

/// Ends the attempt; saying so twice is fine. Answers the attempt's state.
pub async fn cancel(
    context: &Context,
    access: &AttemptAccess,
    reason: Reason,
) -> Result<&'static str, CaptureError> {
    let state = retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        let (attempt, verification) = load(context, &mut tx, &access.attempt_id).await?;
        if let State::Cancelled { .. } | State::Expired { .. } = attempt.attempt.state {
            // What ended it may be on its way to the disk still.
            tx.commit().await?;
            return Ok(attempt.attempt.state.name());
        }
        let after = attempt.attempt.clone().cancel(reason, at)?;
        attempts::advance(&mut tx, &attempt.attempt, &after).await?;
        let concluded = verification
            .verification
            .clone()
            .conclude(&after.id, Outcome::Inconclusive, reason, at)
            .map_err(|_| Refusal::Ended)?;
        advance(context, &mut tx, &verification, concluded).await?;
        tx.commit().await?;
        Ok::<_, CaptureError>(after.state.name())
    })
    .await?;
    context.announce_change();
    Ok(state)
}
