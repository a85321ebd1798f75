//! The manifest of a pack: which files, from where, under which licence, and how the engine feeds
//! and reads each model.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use zhenren_biometrics::loadout::{Colour, Input as Shown, Layout};

use crate::error::PackError;

/// Limit: bytes of one file; the largest features models in use stay below.
const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Limit: pixels on a side of an input.
const SIDE_MAX: usize = 1024;

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Finds faces.
    Detector,
    /// Finds the points of a face.
    Mesh,
    /// Turns a face into numbers that compare.
    Features,
    /// A second features model whose score is added to the default one's.
    SecondFeatures,
    /// Scores presentation attacks.
    Pad,
    /// Recognises spoken digits.
    Speech,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [
        Self::Detector,
        Self::Mesh,
        Self::Features,
        Self::SecondFeatures,
        Self::Pad,
        Self::Speech,
    ];

    /// The name in manifests and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Detector => "detector",
            Self::Mesh => "mesh",
            Self::Features => "features",
            Self::SecondFeatures => "second_features",
            Self::Pad => "pad",
            Self::Speech => "speech",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// How the engine feeds and reads a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contract {
    /// Detector: `cls_S`, `obj_S`, `bbox_S`, `kps_S` for the strides 8, 16, 32.
    Yunet,
    /// Detector: scores, boxes and points of the strides 8, 16, 32, two anchors a cell.
    Scrfd,
    /// Features: a 112-pixel face aligned by five points.
    #[serde(rename = "arcface-112")]
    Arcface112,
    /// Attack score: a crop around the face, three logits, class 1 is bona fide.
    Minifasnet,
    /// Speech: the file is handed to the recogniser as it is.
    Speech,
}

/// What the file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An ONNX file.
    #[default]
    Onnx,
    /// A state dictionary of `MiniFASNet`; the network is rebuilt as ONNX.
    MinifasnetPth,
    /// Something else, kept as it is.
    File,
}

/// A pack.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this form; 1.
    pub format: u32,
    /// Name of the pack and of its folder.
    pub name: String,
    /// What it is, in a sentence.
    pub summary: String,
    /// The models.
    #[serde(rename = "model")]
    pub models: Vec<Model>,
}

/// One model of a pack.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name and version; for features the name that templates carry.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// How it is fed and read.
    pub contract: Contract,
    /// What the file is.
    #[serde(default)]
    pub kind: Kind,
    /// File name at the source.
    pub file: String,
    /// sha256 of the file, lower-case hex.
    pub sha256: String,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Where it can be fetched.
    pub url: String,
    /// SPDX licence identifier.
    pub licence: String,
    /// What an operator should know about the licence or the model.
    #[serde(default)]
    pub note: String,
    /// What the model takes; speech models say that themselves.
    pub input: Option<Input>,
    /// Numbers of a features model.
    pub features_count: Option<usize>,
    /// The crop of an attack score is this many times the face.
    pub scale: Option<f32>,
    /// Mean and standard deviation of scores of different people.
    pub non_mated: Option<(f64, f64)>,
    /// Known numbers of the known picture.
    #[serde(default)]
    pub golden: Vec<Golden>,
    /// What the scores of a features model mean.
    #[serde(default)]
    pub calibration: Vec<Table>,
}

/// What a model takes: `(p - mean) / std` for a pixel value p of 0..=255.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// With a batch of one.
    pub shape: [usize; 4],
    /// `NCHW` or `NHWC`.
    pub layout: String,
    /// `RGB` or `BGR`.
    pub colour: String,
    /// Subtracted, in the model's order of colours; 127.5 unless said.
    #[serde(default = "mean")]
    pub mean: [f32; 3],
    /// Divided by; 128 unless said.
    #[serde(default = "std")]
    pub std: [f32; 3],
}

/// Some numbers that the model gives for the engine's test picture.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// Name of the output.
    pub output: String,
    /// Index of the first of the numbers.
    pub first: usize,
    /// The numbers.
    pub values: Vec<f32>,
    /// How far off they may be.
    pub tolerance: f32,
}

/// A calibration table.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// `general` or `hardest`.
    pub group: String,
    /// Whose pairs, measured how.
    pub source: String,
    /// Non-mated pairs behind it.
    pub pairs: u32,
    /// Score and false match rate at that threshold; scores rise, rates fall.
    pub points: Vec<(f64, f64)>,
}

const fn mean() -> [f32; 3] {
    [127.5; 3]
}

const fn std() -> [f32; 3] {
    [128.0; 3]
}

