//! Holds the lease of a job while it is worked on, so that a slow machine is not taken for a dead
//! one and the same recording is not measured twice.
//!
//! Decides nothing about the result: only whoever holds the lease at the end can write it.

use std::pin::pin;
use std::time::Duration;

use zhenren_domain::retention::after;
use zhenren_store::jobs::{self, Lease};
use zhenren_store::retry_busy;

use crate::context::Context;
use crate::fault::Fault;
use crate::worker::JobError;

/// Two renewals may be late or fail before the lease lapses.
const BEATS_PER_LEASE: u32 = 3;

/// Limit: work that hangs loses its lease after twenty times its length.
const BEATS_MAX: u32 = 20 * BEATS_PER_LEASE;

/// Does the work and renews the lease meanwhile. A lease that was lost ends the waiting at once:
/// the result would not count.
pub(super) async fn hold<T>(
    context: &Context,
    lease: &Lease,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, JobError> {
    let mut work = pin!(work);
    let length = Duration::try_from(context.settings().lease).unwrap_or_default();
    let pause = (length / BEATS_PER_LEASE).max(Duration::from_millis(1));
    for _ in 0..BEATS_MAX {
        tokio::select! {
            done = &mut work => return Ok(done?),
            () = tokio::time::sleep(pause) => match renew(context, lease).await {
                Ok(()) => {}
                Err(JobError::Lost) => return Err(JobError::Lost),
                // The next beat tries again, and the end is guarded anyway.
                Err(JobError::Fault(fault)) => {
                    tracing::warn!(job = %lease.id, error = fault.chain(), "lease not renewed");
                }
            },
        }
    }
    Ok(work.await?)
}

async fn renew(context: &Context, lease: &Lease) -> Result<(), JobError> {
    retry_busy(|| async {
        let until = after(context.now(), context.settings().lease);
        let mut tx = context.pool().begin().await?;
        jobs::extend(&mut tx, lease, until).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
