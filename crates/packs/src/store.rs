//! The folder of packs: what is installed, and which pack serves which role.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::check::sha256;
use crate::error::{PackError, io};
use crate::load;
use crate::manifest::{Manifest, Model, Role};

/// The record of an installed pack, inside its folder.
pub(crate) const RECORD_FILE: &str = "pack.json";

/// Which packs serve.
const SELECTION_FILE: &str = "in-use.toml";

/// Name of what is there without any pack.
const DEFAULT: &str = "default";

/// The name under which the default pack's second features model is chosen.
const SECOND: &str = "faceres";

/// A folder of packs.
#[derive(Clone, Debug)]
pub struct Packs {
    folder: PathBuf,
}

/// An installed pack.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Installed {
    /// What it was installed by.
    pub manifest: Manifest,
    /// Where the files came from.
    pub source: String,
    /// Licence of each model, as it was shown.
    pub licences: Vec<(String, String)>,
    /// File name and sha256 of each model as it lies in the folder.
    pub files: Vec<(String, String)>,
}

/// Which pack serves which role; none means the default, or nothing where there is no default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Instead of the default detectors.
    pub detector: Option<String>,
    /// Instead of the default features.
    pub features: Option<String>,
    /// A second features model, fused with the first.
    pub second_features: Option<String>,
    /// Scores presentation attacks.
    pub pad: Option<String>,
    /// Recognises digits, instead of the built-in one.
    pub speech: Option<String>,
}

impl Selection {
    fn slot(&mut self, role: Role) -> Option<&mut Option<String>> {
        match role {
            Role::Detector => Some(&mut self.detector),
            Role::Features => Some(&mut self.features),
            Role::SecondFeatures => Some(&mut self.second_features),
            Role::Pad => Some(&mut self.pad),
            Role::Speech => Some(&mut self.speech),
            Role::Mesh => None,
        }
    }

    /// Roles and the packs that serve them.
    pub fn entries(&self) -> Vec<(Role, &str)> {
        [
            (Role::Detector, &self.detector),
            (Role::Features, &self.features),
            (Role::SecondFeatures, &self.second_features),
            (Role::Pad, &self.pad),
            (Role::Speech, &self.speech),
        ]
        .into_iter()
        .filter_map(|(role, pack)| pack.as_deref().map(|pack| (role, pack)))
        .collect()
    }
}

