//! A made-up face under made-up light: no picture, no model.

use zhenren_domain::challenge::{ChallengeKind, Colour, Step};

use super::*;
use crate::synthetic;

/// How the thing before the camera answers.
#[derive(Clone, Copy)]
struct World {
    /// Screen light over room light where the skin faces the screen.
    gain: f64,
    /// Whether the answer depends on the direction of the skin.
    is_head: bool,
    /// What the background answers, over the face.
    behind: f64,
    lag_ms: f64,
    /// The camera follows the brightness of the face with this strength, half a second late.
    auto_exposure: f64,
    /// Red grows and blue falls by this much over the clip.
    balance: f64,
    noise: f64,
}

const LIVE: World = World {
    gain: 0.3,
    is_head: true,
    behind: 0.1,
    lag_ms: 90.0,
    auto_exposure: 0.0,
    balance: 0.0,
    noise: 0.002,
};

fn challenge(order: &[usize]) -> Challenge {
    let mut at_ms = 1_000;
    let steps = order
        .iter()
        .zip(
            [350, 470, 420, 540, 380, 500, 360, 450, 410, 520]
                .iter()
                .cycle(),
        )
        .map(|(colour, window_ms)| {
            let step = Step {
                prompt: Prompt::Shine(Colour::ALL[*colour]),
                at_ms,
                window_ms: *window_ms,
            };
            at_ms += window_ms;
            step
        })
        .collect();
    Challenge {
        kind: ChallengeKind::ScreenFlash,
        steps,
        duration_ms: at_ms + 400,
    }
}

const ORDER: [usize; 10] = [3, 6, 1, 0, 7, 2, 5, 4, 1, 6];

fn lit(challenge: &Challenge, at_ms: f64) -> [f64; 3] {
    let now = challenge
        .steps
        .iter()
        .rfind(|step| f64::from(step.at_ms) <= at_ms);
    now.map_or([0.0; 3], |step| match step.prompt {
        Prompt::Shine(colour) => colour.light(),
        Prompt::Act(_) | Prompt::Say(_) | Prompt::Approach(_) => [0.0; 3],
    })
}

fn frames(challenge: &Challenge, world: World) -> (Vec<LightFrame>, Mesh) {
    let mesh = synthetic::mesh(0.0, 0.0, 0.0);
    let facing = facing(&mesh);
    let mut camera = 1.0;
    let mut state = 7_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 16) / 65_536.0 - 0.5
    };
    let frames = (0..90_u8)
        .map(|index| {
            let at_ms = f64::from(index) * 66.7;
            let light = lit(challenge, at_ms - world.lag_ms);
            let bright = light.iter().sum::<f64>() / 3.0 * world.gain;
            camera += (1.0 / (1.0 + bright * world.auto_exposure) - camera) * 0.15;
            let drift = world.balance * at_ms / 6_000.0;
            let balance = [1.0 + drift, 1.0, 1.0 - drift];
            let mut at = |albedo: f64, answer: f64| -> [f32; 3] {
                std::array::from_fn(|channel| {
                    let light = 0.4 + 0.4 * answer * light[channel];
                    ((albedo * light * camera * balance[channel]) * (1.0 + noise() * world.noise))
                        as f32
                })
            };
            let face = facing
                .iter()
                .enumerate()
                .map(|(point, cosine)| {
                    let cosine = if world.is_head {
                        cosine.unwrap_or(0.5)
                    } else {
                        0.8
                    };
                    at(0.3 + (point % 7) as f64 * 0.05, cosine * world.gain)
                })
                .collect();
            let ring = Some(at(0.5, world.behind * world.gain));
            LightFrame { at_ms, face, ring }
        })
        .collect();
    (frames, mesh)
}

fn report(asked: &[usize], played: &[usize], world: World) -> FlashReport {
    let (frames, mesh) = frames(&challenge(played), world);
    measure(
        &challenge(asked),
        &ClockLog::default(),
        None,
        &frames,
        &mesh,
    )
    .unwrap()
}

