//! Leases under races: every job is done once, whoever dies.

use std::collections::BTreeSet;

use jiff::Timestamp;
use zhenren_domain::ids::JobId;
use zhenren_domain::jobs::JobKind;

use super::world::{START, World, after, together};
use crate::jobs::{self, Claim, Lease, NewJob};
use crate::{StoreError, retry_busy};

async fn add(world: &World, subject: &str, run_at: Timestamp) -> bool {
    let id = JobId::from_number(world.number());
    let mut tx = world.pool.begin().await.unwrap();
    let job = NewJob {
        id: &id,
        kind: JobKind::Analyse,
        subject,
        run_at,
        at: START,
    };
    let added = jobs::add(&mut tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    added
}

async fn claim(world: &World, token: &str, at: Timestamp, count_max: u32) -> Vec<Lease> {
    let until = at.checked_add(JobKind::Analyse.lease()).unwrap();
    retry_busy(|| async {
        let mut tx = world.pool.begin().await?;
        let wish = Claim {
            token,
            at,
            until,
            only: None,
            count_max,
        };
        let leases = jobs::claim(&mut tx, &wish).await?;
        tx.commit().await?;
        Ok::<_, StoreError>(leases)
    })
    .await
    .unwrap()
}

async fn complete(world: &World, lease: &Lease, at: Timestamp) -> Result<(), StoreError> {
    retry_busy(|| async {
        let mut tx = world.pool.begin().await?;
        jobs::complete(&mut tx, lease, at).await?;
        tx.commit().await
    })
    .await
}

pub(super) async fn twenty_jobs_claimed_by_forty(world: &World) {
    for index in 0..20 {
        assert!(add(world, &format!("att_{index}"), START).await);
    }
    let claims = together(40, |index| async move {
        claim(world, &format!("worker{index}"), after(1), 1).await
    })
    .await;
    // On PostgreSQL a claimant may find every free row locked by others and come away with none;
    // what must hold is that nobody shares a job and that asking again finds the rest.
    let mut leases: Vec<Lease> = claims.into_iter().flatten().collect();
    leases.extend(claim(world, "last", after(1), 20).await);
    let different: BTreeSet<_> = leases.iter().map(|lease| lease.id.clone()).collect();
    assert_eq!((leases.len(), different.len()), (20, 20));
    assert!(leases.iter().all(|lease| lease.runs_count == 1));
    assert!(claim(world, "late", after(1), 20).await.is_empty());
}

pub(super) async fn a_lost_lease_refuses_the_result(world: &World) {
    add(world, "att_1", START).await;
    let first = claim(world, "first", after(0), 1).await.remove(0);
    assert!(
        claim(world, "second", after(59), 1).await.is_empty(),
        "the lease still holds"
    );
    let second = claim(world, "second", after(60), 1).await.remove(0);
    assert_eq!(
        (second.id.clone(), second.runs_count),
        (first.id.clone(), 2)
    );
    // The worker that was thought dead comes back with its result.
    for refused in [complete(world, &first, after(61)).await, {
        let mut tx = world.pool.begin().await.unwrap();
        jobs::extend(&mut tx, &first, after(200)).await.map(drop)
    }] {
        assert!(
            matches!(refused, Err(StoreError::Conflict { table: "jobs" })),
            "{refused:?}"
        );
    }
    complete(world, &second, after(62)).await.unwrap();
    // Twice is refused as well, so that its transaction cannot bill twice.
    let again = complete(world, &second, after(63)).await;
    assert!(matches!(again, Err(StoreError::Conflict { table: "jobs" })));
    assert!(claim(world, "third", after(9999), 1).await.is_empty());
}

pub(super) async fn a_job_is_added_once_and_runs_when_due(world: &World) {
    assert!(add(world, "att_1", after(10)).await);
    assert!(!add(world, "att_1", after(0)).await);
    assert!(claim(world, "early", after(9), 1).await.is_empty());
    let mut tx = world.pool.begin().await.unwrap();
    assert!(
        jobs::reschedule(&mut tx, JobKind::Analyse, "att_1", after(5))
            .await
            .unwrap()
    );
    assert_eq!(jobs::next_due(&mut tx).await.unwrap(), Some(after(5)));
    tx.commit().await.unwrap();
    let lease = claim(world, "due", after(5), 9).await.remove(0);
    let mut tx = world.pool.begin().await.unwrap();
    assert!(
        !jobs::reschedule(&mut tx, JobKind::Analyse, "att_1", after(7))
            .await
            .unwrap()
    );
    assert_eq!(jobs::next_due(&mut tx).await.unwrap(), Some(after(65)));
    let longer = jobs::extend(&mut tx, &lease, after(99)).await.unwrap();
    assert_eq!(jobs::next_due(&mut tx).await.unwrap(), Some(after(99)));
    jobs::complete(&mut tx, &longer, after(70)).await.unwrap();
    assert_eq!(jobs::next_due(&mut tx).await.unwrap(), None);
    // What was done stays done: the same subject is not analysed again.
    tx.commit().await.unwrap();
    assert!(!add(world, "att_1", after(71)).await);
    let mut tx = world.pool.begin().await.unwrap();
    assert_eq!(jobs::sweep(&mut tx, after(70)).await.unwrap(), 0);
    assert_eq!(jobs::sweep(&mut tx, after(71)).await.unwrap(), 1);
}

pub(super) async fn jobs_are_given_back_and_given_up(world: &World) {
    add(world, "att_1", START).await;
    let lease = claim(world, "one", after(1), 1).await.remove(0);
    let mut tx = world.pool.begin().await.unwrap();
    jobs::give_back(&mut tx, &lease, after(20), "decoder_crashed")
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(claim(world, "two", after(19), 1).await.is_empty());
    let lease = claim(world, "two", after(20), 1).await.remove(0);
    assert_eq!(lease.runs_count, 2);
    let mut tx = world.pool.begin().await.unwrap();
    jobs::give_up(&mut tx, &lease, after(21), "decoder_crashed")
        .await
        .unwrap();
    let counts = jobs::counts(&mut tx).await.unwrap();
    assert_eq!(
        (counts.ready, counts.leased, counts.failed, counts.done),
        (0, 0, 1, 0)
    );
    tx.commit().await.unwrap();
    assert!(claim(world, "three", after(9999), 1).await.is_empty());
}
