//! `zhenren evaluate`: error rates on lists of one's own.
//!
//! Each kind of list has a file of its own; [`work`] is what they share: every core, a cache that
//! lets an interrupted run go on, a bar.

mod matching;
mod pad;
mod work;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::config::Config;
use crate::exit::{Exit, sentence};

/// `zhenren evaluate`.
#[derive(Debug, Subcommand)]
pub(crate) enum EvaluateCommand {
    /// Comparison: FMR and FNMR, thresholds with intervals, equal error rate, DET, groups.
    Match(Match),
    /// Presentation attack detection: APCER of each species, BPCER, non-responses.
    Pad(Pad),
}

/// What every evaluation takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Folder for `report.html`, `report.json` and `det.svg`.
    #[arg(long, default_value = "evaluation", value_name = "FOLDER")]
    out: PathBuf,
    /// Folder of what was measured so far; an interrupted run goes on from there. It holds
    /// templates of the pictures' faces: delete it when done.
    #[arg(long, default_value = "evaluation/cache", value_name = "FOLDER")]
    cache: PathBuf,
    /// Threads; by default as many as this process may use.
    #[arg(long, value_name = "COUNT")]
    threads: Option<usize>,
}

/// `zhenren evaluate match`.
#[derive(Debug, Args)]
pub(crate) struct Match {
    /// Columns `path_a`, `path_b`, `mated` (1 or 0), and `group` where there are groups; paths are
    /// relative to the list.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    /// `default`, `faceres`, `fused`, or an installed pack; without it what is in use.
    #[arg(long, value_name = "NAME")]
    features: Option<String>,
    /// Write calibration tables of these pairs, for `zhenren pack use --calibration`.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// `zhenren evaluate pad`.
#[derive(Debug, Args)]
pub(crate) struct Pad {
    /// Columns `path`, `label` (`bona_fide` or `attack`), and `species` for attacks; paths are
    /// relative to the list. Pictures (JPEG, PNG, `WebP`) and recordings (`WebM`, MP4).
    #[arg(long, value_name = "FILE")]
    list: PathBuf,
    /// Below this score a presentation is classified as an attack; without it the policy's.
    #[arg(long, value_name = "SCORE")]
    threshold: Option<f64>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(crate) fn run(config: &Config, command: &EvaluateCommand) -> Result<Exit> {
    match command {
        EvaluateCommand::Match(args) => matching::run(config, args),
        EvaluateCommand::Pad(args) => pad::run(config, args),
    }
}

/// A list's text.
fn read_list(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        let text = format!("{} cannot be read: {error}", path.display());
        sentence(Exit::NoInput, text)
    })
}

fn bad_list(path: &Path, error: &zhenren_evaluate::list::ListError) -> anyhow::Error {
    sentence(Exit::BadInput, format!("{}: {error}", path.display()))
}

/// The folder the list's paths are relative to.
fn folder_of(list: &Path) -> PathBuf {
    list.parent().map(Path::to_owned).unwrap_or_default()
}

/// Writes the three files of a report.
fn write_report(out: &Path, html: &str, json: &serde_json::Value, svg: &str) -> Result<()> {
    std::fs::create_dir_all(out)?;
    std::fs::write(out.join("report.html"), html)?;
    std::fs::write(out.join("report.json"), format!("{json:#}\n"))?;
    std::fs::write(out.join("det.svg"), svg)?;
    say!("\nreport     {}", out.join("report.html").display());
    Ok(())
}
