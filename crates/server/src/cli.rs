//! What can be typed. Knows no configuration and does nothing.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use zhenren_biometrics::Group;

use crate::commands::admin::AdminCommand;
use crate::commands::evaluate::EvaluateCommand;
use crate::commands::pack::PackCommand;
use crate::config::Profile;

/// Self-hosted real-person verification.
#[derive(Debug, Parser)]
#[command(name = "zhenren", version, about, propagate_version = true)]
pub(crate) struct Cli {
    /// Configuration file; `zhenren.toml` here is read when none is named.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Profile, instead of the one in the configuration.
    #[arg(long, global = true, value_enum)]
    pub profile: Option<Profile>,
    /// What to do; `all` when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve HTTP and analyse recordings in one process (default).
    All,
    /// Serve HTTP only; other processes analyse.
    Serve,
    /// Analyse recordings only.
    Work,
    /// Create or upgrade the database.
    Migrate,
    /// Say what is missing, in words to act on; exit code 1 when something is.
    Doctor,
    /// Verify a recording against a photograph, without a server.
    Verify(VerifyArgs),
    /// Compare the faces of two photographs.
    Compare(CompareArgs),
    /// The model pack.
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Packs of models: install, list, choose, remove.
    #[command(subcommand)]
    Pack(PackCommand),
    /// Error rates on lists of one's own: comparison and presentation attack detection.
    #[command(subcommand)]
    Evaluate(EvaluateCommand),
    /// Operators, accounts, apps, people and money.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Let virtual capture subjects and attacks go through a running server.
    Simulate(SimulateArgs),
    /// The jailed process that decodes media; started by the others.
    #[command(hide = true)]
    DecodeWorker,
}

/// `zhenren verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The recording: a `.webm` or `.mp4` file.
    #[arg(long, value_name = "FILE")]
    pub video: PathBuf,
    /// The photograph to compare with: JPEG, PNG or WebP.
    #[arg(long, value_name = "FILE")]
    pub reference: PathBuf,
    /// `silent`, actions such as `blink,turn_left`, or a JSON file with a drawn challenge.
    #[arg(long, default_value = "silent", value_name = "CHALLENGE")]
    pub challenge: String,
    /// Print JSON instead of a report.
    #[arg(long)]
    pub json: bool,
}

/// `zhenren compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// One photograph.
    pub first: PathBuf,
    /// The other photograph.
    pub second: PathBuf,
    /// The false match rate to decide at, instead of the configured one.
    #[arg(long, value_name = "RATE")]
    pub fmr: Option<f64>,
    /// Whose error rates decide: `general` or `hardest`.
    #[arg(long, default_value = "hardest", value_parser = group, value_name = "GROUP")]
    pub group: Group,
    /// Print JSON instead of a report.
    #[arg(long)]
    pub json: bool,
}

/// `zhenren models`.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelsCommand {
    /// Turn the fetched packages into the models the engine loads.
    Import(ImportArgs),
}

/// `zhenren models import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Folder with the fetched packages.
    #[arg(long, default_value = "runtime", value_name = "FOLDER")]
    pub runtime: PathBuf,
}

/// `zhenren simulate`: everything after it is for the simulator.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Arguments of the simulator; `zhenren simulate -- --help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, num_args = 0..)]
    pub rest: Vec<String>,
}

fn group(name: &str) -> Result<Group, String> {
    Group::from_name(name).ok_or_else(|| String::from("write general or hardest"))
}
