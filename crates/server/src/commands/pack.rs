//! `zhenren pack`: install, list, use, remove packs of models.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use zhenren_biometrics::features::{SECOND_ID, notice};
use zhenren_packs::{Model, PackError, Packs, Role, SHIPPED, Source, Step, install, shipped};

use crate::config::Config;
use crate::exit::{Exit, sentence};
use crate::wiring;

/// `zhenren pack`.
#[derive(Debug, Subcommand)]
pub(crate) enum PackCommand {
    /// Fetch a pack, check it, and put it in place; the one that was there serves until then.
    Install(Install),
    /// Installed packs, which of them serve, and the manifests that come with the program.
    List,
    /// Let a pack serve the roles it has models for; `default` gives them back, `faceres` turns
    /// the second features model of the default pack on. Takes effect at the next start.
    Use(Use),
    /// Remove an installed pack that does not serve.
    Remove(Remove),
}

/// `zhenren pack install`.
#[derive(Debug, Args)]
pub(crate) struct Install {
    /// A shipped manifest (`zhenren pack list`), or a `.toml` file.
    manifest: String,
    /// A folder that holds the files, instead of the manifest's addresses.
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
    /// Only the models of one role.
    #[arg(long, value_parser = role, value_name = "ROLE")]
    role: Option<Role>,
}

/// `zhenren pack use`.
#[derive(Debug, Args)]
pub(crate) struct Use {
    /// An installed pack, `default`, or `faceres`.
    pack: String,
    /// One role only: detector, features, `second_features`, pad or speech.
    #[arg(long, value_parser = role, value_name = "ROLE")]
    role: Option<Role>,
    /// Calibration tables for the pack's features model, as `zhenren evaluate match
    /// --calibration` writes them.
    #[arg(long, value_name = "FILE")]
    calibration: Option<PathBuf>,
}

/// `zhenren pack remove`.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The pack.
    pack: String,
}

fn role(name: &str) -> Result<Role, String> {
    Role::from_name(name)
        .filter(|role| *role != Role::Mesh)
        .ok_or_else(|| String::from("write detector, features, second_features, pad or speech"))
}

/// Runs the command.
pub(crate) fn run(config: &Config, command: &PackCommand) -> Result<Exit> {
    let packs = wiring::packs(config);
    match command {
        PackCommand::Install(args) => {
            let library = Path::new(&config.engine.models_directory);
            put(&packs, library, args).map_err(|error| explain(&error))?;
        }
        PackCommand::List => list(&packs).map_err(|error| explain(&error))?,
        PackCommand::Use(args) => choose(&packs, args).map_err(|error| explain(&error))?,
        PackCommand::Remove(args) => {
            packs.remove(&args.pack).map_err(|error| explain(&error))?;
            say!("removed    {}", args.pack);
        }
    }
    Ok(Exit::Good)
}

/// The exit code that goes with a fault.
fn explain(error: &PackError) -> anyhow::Error {
    let exit = match error {
        PackError::UnknownManifest { .. }
        | PackError::NotInstalled { .. }
        | PackError::NoSuchRole { .. }
        | PackError::NoCalibration { .. }
        | PackError::InUse { .. } => Exit::Usage,
        PackError::Io { .. } | PackError::Fetch { .. } => Exit::NoInput,
        PackError::Manifest { .. }
        | PackError::Truncated { .. }
        | PackError::TooLarge { .. }
        | PackError::WrongHash { .. }
        | PackError::Form { .. }
        | PackError::Opset { .. }
        | PackError::Shape { .. }
        | PackError::Contract { .. }
        | PackError::Golden { .. }
        | PackError::Changed { .. } => Exit::BadInput,
    };
    sentence(exit, error.to_string())
}

