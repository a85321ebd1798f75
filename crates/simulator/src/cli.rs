//! `zhenren simulate`: what can be typed, and which part of the simulator does it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Parser;

use crate::cast::{SEEDS, somebody_else};
use crate::clip::{self, Container, Format};
use crate::drive::{Driver, Run, Target};
use crate::take::{Cast, SubjectKind, Take};
use crate::{poses, prompt, report};

/// Limit: a test run, not a load test; that has tools of its own.
const RUNS_COUNT_MAX: u32 = 1_000;

/// Let virtual capture subjects and attacks go through a running server, or write what they do
/// to files.
#[derive(Clone, Debug, Parser)]
#[command(name = "zhenren simulate")]
pub struct Arguments {
    /// Who presents themselves; may be given several times. The four usual ones when
    /// none is named: bona-fide, print, other-person, passive.
    #[arg(long, value_enum)]
    pub subject: Vec<SubjectKind>,
    /// How many verifications of each kind.
    #[arg(short, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(RUNS_COUNT_MAX)))]
    pub n: u32,
    /// The server, `http://host:port`; the local demo server when not given.
    #[arg(long, value_name = "URL", requires = "appid", requires = "secret")]
    pub server: Option<String>,
    /// App to act for.
    #[arg(long, requires = "server")]
    pub appid: Option<String>,
    /// The app's secret.
    #[arg(long, requires = "server")]
    pub secret: Option<String>,
    /// Where a development server wrote its demo app.
    #[arg(long, value_name = "FILE", default_value = "./data/demo.json")]
    pub demo_file: PathBuf,
    /// Seed of the enrolled face.
    #[arg(long, default_value_t = SEEDS[0])]
    pub seed: u64,
    /// Seed of the first behaviour: delays, swaying, light, noise.
    #[arg(long, default_value_t = 1)]
    pub behaviour: u64,
    /// Frames a second.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub fps: u32,
    /// Container and codecs of the recordings.
    #[arg(long, value_enum, default_value = "vp8")]
    pub container: Container,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Write still pictures of the face and a list of them into this folder; no server.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["server", "export_clip"])]
    pub export_poses: Option<PathBuf>,
    /// Write one recording (.webm or .mkv) and print its challenge; no server.
    #[arg(
        long,
        value_name = "FILE",
        requires = "challenge",
        conflicts_with = "server"
    )]
    pub export_clip: Option<PathBuf>,
    /// Write the reference photograph (JPEG) of the enrolled face; no server.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["server", "export_poses"])]
    pub export_reference: Option<PathBuf>,
    /// What the recording answers: `silent`, actions such as `blink,turn_left`, or one drawn from
    /// a seed: `flash:7`, `digits:7`, `near_far:7`, `actions:7`.
    #[arg(long, requires = "export_clip")]
    pub challenge: Option<String>,
}

/// Parses what follows `zhenren simulate` and does it; `false` when a subject did not fare as it
/// should. A wrong argument, `--help` and `--version` end the process as clap does.
pub async fn run(rest: Vec<String>) -> anyhow::Result<bool> {
    let words = std::iter::once("zhenren simulate".to_owned()).chain(rest);
    simulate(Arguments::parse_from(words)).await
}

/// Does what the arguments say; `false` when a subject did not fare as it should.
pub async fn simulate(arguments: Arguments) -> anyhow::Result<bool> {
    let writes = arguments.export_reference.is_some() || arguments.export_clip.is_some();
    if arguments.export_poses.is_some() || writes {
        return export(&arguments);
    }
    let target = target(&arguments)?;
    let driver = Driver::new(target, format(&arguments))?;
    let mut runs = Vec::new();
    let person = driver.enrol(arguments.seed).await?;
    for kind in kinds(&arguments) {
        for index in 0..arguments.n {
            let run = driver
                .verify_once(&person, kind, cast(&arguments, index))
                .await;
            if !arguments.json {
                report::progress(&run);
            }
            runs.push(run);
        }
    }
    if arguments.json {
        report::json(&runs)?;
    } else {
        report::table(&runs);
    }
    Ok(runs.iter().all(|run: &Run| run.as_expected))
}

