//! Leased jobs: what must happen later, done by whoever holds the lease.
//!
//! A worker that dies lets its lease lapse; a worker that was too slow finds its result refused.
//! Invariant: I9, a job's result is written in the transaction that completes it.

use jiff::Timestamp;
use zhenren_domain::ids::JobId;
use zhenren_domain::jobs::JobKind;

use crate::dialect;
use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "jobs";
/// Limit: characters kept of an error text.
const ERROR_LENGTH_MAX: usize = 200;

/// Work to be done later.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// Its id.
    pub id: &'a JobId,
    /// What to do.
    pub kind: JobKind,
    /// To what: an id, or a moment for work that recurs. One job per kind and subject, ever.
    pub subject: &'a str,
    /// Not before.
    pub run_at: Timestamp,
    /// When it was decided.
    pub at: Timestamp,
}

/// A leased job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub id: JobId,
    /// What to do.
    pub kind: JobKind,
    /// To what.
    pub subject: String,
    /// When it was due.
    pub run_at: Timestamp,
    /// How often it was begun, this time included.
    pub runs_count: u32,
    /// Proof of the lease.
    pub token: String,
    /// When the lease lapses.
    pub until: Timestamp,
}

/// A wish to lease.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Proof of the lease; a fresh value for every claim.
    pub token: &'a str,
    /// Now.
    pub at: Timestamp,
    /// When the lease lapses.
    pub until: Timestamp,
    /// Only this kind.
    pub only: Option<JobKind>,
    /// At most so many.
    pub count_max: u32,
}

const ADD: &str = "INSERT INTO jobs (id, kind, subject, state, run_at, runs_count, created_at)
    VALUES ($1, $2, $3, 'ready', $4, 0, $5)
    ON CONFLICT (kind, subject) DO NOTHING";

/// Adds a job. `false` when this kind of job for this subject was added before.
pub async fn add(tx: &mut Transaction, job: &NewJob<'_>) -> Result<bool, StoreError> {
    let values = values![job.id, job.kind.name(), job.subject, job.run_at, job.at];
    Ok(tx.execute(ADD, values).await? == 1)
}

/// Adds a job, or makes one that was done ready again. One that waits or is leased stays as it is.
pub async fn renew(tx: &mut Transaction, job: &NewJob<'_>) -> Result<(), StoreError> {
    let sql = "INSERT INTO jobs (id, kind, subject, state, run_at, runs_count, created_at)
        VALUES ($1, $2, $3, 'ready', $4, 0, $5)
        ON CONFLICT (kind, subject) DO UPDATE
        SET state = 'ready', run_at = excluded.run_at, runs_count = 0, last_error = NULL,
            finished_at = NULL
        WHERE jobs.state = 'done'";
    let values = values![job.id, job.kind.name(), job.subject, job.run_at, job.at];
    tx.enqueue(sql, values).await
}

/// Moves a job that has not begun to another time.
pub async fn reschedule(
    tx: &mut Transaction,
    kind: JobKind,
    subject: &str,
    run_at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE jobs
        SET run_at = $3
        WHERE kind = $1 AND subject = $2 AND state = 'ready'";
    Ok(tx
        .execute(sql, values![kind.name(), subject, run_at])
        .await?
        == 1)
}

/// Leases jobs that are due, or whose lease lapsed, oldest first.
pub async fn claim(tx: &mut Transaction, claim: &Claim<'_>) -> Result<Vec<Lease>, StoreError> {
    let sql = dialect::claim_sql(tx.dialect());
    let only = claim.only.map_or("", JobKind::name);
    let values = values![claim.at, claim.count_max, claim.token, claim.until, only];
    let rows = tx.fetch_all(TABLE, sql, values).await?;
    let mut leases = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // The order of RETURNING is the database's own.
    leases.sort_by(|a, b| (a.run_at, &a.id).cmp(&(b.run_at, &b.id)));
    Ok(leases)
}

/// Makes a lease last longer. `Conflict` when it was lost.
pub async fn extend(
    tx: &mut Transaction,
    lease: &Lease,
    until: Timestamp,
) -> Result<Lease, StoreError> {
    let sql = "UPDATE jobs
        SET lease_until = $3
        WHERE id = $1 AND state = 'leased' AND lease_token = $2";
    tx.change_one(TABLE, sql, values![&lease.id, lease.token.as_str(), until])
        .await?;
    Ok(Lease {
        until,
        ..lease.clone()
    })
}

