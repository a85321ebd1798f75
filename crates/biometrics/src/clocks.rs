//! The page's clock against the recording's: where the recording begins in the page's time, and
//! how well the frames the page logged fit the frames of the recording.
//!
//! Both come from the capture client. They are believed only where they agree with each other
//! and with the plan.

use zhenren_domain::challenge::{Challenge, ClockLog};
use zhenren_domain::measurements::Sample;

use crate::series::quantile;

/// The first frame is at least and at most this long after the recorder was started.
const OFFSET_MS: (i32, i32) = (-60, 260);

/// Frames that come regularly fit at every whole frame; of such the one near this is meant.
const OFFSET_USUAL_MS: f64 = 25.0;
const AS_GOOD_MS: f64 = 0.5;

/// Fewer frames in either list say nothing.
const FRAMES_COUNT_MIN: usize = 8;

/// All prompts together may come this much later or earlier than planned (a page that began
/// late), and one prompt this much against the others.
const TOGETHER_MS_MAX: f64 = 1_000.0;
const ALONE_MS_MAX: f64 = 150.0;

/// How two clocks fit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fit {
    /// Time of the first frame, in milliseconds after the recorder was started.
    pub(crate) offset_ms: f64,
    /// Median distance of a frame from the nearest logged one.
    pub(crate) residual_ms: f64,
    /// Each frame's distance.
    pub(crate) series: Vec<Sample>,
}

/// Fits the frame times of a recording (after its first frame) to the page's log; `None` when
/// the log is too short to say anything.
pub(crate) fn fit(at_ms: &[f64], log: &ClockLog) -> Option<Fit> {
    let mut seen: Vec<f64> = log
        .frames_ms
        .iter()
        .map(|(presented, captured)| captured.unwrap_or(*presented))
        .filter(|ms| ms.is_finite())
        .collect();
    seen.sort_by(f64::total_cmp);
    if seen.len() < FRAMES_COUNT_MIN || at_ms.len() < FRAMES_COUNT_MIN {
        return None;
    }
    let tries: Vec<Try> = (OFFSET_MS.0..=OFFSET_MS.1)
        .map(|offset| Try::new(&seen, at_ms, f64::from(offset)))
        .collect();
    let least = |of: fn(&Try) -> f64, among: &[&Try]| {
        among.iter().map(|one| of(one)).fold(f64::MAX, f64::min)
    };
    let all: Vec<&Try> = tries.iter().collect();
    let residual_ms = least(|one| one.median, &all);
    let mut good = all;
    good.retain(|one| one.median <= residual_ms + AS_GOOD_MS);
    // Some steps fit half of the frames by chance; the others tell.
    let mean = least(|one| one.mean, &good);
    good.retain(|one| one.mean <= mean + AS_GOOD_MS);
    let away = |one: &Try| (one.offset - OFFSET_USUAL_MS).abs();
    let offset_ms = good
        .into_iter()
        .min_by(|a, b| away(a).total_cmp(&away(b)))?
        .offset;
    let series = at_ms
        .iter()
        .map(|at| Sample {
            at_ms: *at,
            value: distance(&seen, at + offset_ms),
        })
        .collect();
    Some(Fit {
        offset_ms,
        residual_ms,
        series,
    })
}

/// One offset, and how far the frames then are from logged ones.
struct Try {
    offset: f64,
    median: f64,
    mean: f64,
}

impl Try {
    fn new(seen: &[f64], at_ms: &[f64], offset: f64) -> Self {
        let far: Vec<f64> = at_ms.iter().map(|at| distance(seen, at + offset)).collect();
        Self {
            offset,
            mean: far.iter().sum::<f64>() / far.len().max(1) as f64,
            median: quantile(far, 0.5).unwrap_or(f64::MAX),
        }
    }
}

/// When each prompt was really shown, in milliseconds after the recorder was started: as
/// reported where that is near the plan, else as planned.
pub(crate) fn onsets(challenge: &Challenge, log: &ClockLog) -> Vec<f64> {
    let planned: Vec<f64> = challenge
        .steps
        .iter()
        .map(|step| f64::from(step.at_ms))
        .collect();
    if log.onsets_ms.len() != planned.len() {
        return planned;
    }
    let late = || log.onsets_ms.iter().zip(&planned).map(|(is, was)| is - was);
    let together = quantile(late(), 0.5)
        .filter(|shift| shift.abs() <= TOGETHER_MS_MAX)
        .unwrap_or(0.0);
    planned
        .iter()
        .zip(late())
        .map(|(planned, late)| {
            let is_near = (late - together).abs() <= ALONE_MS_MAX;
            planned + if is_near { late } else { together }
        })
        .collect()
}

