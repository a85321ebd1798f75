//! Near and far: whether the face came as near as it was asked to. What that did to its shape is
//! in `perspective`.

use zhenren_domain::challenge::{Challenge, ClockLog, Prompt};
use zhenren_domain::measurements::Sample;

use crate::clocks::onsets;
use crate::series::{Reading, median_of_three, quantile, samples};

/// A distance is reached within this share of the width that was asked for.
const NEAR_ENOUGH: f64 = 0.18;

/// The face stays there for this many frames.
const HELD_FRAMES: usize = 3;

/// What the sizes say.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DistanceReport {
    /// Largest over smallest width.
    pub(crate) change: f64,
    /// Share of the prompted widths that were reached; `None` when none was prompted.
    pub(crate) seen_share: Option<f64>,
    /// Width of the face over the picture's.
    pub(crate) widths: Vec<Sample>,
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
    Some(DistanceReport {
        change,
        seen_share: seen_share(challenge, log, offset_ms, &widths),
        widths,
    })
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
    use crate::series::FaceReading;
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

    /// Follows the plan half a second late, up to `nearest`.
    fn readings(nearest: f64) -> Vec<Reading> {
        (0..110_u8)
            .map(|i| {
                let at_ms = f64::from(i) * 66.7;
                let is_near = (3_500.0..5_500.0).contains(&at_ms);
                let width = if is_near { nearest } else { 0.26 };
                let mut face = FaceReading::new(&synthetic::mesh(1.0, 0.0, 0.0));
                face.width = (width * 480.0) as f32;
                Reading {
                    at_ms,
                    face: Some(face),
                }
            })
            .collect()
    }

    fn report(nearest: f64) -> DistanceReport {
        let log = ClockLog::default();
        measure(&challenge(), &log, 0.0, &readings(nearest), 480).unwrap()
    }

    #[test]
    fn every_distance_that_is_reached_counts() {
        let found = report(0.47);
        assert_eq!(found.seen_share, Some(1.0));
        assert!((found.change - 0.47 / 0.26).abs() < 0.01);
        assert_eq!(found.widths.len(), 110);
    }

    #[test]
    fn who_does_not_come_has_not_been_there() {
        let found = report(0.27);
        assert!((found.seen_share.unwrap() - 2.0 / 3.0).abs() < 1e-9);
        assert!(measure(&challenge(), &ClockLog::default(), 0.0, &[], 480).is_none());
    }
}
