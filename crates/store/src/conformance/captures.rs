//! Capture attempts in every state, what was measured, and parts that arrive twice.

use zhenren_domain::attempt::Attempt;
use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, ClockLog, Prompt, Step};
use zhenren_domain::decide::{Reference, decide};
use zhenren_domain::ids::{AttemptId, EvidenceId};
use zhenren_domain::measurements::{ActionMeasurement, Cue, CueKind, Measurements, Sample};
use zhenren_domain::outcome::Reason;
use zhenren_domain::policy::Policy;
use zhenren_vault::SecretText;

use super::world::{World, after};
use crate::attempts::{self, Analysis, Manifest, NewAttempt};
use crate::parts::{self, Part, Putting};
use crate::{StoreError, Transaction};

fn challenge() -> Challenge {
    let step = |action, at_ms| Step {
        prompt: Prompt::Act(action),
        at_ms,
        window_ms: 1800,
    };
    Challenge {
        kind: ChallengeKind::MultiAction,
        steps: vec![step(Action::Blink, 1000), step(Action::TurnLeft, 3000)],
        duration_ms: 5200,
    }
}

fn manifest() -> Manifest {
    Manifest {
        parts_count: 2,
        size_bytes: 1_500_000,
        sha256: "ab".repeat(32),
        media_type: "video/webm;codecs=vp8,opus".to_owned(),
        clock: ClockLog {
            onsets_ms: vec![1003.25, 3001.5],
            frames_ms: vec![(16.7, Some(3.0)), (33.4, None)],
        },
    }
}

/// Numbers that have no short decimal form: they must come back to the last bit.
fn measurements() -> Measurements {
    let cue = |(index, kind): (u32, CueKind)| Cue {
        kind,
        value: f64::from(index) / 3.0 + 0.1,
        series: vec![Sample {
            at_ms: 1.0 / 3.0,
            value: 2.0_f64.sqrt(),
        }],
    };
    Measurements {
        cues: (0..).zip(CueKind::ALL).map(cue).collect(),
        actions: vec![
            ActionMeasurement {
                step_index: 0,
                amplitude: 0.1 + 0.2,
                at_ms: Some(1234.5678),
            },
            ActionMeasurement {
                step_index: 1,
                amplitude: 0.0,
                at_ms: None,
            },
        ],
        heard_digits: Some("2583".to_owned()),
        features_model: "dlib-resnet-1".to_owned(),
        engine_version: 1,
    }
}

