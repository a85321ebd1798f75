//! Forgets, every hour, rows that only guard against repetition, and bytes that nobody
//! can open.

use jiff::{SignedDuration, Timestamp};
use zhenren_domain::ids::JobId;
use zhenren_domain::jobs::JobKind;
use zhenren_domain::retention::after;
use zhenren_store::jobs::{self, Lease, NewJob};
use zhenren_store::operator_sessions::{self, failures};
use zhenren_store::{apps::access_tokens, identity_keys, limit_counters, nonces};

use crate::context::Context;
use crate::evidence::orphans;
use crate::fault::Fault;
use crate::worker::{self, JobError};

/// How often.
const PERIOD: SignedDuration = SignedDuration::from_hours(1);
/// Limit: expired tokens and keys are told apart from unknown ones for a day.
const KEEP: SignedDuration = SignedDuration::from_hours(24);
/// Limit: done jobs are kept for a week, for people who look for what happened.
const KEEP_JOBS: SignedDuration = SignedDuration::from_hours(24 * 7);

/// Plans the next sweep unless it is planned.
pub(crate) async fn plan(context: &Context) -> Result<(), Fault> {
    worker::plan(
        context,
        JobKind::Sweep,
        &subject(context.now()),
        SignedDuration::ZERO,
    )
    .await
}

/// The hour a moment falls into: one sweep for each.
fn subject(at: Timestamp) -> String {
    format!("hour-{}", at.as_second() / PERIOD.as_secs())
}

/// Runs the job.
pub(crate) async fn run(context: &Context, lease: &Lease) -> Result<(), JobError> {
    // A folder that cannot be read must not keep rows from being forgotten.
    if let Err(fault) = orphans::remove(context).await {
        tracing::error!(
            error = fault.chain(),
            "sealed bytes without a row were not looked for"
        );
    }
    let at = context.now();
    let mut tx = context.pool().begin().await?;
    access_tokens::sweep(&mut tx, before(at, KEEP)).await?;
    identity_keys::sweep(&mut tx, before(at, KEEP)).await?;
    operator_sessions::sweep(&mut tx, before(at, KEEP)).await?;
    failures::sweep(&mut tx, before(at, KEEP), at).await?;
    nonces::sweep(&mut tx, at).await?;
    limit_counters::sweep(&mut tx, at).await?;
    jobs::sweep(&mut tx, before(at, KEEP_JOBS)).await?;
    let next = after(at, PERIOD);
    let job = NewJob {
        id: &JobId::from_number(context.id_number()),
        kind: JobKind::Sweep,
        subject: &subject(next),
        run_at: next,
        at,
    };
    jobs::add(&mut tx, &job).await?;
    jobs::complete(&mut tx, lease, at).await?;
    tx.commit().await?;
    Ok(())
}

fn before(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}
