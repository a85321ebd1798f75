//! `zhenren simulate --matrix`: simulated subjects and attacks, under every circumstance, against
//! every challenge, measured and decided in this process.
//!
//! The simulator renders and knows no policy; the engine measures and knows none; here both meet
//! the policy of this configuration. Digits and compressed recordings go through the jailed
//! decoder, everything else is handed to the engine as it is rendered.

mod case;
mod measure;
mod table;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use clap::Parser;
use zhenren_domain::challenge::ChallengeKind;
use zhenren_simulator::condition::Condition;
use zhenren_simulator::take::SubjectKind;

use crate::config::Config;
use crate::exit::Exit;
use case::{Case, Cell};
use measure::{Bench, Ending};
use table::Tally;

/// Limit: a cell of more takes days.
const COUNT_MAX: u32 = 10_000;

/// Simulated subjects and attacks against every challenge, in this process.
#[derive(Debug, Parser)]
#[command(name = "zhenren simulate --matrix")]
struct Arguments {
    /// What brought you here.
    #[arg(long)]
    matrix: bool,
    /// How many takes of each cell.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=i64::from(COUNT_MAX)))]
    count: u32,
    /// The first take's seed; each take has its own.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this challenge, by its name on the wire; may be given several times.
    #[arg(long, value_parser = challenge_kind)]
    challenge: Vec<ChallengeKind>,
    /// Only this subject; may be given several times.
    #[arg(long, value_enum)]
    species: Vec<SubjectKind>,
    /// Only this circumstance of honest captures; may be given several times.
    #[arg(long, value_enum)]
    condition: Vec<Condition>,
    /// How many takes at once; every core when not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Write every take as a line of JSON, its cues included.
    #[arg(long, value_name = "FILE")]
    takes: Option<PathBuf>,
    /// Print JSON instead of tables.
    #[arg(long)]
    json: bool,
}

fn challenge_kind(name: &str) -> Result<ChallengeKind, String> {
    ChallengeKind::from_name(name).ok_or_else(|| {
        let known = ChallengeKind::ALL.map(ChallengeKind::name).join(", ");
        format!("known are {known}")
    })
}

/// Whether the words after `simulate` ask for the matrix.
pub(crate) fn is_wanted(words: &[String]) -> bool {
    words.iter().any(|word| word == "--matrix")
}

/// Runs the command.
pub(crate) fn run(config: &Config, words: Vec<String>) -> Result<Exit> {
    let whole = std::iter::once(String::from("zhenren simulate --matrix")).chain(words);
    let arguments = Arguments::parse_from(whole);
    let cases = case::cases(&case::Choice {
        challenges: &arguments.challenge,
        species: &arguments.species,
        conditions: &arguments.condition,
        count: arguments.count,
        seed: arguments.seed,
    });
    let mut takes = match &arguments.takes {
        Some(path) => Some(
            std::fs::File::create(path)
                .with_context(|| format!("cannot write {}", path.display()))?,
        ),
        None => None,
    };
    let bench = Bench::new(config)?;
    let mut tallies: BTreeMap<Cell, Tally> = BTreeMap::new();
    let mut done = 0_usize;
    let mut trouble = None;
    each(&bench, &cases, jobs(&arguments), |case, ending| {
        done += 1;
        match ending {
            Ok(ending) => {
                if let Some(file) = takes.as_mut()
                    && let Err(error) = writeln!(file, "{}", table::take(case, &ending))
                {
                    trouble = Some(anyhow::Error::from(error).context("writing a take"));
                }
                tallies.entry(case.cell).or_default().count(&ending);
            }
            Err(error) => trouble = Some(error),
        }
        progress(done, cases.len());
        trouble.is_none()
    });
    if let Some(error) = trouble {
        return Err(error);
    }
    if arguments.json {
        say!("{:#}", table::json(&tallies, bench.policy_version()));
    } else {
        for line in table::lines(&tallies) {
            say!("{line}");
        }
    }
    Ok(Exit::Good)
}

fn jobs(arguments: &Arguments) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    arguments.jobs.unwrap_or_else(cores).max(1)
}

/// Measures every case, several at once; `take` is called for each as it ends, in any order, and
/// answers whether to go on.
fn each(
    bench: &Bench,
    cases: &[Case],
    jobs: usize,
    take: impl FnMut(&Case, Result<Ending>) -> bool + Send,
) {
    let next = AtomicUsize::new(0);
    let take = Mutex::new(take);
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ending = bench.measure(case);
            let goes_on = take.lock().is_ok_and(|mut take| take(case, ending));
            if !goes_on {
                next.store(cases.len(), Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
}

fn progress(done: usize, of: usize) {
    if done.is_multiple_of(20) || done == of {
        let _gone = writeln!(std::io::stderr().lock(), "{done} of {of}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_read() {
        let words = [
            "x",
            "--matrix",
            "--challenge",
            "screen_flash",
            "--species",
            "mask",
            "--count",
            "3",
        ];
        let read = Arguments::try_parse_from(words).expect("good");
        assert_eq!(read.challenge, [ChallengeKind::ScreenFlash]);
        assert_eq!((read.species, read.count), (vec![SubjectKind::Mask], 3));
        assert!(Arguments::try_parse_from(["x", "--matrix", "--challenge", "dance"]).is_err());
        assert!(is_wanted(&[String::from("--matrix")]) && !is_wanted(&[]));
    }
}
