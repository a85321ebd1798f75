//! The job over a recording: its lease while it is slow, and what of its decision is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::common::World;
use jiff::{SignedDuration, Timestamp};
use zhenren_domain::decide::decide;
use zhenren_domain::outcome::Reason;
use zhenren_domain::policy::Policy;
use zhenren_store::{attempts, jobs};
use zhenren_usecases::analysis::scripted::{NO_FACE, OTHER_PERSON, PASSES, ScriptedAnalyzer};
use zhenren_usecases::analysis::{Analyzer, ClipError, Measured, PhotoRefused, Portrait, Question};
use zhenren_usecases::settings::Settings;
use zhenren_usecases::worker;

/// Measures until it is let go.
#[derive(Debug, Default)]
struct SlowAnalyzer {
    begun_count: AtomicU32,
    may_end: AtomicBool,
}

impl Analyzer for SlowAnalyzer {
    fn features_model(&self) -> &str {
        ScriptedAnalyzer.features_model()
    }

    fn hears_digits(&self) -> bool {
        false
    }

    fn read_photo(&self, photo: &[u8]) -> Result<Portrait, PhotoRefused> {
        ScriptedAnalyzer.read_photo(photo)
    }

    fn measure_clip(&self, clip: &[u8], question: &Question<'_>) -> Result<Measured, ClipError> {
        self.begun_count.fetch_add(1, Ordering::SeqCst);
        // Limit: a test that fails must still end.
        for _ in 0..2000 {
            if self.may_end.load(Ordering::SeqCst) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        ScriptedAnalyzer.measure_clip(clip, question)
    }
}

async fn lapses_at(world: &World) -> Timestamp {
    let mut tx = world.context.pool().read().await.unwrap();
    jobs::next_due(&mut tx).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_slow_analysis_keeps_its_lease_and_is_not_done_twice() {
    let analyzer = Arc::new(SlowAnalyzer::default());
    let lease = SignedDuration::from_millis(600);
    let settings = Settings {
        lease,
        ..Settings::default()
    };
    let world = World::with_analyzer(settings, Arc::<SlowAnalyzer>::clone(&analyzer)).await;
    world.enrol().await;
    let attempt = world.begin_with_key(&world.user_id_key().await).await;
    attempt.record(PASSES).await;
    let context = world.context.clone();
    let slow = tokio::spawn(async move { worker::run_due(&context).await.unwrap() });
    while analyzer.begun_count.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let started_at = world.context.now();
    for _ in 0..2 {
        world.clock.advance(SignedDuration::from_millis(400));
        let renewed_until = world.context.now().checked_add(lease).unwrap();
        let wait = async {
            while lapses_at(&world).await < renewed_until {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait)
            .await
            .expect("the lease was not renewed");
    }
    // By now the first lease would have lapsed, and another worker finds nothing to do.
    assert!(world.context.now() > started_at.checked_add(lease).unwrap());
    assert_eq!(world.work().await, 0);
    analyzer.may_end.store(true, Ordering::SeqCst);
    assert_eq!(slow.await.unwrap(), 1);
    assert_eq!(analyzer.begun_count.load(Ordering::SeqCst), 1);
    assert_eq!(attempt.status().await.json["result"]["outcome"], "accepted");
}

#[tokio::test]
async fn a_lease_that_was_lost_writes_nothing() {
    let analyzer = Arc::new(SlowAnalyzer::default());
    let world = World::with_analyzer(
        Settings {
            lease: SignedDuration::from_millis(300),
            ..Settings::default()
        },
        Arc::<SlowAnalyzer>::clone(&analyzer),
    )
    .await;
    world.enrol().await;
    let attempt = world.begin_with_key(&world.user_id_key().await).await;
    attempt.record(PASSES).await;
    let context = world.context.clone();
    let slow = tokio::spawn(async move { worker::run_due(&context).await.unwrap() });
    while analyzer.begun_count.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Another worker takes the job away, as if the first had been out of reach for long.
    world.clock.advance(SignedDuration::from_secs(1));
    let until = world
        .context
        .now()
        .checked_add(SignedDuration::from_hours(1));
    let mut tx = world.context.pool().begin().await.unwrap();
    let claim = jobs::Claim {
        token: "another",
        at: world.context.now(),
        until: until.unwrap(),
        only: None,
        count_max: 1,
    };
    let taken = jobs::claim(&mut tx, &claim).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(taken.len(), 1);
    analyzer.may_end.store(true, Ordering::SeqCst);
    slow.await.unwrap();
    assert_eq!(attempt.status().await.json["state"], "analyzing");
}

#[tokio::test]
async fn a_decision_is_computed_again_from_its_row_alone() {
    // So lax that another person matches: only a policy that names its rate computes that again.
    let policy = Policy {
        fmr_max: 0.6,
        ..Policy::current()
    };
    let world = World::with(Settings {
        policy,
        ..Settings::default()
    })
    .await;
    world.enrol().await;
    for (clip, reason) in [(OTHER_PERSON, Reason::Passed), (NO_FACE, Reason::NoFace)] {
        let attempt = world.begin_with_key(&world.user_id_key().await).await;
        attempt.record(clip).await;
        world.work().await;
        let mut tx = world.context.pool().read().await.unwrap();
        let id = attempt.id.parse().unwrap();
        let row = attempts::find(&mut tx, &id).await.unwrap().unwrap();
        let (challenge, stored) = (row.challenge.unwrap(), row.analysis.unwrap());
        let decided = stored.decision;
        assert_eq!(decided.reason, reason);
        let policy = Policy::of_applied(decided.policy).unwrap();
        let reference = decided.reference.unwrap();
        let again = decide(&policy, &challenge, &stored.measurements, reference);
        assert_eq!(again, decided);
        let by_version = Policy::of_version(decided.policy.version).unwrap();
        let other = decide(&by_version, &challenge, &stored.measurements, reference);
        assert_ne!(other, decided);
    }
}
