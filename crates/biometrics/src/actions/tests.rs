//! Actions on made-up readings: seen when done, unseen when not, counted when out of order.

use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, ClockLog, Prompt, Step};

use super::{ActionsReport, measure};
use crate::expression::Expression;
use crate::geometry::Point;
use crate::pose::Pose;
use crate::series::{FaceReading, Reading};

const FRAME_MS: f64 = 66.7;
const WINDOW_MS: u32 = 1_500;

fn challenge(actions: &[Action]) -> Challenge {
    let steps: Vec<_> = actions
        .iter()
        .zip(0_u32..)
        .map(|(action, i)| Step {
            prompt: Prompt::Act(*action),
            at_ms: 1_000 + i * 2_000,
            window_ms: WINDOW_MS,
        })
        .collect();
    let duration_ms = 1_500 + 2_000 * u32::try_from(steps.len()).unwrap();
    Challenge {
        kind: ChallengeKind::MultiAction,
        steps,
        duration_ms,
    }
}

/// A head that does each action around the given time, half a second long (blinks: two frames).
fn readings(done: &[(Action, f64)], duration_ms: f64) -> Vec<Reading> {
    let frames = (duration_ms / FRAME_MS) as usize;
    (0..frames)
        .map(|i| reading(i as f64 * FRAME_MS, done))
        .collect()
}

fn reading(at_ms: f64, done: &[(Action, f64)]) -> Reading {
    let mut face = FaceReading {
        // Nobody looks straight on: the neutral is the subject's own.
        pose: Pose {
            yaw: 4.0,
            pitch: -9.0,
            roll: 1.0,
        },
        expression: Expression {
            eye: 0.28,
            mouth: 0.02,
        },
        centre: Point::new(240.0, 320.0),
        side: 200.0,
        inter_eye: 80.0,
        width: 120.0,
        shape: Vec::new(),
    };
    for (action, when) in done {
        let long = if *action == Action::Blink {
            140.0
        } else {
            500.0
        };
        if (at_ms - when).abs() > long / 2.0 {
            continue;
        }
        match action {
            Action::Blink => face.expression.eye = 0.1,
            Action::Mouth => face.expression.mouth += 0.3,
            Action::Nod => face.pose.pitch += 16.0,
            Action::TurnLeft => face.pose.yaw += 25.0,
            Action::TurnRight => face.pose.yaw -= 25.0,
        }
    }
    Reading {
        at_ms,
        face: Some(face),
    }
}

fn check(asked: &[Action], done: &[(Action, f64)], seen: &[bool], out_of_order: usize) {
    let challenge = challenge(asked);
    let readings = readings(done, f64::from(challenge.duration_ms));
    let report = measure(&challenge, &ClockLog::default(), &readings);
    let found: Vec<bool> = report
        .actions
        .iter()
        .map(|action| action.amplitude >= 0.8)
        .collect();
    assert_eq!(found, seen, "{report:?}");
    assert_eq!(report.out_of_order, out_of_order, "{report:?}");
}

#[test]
fn every_action_is_seen_when_done_and_not_when_not() {
    for action in Action::ALL {
        check(&[action], &[(action, 1_600.0)], &[true], 0);
        check(&[action], &[], &[false], 0);
    }
}

#[test]
fn left_is_not_right() {
    check(
        &[Action::TurnLeft],
        &[(Action::TurnRight, 1_600.0)],
        &[false],
        1,
    );
}

#[test]
fn the_wrong_order_is_counted() {
    let asked = [Action::TurnLeft, Action::Mouth, Action::Nod];
    let right = [
        (Action::TurnLeft, 1_600.0),
        (Action::Mouth, 3_600.0),
        (Action::Nod, 5_600.0),
    ];
    check(&asked, &right, &[true, true, true], 0);
    let wrong = [
        (Action::Mouth, 1_600.0),
        (Action::TurnLeft, 3_600.0),
        (Action::Nod, 5_600.0),
    ];
    check(&asked, &wrong, &[false, false, true], 2);
}

#[test]
fn doing_it_late_does_not_count() {
    check(&[Action::Mouth], &[(Action::Mouth, 3_100.0)], &[false], 0);
    let asked = [Action::Mouth, Action::TurnLeft];
    check(&asked, &[(Action::Mouth, 3_500.0)], &[false, false], 1);
}

#[test]
fn a_blink_in_between_is_nobodys_business() {
    let asked = [Action::Mouth];
    check(
        &asked,
        &[(Action::Mouth, 1_600.0), (Action::Blink, 1_900.0)],
        &[true],
        0,
    );
}

#[test]
fn lowering_the_head_is_no_blink() {
    let challenge = challenge(&[Action::Blink]);
    let mut readings = readings(&[(Action::Nod, 1_600.0)], 3_500.0);
    for face in readings
        .iter_mut()
        .filter_map(|reading| reading.face.as_mut())
    {
        if face.pose.pitch > 0.0 {
            face.expression.eye = 0.14;
        }
    }
    let report = measure(&challenge, &ClockLog::default(), &readings);
    assert!(report.actions[0].amplitude < 0.3, "{report:?}");
}

fn with_onset(onset: f64) -> ActionsReport {
    let challenge = challenge(&[Action::Mouth]);
    let readings = readings(&[(Action::Mouth, 2_900.0)], 3_500.0);
    let clock = ClockLog {
        onsets_ms: vec![onset],
        frames_ms: Vec::new(),
    };
    measure(&challenge, &clock, &readings)
}

#[test]
fn windows_follow_a_believable_onset_only() {
    assert!(
        with_onset(1_600.0).actions[0].amplitude >= 1.0,
        "600 ms late is a slow page"
    );
    let late = with_onset(2_500.0);
    assert!(
        late.actions[0].amplitude < 0.5,
        "1500 ms late is not believed"
    );
    assert_eq!(late.onset_drift_ms, Some(1_500.0));
    assert!(with_onset(f64::NAN).onset_drift_ms.unwrap() > 1e6);
}

#[test]
fn no_frames_and_no_steps_measure_nothing() {
    let report = measure(&challenge(&[Action::Nod]), &ClockLog::default(), &[]);
    assert_eq!(report.actions.len(), 1);
    assert!(report.actions[0].amplitude.abs() < 1e-12);
    let silent = Challenge {
        kind: ChallengeKind::Silent,
        steps: Vec::new(),
        duration_ms: 3_000,
    };
    let report = measure(&silent, &ClockLog::default(), &readings(&[], 3_000.0));
    assert!(report.actions.is_empty());
    assert_eq!(report.onset_drift_ms, None);
}