#[test]
fn a_head_follows_the_screen_with_relief() {
    let found = report(&ORDER, &ORDER, LIVE);
    assert!(found.correlation > 0.98, "{found:?}");
    assert!(found.p_value <= 1e-3, "{}", found.p_value);
    // Half of the exposure belongs to the lag.
    assert!((found.lag_ms - 90.0).abs() <= 50.0, "{}", found.lag_ms);
    assert!((0.1..0.4).contains(&found.gain), "{}", found.gain);
    assert!(found.relief.unwrap() > 1.4, "{:?}", found.relief);
    assert!(found.normals.unwrap() > 0.8, "{:?}", found.normals);
    assert!(found.background_ratio.unwrap() > 4.0);
    assert!(found.unexplained < 0.03, "{}", found.unexplained);
    assert_eq!(found.seen.len(), found.rest.len());
}

#[test]
fn paper_follows_the_screen_without_relief() {
    let paper = World {
        is_head: false,
        behind: 0.8,
        ..LIVE
    };
    let found = report(&ORDER, &ORDER, paper);
    assert!(found.correlation > 0.95, "{found:?}");
    assert!(
        (0.9..1.1).contains(&found.relief.unwrap()),
        "{:?}",
        found.relief
    );
    assert!(found.background_ratio.unwrap() < 1.5);
}

#[test]
fn other_colours_or_none_do_not_correlate() {
    let other = [6, 1, 7, 2, 5, 3, 4, 1, 6, 3];
    let found = report(&ORDER, &other, LIVE);
    assert!(found.correlation < 0.8, "{found:?}");
    assert!(found.p_value > 0.005, "{}", found.p_value);
    assert!(found.unexplained > 0.05, "{}", found.unexplained);
    let none = report(&ORDER, &ORDER, World { gain: 0.0, ..LIVE });
    assert!(none.correlation < 0.6 && none.gain < 0.01, "{none:?}");
}

#[test]
fn a_camera_that_follows_the_light_is_seen_through() {
    for (auto_exposure, balance) in [(0.8, 0.0), (0.0, 0.15), (0.8, 0.15)] {
        let camera = World {
            auto_exposure,
            balance,
            ..LIVE
        };
        let found = report(&ORDER, &ORDER, camera);
        assert!(
            found.correlation > 0.95,
            "{auto_exposure} {balance} {found:?}"
        );
        assert!(found.relief.unwrap() > 1.4);
    }
}

#[test]
fn a_dark_background_is_no_witness() {
    let (mut frames, mesh) = frames(&challenge(&ORDER), LIVE);
    for frame in &mut frames {
        frame.ring = Some([1e-4; 3]);
    }
    let found = measure(
        &challenge(&ORDER),
        &ClockLog::default(),
        None,
        &frames,
        &mesh,
    )
    .unwrap();
    assert!(found.correlation > 0.98);
    for frame in &mut frames {
        frame.ring = None;
    }
    let found = measure(
        &challenge(&ORDER),
        &ClockLog::default(),
        None,
        &frames,
        &mesh,
    )
    .unwrap();
    assert!(found.correlation > 0.98 && found.background_ratio.is_none());
}

#[test]
fn too_little_is_no_measurement() {
    let (frames, mesh) = frames(&challenge(&ORDER), LIVE);
    let log = ClockLog::default();
    assert_eq!(
        measure(&challenge(&ORDER), &log, None, &frames[..10], &mesh),
        None
    );
    assert_eq!(
        measure(&challenge(&ORDER[..2]), &log, None, &frames, &mesh),
        None
    );
    assert_eq!(measure(&challenge(&[]), &log, None, &frames, &mesh), None);
}

#[test]
fn the_same_recording_gives_the_same_numbers() {
    assert_eq!(report(&ORDER, &ORDER, LIVE), report(&ORDER, &ORDER, LIVE));
}
