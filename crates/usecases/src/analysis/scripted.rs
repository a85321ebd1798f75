//! An analyzer that answers what a test wrote down: for tests of time, money, codes and crashes,
//! where the engine is not the point. Never in a release build.
//!
//! The recording itself is the script: its text names what should be measured.

use zhenren_domain::challenge::Challenge;
use zhenren_domain::measurements::{ActionMeasurement, Cue, CueKind, Measurements};
use zhenren_domain::policy::{Bound, Demand, Policy};

use super::{Analyzer, ClipError, Measured, PhotoRefused, Portrait, Question, Template};
use crate::fault::Fault;

/// The features model of its templates.
const MODEL: &str = "scripted-1";

/// The analyzer of a test.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptedAnalyzer;

/// A recording whose subject does everything right and matches.
pub const PASSES: &[u8] = b"passes";
/// A recording of another person.
pub const OTHER_PERSON: &[u8] = b"other person";
/// A recording without a face.
pub const NO_FACE: &[u8] = b"no face";
/// A recording in which the sun outshines the screen.
pub const TOO_MUCH_SUN: &[u8] = b"too much sun";
/// A recording in which other digits are read than those that were shown.
pub const OTHER_DIGITS: &[u8] = b"other digits";
/// A recording in which the face is still.
pub const IGNORES_PROMPTS: &[u8] = b"ignores the prompts";
/// A recording in which one face takes the place of another.
pub const CHANGES_FACE: &[u8] = b"changes the face";
/// Bytes that the decoder refuses.
pub const UNREADABLE: &[u8] = b"unreadable";
/// A recording on which the machine fails.
pub const BREAKS: &[u8] = b"breaks";

/// A photograph with one good face.
pub const PORTRAIT: &[u8] = b"portrait";
/// A photograph without a face.
pub const EMPTY_PHOTO: &[u8] = b"empty photo";
/// A photograph with two faces.
pub const TWO_FACES: &[u8] = b"two faces";

impl Analyzer for ScriptedAnalyzer {
    fn features_model(&self) -> &'static str {
        MODEL
    }

    fn hears_digits(&self) -> bool {
        true
    }

    fn read_photo(&self, photo: &[u8]) -> Result<Portrait, PhotoRefused> {
        match photo {
            PORTRAIT => Ok(Portrait {
                template: template(),
            }),
            EMPTY_PHOTO => Err(PhotoRefused::NoFace),
            TWO_FACES => Err(PhotoRefused::SeveralFaces),
            _ => Err(PhotoRefused::Unreadable),
        }
    }

    fn measure_clip(&self, clip: &[u8], question: &Question<'_>) -> Result<Measured, ClipError> {
        match clip {
            BREAKS => Err(Fault::new("measuring", "the script says so").into()),
            UNREADABLE => Err(ClipError::Unreadable(String::from("the script says so"))),
            _ => Ok(Measured {
                measurements: measurements(clip, question),
                timings_ms: vec![(String::from("measure"), 1.0)],
            }),
        }
    }
}

fn template() -> Template {
    Template {
        model: String::from(MODEL),
        values: vec![0.6, 0.8],
    }
}

fn measurements(clip: &[u8], question: &Question<'_>) -> Measurements {
    let mut values = good(question.challenge);
    let mut set = |kind: CueKind, value: f64| {
        values.retain(|(known, _)| *known != kind);
        values.push((kind, value));
    };
    if question.reference.is_some() {
        let is_other = clip == OTHER_PERSON;
        set(CueKind::ComparisonScore, if is_other { 0.1 } else { 0.99 });
        set(CueKind::ComparisonFmr, if is_other { 0.5 } else { 1e-6 });
    }
    if clip == NO_FACE {
        set(CueKind::FacePresence, 0.0);
    }
    if clip == TOO_MUCH_SUN {
        set(CueKind::FlashGain, 0.0);
    }
    if clip == OTHER_DIGITS {
        set(CueKind::DigitScore, -20.0);
    }
    if clip == CHANGES_FACE {
        set(CueKind::ContinuityMin, 0.3);
    }
    let amplitude = if clip == IGNORES_PROMPTS { 0.0 } else { 1.0 };
    let actions = question
        .challenge
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.action().is_some())
        .map(|(step_index, step)| ActionMeasurement {
            step_index,
            amplitude,
            at_ms: Some(f64::from(step.at_ms) + 500.0),
        })
        .collect();
    Measurements {
        cues: values
            .into_iter()
            .map(|(kind, value)| Cue {
                kind,
                value,
                series: Vec::new(),
            })
            .collect(),
        actions,
        heard_digits: heard(clip, question.challenge),
        features_model: String::from(MODEL),
        engine_version: 1,
    }
}

fn heard(clip: &[u8], challenge: &Challenge) -> Option<String> {
    let digits = challenge.digits();
    let heard = if clip == OTHER_DIGITS {
        String::from("0")
    } else {
        digits.clone()
    };
    (!digits.is_empty()).then_some(heard)
}

/// What a good recording of a challenge shows: usual values, and whatever else the policy
/// demands of its kind.
fn good(challenge: &Challenge) -> Vec<(CueKind, f64)> {
    let mut values = usual(challenge);
    for rule in Policy::current().rules {
        let applies = rule.only.is_empty() || rule.only.contains(&challenge.kind);
        let is_met = |demand: &Demand| {
            let known = values.iter().find(|(kind, _)| *kind == demand.cue);
            known.is_some_and(|(_, value)| demand.bound.holds(*value))
        };
        if applies
            && !rule.any_of.iter().any(is_met)
            && let Some(demand) = rule.any_of.first()
        {
            let value = match demand.bound {
                Bound::AtLeast(threshold) => threshold + 1.0,
                Bound::AtMost(threshold) => threshold - 1.0,
            };
            values.push((demand.cue, value));
        }
    }
    values
}

fn usual(challenge: &Challenge) -> Vec<(CueKind, f64)> {
    vec![
        (CueKind::FaceCountMax, 1.0),
        (CueKind::FacePresence, 1.0),
        (CueKind::InterEyeDistance, 90.0),
        (CueKind::FaceExtent, 0.4),
        (CueKind::Sharpness, 200.0),
        (CueKind::Brightness, 120.0),
        (CueKind::ClippedShare, 0.01),
        (CueKind::BestYaw, 2.0),
        (CueKind::BestPitch, 2.0),
        (CueKind::OcclusionHint, 0.1),
        (CueKind::ContinuityMin, 0.95),
        (CueKind::TrackJumpMax, 0.1),
        (
            CueKind::ClipDuration,
            f64::from(challenge.duration_ms.max(3000)),
        ),
        (CueKind::FrameRate, 15.0),
        (CueKind::FrameGapMax, 70.0),
        (CueKind::DuplicateFrameShare, 0.0),
        (CueKind::EyeRange, 0.6),
        (CueKind::MouthRange, 0.3),
        (CueKind::YawRange, 30.0),
        (CueKind::NonRigidMotion, 0.2),
        (CueKind::ActionsSeenShare, 1.0),
        (CueKind::ActionsOutOfOrder, 0.0),
    ]
}
