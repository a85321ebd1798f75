//! Whether the mouth moves when, and as, the voice sounds.
//!
//! Takes the mouth's opening over time (gap of the inner lips over the distance of the eyes) and
//! what was heard. On real continuous speech the agreement of lips and voice parts people from
//! dubbed clips only roughly; it lowers a result and never carries one.

use zhenren_domain::measurements::Sample;

use super::{Heard, PACE_MS, pace_share};
use crate::series::quantile;

/// Step of the common grid in milliseconds.
const GRID_MS: f64 = 20.0;
/// What is compared: faster than a change of pose, slower than noise. Widths of the two bells
/// (standard deviation, in ms) whose cut-offs (half power) are 5 Hz and .6 Hz.
const FAST_BELL_MS: f64 = 26.5;
const SLOW_BELL_MS: f64 = 221.0;
/// Loudness below the peak that counts as silence, in dB.
const LOUDNESS_SPAN_DB: f64 = 35.0;
/// The sound may come this much before or after the picture, in milliseconds.
const LAGS_MS: (f64, f64) = (-40.0, 160.0);
/// Pictures farther apart than this leave a hole, in milliseconds.
const HOLE_MS: f64 = 250.0;
/// Length of the windows in which movement is measured, in milliseconds.
const WINDOW_MS: f64 = 320.0;
/// A mouth that moves less does not move: inner lips over eye distance; the mesh's own unrest.
const REST: f64 = 0.004;
/// Least pictures for a statement.
const SAMPLES_MIN: usize = 12;

/// What the mouth did.
#[derive(Clone, Debug, PartialEq)]
pub struct Lips {
    /// Correlation of the mouth's opening with the loudness at the best lag, −1…1; `None` when one
    /// of them does not move or too little was seen.
    pub agreement: Option<f64>,
    /// That lag: by how much the sound is later than the mouth, in milliseconds.
    pub lag_ms: Option<f64>,
    /// Movement of the mouth during the digits over its movement outside them, 0 or more; `None`
    /// when too little was seen.
    pub motion: Option<f64>,
    /// When the mouth began to open for each digit, on the clip's clock, in milliseconds.
    pub onsets_ms: Vec<Option<f64>>,
    /// Share of the digits for which the mouth opened within [`PACE_MS`] of their being shown, 0–1.
    pub pace_share: f64,
}

/// Compares mouth and voice; `mouth` in order of time, on the clip's clock, as `reveals_ms`.
pub fn lips(mouth: &[Sample], heard: &Heard, reveals_ms: &[f64]) -> Lips {
    let mouth: Vec<Sample> = mouth
        .iter()
        .copied()
        .filter(|s| s.value.is_finite() && s.at_ms.is_finite())
        .collect();
    if mouth.len() < SAMPLES_MIN {
        return Lips {
            agreement: None,
            lag_ms: None,
            motion: None,
            onsets_ms: vec![None; reveals_ms.len()],
            pace_share: 0.0,
        };
    }
    let best = agreement(&mouth, &heard.loudness);
    let onsets_ms = openings(&mouth, reveals_ms);
    Lips {
        agreement: best.map(|(_, r)| r),
        lag_ms: best.map(|(lag, _)| lag),
        motion: motion(&mouth, &heard.onsets_ms),
        pace_share: pace_share(&onsets_ms, reveals_ms),
        onsets_ms,
    }
}

/// Best lag and its correlation.
fn agreement(mouth: &[Sample], loudness: &[Sample]) -> Option<(f64, f64)> {
    let peak = loudness.iter().map(|s| s.value).fold(f64::NAN, f64::max);
    if !peak.is_finite() {
        return None;
    }
    let floor = peak - LOUDNESS_SPAN_DB;
    let clipped: Vec<Sample> = loudness
        .iter()
        .map(|s| Sample {
            at_ms: s.at_ms,
            value: s.value.max(floor),
        })
        .collect();
    let (first, last) = (mouth.first()?.at_ms, mouth.last()?.at_ms);
    let start = first.max(clipped.first()?.at_ms);
    let end = last.min(clipped.last()?.at_ms);
    let count = ((end - start) / GRID_MS).floor();
    // Two minutes at most: a wrong time stamp must not ask for all memory.
    if !(25.0..6_000.0).contains(&count) {
        return None;
    }
    let grid: Vec<f64> = (0..count as usize)
        .map(|i| start + GRID_MS * i as f64)
        .collect();
    let mouth = band(&sampled(mouth, &grid));
    let voice = band(&sampled(&clipped, &grid));
    let mut best: Option<(f64, f64)> = None;
    let mut lag = LAGS_MS.0;
    while lag <= LAGS_MS.1 {
        let shift = (lag / GRID_MS).round() as i64;
        if let Some(r) = correlation(&mouth, &voice, shift)
            && best.is_none_or(|(_, known)| r > known)
        {
            best = Some((lag, r));
        }
        lag += GRID_MS;
    }
    best
}

