//! The digits that were read aloud: which ones, when, how loud, and whether the lips say the same.
//!
//! Sound in, numbers out. Knows no threshold of a policy and no verdict; the cues are made of
//! [`Heard`] and [`Lips`] by the analysis. Start reading at [`hear`].
//!
//! Nothing here tells a living voice from a clone of it that is given the digits: see SECURITY.md.

mod asr;
mod ctc;
mod fbank;
mod level;
mod lips;
mod mel;
mod recogniser;
#[cfg(test)]
mod tests;
mod verify;

use zhenren_domain::measurements::Sample;

use crate::error::EngineError;

pub use ctc::{Posteriors, SYMBOLS};
pub use level::Levels;
pub use lips::{Lips, lips};
pub use mel::{BANDS, LogMel, log_mel};
pub use recogniser::{BUILT_IN, SpeechModel};
pub use verify::SCORE_MIN;

/// Samples a second; the media worker gives no other.
pub const RATE_HZ: f64 = 16_000.0;

/// Limit: sound of one clip that is listened to; what comes later is not heard.
pub const SAMPLES_COUNT_MAX: usize = 16_000 * 40;

/// A voice, or a mouth, follows a digit within this time after it was shown, in milliseconds. Nobody
/// reads faster, and nobody who obeys waits longer.
pub const PACE_MS: std::ops::RangeInclusive<f64> = 150.0..=1_200.0;

/// The recogniser is not asked about anything quieter, in dBFS: converters hiss louder.
const SILENCE_DBFS: f64 = -75.0;

/// What was heard in a clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The digits, whatever was asked for; empty when none were heard.
    pub digits: String,
    /// `log P(expected) − log Σ P(candidate)`, [`SCORE_MIN`]…0: how much better the expected
    /// digits explain the sound than everything near them.
    pub digit_score: f64,
    /// When the sound of each expected digit began, on the clip's clock, in milliseconds.
    pub onsets_ms: Vec<Option<f64>>,
    /// Share of the expected digits whose sound began within [`PACE_MS`] of being shown, 0–1.
    pub pace_share: f64,
    /// Level of the voice, dBFS, −100…0.
    pub voice_dbfs: f64,
    /// Voice over noise, dB, 0 or more.
    pub snr_db: f64,
    /// Share of the samples at the converter's limits, 0–1.
    pub clipped_share: f64,
    /// Level over time, dBFS, each 20 ms, on the clip's clock.
    pub loudness: Vec<Sample>,
}

/// Listens to a clip: 16 kHz, one channel, the first sample at `first_sample_at_ms` of the clip's
/// clock. `expected` are the digits that were asked for, `reveals_ms` the times on the same clock
/// at which each of them was shown; a digit without a time cannot be in time.
pub fn hear(
    model: &SpeechModel,
    pcm: &[i16],
    first_sample_at_ms: f64,
    expected: &str,
    reveals_ms: &[f64],
) -> Result<Heard, EngineError> {
    let pcm = &pcm[..pcm.len().min(SAMPLES_COUNT_MAX)];
    let samples: Vec<f32> = pcm.iter().map(|s| f32::from(*s) / 32_768.0).collect();
    let mel = log_mel(&samples);
    let levels = Levels::of(&mel);
    let mut heard = Heard {
        digits: String::new(),
        digit_score: SCORE_MIN,
        onsets_ms: vec![None; expected.chars().count()],
        pace_share: 0.0,
        voice_dbfs: levels.voice_dbfs,
        snr_db: levels.snr_db,
        clipped_share: clipped_share(pcm),
        loudness: levels.series(first_sample_at_ms),
    };
    if levels.voice_dbfs < SILENCE_DBFS {
        return Ok(heard);
    }
    let said = model.listen(&samples, &mel)?;
    let scored = verify::verify(&said.rows, expected);
    heard.digits = scored.digits;
    heard.digit_score = scored.score;
    heard.onsets_ms = onsets(&said, &levels, expected)
        .into_iter()
        .map(|onset| onset.map(|at_ms| at_ms + first_sample_at_ms))
        .collect();
    heard.pace_share = pace_share(&heard.onsets_ms, reveals_ms);
    Ok(heard)
}

/// When each digit's sound begins, after the first sample.
fn onsets(said: &Posteriors, levels: &Levels, expected: &str) -> Vec<Option<f64>> {
    let count = expected.chars().count();
    let symbols: Option<Vec<u8>> = expected.chars().map(ctc::symbol).collect();
    let Some(rows) = symbols.and_then(|symbols| ctc::align(&said.rows, &symbols)) else {
        return vec![None; count];
    };
    let mut earliest = 0;
    rows.into_iter()
        .map(|row| {
            let at_ms = said.first_ms + said.step_ms * row as f64;
            let frame = ((at_ms - level::FIRST_MS) / mel::HOP_MS).round().max(0.0) as usize;
            let onset = levels.onset(frame, earliest)?;
            earliest = frame;
            Some(level::FIRST_MS + mel::HOP_MS * onset as f64)
        })
        .collect()
}

/// Share of the onsets that follow their reveal within [`PACE_MS`].
pub(crate) fn pace_share(onsets_ms: &[Option<f64>], reveals_ms: &[f64]) -> f64 {
    if onsets_ms.is_empty() {
        return 0.0;
    }
    let in_time = onsets_ms
        .iter()
        .zip(reveals_ms)
        .filter(|(onset, reveal)| onset.is_some_and(|onset| PACE_MS.contains(&(onset - **reveal))))
        .count();
    in_time as f64 / onsets_ms.len() as f64
}

fn clipped_share(pcm: &[i16]) -> f64 {
    let clipped = pcm
        .iter()
        .filter(|sample| **sample == i16::MAX || **sample == i16::MIN)
        .count();
    clipped as f64 / pcm.len().max(1) as f64
}
