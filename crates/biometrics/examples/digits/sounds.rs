//! The sounds of the digits report: recordings put together, noise, and speech that is no digits.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

pub(crate) type Failure = Box<dyn std::error::Error>;

const RATE: usize = 16_000;
/// Pairs that are never drawn together, as in the challenge.
const CONFUSABLE: [(u8, u8); 6] = [
    (b'0', b'1'),
    (b'1', b'7'),
    (b'3', b'8'),
    (b'4', b'7'),
    (b'6', b'9'),
    (b'0', b'6'),
];
/// Said by a synthetic voice; none of it holds a digit.
const SENTENCES: [(&str, &str); 8] = [
    (
        "de",
        "Guten Morgen, das Wetter ist heute sehr schön und warm",
    ),
    ("fr", "Bonjour tout le monde, le chat dort sur la table"),
    ("es", "La casa blanca tiene ventanas grandes y hermosas"),
    ("it", "La montagna bella guarda il mare lontano"),
    ("ru", "Сегодня хорошая погода и мы идём гулять"),
    (
        "en-us",
        "please read the letters on the screen and hold the camera still",
    ),
    (
        "cmn-latn-pinyin",
        "jin1 tian1 de5 tian1 qing2 hen3 hao3 wo3 men5 chu1 men2 zou3 zou3",
    ),
    (
        "cmn-latn-pinyin",
        "qing3 kan4 zhe5 ping2 mu4 shang4 de5 zhong1 guo2 he2 shan1 dong1",
    ),
];

pub(crate) struct Speaker {
    pub(crate) takes: Vec<(String, Vec<f32>)>,
}

/// A sound, what it says, and when each digit was shown.
pub(crate) struct Take {
    pub(crate) pcm: Vec<i16>,
    pub(crate) digits: String,
    pub(crate) reveals_ms: Vec<f64>,
}

/// Repeats itself: `SplitMix64`.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }
}

pub(crate) fn read(list: &Path) -> Result<Vec<Speaker>, Failure> {
    let folder = list.parent().unwrap_or(Path::new("."));
    let mut found: BTreeMap<String, Speaker> = BTreeMap::new();
    for line in std::fs::read_to_string(list)?.lines().skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let [path, speaker, digits, ..] = columns[..] else {
            return Err(format!("{line:?} is not path,speaker,digits").into());
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        let samples = trimmed(&decoded(&folder.join(path))?);
        found
            .entry(speaker.to_owned())
            .or_insert_with(|| Speaker { takes: Vec::new() })
            .takes
            .push((digits.to_owned(), samples));
    }
    Ok(found.into_values().collect())
}

fn decoded(path: &Path) -> Result<Vec<f32>, Failure> {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-i"])
        .arg(path)
        .args(["-f", "s16le", "-ac", "1", "-ar", "16000", "-"])
        .output()?;
    if !output.status.success() {
        return Err(format!("{} cannot be decoded", path.display()).into());
    }
    Ok(output
        .stdout
        .chunks_exact(2)
        .map(|two| f32::from(i16::from_le_bytes([two[0], two[1]])) / 32_768.0)
        .collect())
}

/// Without the silence at both ends, and as loud as all others.
fn trimmed(samples: &[f32]) -> Vec<f32> {
    let loud: Vec<f32> = samples
        .chunks(160)
        .map(|c| (c.iter().map(|s| s * s).sum::<f32>() / c.len() as f32).sqrt())
        .collect();
    let peak = loud.iter().copied().fold(0.0, f32::max);
    let above = |level: &f32| *level > peak * 0.04;
    let first = loud.iter().position(above).unwrap_or(0).saturating_sub(2);
    let last = loud.iter().rposition(above).unwrap_or(0) + 3;
    let cut = &samples[first * 160..(last * 160).min(samples.len())];
    let mut sorted: Vec<f32> = cut.iter().map(|s| s * s).collect();
    sorted.sort_by(f32::total_cmp);
    let upper = &sorted[sorted.len() / 2..];
    let rms = (upper.iter().sum::<f32>() / upper.len().max(1) as f32).sqrt();
    cut.iter().map(|s| s * 0.06 / rms.max(1e-6)).collect()
}

