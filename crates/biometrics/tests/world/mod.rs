//! What the tests of whole recordings share: the engine, rendered takes, the development data.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test file uses its own part of this one"
)]
#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "this is how a test says what is wrong"
)]

use std::path::PathBuf;

use zhenren_biometrics::{ClipReport, Engine, Features, Image};
use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, ClockLog, Prompt, Step};
use zhenren_domain::measurements::CueKind;
use zhenren_simulator::render::{Picture, Scene, Subject, render};
use zhenren_simulator::take::{Cast, SubjectKind, Take};

pub(crate) const FPS: u32 = 15;

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The engine; its absence fails the test with what to do.
pub(crate) fn engine() -> Engine {
    let models = workspace().join("runtime/models");
    Engine::load(&models, 1).unwrap_or_else(|error| {
        panic!("{error}\nThese tests need the models: run `make runtime` first.")
    })
}

/// The shared development data, or nothing and a message.
pub(crate) fn shared_faces() -> Option<PathBuf> {
    let root = std::env::var_os("ZHENREN_SHARED")
        .map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let faces = root.join("data/faces");
    if faces.is_dir() {
        return Some(faces);
    }
    eprintln!("SKIPPED: {} is absent; set ZHENREN_SHARED", faces.display());
    None
}

pub(crate) fn image(picture: Picture) -> Image {
    Image {
        width: picture.width,
        height: picture.height,
        rgb: picture.rgb,
    }
}

pub(crate) fn portrait(seed: u64) -> Image {
    image(render(
        &Subject::from_seed(seed),
        &Scene::default(),
        480,
        640,
    ))
}

pub(crate) fn features(engine: &Engine, picture: &Image) -> Features {
    engine.analyse_photo(picture).expect("a face").features
}

/// One step after a second of rest, for each action.
pub(crate) fn challenge(actions: &[Action]) -> Challenge {
    let steps: Vec<Step> = actions
        .iter()
        .zip(0_u32..)
        .map(|(action, i)| Step {
            prompt: Prompt::Act(*action),
            at_ms: 800 + i * 1_900,
            window_ms: 1_800,
        })
        .collect();
    let duration_ms = 1_000 + 1_900 * u32::try_from(actions.len().max(1)).expect("few");
    let kind = match actions.len() {
        0 => ChallengeKind::Silent,
        1 => ChallengeKind::SingleAction,
        _ => ChallengeKind::MultiAction,
    };
    Challenge {
        kind,
        steps,
        duration_ms,
    }
}

pub(crate) const fn cast(seed: u64) -> Cast {
    Cast {
        enrolled: seed,
        other: seed + 100,
        behaviour: seed + 7,
    }
}

/// The frames of a take in which `played` is performed.
pub(crate) fn frames(kind: SubjectKind, cast: Cast, played: &Challenge) -> Vec<(i64, Image)> {
    let take = Take::new(kind, cast, played);
    let times = take.times_ms(FPS);
    times
        .into_iter()
        .map(|ms| (micros(ms), image(take.picture(ms))))
        .collect()
}

pub(crate) fn micros(ms: f32) -> i64 {
    let time = std::time::Duration::from_secs_f32(ms / 1_000.0);
    i64::try_from(time.as_micros()).expect("a short clip")
}

/// Analyses frames against what was asked.
pub(crate) fn analyse(
    engine: &Engine,
    asked: &Challenge,
    frames: &[(i64, Image)],
    reference: Option<&Features>,
) -> ClipReport {
    let mut clip = engine.begin_clip(asked, ClockLog::default());
    for (pts_us, image) in frames {
        clip.push_frame(*pts_us, image).expect("the models run");
    }
    clip.finish(reference).expect("the models run")
}

pub(crate) fn value(report: &ClipReport, kind: CueKind) -> f64 {
    report
        .measurements
        .value(kind)
        .unwrap_or_else(|| panic!("{} was not measured", kind.name()))
}
