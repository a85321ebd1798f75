//! Near and far: whether the face came as near as it was asked to, and whether its shape changed
//! with the distance as that of a head does.
//!
//! Near the camera the middle of a face grows more than its outline, because it is nearer still.
//! A picture grows evenly, and so does a face that a program enlarges.

use zhenren_domain::challenge::{Challenge, ClockLog, Prompt};
use zhenren_domain::measurements::Sample;

use crate::clocks::onsets;
use crate::series::{FaceReading, Reading, median_of_three, quantile, samples};

/// A distance is reached within this share of the width that was asked for.
const NEAR_ENOUGH: f64 = 0.18;

/// The face stays there for this many frames.
const HELD_FRAMES: usize = 3;

/// A turned head changes its shape by itself.
const YAW_MAX: f64 = 10.0;

/// Sizes that differ less than this (largest over smallest) say nothing about perspective.
const CHANGE_MIN: f64 = 1.25;

/// How much the logarithm of the shape changes for a change of the face's width by one picture
/// width: of a head before an ordinary front camera.
pub(crate) const SLOPE_OF_A_HEAD: f64 = 0.5;

/// What the sizes say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DistanceReport {
    /// Largest over smallest width.
    pub(crate) change: f64,
    /// Share of the prompted widths that were reached; `None` when none was prompted.
    pub(crate) seen_share: Option<f64>,
    /// Change of the shape over that of a head; `None` when the width hardly changed.
    pub(crate) perspective: Option<f64>,
    /// Width of the face over the picture's.
    pub(crate) widths: Vec<Sample>,
    /// Logarithm of the shape.
    pub(crate) shapes: Vec<Sample>,
}

/// Measures the sizes of a clip; `None` without a face.
pub(crate) fn measure(
    challenge: &Challenge,
    log: &ClockLog,
    offset_ms: f64,
    readings: &[Reading],
    picture_width: usize,
) -> Option<DistanceReport> {
    let unit = picture_width.max(1) as f64;
    let widths = median_of_three(&samples(readings, |face| f64::from(face.width) / unit));
    let low = quantile(widths.iter().map(|width| width.value), 0.05)?;
    let high = quantile(widths.iter().map(|width| width.value), 0.95)?;
    let change = if low > 0.0 { high / low } else { 0.0 };
    let straight = |face: &FaceReading| face.pose.yaw.abs() <= YAW_MAX && face.bulge > 0.0;
    let pairs: Vec<(f64, f64, f64)> = readings
        .iter()
        .filter_map(|reading| Some((reading.at_ms, reading.face.as_ref()?)))
        .filter(|(_, face)| straight(face))
        .map(|(at_ms, face)| {
            (
                at_ms,
                f64::from(face.width) / unit,
                f64::from(face.bulge).ln(),
            )
        })
        .collect();
    let perspective = (change >= CHANGE_MIN)
        .then(|| slope(&pairs))
        .flatten()
        .map(|slope| slope / SLOPE_OF_A_HEAD);
    let shapes = pairs
        .iter()
        .map(|(at_ms, _, value)| Sample {
            at_ms: *at_ms,
            value: *value,
        })
        .collect();
    Some(DistanceReport {
        change,
        seen_share: seen_share(challenge, log, offset_ms, &widths),
        perspective,
        widths,
        shapes,
    })
}

/// Least squares slope of the shape over the width.
fn slope(pairs: &[(f64, f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    if count < 10.0 {
        return None;
    }
    let mean_width = pairs.iter().map(|(_, width, _)| width).sum::<f64>() / count;
    let mean_shape = pairs.iter().map(|(_, _, shape)| shape).sum::<f64>() / count;
    let (mut product, mut square) = (0.0, 0.0);
    for (_, width, shape) in pairs {
        product += (width - mean_width) * (shape - mean_shape);
        square += (width - mean_width).powi(2);
    }
    (square > 1e-9).then(|| product / square)
}

fn seen_share(
    challenge: &Challenge,
    log: &ClockLog,
    offset_ms: f64,
    widths: &[Sample],
) -> Option<f64> {
    let onsets = onsets(challenge, log);
    let mut asked = 0_usize;
    let mut reached = 0_usize;
    for (step, onset) in challenge.steps.iter().zip(onsets) {
        let Prompt::Approach(percent) = step.prompt else {
            continue;
        };
        let target = f64::from(percent) / 100.0;
        let from = onset - offset_ms;
        let window = from..=from + f64::from(step.window_ms);
        let there = widths
            .iter()
            .filter(|width| window.contains(&width.at_ms))
            .filter(|width| (width.value / target - 1.0).abs() <= NEAR_ENOUGH)
            .count();
        asked += 1;
        reached += usize::from(there >= HELD_FRAMES);
    }
    (asked > 0).then(|| reached as f64 / asked as f64)
}

#[cfg(test)]
mod tests {
    use zhenren_domain::challenge::{ChallengeKind, Step};

    use super::*;
    use crate::synthetic;

    fn challenge() -> Challenge {
        let steps = [(26, 1_000), (48, 3_000), (26, 5_000)]
            .map(|(percent, at_ms)| Step {
                prompt: Prompt::Approach(percent),
                at_ms,
                window_ms: 2_000,
            })
            .to_vec();
        Challenge {
            kind: ChallengeKind::NearFar,
            steps,
            duration_ms: 7_400,
        }
    }

    /// Follows the plan half a second late up to `nearest`; `depth` is how much the shape follows.
    fn readings(nearest: f64, depth: f64) -> Vec<Reading> {
        (0..110_u8)
            .map(|i| {
                let at_ms = f64::from(i) * 66.7;
                let width = if (3_500.0..5_500.0).contains(&at_ms) {
                    nearest
                } else {
                    0.26
                };
                let mut face = FaceReading::new(&synthetic::mesh(1.0, 0.0, 0.0));
                face.width = (width * 480.0) as f32;
                face.bulge = (0.3 + (width - 0.3) * depth * SLOPE_OF_A_HEAD).exp() as f32;
                Reading {
                    at_ms,
                    face: Some(face),
                }
            })
            .collect()
    }

    fn report(nearest: f64, depth: f64) -> DistanceReport {
        measure(
            &challenge(),
            &ClockLog::default(),
            0.0,
            &readings(nearest, depth),
            480,
        )
        .unwrap()
    }

    #[test]
    fn a_head_comes_near_and_bulges() {
        let found = report(0.47, 1.0);
        assert_eq!(found.seen_share, Some(1.0));
        assert!((found.change - 0.47 / 0.26).abs() < 0.01);
        assert!((found.perspective.unwrap() - 1.0).abs() < 0.01);
    }

    #[test]
    fn a_picture_comes_near_and_does_not() {
        let found = report(0.47, 0.0);
        assert_eq!(found.seen_share, Some(1.0));
        assert!(found.perspective.unwrap().abs() < 0.01);
    }

    #[test]
    fn who_does_not_come_says_nothing_about_perspective() {
        let found = report(0.27, 1.0);
        assert!(found.seen_share.unwrap() < 0.7 && found.perspective.is_none());
        assert!(measure(&challenge(), &ClockLog::default(), 0.0, &[], 480).is_none());
    }
}