/// As the server draws them: the first after half a second, then .7 to 1.3 s apart.
pub(crate) fn reveals(random: &mut Random) -> Vec<f64> {
    let mut at = 500.0;
    (0..4)
        .map(|_| {
            let shown = at;
            at += random.between(700.0, 1_300.0);
            shown
        })
        .collect()
}

/// Four single recordings, each begun some time after its digit was shown.
pub(crate) fn paused(speaker: &Speaker, random: &mut Random, snr_db: f64) -> Option<Take> {
    let single: Vec<&(String, Vec<f32>)> =
        speaker.takes.iter().filter(|(d, _)| d.len() == 1).collect();
    let mut digits = String::new();
    let mut parts: Vec<&[f32]> = Vec::new();
    for _ in 0..200 {
        let (digit, samples) = single.get(random.below(single.len()))?;
        let this = digit.as_bytes()[0];
        if digits.len() < 4
            && digits
                .bytes()
                .all(|other| other != this && apart(other, this))
        {
            digits.push_str(digit);
            parts.push(samples);
        }
    }
    if parts.len() < 4 {
        return None;
    }
    let reveals_ms = reveals(random);
    let mut sound = vec![0.0_f32; 6 * RATE];
    let mut free = 0;
    for (part, reveal) in parts.iter().zip(&reveals_ms) {
        let wanted = ((reveal + random.between(300.0, 650.0)) * 16.0) as usize;
        // People do not begin the next digit before they have said this one.
        let at = wanted.max(free + RATE / 20);
        free = mix(&mut sound, part, at);
    }
    Some(noisy(sound, digits, reveals_ms, random, snr_db))
}

/// Recordings of one to four digits until there are four, a pause between the recordings.
pub(crate) fn connected(speaker: &Speaker, random: &mut Random, snr_db: f64) -> Option<Take> {
    let mut digits = String::new();
    let mut sound = vec![0.0_f32; 8 * RATE];
    let mut at = RATE;
    let mut is_joined = false;
    for _ in 0..400 {
        let (said, samples) = speaker.takes.get(random.below(speaker.takes.len()))?;
        let fits =
            digits.len() + said.len() <= 4 && digits.as_bytes().last() != said.as_bytes().first();
        if !fits || (said.len() == 1 && random.unit() < 0.7) {
            continue;
        }
        is_joined |= said.len() > 1;
        at = mix(&mut sound, samples, at) + (random.between(0.25, 0.8) * RATE as f64) as usize;
        digits.push_str(said);
    }
    if digits.len() != 4 || !is_joined {
        return None;
    }
    sound.truncate(at.min(8 * RATE));
    Some(noisy(sound, digits, vec![500.0; 4], random, snr_db))
}

fn mix(sound: &mut [f32], part: &[f32], at: usize) -> usize {
    for (i, sample) in part.iter().enumerate() {
        if let Some(to) = sound.get_mut(at + i) {
            *to += sample;
        }
    }
    at + part.len()
}

fn noisy(
    mut sound: Vec<f32>,
    digits: String,
    reveals_ms: Vec<f64>,
    random: &mut Random,
    snr_db: f64,
) -> Take {
    let loud: Vec<f32> = sound.iter().copied().filter(|s| s.abs() > 1e-3).collect();
    let power = loud.iter().map(|s| f64::from(s * s)).sum::<f64>() / loud.len().max(1) as f64;
    let level = (power * 10.0_f64.powf(-snr_db / 10.0)).sqrt();
    for (to, noise) in sound.iter_mut().zip(hiss(6 * RATE * 2, random)) {
        *to += (noise * level) as f32;
    }
    Take {
        pcm: pcm(&sound),
        digits,
        reveals_ms,
    }
}

fn pcm(sound: &[f32]) -> Vec<i16> {
    sound
        .iter()
        .map(|s| (s * 32_767.0).clamp(-32_768.0, 32_767.0) as i16)
        .collect()
}

/// Noise between white and brown, deviation 1.
fn hiss(count: usize, random: &mut Random) -> Vec<f64> {
    let keep = random.between(0.0, 0.95);
    let mut last = 0.0;
    let scale = 12.0_f64.sqrt() * (1.0 - keep * keep).sqrt();
    (0..count)
        .map(|_| {
            last = keep * last + (random.unit() - 0.5) * scale;
            last
        })
        .collect()
}

