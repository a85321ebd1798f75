//! Which of the asked-for actions were done, in which window, and in which order.
//!
//! Works on readings alone. Each action has a signal that is 0 in the subject's own neutral and 1
//! at the amplitude the action is defined by; how much of it is enough is policy. The camera's
//! picture is not mirrored: turning to the subject's own left makes yaw grow.
//!
//! At 15 frames a second a quick blink shows in one or two frames, so one frame is enough for it;
//! the slower actions are smoothed over three frames first.

use zhenren_domain::challenge::{Action, Challenge, ClockLog, Step};
use zhenren_domain::measurements::{ActionMeasurement, Sample};

use crate::series::{FaceReading, Reading, median_of_three, quantile, samples};

/// A prompt's reported time is believed when it is this near to the plan; otherwise the plan
/// counts. Covers a slow page, not a page that waits for the right moment of a recording.
const ONSET_TOLERANCE_MS: f64 = 1_000.0;

/// What amplitude 1 is: share of the open eye's height, mouth height over width, degrees.
const BLINK_DROP: f64 = 0.4;
const MOUTH_OPENING: f64 = 0.2;
const NOD_DEGREES: f64 = 12.0;
const TURN_DEGREES: f64 = 18.0;

/// A turned or lowered head narrows the eyes by perspective: no blink is read beyond these.
const BLINK_YAW_MAX: f64 = 18.0;
const BLINK_PITCH_MAX: f64 = 12.0;

/// An action that was not asked for now must be this strong to count as out of order.
const CLEAR: f64 = 1.0;

/// Fewer quiet frames than this say nothing; the whole clip is taken for the neutral then.
const QUIET_COUNT_MIN: usize = 4;

/// The subject at rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Neutral {
    /// Yaw in degrees.
    pub yaw: f64,
    /// Pitch in degrees.
    pub pitch: f64,
    /// Height over width of the open eye.
    pub eye: f64,
    /// Height over width of the closed mouth.
    pub mouth: f64,
}

/// What came of the challenge.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActionsReport {
    /// One entry for each step that asks for an action.
    pub actions: Vec<ActionMeasurement>,
    /// Actions that were clearly done in another step's window instead of their own, and clear
    /// ones that nobody asked for.
    pub out_of_order: usize,
    /// Largest difference between planned and reported onset; `None` when none was reported.
    pub onset_drift_ms: Option<f64>,
    /// The strongest signal at each moment.
    pub signal: Vec<Sample>,
}

/// A step's window in milliseconds after the first frame.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Window {
    from_ms: f64,
    to_ms: f64,
}

/// Measures the actions of a challenge.
pub fn measure(challenge: &Challenge, clock: &ClockLog, readings: &[Reading]) -> ActionsReport {
    let windows = windows(challenge, clock);
    let neutral = neutral(readings, &windows);
    let signals = Action::ALL.map(|action| signal(action, readings, &neutral));
    let peak_of = |action: Action, window: &Window| {
        let index = Action::ALL.iter().position(|other| *other == action);
        index.map_or((0.0, None), |index| peak(&signals[index], window))
    };
    let actions: Vec<_> = challenge
        .steps
        .iter()
        .zip(&windows)
        .enumerate()
        .filter_map(|(step_index, (step, window))| {
            let (amplitude, at_ms) = peak_of(step.action()?, window);
            Some(ActionMeasurement {
                step_index,
                amplitude,
                at_ms,
            })
        })
        .collect();
    let mut out_of_order = 0;
    for action in Action::ALL {
        // People blink when they like.
        if action == Action::Blink {
            continue;
        }
        let asked = |measured: &ActionMeasurement| {
            let step = challenge.steps.get(measured.step_index);
            step.and_then(Step::action)
        };
        let done = actions
            .iter()
            .filter(|measured| asked(measured) == Some(action))
            .map(|measured| measured.amplitude)
            .fold(0.0, f64::max);
        let elsewhere = actions
            .iter()
            .filter(|measured| asked(measured) != Some(action))
            .filter_map(|measured| Some((windows.get(measured.step_index)?, measured)))
            .any(|(window, asked)| {
                let found = peak_of(action, window).0;
                found >= CLEAR && found > asked.amplitude
            });
        out_of_order += usize::from(elsewhere && done < CLEAR);
    }
    ActionsReport {
        actions,
        out_of_order,
        onset_drift_ms: onset_drift(challenge, clock),
        signal: strongest(&signals),
    }
}

