//! A capture subject's voice: digits spoken by `espeak-ng`, placed in time as a person would
//! say them, and how far the mouth is open meanwhile.
//!
//! Sound and lips come from the same syllables, so they agree as they do in a living speaker.
//! Without `espeak-ng` the mouth still moves, and asking for the sound is an error that says so.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, ensure};
use zhenren_domain::challenge::{Challenge, Prompt};

use crate::seed::Seeded;

/// Samples a second of every sound track made here.
pub const RATE_HZ: u32 = 16_000;
/// From a digit's reveal to the first sound, in milliseconds.
pub const REPLY_MS: (f32, f32) = (250.0, 700.0);
/// Limit: nobody begins a digit before the one before is over and this long ago, milliseconds.
const BREATH_MS: f32 = 60.0;
/// Lips begin this much before the sound, in milliseconds: half of what smooths their movement.
const LIPS_LEAD_MS: f32 = 50.0;
/// Samples in a millisecond, and in one step of the loudness curve.
const PER_MS: f32 = 16.0;
const STEP_MS: f32 = 10.0;
/// Steps of the loudness curve on either side that lips are smoothed over.
const SMOOTHING: usize = 5;
/// Full scale of a sample.
const FULL: f32 = 32_767.0;

/// The digits as they are written for the speaker, zero first.
const WORDS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
/// How far the mouth opens for each of them, as `Scene::mouth`.
const OPENING: [f32; 10] = [0.24, 0.2, 0.33, 0.42, 0.18, 0.17, 0.3, 0.2, 0.46, 0.32];
/// Voices of `espeak-ng` that sound like people.
const VARIANTS: [&str; 13] = [
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5",
];

/// Sixteen thousand samples a second, one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoundTrack {
    /// Signed 16-bit samples at [`RATE_HZ`].
    pub samples: Vec<i16>,
}

/// How one person sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Voice {
    variant: &'static str,
    pitch: u8,
    words_per_minute: u8,
}

impl Voice {
    /// The voice that belongs to a person's seed.
    pub fn of_person(seed: u64) -> Self {
        let mut seeded = Seeded::new(seed, "voice");
        Self {
            variant: seeded.pick(&VARIANTS, "m3"),
            pitch: seeded.pick(&[35, 42, 50, 58, 65], 50),
            words_per_minute: seeded.pick(&[155, 170, 185, 200], 170),
        }
    }
}

/// What is said over one recording.
#[derive(Clone, Debug)]
pub struct Speech {
    utterances: Vec<Utterance>,
    /// Why there is no sound, when there is none.
    silent_because: Option<String>,
    loudness: f32,
    noise: f32,
    seed: u64,
}

/// One digit, said once.
#[derive(Clone, Debug)]
pub struct Utterance {
    /// Which digit.
    pub digit: u8,
    /// Begin of its sound, in milliseconds of the recording.
    pub from_ms: f32,
    /// Length of its sound in milliseconds.
    pub length_ms: f32,
    sound: Arc<Syllable>,
}

/// The sound of one digit with its loudness curve.
#[derive(Debug)]
struct Syllable {
    samples: Vec<f32>,
    /// 0 to 1 for each [`STEP_MS`].
    curve: Vec<f32>,
}

impl Speech {
    /// Says the digits of a challenge after their reveals; the seed decides delays, loudness and
    /// the room's noise. Challenges without digits are answered with silence.
    pub fn new(challenge: &Challenge, voice: Voice, seed: u64) -> Self {
        let mut seeded = Seeded::new(seed, "speech");
        let loudness = seeded.between(0.12, 0.4);
        // 36 to 50 dB below the peaks of the voice, which is about 15 dB less below its mean.
        let noise = loudness * seeded.between(0.003, 0.016);
        let mut speech = Self {
            utterances: Vec::new(),
            silent_because: None,
            loudness,
            noise,
            seed,
        };
        let mut free_from_ms = 0.0;
        for step in &challenge.steps {
            let Prompt::Say(digit) = step.prompt else {
                continue;
            };
            let reply = seeded.between(REPLY_MS.0, REPLY_MS.1);
            let sound = syllable(voice, digit).unwrap_or_else(|error| {
                speech.silent_because = Some(format!("{error:#}"));
                Arc::new(Syllable::unheard())
            });
            let shown_ms = f32::from(u16::try_from(step.at_ms).unwrap_or(u16::MAX));
            let from_ms = (shown_ms + reply).max(free_from_ms + BREATH_MS);
            let length_ms = sound.length_ms();
            free_from_ms = from_ms + length_ms;
            speech.utterances.push(Utterance {
                digit,
                from_ms,
                length_ms,
                sound,
            });
        }
        speech
    }

    /// What is said, in order.
    pub fn utterances(&self) -> &[Utterance] {
        &self.utterances
    }

    /// The room's noise as a share of full scale, another than the seed's.
    #[must_use]
    pub const fn with_noise(mut self, noise: f32) -> Self {
        self.noise = noise;
        self
    }