/// The job is done. `Conflict` when the lease was lost: let the transaction fall.
pub async fn complete(
    tx: &mut Transaction,
    lease: &Lease,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE jobs
        SET state = 'done', finished_at = $3, lease_token = NULL, lease_until = NULL
        WHERE id = $1 AND state = 'leased' AND lease_token = $2";
    tx.change_one(TABLE, sql, values![&lease.id, lease.token.as_str(), at])
        .await
}

/// The job could not be done and is to run again. `Conflict` when the lease was lost.
/// `error` must name no person: pass the name of an error, not its inputs.
pub async fn give_back(
    tx: &mut Transaction,
    lease: &Lease,
    run_at: Timestamp,
    error: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE jobs
        SET state = 'ready', run_at = $3, last_error = $4, lease_token = NULL, lease_until = NULL
        WHERE id = $1 AND state = 'leased' AND lease_token = $2";
    let error: String = error.chars().take(ERROR_LENGTH_MAX).collect();
    tx.change_one(
        TABLE,
        sql,
        values![&lease.id, lease.token.as_str(), run_at, error],
    )
    .await
}

/// The job is given up for good. `Conflict` when the lease was lost.
pub async fn give_up(
    tx: &mut Transaction,
    lease: &Lease,
    at: Timestamp,
    error: &str,
) -> Result<(), StoreError> {
    let sql = "UPDATE jobs
        SET state = 'failed', finished_at = $3, last_error = $4, lease_token = NULL,
            lease_until = NULL
        WHERE id = $1 AND state = 'leased' AND lease_token = $2";
    let error: String = error.chars().take(ERROR_LENGTH_MAX).collect();
    tx.change_one(
        TABLE,
        sql,
        values![&lease.id, lease.token.as_str(), at, error],
    )
    .await
}

/// When the next job or verification is due or the next lease lapses; `None` when there is nothing
/// to do.
pub async fn next_due(tx: &mut Transaction) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT MIN(due_at) AS due_at
        FROM (
            SELECT MIN(CASE WHEN state = 'ready' THEN run_at ELSE lease_until END) AS due_at
            FROM jobs
            WHERE state IN ('ready', 'leased')
            UNION ALL
            SELECT MIN(due_at) AS due_at
            FROM verifications
            WHERE due_at IS NOT NULL
        ) moments";
    let row = tx.fetch_optional(TABLE, sql, &[]).await?;
    row.map_or(Ok(None), |row| row.opt_time("due_at"))
}

/// How many jobs are ready, leased and failed: for readiness and metrics.
pub async fn counts(tx: &mut Transaction) -> Result<JobCounts, StoreError> {
    let sql = "SELECT state, COUNT(*) AS jobs_count FROM jobs GROUP BY state ORDER BY state";
    let mut counts = JobCounts::default();
    for row in tx.fetch_all(TABLE, sql, &[]).await? {
        let count = row.size("jobs_count")?;
        match row.text("state")?.as_str() {
            "ready" => counts.ready = count,
            "leased" => counts.leased = count,
            "failed" => counts.failed = count,
            "done" => counts.done = count,
            _ => return Err(row.corrupt("state")),
        }
    }
    Ok(counts)
}

/// Numbers of jobs by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Waiting.
    pub ready: u64,
    /// Being worked on, or abandoned by a worker that died.
    pub leased: u64,
    /// Given up.
    pub failed: u64,
    /// Done.
    pub done: u64,
}

/// Forgets jobs that were done before this moment.
pub async fn sweep(tx: &mut Transaction, before: Timestamp) -> Result<u64, StoreError> {
    let sql = "DELETE FROM jobs WHERE state = 'done' AND finished_at < $1";
    tx.execute(sql, values![before]).await
}

fn read(row: &Row) -> Result<Lease, StoreError> {
    Ok(Lease {
        id: row.id("id")?,
        kind: row.parsed("kind", JobKind::from_name)?,
        subject: row.text("subject")?,
        run_at: row.time("run_at")?,
        runs_count: row.count("runs_count")?,
        token: row.text("lease_token")?,
        until: row.time("lease_until")?,
    })
}