impl Manifest {
    /// Reads and checks a manifest; `name` is for messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, PackError> {
        let fault = |detail: String| PackError::Manifest {
            name: name.to_owned(),
            detail,
        };
        let manifest: Self = toml::from_str(text).map_err(|error| fault(error.to_string()))?;
        manifest.check().map_err(fault)?;
        Ok(manifest)
    }

    /// The roles it has models for.
    pub fn roles(&self) -> BTreeSet<Role> {
        self.models.iter().map(|model| model.role).collect()
    }

    /// The same pack with the models of one role.
    pub fn only(mut self, role: Role) -> Result<Self, PackError> {
        self.models.retain(|model| model.role == role);
        if self.models.is_empty() {
            return Err(PackError::NoSuchRole {
                name: self.name,
                role,
            });
        }
        Ok(self)
    }

    fn check(&self) -> Result<(), String> {
        if self.format != 1 {
            return Err(format!("format {} is not known; 1 is", self.format));
        }
        if !is_plain(&self.name) || self.name == "default" {
            return Err(format!("'{}' is no name for a pack", self.name));
        }
        let names: BTreeSet<&str> = self.models.iter().map(|model| &*model.name).collect();
        if names.len() != self.models.len() || names.is_empty() {
            return Err("it has no models, or two of one name".to_owned());
        }
        self.models.iter().try_for_each(|model| {
            model
                .check()
                .map_err(|why| format!("{}: {why}", model.name))
        })
    }
}

impl Model {
    /// File name inside the installed pack.
    pub fn installed_file(&self) -> String {
        match self.kind {
            Kind::Onnx | Kind::MinifasnetPth => format!("{}.onnx", self.name),
            Kind::File => self.file.clone(),
        }
    }

    /// What the engine shows the model; checked when the manifest was read.
    pub fn shown(&self) -> Option<Shown> {
        let input = self.input.as_ref()?;
        let [_, a, b, c] = input.shape;
        let (layout, side, other, colours) = match input.layout.as_str() {
            "NCHW" => (Layout::Nchw, b, c, a),
            "NHWC" => (Layout::Nhwc, a, b, c),
            _ => return None,
        };
        let colour = match input.colour.as_str() {
            "RGB" => Colour::Rgb,
            "BGR" => Colour::Bgr,
            _ => return None,
        };
        let is_square = side == other && colours == 3 && (1..=SIDE_MAX).contains(&side);
        let divides = input
            .std
            .iter()
            .all(|value| value.is_finite() && *value > 0.0);
        (is_square && divides && input.shape.first() == Some(&1)).then_some(Shown {
            side,
            layout,
            colour,
            mean: input.mean,
            std: input.std,
        })
    }

    fn check(&self) -> Result<(), String> {
        if !is_plain(&self.name) || !is_plain(&self.file) {
            return Err("names have letters, digits, '_', '-' and '.'".to_owned());
        }
        let is_hash = self.sha256.len() == 64
            && self
                .sha256
                .chars()
                .all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if !is_hash {
            return Err("sha256 is 64 lower-case hexadecimal digits".to_owned());
        }
        if self.bytes == 0 || self.bytes > BYTES_MAX {
            return Err(format!("bytes must be 1 to {BYTES_MAX}"));
        }
        if !["https://", "http://"]
            .iter()
            .any(|scheme| self.url.starts_with(scheme))
        {
            return Err("url must begin with https:// or http://".to_owned());
        }
        if self.licence.trim().is_empty() {
            return Err("the licence is not named".to_owned());
        }
        let fits = match self.contract {
            Contract::Yunet | Contract::Scrfd => self.role == Role::Detector,
            Contract::Arcface112 => self.role == Role::Features,
            Contract::Minifasnet => self.role == Role::Pad,
            Contract::Speech => self.role == Role::Speech,
        };
        if !fits {
            return Err(format!(
                "this contract is not one of the role {}",
                self.role.name()
            ));
        }
        self.check_contract()
    }

    fn check_contract(&self) -> Result<(), String> {
        if self.contract == Contract::Speech {
            return Ok(());
        }
        let shown = self.shown().ok_or(
            "input needs a square shape with a batch of one, layout NCHW or NHWC, colour RGB or \
             BGR, and a std above 0",
        )?;
        match self.contract {
            Contract::Yunet | Contract::Scrfd if shown.side % 32 != 0 => {
                Err("the side of a detector's input is a multiple of 32".to_owned())
            }
            Contract::Arcface112 if self.features_count.is_none_or(|count| count == 0) => {
                Err("features_count is missing".to_owned())
            }
            Contract::Minifasnet
                if !self.scale.is_some_and(|scale| (1.0..=8.0).contains(&scale)) =>
            {
                Err("scale must be 1 to 8".to_owned())
            }
            Contract::Yunet
            | Contract::Scrfd
            | Contract::Arcface112
            | Contract::Minifasnet
            | Contract::Speech => crate::load::tables(&self.name, &self.calibration).map(|_| ()),
        }
    }
}

/// Names become file names: nothing that leads elsewhere.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !name.is_empty() && name.len() <= 100 && name.chars().all(plain) && !name.starts_with('.')
}
