//! What an analysis costs: `cargo run --release -p zhenren-biometrics --example measure_cost -- MODELS [CLIPS]`.
//!
//! Renders a 6 s capture of 90 frames of 480×640 beforehand, analyses it, and prints milliseconds
//! of each stage (wall clock) and of the whole (CPU time of this process).

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a report for people, made of small numbers"
)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use zhenren_biometrics::{Engine, Image};
use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, ClockLog, Prompt, Step};
use zhenren_simulator::take::{Cast, SubjectKind, Take};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(models) = arguments.next().map(PathBuf::from) else {
        println!("usage: measure_cost MODELS [CLIPS]");
        return ExitCode::from(64);
    };
    let clips = arguments
        .next()
        .and_then(|n| n.to_str()?.parse().ok())
        .unwrap_or(5);
    match run(&models, clips) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("failed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(models: &std::path::Path, clips: usize) -> Result<(), Failure> {
    let started = Instant::now();
    let engine = Engine::load(models, 1)?;
    println!("loading the models {:.0} ms", ms(started.elapsed()));
    let challenge = challenge();
    let cast = Cast {
        enrolled: 4,
        other: 5,
        behaviour: 11,
    };
    let take = Take::new(SubjectKind::BonaFide, cast, &challenge);
    let frames: Vec<(i64, Image)> = take
        .times_ms(15)
        .into_iter()
        .take(90)
        .map(|at_ms| {
            let picture = take.picture(at_ms);
            let image = Image {
                width: picture.width,
                height: picture.height,
                rgb: picture.rgb,
            };
            ((f64::from(at_ms) * 1_000.0) as i64, image)
        })
        .collect();
    println!(
        "{} frames of {:?}",
        frames.len(),
        frames.first().map(|(_, image)| image)
    );
    println!("  detect    mesh features   other     all     cpu");
    for _ in 0..clips {
        let cpu_before = cpu_time()?;
        let mut clip = engine.begin_clip(&challenge, ClockLog::default());
        for (pts_us, image) in &frames {
            clip.push_frame(*pts_us, image)?;
        }
        let report = clip.finish(None)?;
        let cpu = cpu_time()?.saturating_sub(cpu_before);
        let t = report.timings;
        let stages = [t.detect, t.mesh, t.features, t.other, t.total(), cpu];
        let row: Vec<String> = stages
            .iter()
            .map(|stage| format!("{:7.0}", ms(*stage)))
            .collect();
        println!(" {}", row.join(" "));
    }
    let (_, photo) = frames.first().ok_or("no frames")?;
    let started = Instant::now();
    engine.analyse_photo(photo)?;
    println!("one photo {:.0} ms", ms(started.elapsed()));
    println!("resident {} MiB", resident_mib()?);
    Ok(())
}

fn challenge() -> Challenge {
    let steps = [Action::TurnLeft, Action::Blink, Action::Mouth]
        .into_iter()
        .zip(0_u32..)
        .map(|(action, i)| Step {
            prompt: Prompt::Act(action),
            at_ms: 600 + i * 1_700,
            window_ms: 1_700,
        })
        .collect();
    Challenge {
        kind: ChallengeKind::MultiAction,
        steps,
        duration_ms: 6_000,
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// CPU time of this process so far; the kernel counts nanoseconds on the run queue.
fn cpu_time() -> Result<Duration, Failure> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds = text
        .split_whitespace()
        .next()
        .ok_or("schedstat is empty")?
        .parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

fn resident_mib() -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text
        .split_whitespace()
        .nth(1)
        .ok_or("statm is short")?
        .parse()?;
    Ok(pages * 4 / 1024)
}
