//! Installing: everything is made and checked in a folder of its own, which takes its place in one
//! step.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::check;
use crate::error::{PackError, io};
use crate::fetch::{self, Source};
use crate::manifest::{Manifest, Model};
use crate::store::{Installed, Packs, RECORD_FILE};

/// What is being done, for whoever watches.
#[derive(Debug)]
pub enum Step<'a> {
    /// Bytes of a file so far.
    Fetching {
        /// The model.
        model: &'a Model,
        /// Bytes so far.
        done: u64,
    },
    /// The file is there and is being checked.
    Checking {
        /// The model.
        model: &'a Model,
    },
}

/// Installs a pack, or replaces one of that name. `library_dir` holds the inference library, by
/// which each model is tried.
pub fn install(
    packs: &Packs,
    manifest: &Manifest,
    source: &Source,
    library_dir: &Path,
    progress: &mut dyn FnMut(Step<'_>),
) -> Result<Installed, PackError> {
    let folder = packs.folder();
    let place = packs.place(&manifest.name);
    if fetch::is_inside(&place, source) {
        return Err(PackError::Manifest {
            name: manifest.name.clone(),
            detail: String::from("a pack cannot be installed from its own folder"),
        });
    }
    fs::create_dir_all(folder).map_err(|error| io("create", folder, error))?;
    let staging = Staging::new(folder, &manifest.name)?;
    let mut installed = Installed {
        manifest: manifest.clone(),
        source: match source {
            Source::Web => String::from("the addresses of the manifest"),
            Source::Folder(folder) => folder.display().to_string(),
        },
        licences: Vec::new(),
        files: Vec::new(),
    };
    for model in &manifest.models {
        let bytes = fetch::fetch(source, model, &mut |done| {
            progress(Step::Fetching { model, done });
        })?;
        progress(Step::Checking { model });
        let kept = check::translate(model, bytes)?;
        let name = model.installed_file();
        let file = staging.path.join(&name);
        fs::write(&file, &kept).map_err(|error| io("write", &file, error))?;
        check::run(library_dir, model, &file)?;
        installed.files.push((name, check::sha256(&kept)));
        installed
            .licences
            .push((model.name.clone(), model.licence.clone()));
    }
    let record = serde_json::to_string_pretty(&installed).map_err(|error| PackError::Manifest {
        name: manifest.name.clone(),
        detail: error.to_string(),
    })?;
    let file = staging.path.join(RECORD_FILE);
    fs::write(&file, record).map_err(|error| io("write", &file, error))?;
    staging.put_in_place(&place)?;
    Ok(installed)
}

/// A folder that disappears unless it takes its place.
struct Staging {
    path: PathBuf,
}

impl Staging {
    fn new(folder: &Path, name: &str) -> Result<Self, PackError> {
        let path = folder.join(format!(".installing-{name}-{}", std::process::id()));
        // Left by a process of this number that died.
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|error| io("remove", &path, error))?;
        }
        fs::create_dir(&path).map_err(|error| io("create", &path, error))?;
        Ok(Self { path })
    }

    /// One step: readers see the old folder or the new one, never a part. What was there before is
    /// then in the staging folder and goes with it.
    fn put_in_place(&self, place: &Path) -> Result<(), PackError> {
        let flags = if place.exists() {
            RenameFlags::EXCHANGE
        } else {
            RenameFlags::NOREPLACE
        };
        renameat_with(CWD, &self.path, CWD, place, flags)
            .map_err(|error| io("rename", place, error.into()))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Nothing is lost when it stays: names with a dot are never read.
        let _ignored = fs::remove_dir_all(&self.path);
    }
}
