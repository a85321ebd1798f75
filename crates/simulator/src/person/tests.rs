use zhenren_domain::challenge::{ChallengeKind, Prompt};

use super::*;

fn asked(actions: &[Action]) -> Challenge {
    let steps: Vec<Step> = (0_u32..)
        .zip(actions)
        .map(|(index, action)| Step {
            prompt: Prompt::Act(*action),
            at_ms: 1_000 + index * 2_000,
            window_ms: 1_700,
        })
        .collect();
    Challenge {
        kind: ChallengeKind::MultiAction,
        steps,
        duration_ms: 8_000,
    }
}

/// Level of an action at a moment, against the subject's own rest.
fn shown(performance: &Performance, action: Action, ms: f32) -> f32 {
    let scene = performance.at(ms, &Scene::default());
    match action {
        Action::Blink => scene.blink,
        Action::Mouth => scene.mouth / 0.4,
        Action::Nod => (scene.pose.pitch_deg - performance.rest.pitch_deg) / 15.0,
        Action::TurnLeft => (scene.pose.yaw_deg - performance.rest.yaw_deg) / 20.0,
        Action::TurnRight => (performance.rest.yaw_deg - scene.pose.yaw_deg) / 20.0,
    }
}

fn peak(performance: &Performance, action: Action, from_ms: u32, to_ms: u32) -> f32 {
    (from_ms..to_ms)
        .step_by(20)
        .map(|ms| shown(performance, action, small(ms)))
        .fold(0.0, f32::max)
}

#[test]
fn each_asked_action_is_done_in_its_own_window_and_nowhere_else() {
    let actions = [Action::TurnLeft, Action::Mouth, Action::Nod];
    let challenge = asked(&actions);
    for seed in 0..40 {
        let performance = Performance::new(&challenge, Obedience::Obeys, seed);
        for step in &challenge.steps {
            let (from, to) = (step.at_ms, step.at_ms + step.window_ms);
            assert!(
                peak(
                    &performance,
                    step.action().expect("an action"),
                    from + 250,
                    to
                ) > 0.95,
                "{step:?} seed {seed}"
            );
            assert!(
                peak(
                    &performance,
                    step.action().expect("an action"),
                    0,
                    from + 250
                ) < 0.25,
                "early {step:?} {seed}"
            );
            assert!(
                peak(&performance, step.action().expect("an action"), to, 8_000) < 0.25,
                "late {step:?} {seed}"
            );
        }
    }
}

#[test]
fn people_react_after_a_human_delay() {
    let challenge = asked(&Action::ALL[1..4]);
    for seed in 0..40 {
        let performance = Performance::new(&challenge, Obedience::Obeys, seed);
        for step in &challenge.steps {
            let own = performance
                .gestures()
                .iter()
                .find(|g| Some(g.action) == step.action());
            let delay = own.expect("the step has a gesture").from_ms - small(step.at_ms);
            assert!(
                (250.0..=500.0).contains(&delay),
                "{delay} ms for {step:?} with seed {seed}"
            );
        }
    }
}

#[test]
fn a_short_window_is_still_met() {
    let steps = vec![Step {
        prompt: Prompt::Act(Action::TurnRight),
        at_ms: 500,
        window_ms: 1_000,
    }];
    let challenge = Challenge {
        kind: ChallengeKind::SingleAction,
        steps,
        duration_ms: 2_000,
    };
    for seed in 0..40 {
        let performance = Performance::new(&challenge, Obedience::Obeys, seed);
        let turn = performance
            .gestures()
            .iter()
            .find(|g| g.action == Action::TurnRight);
        assert!(turn.expect("the step has a gesture").to_ms <= 1_500.0);
    }
}

#[test]
fn own_left_is_a_positive_yaw_and_right_a_negative_one() {
    let challenge = asked(&[Action::TurnLeft, Action::TurnRight]);
    let performance = Performance::new(&challenge, Obedience::Obeys, 3);
    let yaw = |ms| performance.at(ms, &Scene::default()).pose.yaw_deg;
    let highest = (1_000_u16..2_700)
        .map(|ms| yaw(f32::from(ms)))
        .fold(0.0, f32::max);
    let lowest = (3_000_u16..4_700)
        .map(|ms| yaw(f32::from(ms)))
        .fold(0.0, f32::min);
    assert!(highest > 20.0 && lowest < -20.0, "{highest} {lowest}");
}

#[test]
fn a_subject_who_ignores_the_challenge_only_sways_and_blinks() {
    let challenge = asked(&[Action::TurnLeft, Action::Mouth, Action::Nod]);
    for seed in 0..20 {
        let performance = Performance::new(&challenge, Obedience::Ignores, seed);
        for action in [
            Action::TurnLeft,
            Action::TurnRight,
            Action::Mouth,
            Action::Nod,
        ] {
            assert!(
                peak(&performance, action, 0, 8_000) < 0.25,
                "{action:?} seed {seed}"
            );
        }
    }
}

#[test]
fn movement_is_smooth_from_frame_to_frame() {
    let challenge = asked(&[Action::TurnLeft, Action::Nod, Action::TurnRight]);
    let performance = Performance::new(&challenge, Obedience::Obeys, 9);
    let mut before = performance.at(0.0, &Scene::default()).pose;
    for ms in (5_u16..8_000).step_by(5) {
        let pose = performance.at(f32::from(ms), &Scene::default()).pose;
        // Limit: 33 degrees in 370 ms with a peak speed of 1.9 times the mean.
        assert!(
            (pose.yaw_deg - before.yaw_deg).abs() < 1.0,
            "jump at {ms} ms"
        );
        assert!(
            (pose.pitch_deg - before.pitch_deg).abs() < 1.0,
            "jump at {ms} ms"
        );
        before = pose;
    }
}

#[test]
fn the_seed_decides_everything() {
    let challenge = asked(&[Action::Blink, Action::Nod]);
    let once = Performance::new(&challenge, Obedience::Obeys, 5);
    let again = Performance::new(&challenge, Obedience::Obeys, 5);
    let other = Performance::new(&challenge, Obedience::Obeys, 6);
    assert_eq!(
        once.at(1_234.0, &Scene::default()),
        again.at(1_234.0, &Scene::default())
    );
    assert_ne!(once.gestures(), other.gestures());
}
