//! Reading, hashing and replacing files.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::ImportError;

/// The whole file.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, ImportError> {
    fs::read(file).map_err(|source| {
        if source.kind() == io::ErrorKind::NotFound {
            ImportError::Missing {
                file: file.to_owned(),
            }
        } else {
            fault("read", file, source)
        }
    })
}

/// The whole file, if its sha256 is the pinned one.
pub(crate) fn read_pinned(file: &Path, expected: &str) -> Result<Vec<u8>, ImportError> {
    let bytes = read(file)?;
    let found = sha256(&bytes);
    if found == expected {
        Ok(bytes)
    } else {
        Err(ImportError::WrongHash {
            file: file.to_owned(),
            expected: expected.to_owned(),
            found,
        })
    }
}

/// Lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

/// Replaces `file` in one step: a reader sees the old content or the new, never a part.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> Result<(), ImportError> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    // The process id keeps two importers out of each other's way; `*.tmp` is git-ignored.
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(name);
    let written = File::create(&temporary).and_then(|mut target| {
        target.write_all(bytes)?;
        target.sync_all()
    });
    if let Err(source) = written {
        // The fault worth telling is the first one.
        drop(fs::remove_file(&temporary));
        return Err(fault("write", &temporary, source));
    }
    fs::rename(&temporary, file).map_err(|source| fault("rename", &temporary, source))
}

pub(crate) fn fault(action: &'static str, file: &Path, source: io::Error) -> ImportError {
    ImportError::Io {
        action,
        file: file.to_owned(),
        source,
    }
}
