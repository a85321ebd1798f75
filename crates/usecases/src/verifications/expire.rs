//! The end of a verification's life: an unused certificate dies and its hold returns; long after
//! the answer, the person it was about is forgotten. One job does both, one after the other.

use zhenren_domain::outcome::Reason;
use zhenren_domain::retention::after;
use zhenren_domain::verification::Refusal;
use zhenren_store::jobs::{self, Lease};
use zhenren_store::verifications;

use crate::capture::abandon;
use crate::context::Context;
use crate::ledger::close::advance;
use crate::worker::JobError;

/// How long to wait for a recording that is being analysed.
const ANALYSIS_GRACE: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Runs the job.
pub(crate) async fn run(context: &Context, lease: &Lease) -> Result<(), JobError> {
    let id = lease
        .subject
        .parse()
        .map_err(|_| JobError::malformed(lease))?;
    let at = context.now();
    let mut tx = context.pool().begin().await?;
    let Some(record) = verifications::find(&mut tx, context.vault(), &id).await? else {
        jobs::complete(&mut tx, lease, at).await?;
        return Ok(tx.commit().await?);
    };
    if let Some(closing) = record.verification.closing() {
        let forget_at = after(closing.at, context.settings().retention.result);
        if at >= forget_at {
            verifications::forget(&mut tx, &id, at).await?;
            jobs::complete(&mut tx, lease, at).await?;
        } else {
            jobs::give_back(&mut tx, lease, forget_at, "not due yet").await?;
        }
        return Ok(tx.commit().await?);
    }
    let running = record.verification.state.attempt_id().cloned();
    match record.verification.clone().expire(at) {
        Ok(expired) => {
            if let Some(running) = running {
                abandon(&mut tx, &running, Reason::Expired, at).await?;
            }
            let closed = advance(context, &mut tx, &record, expired).await?;
            let closed_at = closed
                .verification
                .closing()
                .map_or(at, |closing| closing.at);
            let forget_at = after(closed_at, context.settings().retention.result);
            jobs::give_back(&mut tx, lease, forget_at, "closed; to be forgotten").await?;
        }
        Err(Refusal::Analyzing) => {
            jobs::give_back(&mut tx, lease, after(at, ANALYSIS_GRACE), "analysing").await?;
        }
        Err(_) => {
            jobs::give_back(
                &mut tx,
                lease,
                record.verification.expires_at,
                "not due yet",
            )
            .await?;
        }
    }
    tx.commit().await?;
    context.announce_change();
    Ok(())
}