/// Stores a begun attempt of a new verification.
pub(super) async fn begin(
    world: &World,
    tx: &mut Transaction,
    record: &crate::verifications::Record,
) -> Attempt {
    let attempt = Attempt::begin(AttemptId::from_number(world.number()), after(10));
    let client = SecretText::from(r#"{"user_agent":"a browser"}"#);
    let new = NewAttempt {
        attempt: &attempt,
        verification_id: &record.verification.id,
        app_id: &record.app_id,
        token_hash: "token",
        locale: "zh-CN",
        client: &client,
        consent_version: "1",
    };
    attempts::insert(tx, &world.vault, &new).await.unwrap();
    assert_eq!(
        attempts::client(tx, &world.vault, &attempt.id)
            .await
            .unwrap(),
        Some(client)
    );
    attempt
}

pub(super) async fn an_attempt_is_read_back_in_every_state(world: &World) {
    let record = world.open().await;
    let mut tx = world.pool.begin().await.unwrap();
    let begun = begin(world, &mut tx, &record).await;
    let id = begun.id.clone();
    let drawn = begun
        .clone()
        .challenge(challenge(), None, after(11))
        .unwrap();
    let complete = drawn.clone().complete(after(20)).unwrap();
    let reason = Reason::Passed;
    let done = complete
        .clone()
        .answer(reason.outcome(), reason, after(22))
        .unwrap();
    let path = [begun, drawn.clone(), complete, done];
    let evidence_id = EvidenceId::from_number(world.number());
    for pair in path.windows(2) {
        let found = attempts::find(&mut tx, &id).await.unwrap().unwrap();
        assert_eq!(found.attempt, pair[0]);
        attempts::advance(&mut tx, &pair[0], &pair[1])
            .await
            .unwrap();
        let stale = attempts::advance(&mut tx, &pair[0], &pair[1]).await;
        assert!(
            matches!(stale, Err(StoreError::Conflict { .. })),
            "{stale:?}"
        );
    }
    attempts::set_evidence(&mut tx, &id, &evidence_id)
        .await
        .unwrap();
    attempts::set_manifest(&mut tx, &id, &manifest())
        .await
        .unwrap();
    let again = attempts::set_manifest(&mut tx, &id, &manifest()).await;
    assert!(
        matches!(again, Err(StoreError::Conflict { .. })),
        "{again:?}"
    );
    let found = attempts::find(&mut tx, &id).await.unwrap().unwrap();
    assert_eq!(found.attempt, path[3]);
    // What was asked stays readable after the state no longer carries it.
    assert_eq!(found.challenge, Some(challenge()));
    assert_eq!(found.manifest, Some(manifest()));
    assert_eq!(found.evidence_id, Some(evidence_id));
    assert_eq!(
        (found.locale.as_str(), found.token_hash.as_str()),
        ("zh-CN", "token")
    );
}

pub(super) async fn an_attempt_ends_without_an_answer(world: &World) {
    let record = world.open().await;
    let mut tx = world.pool.begin().await.unwrap();
    for ending in [
        |attempt: Attempt| attempt.cancel(Reason::NotAuthorised, after(30)),
        |attempt: Attempt| attempt.expire(after(10_000)),
    ] {
        let other = begin(world, &mut tx, &record).await;
        let ended = ending(other.clone()).unwrap();
        attempts::advance(&mut tx, &other, &ended).await.unwrap();
        let found = attempts::find(&mut tx, &other.id).await.unwrap().unwrap();
        assert_eq!(found.attempt, ended);
    }
    let all = attempts::of_verification(&mut tx, &record.verification.id)
        .await
        .unwrap();
    assert_eq!(all.len(), 2);
    assert!(all[0].attempt.id < all[1].attempt.id);
}

pub(super) async fn a_decision_is_computed_again_from_what_was_stored(world: &World) {
    let record = world.open().await;
    let mut tx = world.pool.begin().await.unwrap();
    let begun = begin(world, &mut tx, &record).await;
    let drawn = begun
        .clone()
        .challenge(challenge(), None, after(11))
        .unwrap();
    attempts::advance(&mut tx, &begun, &drawn).await.unwrap();
    let measured = measurements();
    // An operator's own rate: the version alone would compute another decision.
    let set = Policy {
        fmr_max: 1e-2,
        ..Policy::current()
    };
    let decision = decide(&set, &challenge(), &measured, Reference::Features);
    let analysis = Analysis {
        measurements: measured,
        decision: decision.clone(),
        timings_json: r#"{"decode":12}"#.to_owned(),
    };
    attempts::record_analysis(&mut tx, &begun.id, &analysis)
        .await
        .unwrap();
    let again = attempts::record_analysis(&mut tx, &begun.id, &analysis).await;
    assert!(
        matches!(again, Err(StoreError::Conflict { .. })),
        "{again:?}"
    );
    tx.commit().await.unwrap();
    let mut tx = world.pool.read().await.unwrap();
    let found = attempts::find(&mut tx, &begun.id).await.unwrap().unwrap();
    let stored = found.analysis.unwrap();
    assert_eq!(stored, analysis);
    let challenge = found.challenge.unwrap();
    let reference = stored.decision.reference.unwrap();
    let policy = Policy::of_applied(stored.decision.policy).unwrap();
    let computed = decide(&policy, &challenge, &stored.measurements, reference);
    assert_eq!(computed, decision);
    let by_version = Policy::of_version(stored.decision.policy.version).unwrap();
    let other = decide(&by_version, &challenge, &stored.measurements, reference);
    assert_ne!(other, decision);
}

pub(super) async fn parts_are_idempotent(world: &World) {
    let record = world.open().await;
    let mut tx = world.pool.begin().await.unwrap();
    let attempt = begin(world, &mut tx, &record).await;
    let part = |index, text: &str| Part {
        index,
        size_bytes: 7,
        sha256: text.to_owned(),
    };
    for (part, expected) in [
        (part(10, "aa"), Putting::Stored),
        (part(2, "bb"), Putting::Stored),
        (part(10, "aa"), Putting::Same),
        (part(10, "cc"), Putting::Different),
        (
            Part {
                size_bytes: 8,
                ..part(2, "bb")
            },
            Putting::Different,
        ),
    ] {
        let put = parts::put(&mut tx, &attempt.id, &part, after(12))
            .await
            .unwrap();
        assert_eq!(put, expected, "{part:?}");
    }
    let listed = parts::list(&mut tx, &attempt.id).await.unwrap();
    assert_eq!(listed, [part(2, "bb"), part(10, "aa")]);
    assert_eq!(parts::find(&mut tx, &attempt.id, 3).await.unwrap(), None);
}
