//! How loud a clip is over time, how loud its voice is, and how far above the noise.

use zhenren_domain::measurements::Sample;

use super::mel::{BANDS, HOP_MS, LogMel};

/// Middle of the first frame: half a window.
pub(crate) const FIRST_MS: f64 = 12.5;
/// Quieter than any converter: keeps logarithms finite.
const FLOOR_DBFS: f64 = -100.0;
/// Frames this far below the loud ones still belong to the voice.
const VOICE_SPAN_DB: f64 = 15.0;
/// Share of the frames that are taken for noise: people pause between digits.
const NOISE_SHARE: f64 = 0.15;
/// A full-scale square has a mean square of 1; a band energy of this much: half the transform's
/// length times the sum of the squared window.
const ENERGY_OF_FULL_SCALE: f64 = 256.0 * 150.0;

/// Levels of a clip, 80–3800 Hz.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// dBFS of each 10 ms.
    pub frames: Vec<f64>,
    /// Level of the voice in dBFS.
    pub voice_dbfs: f64,
    /// Level of the pauses in dBFS.
    pub noise_dbfs: f64,
    /// Voice over noise in dB, 0 or more.
    pub snr_db: f64,
}

impl Levels {
    /// Measures the bands of a clip.
    pub fn of(mel: &LogMel) -> Self {
        let powers: Vec<f64> = mel
            .values
            .chunks_exact(BANDS)
            .map(|bands| {
                let energy: f64 = bands.iter().map(|band| f64::from(*band).exp()).sum();
                (energy / ENERGY_OF_FULL_SCALE).max(power(FLOOR_DBFS))
            })
            .collect();
        let mut sorted = powers.clone();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let quiet = ((count as f64 * NOISE_SHARE) as usize).max(1).min(count);
        let noise = mean(&sorted[..quiet]);
        let loud = sorted
            .get((count as f64 * 0.95) as usize)
            .copied()
            .unwrap_or(0.0);
        let limit = loud * power(-VOICE_SPAN_DB);
        let voiced: Vec<f64> = sorted.iter().copied().filter(|p| *p >= limit).collect();
        let voice = mean(&voiced);
        Self {
            frames: powers.into_iter().map(decibels).collect(),
            voice_dbfs: decibels(voice),
            noise_dbfs: decibels(noise),
            snr_db: (decibels((voice - noise).max(0.0)) - decibels(noise)).max(0.0),
        }
    }

    /// The level over time, one value each 20 ms, on the clock that says when the first sample was.
    pub fn series(&self, first_sample_at_ms: f64) -> Vec<Sample> {
        self.frames
            .chunks(2)
            .enumerate()
            .map(|(i, pair)| Sample {
                at_ms: first_sample_at_ms
                    + FIRST_MS
                    + HOP_MS * (2 * i) as f64
                    + HOP_MS / 2.0 * (pair.len() - 1) as f64,
                value: pair.iter().sum::<f64>() / pair.len() as f64,
            })
            .collect()
    }

    /// Where the sound that reaches `frame` began, not before `earliest`: back to where it rises
    /// from the noise, or to the valley between two syllables.
    pub(crate) fn onset(&self, frame: usize, earliest: usize) -> Option<usize> {
        const NEAR: usize = 20;
        const LOOK_BACK: usize = 70;
        let last = self.frames.len().checked_sub(1)?;
        let frame = frame.min(last);
        let earliest = earliest.min(frame);
        let level = |at: usize| self.smooth(at);
        // The recogniser is sure at some moment of the syllable or just after it.
        let from = frame.saturating_sub(NEAR).max(earliest);
        let peak =
            (from..=(frame + NEAR / 2).min(last)).max_by(|a, b| level(*a).total_cmp(&level(*b)))?;
        let loud = level(peak);
        let limit = (loud - 20.0).max(self.noise_dbfs + 5.0).min(loud - 3.0);
        let back = peak.saturating_sub(LOOK_BACK).max(earliest);
        let mut onset = peak;
        let mut below = 0;
        for at in (back..peak).rev() {
            if level(at) >= limit {
                onset = at;
                below = 0;
            } else {
                below += 1;
                // A stop inside a syllable is shorter than this.
                if below > 5 {
                    return Some(onset);
                }
            }
        }
        if onset <= back + 1 && back > 0 {
            // No silence before it: the quietest moment.
            return (back..=peak).min_by(|a, b| level(*a).total_cmp(&level(*b)));
        }
        Some(onset)
    }

    fn smooth(&self, at: usize) -> f64 {
        let last = self.frames.len() - 1;
        let window = &self.frames[at.saturating_sub(1)..=(at + 1).min(last)];
        window.iter().sum::<f64>() / window.len() as f64
    }
}

fn power(decibels: f64) -> f64 {
    10.0_f64.powf(decibels / 10.0)
}

fn decibels(power: f64) -> f64 {
    (10.0 * power.max(1e-12).log10()).max(FLOOR_DBFS)
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::mel::log_mel;

    /// Tone bursts of 400 ms each second, on noise.
    fn bursts(tone: f64, noise: f64) -> Vec<f32> {
        let mut state = 1_u32;
        (0..64_000_u32)
            .map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = (f64::from(state >> 8) / f64::from(1 << 24) - 0.5) * 12.0_f64.sqrt();
                let t = f64::from(i) / 16_000.0;
                let on = (0.5..0.9).contains(&t.fract());
                let wave = if on {
                    (std::f64::consts::TAU * 700.0 * t).sin() * tone * 2.0_f64.sqrt()
                } else {
                    0.0
                };
                (wave + hiss * noise) as f32
            })
            .collect()
    }

    #[test]
    fn level_and_noise_are_what_was_mixed() {
        let levels = Levels::of(&log_mel(&bursts(0.1, 0.002)));
        assert!((levels.voice_dbfs + 20.0).abs() < 1.5, "{levels:?}");
        // White noise: 3.7 of 8 kHz are listened to, 3.3 dB less.
        assert!(
            (levels.noise_dbfs + 57.3).abs() < 2.5,
            "{}",
            levels.noise_dbfs
        );
        assert!((levels.snr_db - 37.0).abs() < 3.0, "{}", levels.snr_db);
    }

    #[test]
    fn noise_alone_is_no_voice_and_silence_has_no_level() {
        let noise = Levels::of(&log_mel(&bursts(0.0, 0.05)));
        assert!(noise.snr_db < 6.0, "{}", noise.snr_db);
        let silence = Levels::of(&log_mel(&vec![0.0; 16_000]));
        assert!(
            silence.voice_dbfs < -85.0 && silence.snr_db < 1.0,
            "{silence:?}"
        );
        let nothing = Levels::of(&log_mel(&[]));
        assert!(nothing.frames.is_empty() && nothing.snr_db < 1e-9);
        assert_eq!(nothing.onset(3, 0), None);
    }

    #[test]
    fn onsets_are_found_from_inside_the_sound() {
        let levels = Levels::of(&log_mel(&bursts(0.1, 0.002)));
        for second in 0..4_usize {
            for inside in [52, 65, 85, 93] {
                let found = levels.onset(second * 100 + inside, second * 100).unwrap();
                let wanted = second * 100 + 50;
                assert!(found.abs_diff(wanted) <= 3, "{found} {wanted}");
            }
        }
    }
}