/// Values on a grid; `None` in holes.
fn sampled(series: &[Sample], grid: &[f64]) -> Vec<Option<f64>> {
    let mut at = 0;
    grid.iter()
        .map(|time| {
            while at + 1 < series.len() && series[at + 1].at_ms <= *time {
                at += 1;
            }
            let (a, b) = (series.get(at)?, series.get(at + 1)?);
            let span = b.at_ms - a.at_ms;
            if *time < a.at_ms || span > HOLE_MS || span <= 0.0 {
                return None;
            }
            Some(a.value + (b.value - a.value) * (time - a.at_ms) / span)
        })
        .collect()
}

/// What changes between .6 and 5 Hz: a narrow bell's mean less a wide bell's, without delay.
fn band(values: &[Option<f64>]) -> Vec<Option<f64>> {
    let fast = bell(values, FAST_BELL_MS);
    let slow = bell(values, SLOW_BELL_MS);
    fast.into_iter()
        .zip(slow)
        .zip(values)
        .map(|((fast, slow), value)| value.and(Some(fast? - slow?)))
        .collect()
}

fn bell(values: &[Option<f64>], width_ms: f64) -> Vec<Option<f64>> {
    let width = width_ms / GRID_MS;
    let reach = (3.0 * width).ceil() as usize;
    let weights: Vec<f64> = (0..=reach)
        .map(|d| (-0.5 * (d as f64 / width).powi(2)).exp())
        .collect();
    (0..values.len())
        .map(|at| {
            let from = at.saturating_sub(reach);
            let to = (at + reach).min(values.len() - 1);
            let (mut sum, mut weight) = (0.0, 0.0);
            for (i, value) in values[from..=to].iter().enumerate() {
                if let Some(value) = value {
                    let w = weights[(from + i).abs_diff(at)];
                    sum += w * value;
                    weight += w;
                }
            }
            (weight > 0.0).then(|| sum / weight)
        })
        .collect()
}

/// Pearson's r of the mouth with the voice `shift` steps later; `None` when one stands still.
fn correlation(mouth: &[Option<f64>], voice: &[Option<f64>], shift: i64) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = mouth
        .iter()
        .enumerate()
        .filter_map(|(i, m)| {
            let at = usize::try_from(i as i64 + shift).ok()?;
            Some(((*m)?, (*voice.get(at)?)?))
        })
        .collect();
    let n = pairs.len() as f64;
    if pairs.len() < 25 {
        return None;
    }
    let mean = |f: fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / n;
    let (mx, my) = (mean(|p| p.0), mean(|p| p.1));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in &pairs {
        xy += (x - mx) * (y - my);
        xx += (x - mx).powi(2);
        yy += (y - my).powi(2);
    }
    let scale = (xx * yy).sqrt();
    (xx / n > 1e-10 && yy / n > 1e-6 && scale > 0.0).then(|| xy / scale)
}

/// Range inside the digits over range outside them, in windows of the same length.
fn motion(mouth: &[Sample], onsets_ms: &[Option<f64>]) -> Option<f64> {
    let onsets: Vec<f64> = onsets_ms.iter().copied().flatten().collect();
    let inside: Vec<f64> = onsets
        .iter()
        .filter_map(|onset| {
            // The mouth opens before the voice sounds, and sooner for some digits than for others.
            [-120.0, 0.0]
                .iter()
                .filter_map(|early| range(mouth, onset + early))
                .fold(None, |best: Option<f64>, r| {
                    Some(best.map_or(r, |b| b.max(r)))
                })
        })
        .collect();
    let first = mouth.first()?.at_ms;
    let last = mouth.last()?.at_ms;
    let mut outside = Vec::new();
    let mut start = first;
    while start + WINDOW_MS <= last {
        let end = start + WINDOW_MS;
        let apart = |onset: &f64| end < onset - 150.0 || start > onset + 550.0;
        if onsets.iter().all(apart) {
            outside.extend(range(mouth, start));
        }
        start += WINDOW_MS / 4.0;
    }
    let inside = quantile(inside, 0.5)?;
    let outside = quantile(outside, 0.5).unwrap_or(REST).max(REST);
    Some(inside / outside)
}

/// Peak to peak in the window that starts at a time.
fn range(mouth: &[Sample], start_ms: f64) -> Option<f64> {
    let window = || {
        mouth
            .iter()
            .filter(|s| (start_ms..=start_ms + WINDOW_MS).contains(&s.at_ms))
            .map(|s| s.value)
    };
    if window().count() < 3 {
        return None;
    }
    Some(window().fold(f64::MIN, f64::max) - window().fold(f64::MAX, f64::min))
}