/// Distance to the nearest of some sorted times.
fn distance(sorted: &[f64], at: f64) -> f64 {
    let after = sorted.partition_point(|ms| *ms < at);
    let near = |index: Option<usize>| {
        index
            .and_then(|index| sorted.get(index))
            .map_or(f64::MAX, |ms| (ms - at).abs())
    };
    near(Some(after)).min(near(after.checked_sub(1)))
}

#[cfg(test)]
mod tests {
    use zhenren_domain::challenge::{ChallengeKind, Colour, Prompt, Step};

    use super::*;

    /// Thirty frames a second with a jitter of some milliseconds, and what the page logged.
    fn frames(offset: f64, jitter: f64) -> (Vec<f64>, ClockLog) {
        let at: Vec<f64> = (0..90_u8)
            .map(|i| f64::from(i) * 66.7 + f64::from(u16::from(i) * 37 % 23) * jitter)
            .collect();
        let first = at[0];
        let log = ClockLog {
            frames_ms: at
                .iter()
                .map(|ms| (ms + offset + 9.0, Some(ms + offset)))
                .collect(),
            ..ClockLog::default()
        };
        (at.iter().map(|ms| ms - first).collect(), log)
    }

    #[test]
    fn the_offset_is_found() {
        for offset in [-20.0, 12.0, 43.0, 180.0] {
            let (at, log) = frames(offset, 0.8);
            let fit = fit(&at, &log).unwrap();
            assert!((fit.offset_ms - offset).abs() <= 1.0, "{offset} {fit:?}");
            assert!(fit.residual_ms <= 0.5);
        }
    }

    #[test]
    fn regular_frames_fit_near_the_usual_offset() {
        let (at, log) = frames(30.0, 0.0);
        assert!((fit(&at, &log).unwrap().offset_ms - 30.0).abs() <= 1.0);
    }

    #[test]
    fn another_clock_does_not_fit() {
        let (at, mut log) = frames(30.0, 0.8);
        for (i, frame) in log.frames_ms.iter_mut().enumerate() {
            *frame = (i as f64 * 83.3, Some(i as f64 * 83.3));
        }
        let fit = fit(&at, &log).unwrap();
        assert!(fit.residual_ms > 8.0, "{}", fit.residual_ms);
    }

    #[test]
    fn a_short_log_says_nothing() {
        let (at, mut log) = frames(30.0, 0.8);
        log.frames_ms.truncate(3);
        assert_eq!(fit(&at, &log), None);
        log.frames_ms = vec![(f64::NAN, None); 40];
        assert_eq!(fit(&at, &log), None);
    }

    #[test]
    fn onsets_are_believed_near_the_plan_only() {
        let steps = [1_000, 1_400, 1_800]
            .map(|at_ms| Step {
                prompt: Prompt::Shine(Colour::Red),
                at_ms,
                window_ms: 400,
            })
            .to_vec();
        let challenge = Challenge {
            kind: ChallengeKind::ScreenFlash,
            steps,
            duration_ms: 2_600,
        };
        let told = |onsets_ms: Vec<f64>| ClockLog {
            onsets_ms,
            ..ClockLog::default()
        };
        let plan = vec![1_000.0, 1_400.0, 1_800.0];
        assert_eq!(onsets(&challenge, &ClockLog::default()), plan);
        assert_eq!(onsets(&challenge, &told(vec![1_010.0])), plan);
        let late = vec![1_300.0, 1_710.0, 2_100.0];
        assert_eq!(onsets(&challenge, &told(late.clone())), late);
        let wild = vec![1_010.0, 2_900.0, 1_810.0];
        assert_eq!(
            onsets(&challenge, &told(wild)),
            vec![1_010.0, 1_410.0, 1_810.0]
        );
        assert_eq!(onsets(&challenge, &told(vec![9e9, 9e9, 9e9])), plan);
        assert_eq!(onsets(&challenge, &told(vec![f64::NAN; 3])), plan);
    }
}
