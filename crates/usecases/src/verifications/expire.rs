//! The end of a verification's life: an unused certificate dies and its hold returns; long after
//! the answer, the person it was about is forgotten. A verification says when it is due next, and
//! only then becomes a job.

use jiff::Timestamp;
use zhenren_domain::ids::JobId;
use zhenren_domain::jobs::JobKind;
use zhenren_domain::outcome::Reason;
use zhenren_domain::retention::after;
use zhenren_domain::verification::Refusal;
use zhenren_store::jobs::{self, Lease, NewJob};
use zhenren_store::{StoreError, Transaction, verifications};

use crate::capture::abandon;
use crate::context::Context;
use crate::ledger::close::advance;
use crate::worker::JobError;

/// How long to wait for a recording that is being analysed.
const ANALYSIS_GRACE: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Limit: verifications that become jobs at once.
const DUE_COUNT_MAX: u32 = 16;

/// Makes jobs of verifications that are due.
pub(crate) async fn plan_due(
    context: &Context,
    tx: &mut Transaction,
    at: Timestamp,
) -> Result<(), StoreError> {
    for (id, run_at) in verifications::take_due(tx, at, DUE_COUNT_MAX).await? {
        let job = NewJob {
            id: &JobId::from_number(context.id_number()),
            kind: JobKind::ExpireVerification,
            subject: id.as_str(),
            run_at,
            at,
        };
        jobs::renew(tx, &job).await?;
    }
    Ok(())
}

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
        } else {
            verifications::set_due(&mut tx, &id, forget_at).await?;
        }
        jobs::complete(&mut tx, lease, at).await?;
        return Ok(tx.commit().await?);
    }
    let running = record.verification.state.attempt_id().cloned();
    match record.verification.clone().expire(at) {
        Ok(expired) => {
            if let Some(running) = running {
                abandon(&mut tx, &running, Reason::Expired, at).await?;
            }
            advance(context, &mut tx, &record, expired).await?;
            jobs::complete(&mut tx, lease, at).await?;
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
