//! Prints the cues of rendered takes, to see where honest subjects and attacks lie:
//! `cargo run --release --example cues -- MODELS [TAKES]`.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a report for people, made of small numbers"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use zhenren_biometrics::{ClipReport, Engine, Features, Image};
use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, ClockLog, Prompt, Step};
use zhenren_domain::measurements::CueKind;
use zhenren_simulator::render::{Scene, Subject, render};
use zhenren_simulator::take::{Cast, SubjectKind, Take};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(models) = arguments.next().map(PathBuf::from) else {
        println!("usage: cues MODELS [TAKES]");
        return ExitCode::from(64);
    };
    let takes = arguments
        .next()
        .and_then(|n| n.to_str()?.parse().ok())
        .unwrap_or(4);
    match Engine::load(&models, 1)
        .map_err(Failure::from)
        .and_then(|engine| report(&engine, takes))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(engine: &Engine, takes: u64) -> Result<(), Failure> {
    for kind in SubjectKind::ALL {
        let mut reports = Vec::new();
        for take in 0..takes {
            let cast = Cast {
                enrolled: take + 1,
                other: take + 101,
                behaviour: take + 7,
            };
            let challenge = challenge(take);
            reports.push((challenge.clone(), play(engine, kind, cast, &challenge)?));
        }
        print(kind, &reports);
    }
    Ok(())
}

fn challenge(seed: u64) -> Challenge {
    let all = Action::ALL;
    let start = usize::try_from(seed % 5).unwrap_or(0);
    let steps = (0..3_u32)
        .zip(all.iter().cycle().skip(start))
        .map(|(i, action)| Step {
            prompt: Prompt::Act(*action),
            at_ms: 1_200 + i * 2_000,
            window_ms: 1_900,
        })
        .collect();
    Challenge {
        kind: ChallengeKind::MultiAction,
        steps,
        duration_ms: 7_400,
    }
}

fn play(
    engine: &Engine,
    kind: SubjectKind,
    cast: Cast,
    challenge: &Challenge,
) -> Result<ClipReport, Failure> {
    let take = Take::new(kind, cast, challenge);
    let mut clip = engine.begin_clip(challenge, ClockLog::default());
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

fn print(kind: SubjectKind, reports: &[(Challenge, ClipReport)]) {
    println!("\n== {} ==", kind.name());
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