    /// How far the mouth is open, as `Scene::mouth`.
    pub fn mouth(&self, ms: f32) -> f32 {
        let said = self.utterances.iter().map(|utterance| {
            let into = ms + LIPS_LEAD_MS - utterance.from_ms;
            let opening = OPENING.get(usize::from(utterance.digit));
            utterance.sound.loudness(into) * opening.copied().unwrap_or(0.25)
        });
        said.fold(0.0, f32::max)
    }

    /// The sound track of a recording.
    pub fn track(&self, duration_ms: u32) -> anyhow::Result<SoundTrack> {
        if let Some(why) = &self.silent_because {
            anyhow::bail!("the digits cannot be spoken: {why}");
        }
        let count = usize::try_from(u64::from(duration_ms) * u64::from(RATE_HZ) / 1_000)?;
        let mut seeded = Seeded::new(self.seed, "room noise");
        let mut rumble = 0.0;
        let mut sum: Vec<f32> = (0..count)
            .map(|_| {
                // Rooms hum more than they hiss.
                rumble = 0.9 * rumble + 0.44 * seeded.around(0.0, 1.0);
                self.noise * rumble
            })
            .collect();
        for utterance in &self.utterances {
            let first = index(utterance.from_ms * PER_MS);
            for (into, sample) in sum.iter_mut().skip(first).zip(&utterance.sound.samples) {
                *into += self.loudness * sample;
            }
        }
        let samples = sum.iter().map(|value| quantise(*value)).collect();
        Ok(SoundTrack { samples })
    }
}

impl Syllable {
    /// Stands in for a digit that cannot be synthesised: lips move, nothing sounds.
    fn unheard() -> Self {
        let curve = (0_u8..42).map(|i| (f32::from(i) * 0.075).sin().max(0.0));
        Self {
            samples: Vec::new(),
            curve: curve.collect(),
        }
    }

    /// Cuts the silence around a sound, brings its peak to one and follows its loudness.
    fn new(raw: &[f32]) -> Self {
        let peak = raw
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        let is_loud = |value: &f32| value.abs() > 0.03 * peak;
        let from = raw.iter().position(is_loud).unwrap_or(0);
        let to = raw.iter().rposition(is_loud).unwrap_or(0);
        let kept = raw.get(from..=to).unwrap_or(raw);
        let samples: Vec<f32> = kept.iter().map(|value| value / peak.max(1e-6)).collect();
        let rough: Vec<f32> = samples
            .chunks(index(STEP_MS * PER_MS))
            .map(|step| {
                let power: f32 = step.iter().map(|value| value * value).sum();
                (power / f32::from(u16::try_from(step.len()).unwrap_or(u16::MAX))).sqrt()
            })
            .collect();
        let curve = smoothed(&rough);
        Self { samples, curve }
    }

    fn length_ms(&self) -> f32 {
        let steps = self.curve.len().saturating_sub(2 * SMOOTHING);
        f32::from(u16::try_from(steps).unwrap_or(u16::MAX)) * STEP_MS
    }

    /// Loudness `ms` after its begin, 0 to 1; lips rise and fall a little around it.
    fn loudness(&self, ms: f32) -> f32 {
        let at = ms / STEP_MS;
        if at < 0.0 {
            return 0.0;
        }
        let value = |i: usize| self.curve.get(i).copied().unwrap_or(0.0);
        let low = index(at);
        let part = at.fract();
        value(low) * (1.0 - part) + value(low + 1) * part
    }
}

/// Lips are slower than voices: a mean over 110 ms, with its peak at one.
fn smoothed(rough: &[f32]) -> Vec<f32> {
    let mean = |i: usize| {
        let from = i.saturating_sub(2 * SMOOTHING);
        let around = rough.iter().skip(from).take(i + 1 - from);
        around.sum::<f32>() / 11.0
    };
    // Five steps longer on either side than the sound.
    let curve: Vec<f32> = (0..rough.len() + 2 * SMOOTHING).map(mean).collect();
    let peak = curve.iter().fold(1e-6_f32, |most, value| most.max(*value));
    curve.iter().map(|value| (value / peak).powf(0.8)).collect()
}

/// The sound of a digit, synthesised once.
fn syllable(voice: Voice, digit: u8) -> anyhow::Result<Arc<Syllable>> {
    type Known = BTreeMap<(Voice, u8), Arc<Syllable>>;
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    let known = |key: &(Voice, u8)| {
        let known = KNOWN.lock().ok()?;
        known.get(key).cloned()
    };
    if let Some(found) = known(&(voice, digit)) {
        return Ok(found);
    }
    let made = Arc::new(Syllable::new(&synthesise(voice, digit)?));
    if let Ok(mut known) = KNOWN.lock() {
        known.insert((voice, digit), Arc::clone(&made));
    }
    Ok(made)
}