/// When the mouth begins to open after each reveal: it rises above the lowest it was since then by
/// a quarter of what it does in the clip, and by more than its unrest.
fn openings(mouth: &[Sample], reveals_ms: &[f64]) -> Vec<Option<f64>> {
    let values = || mouth.iter().map(|s| s.value);
    let whole = quantile(values(), 0.95)
        .zip(quantile(values(), 0.05))
        .map_or(0.0, |(high, low)| high - low);
    let steps = mouth.windows(2).map(|w| (w[1].value - w[0].value).abs());
    let unrest = quantile(steps, 0.3).unwrap_or(0.0);
    let wanted = (whole * 0.25).max(3.0 * unrest).max(2.0 * REST);
    reveals_ms
        .iter()
        .map(|reveal| opening(mouth, *reveal, wanted))
        .collect()
}

/// Last moment at which the mouth was still low before it first rose by `wanted`.
fn opening(mouth: &[Sample], reveal_ms: f64, wanted: f64) -> Option<f64> {
    let seen: Vec<&Sample> = mouth
        .iter()
        .filter(|s| (reveal_ms..=reveal_ms + PACE_MS.end()).contains(&s.at_ms))
        .collect();
    let mut lowest = f64::INFINITY;
    let open = seen.iter().position(|sample| {
        lowest = lowest.min(sample.value);
        sample.value - lowest >= wanted
    })?;
    seen[..open]
        .iter()
        .rfind(|sample| sample.value - lowest < wanted * 0.4)
        .map(|sample| sample.at_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REVEALS: [f64; 4] = [1_000.0, 2_050.0, 2_900.0, 4_100.0];

    /// Openness of a mouth, or loudness, of one that speaks `delay` after each reveal.
    fn spoken(at_ms: f64, delay: f64) -> f64 {
        REVEALS
            .iter()
            .map(|reveal| {
                let t = (at_ms - reveal - delay) / 400.0;
                if (0.0..1.0).contains(&t) {
                    (std::f64::consts::PI * t).sin()
                } else {
                    0.0
                }
            })
            .sum()
    }

    fn heard(delay: f64) -> Heard {
        Heard {
            digits: "3705".to_owned(),
            digit_score: -1.0,
            onsets_ms: REVEALS.iter().map(|r| Some(r + delay)).collect(),
            pace_share: 1.0,
            voice_dbfs: -25.0,
            snr_db: 25.0,
            clipped_share: 0.0,
            loudness: (0..290)
                .map(|i| {
                    let at_ms = f64::from(i) * 20.0;
                    Sample {
                        at_ms,
                        value: -60.0 + 35.0 * spoken(at_ms, delay).sqrt(),
                    }
                })
                .collect(),
        }
    }

    fn mouth(opening: impl Fn(f64) -> f64) -> Vec<Sample> {
        let mut state = 7_u32;
        (0..85)
            .map(|i| {
                let at_ms = f64::from(i) * 66.7;
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let unrest = (f64::from(state >> 8) / f64::from(1 << 24) - 0.5) * 0.006;
                Sample {
                    at_ms,
                    value: 0.02 + opening(at_ms) + unrest,
                }
            })
            .collect()
    }

    #[test]
    fn a_speaking_mouth_agrees_moves_and_keeps_pace() {
        let mouth = mouth(|t| 0.12 * spoken(t, 420.0));
        let found = lips(&mouth, &heard(500.0), &REVEALS);
        assert!(found.agreement.unwrap() > 0.6, "{found:?}");
        let lag = found.lag_ms.unwrap();
        assert!((0.0..=160.0).contains(&lag), "{found:?}");
        assert!(found.motion.unwrap() > 4.0, "{found:?}");
        assert!((found.pace_share - 1.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn a_still_mouth_neither_agrees_nor_moves() {
        let found = lips(&mouth(|_| 0.0), &heard(500.0), &REVEALS);
        assert!(found.agreement.is_none_or(|r| r < 0.35), "{found:?}");
        assert!(found.motion.unwrap() < 1.8, "{found:?}");
        assert!(found.pace_share < 0.3, "{found:?}");
    }

    #[test]
    fn a_mouth_that_speaks_at_other_times_disagrees() {
        let found = lips(&mouth(|t| 0.12 * spoken(t, 900.0)), &heard(450.0), &REVEALS);
        assert!(found.agreement.unwrap() < 0.2, "{found:?}");
        let swaying = mouth(|t| 0.05 * (t / 260.0).sin());
        let found = lips(&swaying, &heard(500.0), &REVEALS);
        assert!(found.motion.unwrap() < 1.8, "{found:?}");
    }

    #[test]
    fn too_little_says_nothing() {
        let found = lips(&[], &heard(500.0), &REVEALS);
        assert_eq!((found.agreement, found.motion), (None, None));
        let mut silent = heard(500.0);
        silent.loudness.clear();
        silent.onsets_ms = vec![None; 4];
        let found = lips(&mouth(|_| 0.0), &silent, &[]);
        assert_eq!((found.agreement, found.motion), (None, None));
        let wild = vec![
            Sample {
                at_ms: f64::NAN,
                value: f64::INFINITY
            };
            40
        ];
        assert_eq!(lips(&wild, &heard(500.0), &REVEALS).onsets_ms, [None; 4]);
    }
}
