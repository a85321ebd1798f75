//! What can go wrong, in words that name the file and what to do about it.

use std::io;
use std::path::PathBuf;

/// A fault inside one source file, without its name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The file ends before what it announces.
    #[error("ends at byte {length}, but {wanted} bytes were expected at byte {offset}")]
    Truncated {
        /// Where the missing part begins, in bytes.
        offset: usize,
        /// How much was expected there, in bytes.
        wanted: usize,
        /// How long the file is, in bytes.
        length: usize,
    },
    /// The file is not what it should be.
    #[error("{0}")]
    Malformed(String),
    /// An operator that the importer has no translation for.
    #[error("node '{node}' uses the operator {op}, which the importer does not know")]
    UnknownOp {
        /// Name of the node in the source graph.
        node: String,
        /// Name of the operator.
        op: String,
    },
    /// A known operator in a form that the importer does not translate, or with wrong operands.
    #[error("node '{node}' ({op}): {detail}")]
    Node {
        /// Name of the node in the source graph.
        node: String,
        /// Name of the operator.
        op: String,
        /// What is wrong.
        detail: String,
    },
}

/// Why an import did not happen. The old models stay in place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A source file is not there.
    #[error("{} is missing: run `make runtime` to fetch the pinned packages", .file.display())]
    Missing {
        /// The absent file.
        file: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}", .file.display())]
    Io {
        /// `read`, `write`, `create` or `rename`.
        action: &'static str,
        /// The file or folder.
        file: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A source file is not the pinned one.
    #[error(
        "{} has the sha256 {found}, but runtime/manifest.toml pins {expected}: delete it and run `make runtime`",
        .file.display()
    )]
    WrongHash {
        /// The file.
        file: PathBuf,
        /// The pinned hash, lower-case hex.
        expected: String,
        /// The hash of what is there, lower-case hex.
        found: String,
    },
    /// A source file cannot be translated.
    #[error("{}: {source}", .file.display())]
    Convert {
        /// The file.
        file: PathBuf,
        /// The fault in it.
        source: ConvertError,
    },
    /// `manifest.toml` cannot be understood.
    #[error("{}: {detail}", .file.display())]
    Manifest {
        /// The manifest.
        file: PathBuf,
        /// The fault, with line and column where known.
        detail: String,
    },
    /// A translated model does not keep the contract of the manifest.
    #[error("model {model}: {detail}")]
    Contract {
        /// Name of the model in the manifest.
        model: String,
        /// What differs.
        detail: String,
    },
}
