//! What must happen later: leases jobs and runs them, one transaction each.
//!
//! Any process may die at any line. A job whose worker died is taken up again when its lease
//! lapses; its result is written in the transaction that completes it, so it counts once (I9).

use std::time::Duration;

use jiff::SignedDuration;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinSet;
use zhenren_domain::ids::JobId;
use zhenren_domain::jobs::{JobKind, next_run_at};
use zhenren_domain::retention::after;
use zhenren_store::jobs::{self, Claim, Lease, NewJob};
use zhenren_store::{IsBusy, StoreError, retry_busy};
use zhenren_vault::VaultError;

use crate::context::Context;
use crate::fault::Fault;
use crate::{analysis, capture, evidence, sweep, verifications};

/// Limit: jobs run by one call of [`run_due`]; a test that needs more has lost its way.
const RUNS_MAX: u32 = 1000;

/// Limit: longest wait of a loop that panicked.
const PANIC_WAIT_MAX: Duration = Duration::from_mins(1);
/// A loop that ran so long has not panicked twice in a row.
const PANIC_FORGOTTEN: Duration = Duration::from_mins(10);

/// How a worker works.
#[derive(Clone, Copy, Debug)]
pub struct WorkerSettings {
    /// Milliseconds between two looks for work when nobody called.
    pub poll_ms: u64,
    /// Jobs run at the same time.
    pub concurrency: u32,
}

/// Why a job was not finished.
#[derive(Debug, Error)]
pub(crate) enum JobError {
    /// Another worker holds the lease by now; its result counts.
    #[error("lease was lost")]
    Lost,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl JobError {
    /// A job whose subject does not parse.
    pub(crate) fn malformed(lease: &Lease) -> Self {
        let name = lease.kind.name();
        Self::Fault(Fault::new(
            "reading a job",
            format!("subject of {name} does not parse"),
        ))
    }
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Conflict { table: "jobs" }) {
            Self::Lost
        } else {
            Self::Fault(error.into())
        }
    }
}

impl From<VaultError> for JobError {
    fn from(error: VaultError) -> Self {
        Self::Fault(error.into())
    }
}

impl IsBusy for JobError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Fault(fault) if fault.is_busy())
    }
}

/// Works until told to stop; what runs then is finished first.
pub async fn run(context: Context, settings: WorkerSettings, stopped: watch::Receiver<bool>) {
    let mut loops = JoinSet::new();
    for _ in 0..settings.concurrency.max(1) {
        let (context, stop) = (context.clone(), stopped.clone());
        let begin = move || one_loop(context.clone(), settings.poll_ms, stop.clone());
        loops.spawn(keep_up(begin, stopped.clone()));
    }
    while loops.join_next().await.is_some() {}
}

/// Begins something again whenever it panics, until told to stop: a job that panics is taken up
/// again when its lease lapses, and nobody else may be there to do it.
async fn keep_up<F, Fut>(begin: F, mut stopped: watch::Receiver<bool>)
where
    F: Fn() -> Fut,
    Fut: Future<Output = ()> + Send + 'static,
{
    let mut panics_count = 0;
    loop {
        let since = tokio::time::Instant::now();
        // A task of its own: a panic ends there. Dropped with the set, it ends as well.
        let mut task = JoinSet::new();
        task.spawn(begin());
        let Some(Err(error)) = task.join_next().await else {
            return;
        };
        if since.elapsed() >= PANIC_FORGOTTEN {
            panics_count = 0;
        }
        let wait = panic_wait(panics_count);
        panics_count += 1;
        tracing::error!(%error, wait_s = wait.as_secs(), "a worker loop panicked; it begins again");
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // To stop, or because nobody is left to tell us to.
            _ = stopped.wait_for(|is_stopped| *is_stopped) => return,
        }
    }
}

/// How long a loop waits after so many panics in a row: 1 s, then twice as long each time.
fn panic_wait(panics_count: u32) -> Duration {
    Duration::from_secs(1 << panics_count.min(6)).min(PANIC_WAIT_MAX)
}

async fn one_loop(context: Context, poll_ms: u64, mut stopped: watch::Receiver<bool>) {
    let poll = Duration::from_millis(poll_ms);
    while !*stopped.borrow() {
        match run_one(&context).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(fault) => tracing::error!(error = fault.chain(), "no job could be leased"),
        }
        tokio::select! {
            () = context.called() => {}
            () = tokio::time::sleep(poll) => {}
            // A closed channel means that nobody is left to tell us to stop: stop.
            changed = stopped.changed() => if changed.is_err() { return },
        }
    }
}

/// Runs what is due until nothing is; answers how many jobs were begun. For tests and for
/// commands that must not leave anything behind.
pub async fn run_due(context: &Context) -> Result<u32, Fault> {
    let mut runs_count = 0;
    while runs_count < RUNS_MAX && run_one(context).await? {
        runs_count += 1;
    }
    Ok(runs_count)
}

