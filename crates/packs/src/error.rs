//! Why a pack was not installed, chosen or removed, in words that name the file. Whatever was in
//! use before stays in use.

use std::io;
use std::path::PathBuf;

use zhenren_biometrics::EngineError;
use zhenren_importer::ConvertError;

use crate::manifest::Role;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The manifest cannot be understood.
    #[error("the manifest {name}: {detail}")]
    Manifest {
        /// Its name or file.
        name: String,
        /// The fault, with line and column where known.
        detail: String,
    },
    /// Neither a shipped manifest nor a file.
    #[error("there is no manifest called {name}; shipped are {shipped}, or name a .toml file")]
    UnknownManifest {
        /// What was asked for.
        name: String,
        /// What there is.
        shipped: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", file.display())]
    Io {
        /// `read`, `write`, `create`, `rename` or `remove`.
        action: &'static str,
        /// The file or folder.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The address did not answer with the file.
    #[error("{url} cannot be fetched: {detail}")]
    Fetch {
        /// Where from.
        url: String,
        /// What the client said.
        detail: String,
    },
    /// Fewer bytes arrived than the manifest says.
    #[error("{file} ended after {found} of {wanted} bytes; try again")]
    Truncated {
        /// The file's name.
        file: String,
        /// Bytes of the manifest.
        wanted: u64,
        /// Bytes that arrived.
        found: u64,
    },
    /// More bytes arrived than the manifest says.
    #[error("{file} has more than the {wanted} bytes of the manifest")]
    TooLarge {
        /// The file's name.
        file: String,
        /// Bytes of the manifest.
        wanted: u64,
    },
    /// The file is not the pinned one.
    #[error("{file} has the sha256 {found}, the manifest pins {wanted}")]
    WrongHash {
        /// The file's name.
        file: String,
        /// The pinned hash, lower-case hex.
        wanted: String,
        /// The hash of what arrived.
        found: String,
    },
    /// The file is not of the form the manifest says.
    #[error("{file} cannot be used: {source}")]
    Form {
        /// The file's name.
        file: String,
        /// The fault in it.
        source: ConvertError,
    },
    /// The model asks for operators that the inference library was not tested with.
    #[error("{file} is written for operator set {found}; sets {least} to {most} can be used")]
    Opset {
        /// The file's name.
        file: String,
        /// What it asks for.
        found: String,
        /// Oldest.
        least: i64,
        /// Newest.
        most: i64,
    },
    /// The model's input or outputs are not the manifest's.
    #[error("{file} {detail}")]
    Shape {
        /// The file's name.
        file: String,
        /// What differs.
        detail: String,
    },
    /// The model does not run, or its numbers are not its contract's.
    #[error("{file} does not keep its contract: {source}")]
    Contract {
        /// The file's name.
        file: String,
        /// What the engine says.
        source: EngineError,
    },
    /// The model runs and gives other numbers than it should.
    #[error("{file} gives {found} where the manifest's check says {wanted} ({place})")]
    Golden {
        /// The file's name.
        file: String,
        /// Which number.
        place: String,
        /// What it should be.
        wanted: f32,
        /// What it is.
        found: f32,
    },
    /// There is no such pack here.
    #[error("the pack {name} is not installed; see `zhenren pack list`")]
    NotInstalled {
        /// The name.
        name: String,
    },
    /// The pack has nothing for this role.
    #[error("the pack {name} has no model for the role {}", role.name())]
    NoSuchRole {
        /// The pack.
        name: String,
        /// The role.
        role: Role,
    },
    /// Nothing says what this model's scores mean.
    #[error(
        "the features model {model} comes without a calibration table, so no false match rate can \
         be stated and nobody would be accepted; measure one with `zhenren evaluate match \
         --features {pack} --pairs FILE --calibration OUT` and give it with `--calibration OUT`"
    )]
    NoCalibration {
        /// The pack.
        pack: String,
        /// The model.
        model: String,
    },
    /// A pack that serves cannot be removed.
    #[error("the pack {name} serves {roles}; choose another first (`zhenren pack use default`)")]
    InUse {
        /// The pack.
        name: String,
        /// Which roles.
        roles: String,
    },
    /// A file of an installed pack was changed afterwards.
    #[error("{} was changed after it was installed; install the pack again", file.display())]
    Changed {
        /// The file.
        file: PathBuf,
    },
}

pub(crate) fn io(action: &'static str, file: &std::path::Path, source: io::Error) -> PackError {
    PackError::Io {
        action,
        file: file.to_owned(),
        source,
    }
}