/// The subject's neutral: what is usual outside the windows.
pub(crate) fn neutral_of(challenge: &Challenge, clock: &ClockLog, readings: &[Reading]) -> Neutral {
    neutral(readings, &windows(challenge, clock))
}

fn windows(challenge: &Challenge, clock: &ClockLog) -> Vec<Window> {
    let reported = clock.onsets_ms.len() == challenge.steps.len();
    challenge
        .steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let planned = f64::from(step.at_ms);
            let onset = clock
                .onsets_ms
                .get(index)
                .copied()
                .filter(|onset| reported && (onset - planned).abs() <= ONSET_TOLERANCE_MS);
            let from_ms = onset.unwrap_or(planned);
            Window {
                from_ms,
                to_ms: from_ms + f64::from(step.window_ms),
            }
        })
        .collect()
}

fn onset_drift(challenge: &Challenge, clock: &ClockLog) -> Option<f64> {
    challenge
        .steps
        .iter()
        .zip(&clock.onsets_ms)
        .map(|(step, onset)| (onset - f64::from(step.at_ms)).abs())
        .map(|drift| if drift.is_finite() { drift } else { f64::MAX })
        .reduce(f64::max)
}

fn neutral(readings: &[Reading], windows: &[Window]) -> Neutral {
    let faces = |quiet: bool| -> Vec<&FaceReading> {
        readings
            .iter()
            .filter(|reading| {
                let asked =
                    |window: &Window| (window.from_ms..=window.to_ms).contains(&reading.at_ms);
                !quiet || !windows.iter().any(asked)
            })
            .filter_map(|reading| reading.face.as_ref())
            .collect()
    };
    let all = faces(false);
    let quiet = faces(true);
    let still = if quiet.len() >= QUIET_COUNT_MIN {
        &quiet
    } else {
        &all
    };
    let middle = |pick: fn(&FaceReading) -> f64| {
        quantile(still.iter().map(|face| pick(face)), 0.5).unwrap_or_default()
    };
    Neutral {
        yaw: middle(|face| face.pose.yaw),
        pitch: middle(|face| face.pose.pitch),
        // Eyes are open most of the time, mouths are closed: blinks and words do not move these.
        eye: quantile(all.iter().map(|face| face.expression.eye), 0.7).unwrap_or_default(),
        mouth: quantile(still.iter().map(|face| face.expression.mouth), 0.4).unwrap_or_default(),
    }
}

fn signal(action: Action, readings: &[Reading], neutral: &Neutral) -> Vec<Sample> {
    let raw = samples(readings, |face| amplitude(action, face, neutral));
    match action {
        Action::Blink => raw,
        Action::Mouth | Action::Nod | Action::TurnLeft | Action::TurnRight => median_of_three(&raw),
    }
}

fn amplitude(action: Action, face: &FaceReading, neutral: &Neutral) -> f64 {
    let yaw = face.pose.yaw - neutral.yaw;
    let pitch = face.pose.pitch - neutral.pitch;
    match action {
        Action::Blink => {
            let seen = yaw.abs() <= BLINK_YAW_MAX && pitch.abs() <= BLINK_PITCH_MAX;
            if !seen || neutral.eye <= 0.0 {
                return 0.0;
            }
            (neutral.eye - face.expression.eye) / neutral.eye / BLINK_DROP
        }
        Action::Mouth => (face.expression.mouth - neutral.mouth) / MOUTH_OPENING,
        Action::Nod => pitch / NOD_DEGREES,
        Action::TurnLeft => yaw / TURN_DEGREES,
        Action::TurnRight => -yaw / TURN_DEGREES,
    }
}

/// The strongest value inside a window, and when half of it was first crossed.
fn peak(signal: &[Sample], window: &Window) -> (f64, Option<f64>) {
    let inside = || {
        signal
            .iter()
            .filter(|sample| (window.from_ms..=window.to_ms).contains(&sample.at_ms))
    };
    let top = inside().map(|sample| sample.value).fold(0.0, f64::max);
    if top <= 0.0 {
        return (0.0, None);
    }
    (
        top,
        inside()
            .find(|sample| sample.value >= top / 2.0)
            .map(|sample| sample.at_ms),
    )
}

fn strongest(signals: &[Vec<Sample>]) -> Vec<Sample> {
    let mut all = signals.first().cloned().unwrap_or_default();
    for signal in signals.iter().skip(1) {
        for (best, sample) in all.iter_mut().zip(signal) {
            best.value = best.value.max(sample.value);
        }
    }
    all
}

#[cfg(test)]
mod tests;
