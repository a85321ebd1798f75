//! Kaldi's filter bank, which models of other makers listen to (`asr`).
//!
//! 25 ms each 10 ms, edges mirrored, offset removed, pre-emphasis .97, Povey's window, 80 triangles
//! on the mel scale from 20 Hz to 7600 Hz, natural logarithm; sound in −1…1, no dither.

use std::sync::{Arc, OnceLock};

use realfft::{RealFftPlanner, RealToComplex};

use super::RATE_HZ;

/// Bands of one frame.
pub(super) const FBANK_BANDS: usize = 80;
/// From frame to frame.
pub(super) const HOP_MS: f64 = 10.0;

const HOP: usize = 160;
const WINDOW: usize = 400;
const FFT: usize = 512;
const LOW_HZ: f64 = 20.0;
const HIGH_HZ: f64 = 7_600.0;
const PREEMPHASIS: f32 = 0.97;

struct Plan {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    weights: Vec<Vec<f32>>,
}

/// Rows of 80 log energies, one after the other.
pub(super) fn fbank(samples: &[f32]) -> Vec<f32> {
    let plan = plan();
    let count = (samples.len() + HOP / 2) / HOP;
    let mut values = Vec::with_capacity(count * FBANK_BANDS);
    let mut spectrum = plan.fft.make_output_vec();
    let mut scratch = plan.fft.make_scratch_vec();
    for frame in 0..count {
        let middle = (frame * HOP + HOP / 2) as i64;
        let mut window = [0.0_f32; FFT];
        for (i, value) in window.iter_mut().take(WINDOW).enumerate() {
            *value = samples[mirrored(middle - (WINDOW / 2) as i64 + i as i64, samples.len())];
        }
        let mean = window.iter().sum::<f32>() / WINDOW as f32;
        for value in window.iter_mut().take(WINDOW) {
            *value -= mean;
        }
        for i in (0..WINDOW).rev() {
            window[i] -= PREEMPHASIS * window[i.saturating_sub(1)];
        }
        for (value, weight) in window.iter_mut().zip(&plan.window) {
            *value *= weight;
        }
        // Only wrong lengths fail, and all three were made by the plan.
        if plan
            .fft
            .process_with_scratch(&mut window, &mut spectrum, &mut scratch)
            .is_err()
        {
            return Vec::new();
        }
        values.extend(plan.weights.iter().map(|weights| {
            let energy: f32 = weights
                .iter()
                .zip(&spectrum)
                .map(|(weight, bin)| weight * bin.norm_sqr())
                .sum();
            energy.max(f32::EPSILON).ln()
        }));
    }
    values
}

/// Index of a sample beyond the edges, as in a mirror.
fn mirrored(at: i64, count: usize) -> usize {
    let last = count as i64 - 1;
    let folded = if at < 0 {
        -at - 1
    } else if at > last {
        2 * last + 1 - at
    } else {
        at
    };
    folded.clamp(0, last.max(0)) as usize
}

fn plan() -> &'static Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    PLAN.get_or_init(|| {
        let mel = |hertz: f64| 1_127.0 * (1.0 + hertz / 700.0).ln();
        let step = (mel(HIGH_HZ) - mel(LOW_HZ)) / (FBANK_BANDS + 1) as f64;
        let weights = (0..FBANK_BANDS)
            .map(|band| {
                let left = mel(LOW_HZ) + step * band as f64;
                (0..FFT / 2)
                    .map(|bin| {
                        let at = mel(bin as f64 * RATE_HZ / FFT as f64);
                        let up = (at - left) / step;
                        let down = (left + 2.0 * step - at) / step;
                        up.min(down).max(0.0) as f32
                    })
                    .collect()
            })
            .collect();
        Plan {
            fft: RealFftPlanner::new().plan_fft_forward(FFT),
            window: (0..WINDOW)
                .map(|i| {
                    let turn = std::f64::consts::TAU * i as f64 / (WINDOW - 1) as f64;
                    (0.5 - 0.5 * turn.cos()).powf(0.85) as f32
                })
                .collect(),
            weights,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_shows_in_its_band_and_frames_are_counted_as_kaldi_does() {
        let tone: Vec<f32> = (0..16_000_u32)
            .map(|i| (std::f64::consts::TAU * 1_000.0 * f64::from(i) / RATE_HZ).sin() as f32 * 0.5)
            .collect();
        let bands = fbank(&tone);
        assert_eq!(bands.len() / FBANK_BANDS, 100);
        let row = &bands[50 * FBANK_BANDS..51 * FBANK_BANDS];
        let top = (0..FBANK_BANDS)
            .max_by(|a, b| row[*a].total_cmp(&row[*b]))
            .unwrap();
        // 1000 Hz is 1000 mel; the bands' centres are 34.6 mel apart, from 31.7 on.
        assert!((27..=28).contains(&top), "{top}");
        assert!(fbank(&[]).is_empty());
        assert_eq!(fbank(&[0.1; 80]).len(), FBANK_BANDS);
        assert!(
            fbank(&[0.0; 800])
                .iter()
                .all(|v| (*v + 15.942_385).abs() < 1e-3)
        );
    }
}