fn put(packs: &Packs, library: &Path, args: &Install) -> Result<(), PackError> {
    let mut manifest = shipped(&args.manifest)?;
    if let Some(role) = args.role {
        manifest = manifest.only(role)?;
    }
    let source = match &args.from {
        Some(folder) => Source::Folder(folder.clone()),
        None => Source::Web,
    };
    say!("{}: {}", manifest.name, manifest.summary);
    for model in &manifest.models {
        licence(model);
    }
    let mut bar = Bar::default();
    let installed = install(packs, &manifest, &source, library, &mut |step| {
        bar.show(&step);
    });
    bar.end();
    let installed = installed?;
    for (file, sha256) in &installed.files {
        say!("installed  {file} (sha256 {sha256})");
    }
    say!(
        "Nothing uses it yet: `zhenren pack use {}` does, at the next start.",
        manifest.name
    );
    Ok(())
}

fn licence(model: &Model) {
    say!(
        "  {:<32} {:<9} licence {}",
        model.name,
        model.role.name(),
        model.licence
    );
    if !model.note.is_empty() {
        say!("    {}", model.note);
    }
}

fn list(packs: &Packs) -> Result<(), PackError> {
    let selection = packs.selection()?;
    say!("serving:");
    for role in Role::ALL {
        let chosen = selection.entries();
        let pack = chosen
            .iter()
            .find(|(known, _)| *known == role)
            .map(|(_, pack)| *pack);
        let otherwise = match role {
            Role::Detector | Role::Mesh | Role::Features => "default",
            Role::SecondFeatures | Role::Pad => "none",
            Role::Speech => "default (built in)",
        };
        say!("  {:<16} {}", role.name(), pack.unwrap_or(otherwise));
    }
    say!("installed:");
    for pack in packs.list()? {
        say!(
            "  {:<16} {} (from {})",
            pack.manifest.name,
            pack.manifest.summary,
            pack.source
        );
        for model in &pack.manifest.models {
            licence(model);
        }
    }
    say!("manifests that come with the program (`zhenren pack install NAME`):");
    for (name, text) in SHIPPED {
        let manifest = zhenren_packs::Manifest::parse(name, text)?;
        say!("  {name:<16} {}", manifest.summary);
    }
    Ok(())
}

fn choose(packs: &Packs, args: &Use) -> Result<(), PackError> {
    let roles = packs.choose(&args.pack, args.role, args.calibration.as_deref())?;
    for role in &roles {
        say!("{:<16} {}", role.name(), args.pack);
    }
    if args.pack == "faceres" {
        say!(
            "note: the licence of {SECOND_ID} (Apache-2.0) is a third party's unverified claim, and \
             it was trained on VGGFace2; decide for yourself whether you may use it"
        );
    }
    if args.pack == "default"
        && let Some(notice) = notice(zhenren_biometrics::features::MODEL_ID)
    {
        say!("note: {notice}");
    }
    let changes = |role: &Role| matches!(role, Role::Features | Role::SecondFeatures);
    if roles.iter().any(changes) {
        say!(
            "note: templates of another features model compare with nothing: people enrolled before \
             must be enrolled again (`zhenren admin enrol`), until then their verifications end \
             with reference_missing"
        );
    }
    say!("Takes effect at the next start.");
    Ok(())
}

/// Progress on standard error: a line that rewrites itself on a terminal, else one line a file.
#[derive(Default)]
struct Bar {
    shown: String,
}

impl Bar {
    fn show(&mut self, step: &Step<'_>) {
        let is_terminal = std::io::stderr().is_terminal();
        let line = match step {
            Step::Fetching { model, done } if is_terminal => {
                let percent = done.saturating_mul(100) / model.bytes.max(1);
                format!("{} {percent} % of {} bytes", model.file, model.bytes)
            }
            Step::Fetching { model, .. } => {
                format!("fetching {} ({} bytes)", model.file, model.bytes)
            }
            Step::Checking { model } => format!("checking {}", model.file),
        };
        if line == self.shown {
            return;
        }
        let mut out = std::io::stderr().lock();
        let _gone = if is_terminal {
            write!(out, "\r{line:<72}")
        } else {
            writeln!(out, "{line}")
        };
        self.shown = line;
    }

    fn end(&mut self) {
        if !self.shown.is_empty() && std::io::stderr().is_terminal() {
            let _gone = writeln!(std::io::stderr().lock());
        }
    }
}