fn kinds(arguments: &Arguments) -> Vec<SubjectKind> {
    if arguments.subject.is_empty() {
        SubjectKind::USUAL.to_vec()
    } else {
        arguments.subject.clone()
    }
}

fn cast(arguments: &Arguments, index: u32) -> Cast {
    Cast {
        enrolled: arguments.seed,
        other: somebody_else(arguments.seed),
        behaviour: arguments.behaviour.wrapping_add(u64::from(index)),
    }
}

fn format(arguments: &Arguments) -> Format {
    Format {
        container: arguments.container,
        fps: arguments.fps,
        ..Format::default()
    }
}

fn target(arguments: &Arguments) -> anyhow::Result<Target> {
    match (&arguments.server, &arguments.appid, &arguments.secret) {
        (Some(url), Some(appid), Some(secret)) => Ok(Target {
            url: url.clone(),
            appid: appid.clone(),
            secret: secret.clone(),
        }),
        _ => Target::from_demo_file(&arguments.demo_file),
    }
}

fn export(arguments: &Arguments) -> anyhow::Result<bool> {
    if let Some(folder) = &arguments.export_poses {
        let count = poses::export(folder, arguments.seed)?;
        report::line(&format!(
            "{count} pictures and poses.json in {}",
            folder.display()
        ));
    }
    if let Some(file) = &arguments.export_reference {
        write(file, &crate::paper::reference_jpeg(arguments.seed)?)?;
    }
    if let (Some(file), Some(list)) = (&arguments.export_clip, &arguments.challenge) {
        let kind = match kinds(arguments).as_slice() {
            [one] => *one,
            _ if arguments.subject.is_empty() => SubjectKind::BonaFide,
            _ => bail!("a recording has one --subject"),
        };
        let challenge = prompt::from_list(list)?;
        let mut format = format(arguments);
        if file.extension().is_some_and(|extension| extension == "mkv") {
            format.container = Container::H264;
        }
        let take = Take::new(kind, cast(arguments, 0), &challenge);
        write(file, &clip::encode_take(&take, &format)?)?;
        report::line(&prompt::to_json(&challenge).to_string());
    }
    Ok(true)
}

fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parsed(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once(&"simulate").chain(words))
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn subjects_and_counts_are_read() {
        let arguments =
            parsed(&["--subject", "bona-fide", "--subject", "print", "-n", "3"]).expect("good");
        assert_eq!(
            kinds(&arguments),
            [SubjectKind::BonaFide, SubjectKind::Print]
        );
        assert_eq!(arguments.n, 3);
        assert_eq!(kinds(&parsed(&[]).expect("good")), SubjectKind::USUAL);
    }

    #[test]
    fn half_a_target_is_refused() {
        assert!(parsed(&["--server", "http://127.0.0.1:1"]).is_err());
        assert!(parsed(&["--subject", "ghost"]).is_err());
        assert!(parsed(&["-n", "0"]).is_err());
    }

    #[test]
    fn a_missing_demo_file_says_what_to_do() {
        let arguments = parsed(&["--demo-file", "/nonexistent/demo.json"]).expect("good");
        let error = format!("{:#}", target(&arguments).expect_err("no such file"));
        assert!(
            error.contains("make run") && error.contains("--secret"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_clip_and_its_reference_are_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let words = [
            "--export-clip",
            &path("a.mkv"),
            "--challenge",
            "blink",
            "--subject",
            "print",
            "--fps",
            "4",
        ];
        assert!(
            simulate(parsed(&words).expect("good"))
                .await
                .expect("written")
        );
        assert!(
            simulate(parsed(&["--export-reference", &path("a.jpg")]).expect("good"))
                .await
                .expect("written")
        );
        assert!(std::fs::read(path("a.mkv")).expect("a clip").len() > 5_000);
        assert!(
            std::fs::read(path("a.jpg"))
                .expect("a photograph")
                .starts_with(&[0xff, 0xd8])
        );
    }
}
