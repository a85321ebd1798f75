//! The key file: several sealing keys (the first seals, any opens) and one index key.
//!
//! Rotation adds a sealing key in front. The index key never rotates with it: blind indexes are
//! looked up by equality, so all of them must be made with one key.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::secret::random_bytes;

/// Limit: a rotation a month for eight years.
const SEALING_KEYS_COUNT_MAX: usize = 100;
const HEADING: &str = "# Keys of this installation. Without this file nothing sealed opens again.\n\
     # Back it up apart from the data. The first `seal` key seals, every one opens.\n";

/// Names a sealing key in front of what it sealed.
pub(crate) type KeyId = [u8; 4];

/// A master key: only subkeys derived from it are used.
pub(crate) type MasterKey = Zeroizing<[u8; 32]>;

/// The keys of a key file.
pub(crate) struct Keys {
    /// Newest first; never empty.
    pub(crate) sealing: Vec<(KeyId, MasterKey)>,
    /// For blind indexes, token hashes and derived tokens.
    pub(crate) index: MasterKey,
}

impl Keys {
    /// Fresh keys.
    pub(crate) fn generate() -> Result<Self, VaultError> {
        Ok(Self {
            sealing: vec![fresh_sealing_key()?],
            index: fresh_key()?,
        })
    }

    /// Adds a fresh sealing key in front.
    pub(crate) fn rotate(&mut self) -> Result<(), VaultError> {
        self.sealing.insert(0, fresh_sealing_key()?);
        self.sealing.truncate(SEALING_KEYS_COUNT_MAX);
        Ok(())
    }

    /// Reads a key file that only its owner can read.
    pub(crate) fn load(path: &Path) -> Result<Self, VaultError> {
        let failed = |source| VaultError::KeyFile {
            path: path.to_owned(),
            source,
        };
        let mode = fs::metadata(path).map_err(failed)?.mode();
        if mode & 0o077 != 0 {
            return Err(VaultError::KeyFileExposed {
                path: path.to_owned(),
            });
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
        Self::parse(&text)
    }

    /// Writes a new key file; refuses to replace one.
    pub(crate) fn create(&self, path: &Path) -> Result<(), VaultError> {
        self.write(path, path, &[])
            .map_err(|source| VaultError::KeyFile {
                path: path.to_owned(),
                source,
            })
    }

    /// Replaces the key file at once: a stop at any line leaves the old or the new one.
    pub(crate) fn replace(&self, path: &Path) -> Result<(), VaultError> {
        let failed = |source| VaultError::KeyFile {
            path: path.to_owned(),
            source,
        };
        let beside = path.with_extension("new");
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            Ok(()) | Err(_) => {}
        }
        // What somebody noted in the file stays there.
        let old = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
        let notes = old.lines().filter(|line| line.starts_with('#'));
        let notes: Vec<&str> = notes.filter(|line| !HEADING.contains(line)).collect();
        self.write(&beside, path, &notes).map_err(failed)
    }

    fn write(&self, first: &Path, last: &Path, notes: &[&str]) -> Result<(), std::io::Error> {
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(first)?;
        file.write_all(self.print().as_bytes())?;
        for note in notes {
            writeln!(file, "{note}")?;
        }
        file.sync_all()?;
        if first != last {
            fs::rename(first, last)?;
        }
        if let Some(folder) = last
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, VaultError> {
        let mut sealing = Vec::new();
        let mut index = None;
        for (number, line) in text.lines().enumerate() {
            let malformed = || VaultError::KeyFileMalformed { line: number + 1 };
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["seal", id, key] => {
                    let id = from_hex(id).ok_or_else(malformed)?;
                    sealing.push((id, Zeroizing::new(from_hex(key).ok_or_else(malformed)?)));
                }
                ["index", key] => {
                    index = Some(Zeroizing::new(from_hex(key).ok_or_else(malformed)?));
                }
                _ => return Err(malformed()),
            }
        }
        if sealing.is_empty() {
            return Err(VaultError::KeyMissing { missing: "sealing" });
        }
        let index = index.ok_or(VaultError::KeyMissing { missing: "index" })?;
        Ok(Self { sealing, index })
    }

    fn print(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(HEADING.to_owned());
        for (id, key) in &self.sealing {
            text.push_str("seal ");
            text.push_str(&to_hex(id));
            text.push(' ');
            text.push_str(&Zeroizing::new(to_hex(key.as_slice())));
            text.push('\n');
        }
        text.push_str("index ");
        text.push_str(&Zeroizing::new(to_hex(self.index.as_slice())));
        text.push('\n');
        text
    }
}

fn fresh_key() -> Result<MasterKey, VaultError> {
    random_bytes().map(Zeroizing::new)
}

fn fresh_sealing_key() -> Result<(KeyId, MasterKey), VaultError> {
    Ok((random_bytes()?, fresh_key()?))
}

/// Lower-case hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            write!(text, "{byte:02x}").ok();
            text
        })
}

fn from_hex<const COUNT: usize>(text: &str) -> Option<[u8; COUNT]> {
    if text.len() != COUNT * 2 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; COUNT];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}
