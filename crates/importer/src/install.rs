//! Imports a whole pack into a folder, and remembers what it wrote in `models.json`.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::manifest::{Input, Kind, Library, Manifest, Model, Output, Source};
use crate::{Converted, IMPORTER_VERSION, ImportError, dlib, files, tfjs};

/// File name of the record in the models folder.
pub(crate) const RECORD_FILE: &str = "models.json";

/// What [`import_all`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// Names of the models that were written, empty when everything was up to date.
    pub imported: Vec<String>,
    /// Names of the models that were up to date.
    pub unchanged: Vec<String>,
}

/// `models.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    /// [`IMPORTER_VERSION`] of the importer that wrote the files.
    pub importer_version: u32,
    /// The inference library that belongs to the models.
    pub library: Library,
    /// The models.
    pub models: Vec<ModelRecord>,
}

/// One model in `models.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Name in the manifest.
    pub name: String,
    /// `detector`, `mesh` or `features`.
    pub role: String,
    /// How the engine feeds and reads it.
    pub contract: String,
    /// File name in the models folder.
    pub file: String,
    /// sha256 of that file, lower-case hex.
    pub sha256: String,
    /// Size of that file.
    pub bytes: u64,
    /// Package and version of the sources.
    pub package: String,
    /// SPDX licence identifier.
    pub licence: String,
    /// What an operator should know.
    pub note: String,
    /// The input.
    pub input: Input,
    /// The outputs, in order.
    pub outputs: Vec<Output>,
    /// The source files.
    pub sources: Vec<Source>,
}

/// Imports every model of `runtime_dir`'s manifest into `out_dir`.
///
/// A model whose pinned sources, contract and importer version are those of the last import, and
/// whose file is intact, is left alone. `progress` gets one line before each longer step. On an
/// error the files of models already imported stay, all others keep their old content.
pub fn import_all(
    runtime_dir: &Path,
    out_dir: &Path,
    progress: &mut dyn FnMut(&str),
) -> Result<ImportReport, ImportError> {
    let manifest = Manifest::read(runtime_dir)?;
    fs::create_dir_all(out_dir).map_err(|source| files::fault("create", out_dir, source))?;
    let old = read_record(out_dir).ok().flatten();
    let mut report = ImportReport {
        imported: Vec::new(),
        unchanged: Vec::new(),
    };
    let mut records = Vec::new();
    for model in &manifest.models {
        if let Some(kept) = still_valid(old.as_ref(), model, out_dir) {
            report.unchanged.push(model.name.clone());
            records.push(kept);
            continue;
        }
        progress(&format!("importing {} ({})", model.name, model.package));
        let onnx = import_model(runtime_dir, model)?;
        let file = format!("{}.onnx", model.name);
        files::replace(&out_dir.join(&file), &onnx)?;
        report.imported.push(model.name.clone());
        records.push(record(model, file, &onnx));
    }
    let record = Record {
        importer_version: IMPORTER_VERSION,
        library: manifest.library,
        models: records,
    };
    let path = out_dir.join(RECORD_FILE);
    let text = serde_json::to_string_pretty(&record).map_err(|fault| ImportError::Manifest {
        file: path.clone(),
        detail: fault.to_string(),
    })?;
    if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
        files::replace(&path, text.as_bytes())?;
    }
    Ok(report)
}

/// Reads `models.json`; `None` where there is none.
pub(crate) fn read_record(models_dir: &Path) -> Result<Option<Record>, ImportError> {
    let file = models_dir.join(RECORD_FILE);
    let bytes = match files::read(&file) {
        Ok(bytes) => bytes,
        Err(ImportError::Missing { .. }) => return Ok(None),
        Err(fault) => return Err(fault),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|fault| ImportError::Manifest {
            file,
            detail: fault.to_string(),
        })
}

/// The old record of `model`, if importing again would give the same file.
fn still_valid(old: Option<&Record>, model: &Model, out_dir: &Path) -> Option<ModelRecord> {
    let old = old.filter(|record| record.importer_version == IMPORTER_VERSION)?;
    let known = old.models.iter().find(|known| known.name == model.name)?;
    let same = known.sources == model.source
        && known.input == model.input
        && known.outputs == model.output;
    if !same {
        return None;
    }
    let bytes = fs::read(out_dir.join(&known.file)).ok()?;
    if files::sha256(&bytes) != known.sha256 {
        return None;
    }
    Some(record(model, known.file.clone(), &bytes))
}

fn record(model: &Model, file: String, onnx: &[u8]) -> ModelRecord {
    ModelRecord {
        name: model.name.clone(),
        role: model.role.clone(),
        contract: model.contract.clone(),
        file,
        sha256: files::sha256(onnx),
        bytes: onnx.len() as u64,
        package: model.package.clone(),
        licence: model.licence.clone(),
        note: model.note.clone(),
        input: model.input.clone(),
        outputs: model.output.clone(),
        sources: model.source.clone(),
    }
}

/// Reads the sources of one model, checks them against their pins, and gives the ONNX file.
pub fn import_model(runtime_dir: &Path, model: &Model) -> Result<Vec<u8>, ImportError> {
    let mut parts = Vec::new();
    for source in &model.source {
        parts.push(files::read_pinned(
            &runtime_dir.join(&source.file),
            &source.sha256,
        )?);
    }
    let (first, rest) = parts.split_first().unwrap_or((const { &Vec::new() }, &[]));
    let converted = match model.kind {
        Kind::Tfjs => tfjs::convert(&model.name, first, &rest.concat()),
        Kind::Dlib => dlib::convert(first),
    };
    let converted = converted.map_err(|source| ImportError::Convert {
        file: model
            .source
            .first()
            .map(|found| runtime_dir.join(&found.file))
            .unwrap_or_default(),
        source,
    })?;
    keep_contract(model, &converted)?;
    Ok(converted.onnx)
}

fn keep_contract(model: &Model, converted: &Converted) -> Result<(), ImportError> {
    let wanted_input = (model.input.name.clone(), model.input.shape.clone());
    let wanted_outputs: Vec<_> = model
        .output
        .iter()
        .map(|output| (output.name.clone(), output.shape.clone()))
        .collect();
    let fault = |what: &str, found: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
        ImportError::Contract {
            model: model.name.clone(),
            detail: format!("{what} {found:?}, but the manifest says {wanted:?}"),
        }
    };
    if converted.input != wanted_input {
        return Err(fault("takes", &converted.input, &wanted_input));
    }
    if converted.outputs != wanted_outputs {
        return Err(fault("gives", &converted.outputs, &wanted_outputs));
    }
    Ok(())
}
