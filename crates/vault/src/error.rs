//! What can go wrong with keys and sealed bytes. No message contains a key, a plain byte or a name
//! of a person.

use std::path::PathBuf;

/// A fault of the vault.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file cannot be read or written.
    #[error("key file {path} cannot be read or written")]
    KeyFile {
        /// Where it is.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key file can be read by other accounts of the machine.
    #[error("key file {path} is readable by others; allow its owner only (chmod 600)")]
    KeyFileExposed {
        /// Where it is.
        path: PathBuf,
    },
    /// A line of the key file is not understood.
    #[error("line {line} of the key file is not a key")]
    KeyFileMalformed {
        /// Which line, from 1.
        line: usize,
    },
    /// The key file has no sealing key or no index key.
    #[error("key file has no {missing} key")]
    KeyMissing {
        /// Which kind is missing.
        missing: &'static str,
    },
    /// Sealed with a key that the key file does not have.
    #[error("sealed with a key that the key file does not have")]
    KeyUnknown,
    /// The bytes were changed, moved, cut, or sealed with another key.
    #[error("sealed bytes do not open in this place")]
    DoesNotOpen,
    /// Opened bytes are not UTF-8 where text was sealed.
    #[error("opened bytes are not text")]
    NotText,
    /// The operating system gave no randomness.
    #[error("operating system gave no random bytes")]
    NoRandomness,
    /// The object does not exist.
    #[error("evidence object does not exist")]
    ObjectMissing,
    /// The place where objects are kept failed.
    #[error("evidence storage failed")]
    Storage(#[from] object_store::Error),
    /// The folder for objects cannot be made.
    #[error("evidence folder {path} cannot be made")]
    Folder {
        /// Where it was to be.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}