impl Packs {
    /// The packs of a folder; it need not be there.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn calibration_file(&self, model: &str) -> PathBuf {
        self.folder.join(format!("calibration-{model}.toml"))
    }

    /// Every installed pack, by name.
    pub fn list(&self) -> Result<Vec<Installed>, PackError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io("read", &self.folder, error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| io("read", &self.folder, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // What begins with a dot is being made or was left by a process that died.
            if !name.starts_with('.') && entry.path().join(RECORD_FILE).is_file() {
                names.push(name);
            }
        }
        names.sort();
        names.iter().map(|name| self.record(name)).collect()
    }

    /// The record of an installed pack.
    pub fn record(&self, name: &str) -> Result<Installed, PackError> {
        let path = self.place(name).join(RECORD_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let name = name.to_owned();
                return Err(PackError::NotInstalled { name });
            }
            Err(error) => return Err(io("read", &path, error)),
        };
        serde_json::from_str(&text).map_err(|error| PackError::Manifest {
            name: path.display().to_string(),
            detail: error.to_string(),
        })
    }

    /// The models of an installed pack for a role, with their files, which must be as installed.
    pub fn models(&self, name: &str, role: Role) -> Result<Vec<(Model, PathBuf)>, PackError> {
        let record = self.record(name)?;
        let mut models = Vec::new();
        for model in record.manifest.models {
            if model.role != role {
                continue;
            }
            let file = model.installed_file();
            let path = self.place(name).join(&file);
            let bytes = fs::read(&path).map_err(|error| io("read", &path, error))?;
            let known = record.files.iter().find(|(known, _)| *known == file);
            if known.is_none_or(|(_, hash)| *hash != sha256(&bytes)) {
                return Err(PackError::Changed { file: path });
            }
            models.push((model, path));
        }
        if models.is_empty() {
            return Err(PackError::NoSuchRole {
                name: name.to_owned(),
                role,
            });
        }
        Ok(models)
    }

    /// Which packs serve.
    pub fn selection(&self) -> Result<Selection, PackError> {
        let path = self.folder.join(SELECTION_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| PackError::Manifest {
                name: path.display().to_string(),
                detail: error.to_string(),
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Selection::default()),
            Err(error) => Err(io("read", &path, error)),
        }
    }

    /// Lets a pack serve a role, or every role it has a model for; `default` gives a role back.
    ///
    /// `calibration` is a file with tables of the pack's features model, kept beside the pack.
    pub fn choose(
        &self,
        name: &str,
        role: Option<Role>,
        calibration: Option<&Path>,
    ) -> Result<Vec<Role>, PackError> {
        let roles = self.roles_of(name, role)?;
        let mut selection = self.selection()?;
        for role in &roles {
            if *role == Role::Features && name != DEFAULT {
                self.calibrate(name, calibration)?;
            }
            if let Some(slot) = selection.slot(*role) {
                *slot = (name != DEFAULT).then(|| name.to_owned());
            }
        }
        fs::create_dir_all(&self.folder).map_err(|error| io("create", &self.folder, error))?;
        let text = toml::to_string(&selection).map_err(|error| PackError::Manifest {
            name: String::from(SELECTION_FILE),
            detail: error.to_string(),
        })?;
        replace(&self.folder.join(SELECTION_FILE), text.as_bytes())?;
        Ok(roles)
    }

    fn roles_of(&self, name: &str, role: Option<Role>) -> Result<Vec<Role>, PackError> {
        let has: Vec<Role> = match name {
            DEFAULT => Role::ALL
                .into_iter()
                .filter(|role| *role != Role::Mesh)
                .collect(),
            SECOND => vec![Role::SecondFeatures],
            _ => self.record(name)?.manifest.roles().into_iter().collect(),
        };
        match role {
            None => Ok(has),
            Some(role) if has.contains(&role) => Ok(vec![role]),
            Some(role) => Err(PackError::NoSuchRole {
                name: name.to_owned(),
                role,
            }),
        }
    }

    /// Takes the operator's tables, and refuses a features model without any.
    fn calibrate(&self, pack: &str, own: Option<&Path>) -> Result<(), PackError> {
        for (model, _) in self.models(pack, Role::Features)? {
            if let Some(path) = own {
                let text = fs::read_to_string(path).map_err(|error| io("read", path, error))?;
                let fault = |detail: String| PackError::Manifest {
                    name: path.display().to_string(),
                    detail,
                };
                let parsed = load::parse_tables(&text).map_err(fault)?;
                load::tables(&model.name, &parsed).map_err(fault)?;
                replace(&self.calibration_file(&model.name), text.as_bytes())?;
            }
            if self.calibrations(&model)?.is_empty() {
                return Err(PackError::NoCalibration {
                    pack: pack.to_owned(),
                    model: model.name,
                });
            }
        }
        Ok(())
    }

    /// Removes a pack that does not serve.
    pub fn remove(&self, name: &str) -> Result<(), PackError> {
        self.record(name)?;
        let selection = self.selection()?;
        let roles: Vec<&str> = selection
            .entries()
            .iter()
            .filter(|(_, pack)| *pack == name)
            .map(|(role, _)| role.name())
            .collect();
        if !roles.is_empty() {
            return Err(PackError::InUse {
                name: name.to_owned(),
                roles: roles.join(", "),
            });
        }
        // Out of the way in one step; a process that dies here leaves a folder nobody looks at.
        let place = self.place(name);
        let gone = self
            .folder
            .join(format!(".removed-{name}-{}", std::process::id()));
        fs::rename(&place, &gone).map_err(|error| io("rename", &place, error))?;
        fs::remove_dir_all(&gone).map_err(|error| io("remove", &gone, error))
    }
}

/// Replaces a file in one step.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), PackError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    fs::write(&temporary, bytes).map_err(|error| io("write", &temporary, error))?;
    fs::rename(&temporary, path).map_err(|error| io("rename", path, error))
}
