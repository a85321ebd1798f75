//! From sound to log-mel bands: what the built-in recogniser listens to.
//!
//! `training/digits/features.py` computes the same; a golden vector pins both. Change one only
//! together with the other, and train again.

use std::sync::{Arc, OnceLock};

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use super::RATE_HZ;

/// Bands of one frame.
pub const BANDS: usize = 40;
/// From one frame to the next, in milliseconds.
pub(crate) const HOP_MS: f64 = 10.0;

pub(crate) const HOP: usize = 160;
pub(crate) const WINDOW: usize = 400;
const FFT: usize = 512;
const LOW_HZ: f64 = 80.0;
const HIGH_HZ: f64 = 3_800.0;
const EPSILON: f32 = 1e-6;
/// Everything this much (natural logarithm) below the loudest band of the clip is silence; without
/// it digital silence looks like no sound a person was trained on.
const FLOOR_BELOW_MAX: f32 = 11.5;
/// The one deviation all bands are divided by.
const SCALE: f32 = 2.5;

/// Log energies, one row of [`BANDS`] for each 10 ms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogMel {
    /// Rows one after the other.
    pub values: Vec<f32>,
}

impl LogMel {
    /// Number of frames.
    pub fn frames_count(&self) -> usize {
        self.values.len() / BANDS
    }

    /// As the net wants it: floor, mean of each band removed, scaled.
    #[must_use]
    pub fn normalised(mut self) -> Self {
        let frames = self.frames_count();
        if frames == 0 {
            return self;
        }
        let floor = self
            .values
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
            - FLOOR_BELOW_MAX;
        for value in &mut self.values {
            *value = value.max(floor);
        }
        for band in 0..BANDS {
            let sum: f64 = self.values[band..]
                .iter()
                .step_by(BANDS)
                .map(|value| f64::from(*value))
                .sum();
            let mean = (sum / frames as f64) as f32;
            for value in self.values[band..].iter_mut().step_by(BANDS) {
                *value = (*value - mean) / SCALE;
            }
        }
        self
    }
}

/// Log-mel bands of a clip, 16 kHz, −1…1. Nothing for less than 25 ms.
pub fn log_mel(samples: &[f32]) -> LogMel {
    let plan = Plan::get();
    let mut values = Vec::with_capacity(samples.len() / HOP * BANDS);
    let mut padded = [0.0_f32; FFT];
    let mut spectrum = plan.fft.make_output_vec();
    let mut scratch = plan.fft.make_scratch_vec();
    for start in (0..(samples.len() + 1).saturating_sub(WINDOW)).step_by(HOP) {
        padded.fill(0.0);
        for ((to, from), weight) in padded
            .iter_mut()
            .zip(&samples[start..start + WINDOW])
            .zip(&plan.window)
        {
            *to = from * weight;
        }
        // Only wrong lengths fail, and all three were made by the plan.
        if plan
            .fft
            .process_with_scratch(&mut padded, &mut spectrum, &mut scratch)
            .is_err()
        {
            return LogMel::default();
        }
        values.extend(plan.bands.iter().map(|band| band.log_energy(&spectrum)));
    }
    LogMel { values }
}

struct Plan {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bands: Vec<Band>,
}

struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl Band {
    fn log_energy(&self, spectrum: &[Complex<f32>]) -> f32 {
        let energy: f32 = self
            .weights
            .iter()
            .zip(&spectrum[self.first..])
            .map(|(weight, bin)| weight * bin.norm_sqr())
            .sum();
        (energy + EPSILON).ln()
    }
}

impl Plan {
    fn get() -> &'static Self {
        static PLAN: OnceLock<Plan> = OnceLock::new();
        PLAN.get_or_init(|| Self {
            fft: RealFftPlanner::new().plan_fft_forward(FFT),
            window: (0..WINDOW)
                .map(|i| {
                    let turn = std::f64::consts::TAU * i as f64 / WINDOW as f64;
                    (0.5 - 0.5 * turn.cos()) as f32
                })
                .collect(),
            bands: bands(),
        })
    }
}

/// Triangles over the bins, evenly spread over the mel scale, height 1.
fn bands() -> Vec<Band> {
    let mel = |hertz: f64| 2_595.0 * (1.0 + hertz / 700.0).log10();
    let hertz = |mel: f64| 700.0 * (10.0_f64.powf(mel / 2_595.0) - 1.0);
    let (low, high) = (mel(LOW_HZ), mel(HIGH_HZ));
    let edge = |i: usize| hertz(low + (high - low) * i as f64 / (BANDS + 1) as f64);
    (0..BANDS)
        .map(|band| {
            let (left, middle, right) = (edge(band), edge(band + 1), edge(band + 2));
            let weights: Vec<f32> = (0..=FFT / 2)
                .map(|bin| {
                    let at = bin as f64 * RATE_HZ / FFT as f64;
                    let up = (at - left) / (middle - left);
                    let down = (right - at) / (right - middle);
                    up.min(down).max(0.0) as f32
                })
                .collect();
            let first = weights.iter().position(|w| *w > 0.0).unwrap_or(0);
            let last = weights.iter().rposition(|w| *w > 0.0).unwrap_or(0);
            Band {
                first,
                weights: weights[first..=last].to_vec(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signal of `training/digits/golden.py`: three gliding tones and a pause.
    fn signal() -> Vec<f32> {
        (0..8_000_u32)
            .map(|i| {
                let t = f64::from(i) / RATE_HZ;
                let tone = |hertz: f64| (std::f64::consts::TAU * hertz * t).sin();
                let loud = if (3_200..4_800).contains(&i) {
                    0.0
                } else {
                    0.3
                };
                (loud
                    * (tone(200.0 + 300.0 * t)
                        + 0.5 * tone(1_500.0)
                        + 0.2 * tone(3_000.0 - 900.0 * t))) as f32
            })
            .collect()
    }

    #[test]
    fn the_golden_vector_of_the_training_code() {
        let golden: Vec<f32> = include_str!("golden.txt")
            .split_whitespace()
            .map(|number| number.parse().unwrap())
            .collect();
        let found = log_mel(&signal()).normalised();
        assert_eq!(found.frames_count(), 48);
        let picked: Vec<f32> = [0, 11, 19, 24, 31, 47]
            .iter()
            .flat_map(|frame| found.values[frame * BANDS..(frame + 1) * BANDS].to_vec())
            .collect();
        assert_eq!(picked.len(), golden.len());
        for (at, (found, golden)) in picked.iter().zip(&golden).enumerate() {
            assert!((found - golden).abs() < 2e-3, "{at}: {found} {golden}");
        }
    }

    #[test]
    fn short_and_silent_sound_gives_finite_bands() {
        assert_eq!(log_mel(&[]).normalised().frames_count(), 0);
        assert_eq!(log_mel(&[0.5; WINDOW - 1]).frames_count(), 0);
        assert_eq!(log_mel(&[0.5; WINDOW]).frames_count(), 1);
        let silent = log_mel(&vec![0.0; 16_000]).normalised();
        assert!(silent.values.iter().all(|value| *value == 0.0));
    }
}