/// Makes sure that sweeping is planned.
pub async fn plan_sweeps(context: &Context) -> Result<(), Fault> {
    sweep::plan(context).await
}

/// Leases and runs one job; `false` when none is due. For the loop above and for tests.
pub async fn run_one(context: &Context) -> Result<bool, Fault> {
    let Some(lease) = claim(context).await? else {
        return Ok(false);
    };
    // An analysis runs its writing again by itself: a busy database is no reason to measure again.
    let done = match lease.kind {
        JobKind::Analyse => run_leased(context, &lease).await,
        JobKind::ExpireAttempt
        | JobKind::ExpireVerification
        | JobKind::DestroyEvidence
        | JobKind::Sweep => retry_busy(|| run_leased(context, &lease)).await,
    };
    match done {
        Ok(()) => tracing::debug!(job = %lease.id, kind = lease.kind.name(), "done"),
        Err(JobError::Lost) => tracing::warn!(job = %lease.id, "lease was lost; result dropped"),
        Err(JobError::Fault(fault)) => {
            let kind = lease.kind.name();
            tracing::error!(job = %lease.id, kind, error = fault.chain(), "job failed");
            put_off(context, &lease).await?;
        }
    }
    Ok(true)
}

async fn claim(context: &Context) -> Result<Option<Lease>, Fault> {
    let token = context.token();
    retry_busy(|| async {
        let at = context.now();
        let claim = Claim {
            token: &token,
            at,
            until: after(at, context.settings().lease),
            only: None,
            count_max: 1,
        };
        let mut tx = context.pool().begin().await?;
        verifications::expire::plan_due(context, &mut tx, at).await?;
        let leases = jobs::claim(&mut tx, &claim).await?;
        tx.commit().await?;
        Ok(leases.into_iter().next())
    })
    .await
}

async fn run_leased(context: &Context, lease: &Lease) -> Result<(), JobError> {
    match lease.kind {
        JobKind::Analyse => analysis::job::run(context, lease).await,
        JobKind::ExpireAttempt => capture::expire::run(context, lease).await,
        JobKind::ExpireVerification => verifications::expire::run(context, lease).await,
        JobKind::DestroyEvidence => evidence::destroy::run(context, lease).await,
        JobKind::Sweep => sweep::run(context, lease).await,
    }
}

/// A failed job runs again later; one that may not is closed as our own failure.
async fn put_off(context: &Context, lease: &Lease) -> Result<(), Fault> {
    let result = if lease.kind.may_run_again(lease.runs_count) {
        retry_busy(|| async {
            let run_at = next_run_at(lease.runs_count, context.now());
            let mut tx = context.pool().begin().await?;
            jobs::give_back(&mut tx, lease, run_at, "failed").await?;
            tx.commit().await?;
            Ok::<(), JobError>(())
        })
        .await
    } else {
        retry_busy(|| analysis::job::give_up(context, lease)).await
    };
    match result {
        Ok(()) | Err(JobError::Lost) => Ok(()),
        Err(JobError::Fault(fault)) => Err(fault),
    }
}

/// A job for later.
pub(crate) async fn plan(
    context: &Context,
    kind: JobKind,
    subject: &str,
    by: SignedDuration,
) -> Result<(), Fault> {
    retry_busy(|| async {
        let at = context.now();
        let id = JobId::from_number(context.id_number());
        let job = NewJob {
            id: &id,
            kind,
            subject,
            run_at: after(at, by),
            at,
        };
        let mut tx = context.pool().begin().await?;
        jobs::add(&mut tx, &job).await?;
        tx.commit().await?;
        Ok::<(), Fault>(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Panics so many times, then goes on for ever.
    fn panicking(
        times: u32,
        begins: &Arc<AtomicU32>,
    ) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + use<> {
        let begins = Arc::clone(begins);
        move || {
            let begins = Arc::clone(&begins);
            Box::pin(async move {
                let number = begins.fetch_add(1, Ordering::SeqCst);
                assert!(number >= times, "panic {number}");
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_panics_begins_again_and_waits_longer_each_time() {
        let begins = Arc::new(AtomicU32::new(0));
        let (_stop, stopped) = watch::channel(false);
        let began = tokio::time::Instant::now();
        keep_up(panicking(8, &begins), stopped).await;
        assert_eq!(begins.load(Ordering::SeqCst), 9);
        // 1 + 2 + 4 + 8 + 16 + 32 + 60 + 60
        assert_eq!(began.elapsed().as_secs(), 183);
    }

    #[tokio::test(start_paused = true)]
    async fn a_loop_that_waits_after_a_panic_stops_when_told_to() {
        let begins = Arc::new(AtomicU32::new(0));
        let (stop, stopped) = watch::channel(false);
        let kept = tokio::spawn(keep_up(panicking(u32::MAX, &begins), stopped));
        while begins.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        kept.await.unwrap();
    }
}
