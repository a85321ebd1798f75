//! An attempt whose deadline has passed ends; its verification may be tried again.

use zhenren_domain::attempt::Refusal;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_store::attempts;
use zhenren_store::jobs::{self, Lease};

use super::load;
use crate::context::Context;
use crate::ledger::close::advance;
use crate::worker::JobError;

/// Runs the job.
pub(crate) async fn run(context: &Context, lease: &Lease) -> Result<(), JobError> {
    let id = lease
        .subject
        .parse()
        .map_err(|_| JobError::malformed(lease))?;
    let at = context.now();
    let mut tx = context.pool().begin().await?;
    let (attempt, verification) = load(context, &mut tx, &id).await?;
    match attempt.attempt.clone().expire(at) {
        Ok(after) => {
            attempts::advance(&mut tx, &attempt.attempt, &after).await?;
            let reason = Reason::CaptureTimedOut;
            let inconclusive = Outcome::Inconclusive;
            let concluded =
                verification
                    .verification
                    .clone()
                    .conclude(&id, inconclusive, reason, at);
            if let Ok(concluded) = concluded {
                advance(context, &mut tx, &verification, concluded).await?;
            }
            jobs::complete(&mut tx, lease, at).await?;
        }
        Err(Refusal::NotYetDue) => {
            let run_at = attempt.attempt.deadline_at;
            jobs::give_back(&mut tx, lease, run_at, "not due yet").await?;
        }
        // It was answered, cancelled, or is being analysed: nothing is left to expire.
        Err(
            Refusal::Ended
            | Refusal::TooLate
            | Refusal::NotChallenged
            | Refusal::AlreadyCompleted
            | Refusal::NotCompleted,
        ) => jobs::complete(&mut tx, lease, at).await?,
    }
    tx.commit().await?;
    context.announce_change();
    Ok(())
}