pub(crate) fn noise_only(random: &mut Random) -> Take {
    let level = 10.0_f64.powf(random.between(-55.0, -15.0) / 20.0);
    let wave = random.between(0.0, 3.0);
    let sound: Vec<f32> = hiss(6 * RATE, random)
        .into_iter()
        .enumerate()
        .map(|(i, noise)| {
            let swell = 1.0 + 0.9 * (i as f64 / RATE as f64 * wave * 6.3).sin();
            (noise * level * swell) as f32
        })
        .collect();
    Take {
        pcm: pcm(&sound),
        digits: other_digits("", random),
        reveals_ms: reveals(random),
    }
}

/// Speech that holds no digit: sentences of a synthetic voice, and the training list's syllables
/// that are no digits, when it lies beside the list.
pub(crate) fn chatter(
    random: &mut Random,
    count: usize,
    list: &Path,
) -> Result<Vec<(&'static str, Take)>, Failure> {
    let mut found = Vec::new();
    let folder = std::env::temp_dir().join(format!("digits-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let voices = ["f2", "m3", "klatt2", "m7", "f5", "Andy"];
    for (number, (language, text)) in SENTENCES.iter().enumerate() {
        for voice in voices {
            let file = folder.join(format!("{number}-{voice}.wav"));
            let status = Command::new("espeak-ng")
                .args(["-v", &format!("{language}+{voice}"), "-s", "140", "-w"])
                .arg(&file)
                .arg(text)
                .status()?;
            if !status.success() {
                return Err("espeak-ng does not work".into());
            }
            let sound = trimmed(&decoded(&file)?);
            for _ in 0..(count / 48).max(1) {
                let mut padded = vec![0.0; RATE];
                padded.extend(&sound);
                padded.resize(padded.len() + RATE, 0.0);
                let digits = other_digits("", random);
                let shown = reveals(random);
                let take = noisy(padded, digits, shown, random, 20.0);
                found.push(("speech without digits, synthetic sentences", take));
            }
        }
    }
    std::fs::remove_dir_all(&folder)?;
    let syllables = syllables(list)?;
    for _ in 0..if syllables.is_empty() { 0 } else { count } {
        let shown = reveals(random);
        let mut sound = vec![0.0_f32; 6 * RATE];
        for reveal in &shown {
            let at = ((reveal + random.between(300.0, 600.0)) * 16.0) as usize;
            mix(&mut sound, &syllables[random.below(syllables.len())], at);
        }
        let digits = other_digits("", random);
        let take = noisy(sound, digits, shown, random, 20.0);
        found.push(("four other syllables, one voice, trained on", take));
    }
    Ok(found)
}

fn syllables(list: &Path) -> Result<Vec<Vec<f32>>, Failure> {
    let Ok(text) = std::fs::read_to_string(list.with_file_name("train.csv")) else {
        return Ok(Vec::new());
    };
    let folder = list.parent().unwrap_or(Path::new("."));
    text.lines()
        .skip(1)
        .filter_map(|line| {
            let columns: Vec<&str> = line.split(',').collect();
            (columns.get(2) == Some(&"")).then(|| folder.join(columns[0]))
        })
        .map(|path| Ok(trimmed(&decoded(&path)?)))
        .collect()
}

fn apart(a: u8, b: u8) -> bool {
    !CONFUSABLE.contains(&(a, b)) && !CONFUSABLE.contains(&(b, a))
}

/// Four digits as the challenge draws them, not these.
pub(crate) fn other_digits(these: &str, random: &mut Random) -> String {
    loop {
        let mut found = String::new();
        while found.len() < 4 {
            let digit = b'0' + random.below(10) as u8;
            let repeats = found.as_bytes().last() == Some(&digit);
            if !repeats && found.bytes().all(|other| apart(other, digit)) {
                found.push(char::from(digit));
            }
        }
        if found != these {
            return found;
        }
    }
}

pub(crate) fn one_changed(digits: &str, random: &mut Random) -> String {
    let at = random.below(digits.len());
    let mut bytes = digits.as_bytes().to_vec();
    while bytes[at] == digits.as_bytes()[at] {
        bytes[at] = b'0' + random.below(10) as u8;
    }
    bytes.into_iter().map(char::from).collect()
}

/// Least number of digits changed, left out or put in.
pub(crate) fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
