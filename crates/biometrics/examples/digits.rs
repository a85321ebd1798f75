//! How well digits are checked:
//! `cargo run --release -p zhenren-biometrics --example digits -- MODELS LIST.csv [OPTIONS]`.
//!
//! LIST.csv has the columns `path,speaker,digits` (paths beside the list; the programs `ffmpeg` and
//! `espeak-ng` are needed). Strings of four are put together from each speaker's recordings, paused
//! as a paced reveal makes people pause, with noise 20 dB below; the same sound is then checked
//! against the right digits, against others, and against another session's. Options:
//! `--strings N` (400), `--seed N` (1), `--snr DB` (20), `--speakers even|odd|all`,
//! `--asr MODEL.onnx TOKENS.txt` for a model of a pack.

#![expect(
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a report for people, made of bounded numbers"
)]

#[path = "digits/sounds.rs"]
mod sounds;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use sounds::{Failure, Random, Speaker, Take};
use zhenren_biometrics::speech::{SpeechModel, hear};

/// Rows of the table: scores at and around the shipped threshold.
const THRESHOLDS: [f64; 11] = [
    -1.0, -2.0, -3.0, -4.0, -4.6, -5.0, -6.0, -7.0, -8.0, -9.0, -10.0,
];
/// What the policy asks of the voice's level over the noise, in dB.
const SNR_DB_MIN: f64 = 10.0;

struct Options {
    models: PathBuf,
    list: PathBuf,
    strings: usize,
    seed: u64,
    snr_db: f64,
    speakers: String,
    asr: Option<(PathBuf, PathBuf)>,
}

/// One check: score, whether every digit was in time, whether the voice stood above the noise.
#[derive(Clone, Copy)]
struct Check {
    score: f64,
    in_time: bool,
    is_clear: bool,
}

#[derive(Default)]
struct Table {
    rows: Vec<(&'static str, Vec<Check>)>,
}

impl Table {
    fn add(&mut self, name: &'static str, check: Check) {
        match self.rows.iter_mut().find(|(known, _)| *known == name) {
            Some((_, checks)) => checks.push(check),
            None => self.rows.push((name, vec![check])),
        }
    }