/// Runs the synthesiser; samples at [`RATE_HZ`].
fn synthesise(voice: Voice, digit: u8) -> anyhow::Result<Vec<f32>> {
    let word = WORDS.get(usize::from(digit)).context("a digit is 0 to 9")?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator speaks its own digits; nothing a stranger sent is run through here"
    )]
    let mut command = Command::new("espeak-ng");
    command.args(["-v", &format!("cmn+{}", voice.variant)]);
    command.args(["-s", &voice.words_per_minute.to_string()]);
    command.args(["-p", &voice.pitch.to_string(), "--stdout", word]);
    let output = command
        .output()
        .context("cannot start espeak-ng; install it (apt-get install espeak-ng)")?;
    ensure!(
        output.status.success(),
        "espeak-ng failed: {}",
        output.status
    );
    samples_of_wave(&output.stdout)
}

/// Samples of a mono 16-bit WAVE as the synthesiser streams it (its lengths are not filled in).
fn samples_of_wave(bytes: &[u8]) -> anyhow::Result<Vec<f32>> {
    const HEADER_BYTES: usize = 44;
    let rate = bytes
        .get(24..28)
        .context("the synthesiser's sound has no header")?;
    let rate = u32::from_le_bytes(rate.try_into()?);
    ensure!(
        (8_000..=48_000).contains(&rate),
        "unexpected {rate} samples a second"
    );
    let raw: Vec<f32> = bytes
        .get(HEADER_BYTES..)
        .unwrap_or_default()
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| f32::from(i16::from_le_bytes(*pair)) / FULL)
        .collect();
    ensure!(!raw.is_empty(), "the synthesiser said nothing");
    let step = f64::from(rate) / f64::from(RATE_HZ);
    let count = (f64::from(u32::try_from(raw.len())?) / step).floor();
    let at = |i: usize| raw.get(i).copied().unwrap_or(0.0);
    let mut samples = Vec::new();
    let mut place = 0.0_f64;
    while f64::from(u32::try_from(samples.len())?) < count {
        let low = place.floor();
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place within a short sound"
        )]
        let (low_index, part) = (low as usize, (place - low) as f32);
        samples.push(at(low_index) * (1.0 - part) + at(low_index + 1) * part);
        place += step;
    }
    Ok(samples)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place within a short sound, never negative"
)]
fn index(place: f32) -> usize {
    place.max(0.0) as usize
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "clamped to the range of a sample"
)]
fn quantise(value: f32) -> i16 {
    (value * FULL).clamp(-FULL, FULL) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt;

    fn loudness(track: &SoundTrack, from_ms: f32, to_ms: f32) -> f32 {
        let of = track.samples.iter().skip(index(from_ms * PER_MS));
        let part: Vec<f32> = of
            .take(index((to_ms - from_ms) * PER_MS))
            .map(|sample| f32::from(*sample) / FULL)
            .collect();
        let count = f32::from(u16::try_from(part.len()).expect("short"));
        (part.iter().map(|value| value * value).sum::<f32>() / count).sqrt()
    }

    #[test]
    fn digits_sound_after_their_reveal_and_lips_move_with_them() {
        let challenge = prompt::from_list("digits:4").expect("a challenge");
        for seed in 0..8 {
            let speech = Speech::new(&challenge, Voice::of_person(seed), seed);
            let track = speech
                .track(challenge.duration_ms)
                .expect("espeak-ng is installed");
            assert_eq!(
                track.samples.len(),
                usize::try_from(challenge.duration_ms).expect("short") * 16
            );
            let room = loudness(&track, 50.0, 800.0);
            assert_eq!(speech.utterances().len(), challenge.digits().len());
            for (said, step) in speech.utterances().iter().zip(&challenge.steps) {
                let reply = said.from_ms - f32::from(u16::try_from(step.at_ms).expect("short"));
                assert!((REPLY_MS.0..900.0).contains(&reply), "{reply} ms");
                assert!(
                    (150.0..700.0).contains(&said.length_ms),
                    "{} ms",
                    said.length_ms
                );
                let voice = loudness(&track, said.from_ms, said.from_ms + said.length_ms - 100.0);
                assert!(voice > 8.0 * room, "{voice} {room}");
                let most = (0_u8..10)
                    .map(|tenth| said.from_ms + said.length_ms * f32::from(tenth) / 10.0)
                    .map(|ms| speech.mouth(ms))
                    .fold(0.0, f32::max);
                assert!(most > 0.12, "{most}");
            }
            // Later digits may follow while the lips still close from the one before.
            let first = &speech.utterances()[0];
            assert!(speech.mouth(first.from_ms - 90.0) < 0.02);
        }
    }

    #[test]
    fn people_sound_different_and_the_same_each_time() {
        let challenge = prompt::from_list("digits:4").expect("a challenge");
        let track = |person, seed| {
            let speech = Speech::new(&challenge, Voice::of_person(person), seed);
            speech.track(3_000).expect("espeak-ng is installed")
        };
        assert_eq!(track(1, 1), track(1, 1));
        assert_ne!(track(1, 1), track(2, 1));
    }

    #[test]
    fn a_challenge_without_digits_is_a_quiet_room() {
        let silent = prompt::from_list("silent").expect("a challenge");
        let speech = Speech::new(&silent, Voice::of_person(1), 1);
        let track = speech.track(1_000).expect("nothing to say");
        assert!(loudness(&track, 0.0, 1_000.0) < 0.03 && speech.utterances().is_empty());
    }
}
