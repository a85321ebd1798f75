//! Prints the cues of rendered takes, to see where honest subjects and attacks lie, and what the
//! policy decides: `cargo run --release --example cues -- MODELS [TAKES [CHALLENGE ...]]`.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a report for people, made of small numbers"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use zhenren_biometrics::{ClipReport, Engine, Features, Image};
use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, ClockLog};
use zhenren_domain::decide::{Reference, decide};
use zhenren_domain::measurements::CueKind;
use zhenren_domain::policy::Policy;
use zhenren_simulator::prompt::drawn;
use zhenren_simulator::render::{Scene, Subject, render};
use zhenren_simulator::take::{Cast, SubjectKind, Take};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Takes that are rendered beside each other.
const AT_ONCE: u64 = 3;

/// Who is before the camera.
#[derive(Clone, Copy)]
enum Species {
    Kind(SubjectKind),
    /// The right person, recorded while another challenge of the same kind was asked.
    Earlier,
}

impl Species {
    const fn name(self) -> &'static str {
        match self {
            Self::Kind(kind) => kind.name(),
            Self::Earlier => "earlier recording",
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(models) = arguments.first().map(PathBuf::from) else {
        println!("usage: cues MODELS [TAKES [CHALLENGE ...]]");
        return ExitCode::from(64);
    };
    let takes = arguments.get(1).and_then(|n| n.parse().ok()).unwrap_or(4);
    let mut kinds: Vec<ChallengeKind> = arguments
        .iter()
        .skip(2)
        .filter_map(|name| ChallengeKind::from_name(name))
        .collect();
    if kinds.is_empty() {
        kinds = ChallengeKind::ALL.to_vec();
    }
    match report(&models, takes, &kinds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(models: &Path, takes: u64, kinds: &[ChallengeKind]) -> Result<(), Failure> {
    let engines = (0..AT_ONCE)
        .map(|_| Engine::load(models, 1))
        .collect::<Result<Vec<_>, _>>()?;
    for challenge in kinds {
        let others = SubjectKind::ALL.into_iter().map(Species::Kind);
        for species in others.chain([Species::Earlier]) {
            let reports = std::thread::scope(|scope| {
                let working: Vec<_> = engines
                    .iter()
                    .zip(0..)
                    .map(|(engine, first)| {
                        scope.spawn(move || part(engine, species, *challenge, first, takes))
                    })
                    .collect();
                let mut all = Vec::new();
                for thread in working {
                    all.extend(thread.join().map_err(|_| "a take failed")??);
                }
                Ok::<_, Failure>(all)
            })?;
            print(*challenge, species, &reports);
        }
    }
    Ok(())
}

/// Every third take, from this one on.
fn part(
    engine: &Engine,
    species: Species,
    kind: ChallengeKind,
    first: u64,
    takes: u64,
) -> Result<Vec<(Challenge, ClipReport)>, Failure> {
    let mut reports = Vec::new();
    for take in (first..takes).step_by(AT_ONCE as usize) {
        let cast = Cast {
            enrolled: take + 1,
            other: take + 101,
            behaviour: take + 7,
        };
        let asked = drawn(kind, take);
        let (subject, played) = match species {
            Species::Kind(subject) => (subject, asked.clone()),
            Species::Earlier => (SubjectKind::BonaFide, drawn(kind, take + 5_000)),
        };
        let report = play(engine, subject, cast, &played, &asked)?;
        reports.push((asked, report));
    }
    Ok(reports)
}

fn play(
    engine: &Engine,
    kind: SubjectKind,
    cast: Cast,
    played: &Challenge,
    asked: &Challenge,
) -> Result<ClipReport, Failure> {
    let take = Take::new(kind, cast, played);
    let mut clip = engine.begin_clip(asked, ClockLog::default());
    for ms in take.times_ms(15) {
        let picture = take.picture(ms);
        let image = Image {
            width: picture.width,
            height: picture.height,
            rgb: picture.rgb,
        };
        clip.push_frame((f64::from(ms) * 1_000.0) as i64, &image)?;
    }
    Ok(clip.finish(Some(&reference(engine, cast.enrolled)?))?)
}

fn reference(engine: &Engine, seed: u64) -> Result<Features, Failure> {
    let picture = render(&Subject::from_seed(seed), &Scene::default(), 480, 640);
    let image = Image {
        width: picture.width,
        height: picture.height,
        rgb: picture.rgb,
    };
    Ok(engine.analyse_photo(&image)?.features)
}

fn print(kind: ChallengeKind, species: Species, reports: &[(Challenge, ClipReport)]) {
    println!(
        "\n== {}, {}: {} takes ==",
        kind.name(),
        species.name(),
        reports.len()
    );
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (challenge, report) in reports {
        let decision = decide(
            &Policy::current(),
            challenge,
            &report.measurements,
            Reference::Features,
        );
        *reasons.entry(decision.reason.name()).or_default() += 1;
    }
    println!("{reasons:?}");
    for cue in CueKind::ALL {
        let mut values: Vec<f64> = reports
            .iter()
            .filter_map(|(_, report)| report.measurements.value(cue))
            .collect();
        values.sort_by(f64::total_cmp);
        if let (Some(least), Some(most)) = (values.first(), values.last()) {
            let middle = values[values.len() / 2];
            println!(
                "{:22} {least:9.4} {middle:9.4} {most:9.4}  {}",
                cue.name(),
                cue.unit()
            );
        }
    }
    for action in Action::ALL {
        let mut found: Vec<String> = Vec::new();
        for (challenge, report) in reports {
            for measured in &report.measurements.actions {
                if challenge.steps[measured.step_index].action() == Some(action) {
                    found.push(format!("{:.2}", measured.amplitude));
                }
            }
        }
        println!("{:22} {}", action.name(), found.join(" "));
    }
}