    fn print(&self) {
        println!(
            "\naccepted of the strings at each threshold: by score alone / with pace and clearness"
        );
        print!("{:<44}{:>6}", "", "count");
        for threshold in THRESHOLDS {
            print!("{threshold:>12}");
        }
        println!();
        for (name, checks) in &self.rows {
            print!("{name:<44}{:>6}", checks.len());
            for threshold in THRESHOLDS {
                let passing = || checks.iter().filter(|check| check.score >= threshold);
                let all = passing().filter(|c| c.in_time && c.is_clear).count();
                print!("{:>12}", format!("{} / {all}", passing().count()));
            }
            println!();
        }
    }
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Options, Failure> {
    const USAGE: &str = "usage: digits MODELS LIST.csv [--strings N] [--seed N] [--snr DB] \
                         [--speakers even|odd|all] [--asr MODEL TOKENS]";
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next();
    let mut found = Options {
        models: next().ok_or(USAGE)?.into(),
        list: next().ok_or(USAGE)?.into(),
        strings: 400,
        seed: 1,
        snr_db: 20.0,
        speakers: "all".to_owned(),
        asr: None,
    };
    while let Some(name) = next() {
        let value = next().ok_or(USAGE)?;
        match name.as_str() {
            "--strings" => found.strings = value.parse()?,
            "--seed" => found.seed = value.parse()?,
            "--snr" => found.snr_db = value.parse()?,
            "--speakers" => found.speakers = value,
            "--asr" => found.asr = Some((value.into(), next().ok_or(USAGE)?.into())),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(found)
}

fn run(options: &Options) -> Result<(), Failure> {
    let model = match &options.asr {
        None => SpeechModel::built_in(&options.models, 1)?,
        Some((file, tokens)) => SpeechModel::asr(&options.models, "asr", file, tokens, 1)?,
    };
    let speakers = chosen(sounds::read(&options.list)?, &options.speakers);
    let takes: usize = speakers.iter().map(|speaker| speaker.takes.len()).sum();
    println!(
        "{}; {} speakers, {takes} recordings, seed {}, noise {} dB below",
        model.id(),
        speakers.len(),
        options.seed,
        options.snr_db
    );
    let mut random = Random::new(options.seed);
    let mut table = Table::default();
    let mut edits = Edits::default();
    for number in 0..options.strings {
        let speaker = &speakers[number % speakers.len()];
        let single = sounds::paused(speaker, &mut random, options.snr_db);
        if let Some(take) = single {
            one(&model, &take, &mut random, &mut table, &mut edits)?;
        }
        if let Some(take) = sounds::connected(speaker, &mut random, options.snr_db) {
            let right = check(&model, &take, &take.digits, &take.reveals_ms)?.0;
            table.add("right digits, 1 to 4 run together", right);
            let other = sounds::other_digits(&take.digits, &mut random);
            let wrong = check(&model, &take, &other, &take.reveals_ms)?.0;
            table.add("random other digits, the same", wrong);
        }
    }
    impostors(&model, options, &mut random, &mut table)?;
    table.print();
    edits.print();
    cost(&model, &speakers, &mut random)
}

fn chosen(speakers: Vec<Speaker>, which: &str) -> Vec<Speaker> {
    speakers
        .into_iter()
        .enumerate()
        .filter(|(at, _)| match which {
            "even" => at % 2 == 0,
            "odd" => at % 2 == 1,
            _ => true,
        })
        .map(|(_, speaker)| speaker)
        .collect()
}

/// All that is asked about one paused string.
fn one(
    model: &SpeechModel,
    take: &Take,
    random: &mut Random,
    table: &mut Table,
    edits: &mut Edits,
) -> Result<(), Failure> {
    let (right, heard) = check(model, take, &take.digits, &take.reveals_ms)?;
    table.add("right digits, paused", right);
    edits.add(&take.digits, &heard);
    let other = sounds::other_digits(&take.digits, random);
    let wrong = check(model, take, &other, &take.reveals_ms)?.0;
    table.add("random other digits", wrong);
    let near = sounds::one_changed(&take.digits, random);
    let close = check(model, take, &near, &take.reveals_ms)?.0;
    table.add("one digit different", close);
    // The same sound played to a later capture: its digits, and its times.
    let later = sounds::reveals(random);
    let replayed = check(model, take, &other, &later)?.0;
    table.add("recorded earlier: other digits, other pace", replayed);
    let lucky = check(model, take, &take.digits, &later)?.0;
    table.add("recorded earlier: same digits, other pace", lucky);
    Ok(())
}

fn impostors(
    model: &SpeechModel,
    options: &Options,
    random: &mut Random,
    table: &mut Table,
) -> Result<(), Failure> {
    for _ in 0..options.strings {
        let take = sounds::noise_only(random);
        let found = check(model, &take, &take.digits, &take.reveals_ms)?.0;
        table.add("noise only", found);
    }
    for (name, take) in sounds::chatter(random, options.strings, &options.list)? {
        let found = check(model, &take, &take.digits, &take.reveals_ms)?.0;
        table.add(name, found);
    }
    Ok(())
}

fn check(
    model: &SpeechModel,
    take: &Take,
    digits: &str,
    reveals_ms: &[f64],
) -> Result<(Check, String), Failure> {
    let heard = hear(model, &take.pcm, 0.0, digits, reveals_ms)?;
    let found = Check {
        score: heard.digit_score,
        in_time: heard.pace_share > 0.999,
        is_clear: heard.snr_db >= SNR_DB_MIN,
    };
    Ok((found, heard.digits))
}

/// Digits wrong, missing or too many among the paused strings.
#[derive(Default)]
struct Edits {
    said: usize,
    wrong: usize,
}

impl Edits {
    fn add(&mut self, said: &str, heard: &str) {
        self.said += said.len();
        self.wrong += sounds::distance(said.as_bytes(), heard.as_bytes());
    }

    fn print(&self) {
        println!(
            "\ndigit errors of the best hypothesis, paused: {} of {} ({:.1} %)",
            self.wrong,
            self.said,
            100.0 * self.wrong as f64 / self.said.max(1) as f64
        );
    }
}

fn cost(model: &SpeechModel, speakers: &[Speaker], random: &mut Random) -> Result<(), Failure> {
    const ROUNDS: u32 = 20;
    let Some(mut take) = speakers
        .iter()
        .find_map(|speaker| sounds::paused(speaker, random, 20.0))
    else {
        return Ok(());
    };
    take.pcm.resize(6 * 16_000, 0);
    let before = Instant::now();
    let cpu = cpu_ms(Path::new("/proc/self/stat"))?;
    for _ in 0..ROUNDS {
        check(model, &take, &take.digits, &take.reveals_ms)?;
    }
    let spent = cpu_ms(Path::new("/proc/self/stat"))? - cpu;
    println!(
        "6 s of sound: {:.1} ms CPU, {:.1} ms by the clock",
        spent / f64::from(ROUNDS),
        before.elapsed().as_secs_f64() * 1e3 / f64::from(ROUNDS)
    );
    Ok(())
}

/// User and system time of this process; the kernel counts in hundredths of a second.
fn cpu_ms(stat: &Path) -> Result<f64, Failure> {
    let text = std::fs::read_to_string(stat)?;
    let fields: Vec<&str> = text
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().collect())
        .unwrap_or_default();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok());
    Ok((ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) * 10.0)
}
