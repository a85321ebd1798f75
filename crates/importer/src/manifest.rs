//! `manifest.toml`: which sources make which model, and what the result must look like.
//!
//! Only the parts that the importer needs are typed; the engine reads the rest of the contract.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::ImportError;
use crate::files;

/// A model pack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file's form; 1.
    pub format: u32,
    /// The inference library.
    pub library: Library,
    /// The models, in the order in which they are imported.
    #[serde(rename = "model")]
    pub models: Vec<Model>,
}

/// The inference library and where it comes from.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// File name in the models folder.
    pub file: String,
    /// Package and version.
    pub package: String,
    /// SPDX licence identifier.
    pub licence: String,
    /// Accepted sha256 values, lower-case hex, one for each platform.
    pub sha256: Vec<String>,
}

/// One model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name, and file name without `.onnx`.
    pub name: String,
    /// `detector`, `mesh` or `features`.
    pub role: String,
    /// How the engine feeds and reads it.
    pub contract: String,
    /// Format of the sources.
    pub kind: Kind,
    /// Package and version.
    pub package: String,
    /// SPDX licence identifier.
    pub licence: String,
    /// What an operator should know.
    pub note: String,
    /// Files, relative to the manifest's folder; for `tfjs` the JSON first, then its shards.
    pub source: Vec<Source>,
    /// The input.
    pub input: Input,
    /// The outputs, in order.
    pub output: Vec<Output>,
}

/// Format of a model's sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A TensorFlow.js graph model.
    Tfjs,
    /// dlib's face recognition network.
    Dlib,
}

/// A pinned file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Path relative to the manifest's folder.
    pub file: String,
    /// sha256, lower-case hex.
    pub sha256: String,
}

/// What a model takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Name in the graph.
    pub name: String,
    /// Batch, height, width, channels.
    pub shape: Vec<usize>,
    /// `RGB` or `BGR`.
    pub colour: String,
    /// How a pixel value of 0..=255 is presented.
    pub range: String,
    /// How the face is cut out.
    pub align: String,
}

/// What a model gives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Name in the graph.
    pub name: String,
    /// Shape with a batch of one.
    pub shape: Vec<usize>,
    /// What the numbers are.
    pub meaning: String,
}

impl Manifest {
    /// Reads `manifest.toml` in `runtime_dir`.
    pub fn read(runtime_dir: &Path) -> Result<Self, ImportError> {
        let file = runtime_dir.join("manifest.toml");
        let fault = |detail: String| ImportError::Manifest {
            file: file.clone(),
            detail,
        };
        let text = String::from_utf8(files::read(&file)?)
            .map_err(|_| fault("is not UTF-8 text".to_owned()))?;
        let manifest: Self = toml::from_str(&text).map_err(|found| fault(found.to_string()))?;
        if manifest.format != 1 {
            return Err(fault(format!(
                "format {} is not known; 1 is",
                manifest.format
            )));
        }
        for model in &manifest.models {
            let fits = match model.kind {
                Kind::Tfjs => model.source.len() >= 2,
                Kind::Dlib => model.source.len() == 1,
            };
            if !fits {
                return Err(fault(format!(
                    "model {} has {} source files",
                    model.name,
                    model.source.len()
                )));
            }
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            if model.name.is_empty() || !model.name.chars().all(plain) {
                return Err(fault(format!("'{}' is no name for a model", model.name)));
            }
        }
        Ok(manifest)
    }
}
