//! From an installed pack to what the engine opens.

use std::borrow::Cow;
use std::path::Path;

use zhenren_biometrics::loadout::{
    DetectorContract, DetectorSpec, FaceCut, FeaturesSpec, Loadout, PadSpec,
};
use zhenren_biometrics::{Calibration, Group};

use crate::error::{PackError, io};
use crate::manifest::{Contract, Model, Role, Table};
use crate::store::Packs;

/// Tables as the engine takes them, or why not.
pub(crate) fn tables(model: &str, tables: &[Table]) -> Result<Vec<Calibration>, String> {
    let table = |table: &Table| {
        let group = Group::from_name(&table.group)
            .ok_or_else(|| format!("there is no group '{}'", table.group))?;
        let made = Calibration {
            model_id: Cow::Owned(model.to_owned()),
            group,
            source: Cow::Owned(table.source.clone()),
            pairs_count: table.pairs,
            points: Cow::Owned(table.points.clone()),
        };
        if made.is_sound() {
            Ok(made)
        } else {
            Err(String::from(
                "a calibration table needs pairs and two points or more, scores rising, rates \
                 falling",
            ))
        }
    };
    tables.iter().map(table).collect()
}

pub(crate) fn detector(model: &Model, file: &Path) -> Option<DetectorSpec> {
    let contract = match model.contract {
        Contract::Yunet => DetectorContract::Yunet,
        Contract::Scrfd => DetectorContract::Scrfd,
        Contract::Arcface112 | Contract::Minifasnet | Contract::Speech => return None,
    };
    Some(DetectorSpec {
        file: file.to_owned(),
        contract,
        input: model.shown()?,
    })
}

pub(crate) fn features(
    model: &Model,
    file: &Path,
    calibrations: Vec<Calibration>,
) -> Option<FeaturesSpec> {
    Some(FeaturesSpec {
        id: model.name.clone(),
        file: file.to_owned(),
        cut: FaceCut::Arcface,
        input: model.shown()?,
        features_count: model.features_count?,
        calibrations,
        non_mated: model.non_mated,
    })
}

pub(crate) fn pad(model: &Model, file: &Path) -> Option<PadSpec> {
    Some(PadSpec {
        id: model.name.clone(),
        file: file.to_owned(),
        scale: model.scale?,
        input: model.shown()?,
    })
}

impl Packs {
    /// What the engine is made of, by what is in use.
    pub fn loadout(&self, models_dir: &Path, threads: usize) -> Result<Loadout, PackError> {
        let mut loadout = Loadout::of_default(models_dir, threads);
        let chosen = self.selection()?;
        loadout.fusion = chosen.second_features.is_some();
        if let Some(pack) = &chosen.detector {
            let (model, file) = self.one(pack, Role::Detector)?;
            loadout.detector = detector(&model, &file);
        }
        if let Some(pack) = &chosen.features {
            loadout.features = self.features_of(pack)?;
        }
        if let Some(pack) = &chosen.pad {
            for (model, file) in self.models(pack, Role::Pad)? {
                loadout.pad.extend(pad(&model, &file));
            }
        }
        Ok(loadout)
    }

    /// The features model of a pack, whether it is in use or not.
    pub fn features_of(&self, pack: &str) -> Result<Option<FeaturesSpec>, PackError> {
        let (model, file) = self.one(pack, Role::Features)?;
        let tables = self.calibrations(&model)?;
        Ok(features(&model, &file, tables))
    }

    /// The operator's own tables of a model; those of the manifest where there are none.
    pub(crate) fn calibrations(&self, model: &Model) -> Result<Vec<Calibration>, PackError> {
        let path = self.calibration_file(&model.name);
        let fault = |detail: String| PackError::Manifest {
            name: path.display().to_string(),
            detail,
        };
        let own = match std::fs::read_to_string(&path) {
            Ok(text) => parse_tables(&text).map_err(fault)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => model.calibration.clone(),
            Err(error) => return Err(io("read", &path, error)),
        };
        tables(&model.name, &own).map_err(fault)
    }

    fn one(&self, pack: &str, role: Role) -> Result<(Model, std::path::PathBuf), PackError> {
        let mut models = self.models(pack, role)?;
        models.truncate(1);
        models.pop().ok_or_else(|| PackError::NoSuchRole {
            name: pack.to_owned(),
            role,
        })
    }
}

/// `[[calibration]]` tables of a file.
pub(crate) fn parse_tables(text: &str) -> Result<Vec<Table>, String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        calibration: Vec<Table>,
    }
    toml::from_str::<File>(text)
        .map(|file| file.calibration)
        .map_err(|error| error.to_string())
}
