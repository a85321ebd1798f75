//! A file handed to the worker: a memory file that nobody, the writer included, can change again.
//!
//! It has no name in any file system and is gone with its last descriptor, so plain media never
//! touches a disk (invariant I8).

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{MemfdFlags, SealFlags, memfd_create};

use crate::container::SNIFF_BYTES;
use crate::error::MediaError;

/// A complete input, sealed against writing, growing and shrinking.
#[derive(Debug)]
pub struct SealedInput {
    fd: OwnedFd,
    size_bytes: u64,
    head: Vec<u8>,
}

impl SealedInput {
    /// Copies `bytes` into a sealed memory file; refuses before copying when there are too many.
    pub fn from_bytes(bytes: &[u8], size_bytes_max: u64) -> Result<Self, MediaError> {
        let mut writer = InputWriter::new(size_bytes_max)?;
        writer.push(bytes)?;
        writer.seal()
    }

    /// Size of the input in bytes.
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The first bytes, enough to tell the container.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }
}

impl AsFd for SealedInput {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Collects an input part by part, for callers that open sealed evidence piece by piece.
#[derive(Debug)]
pub struct InputWriter {
    file: std::fs::File,
    size_bytes: u64,
    size_bytes_max: u64,
    head: Vec<u8>,
}

impl InputWriter {
    /// Starts an empty input that will hold at most `size_bytes_max` bytes.
    pub fn new(size_bytes_max: u64) -> Result<Self, MediaError> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // Kernels before 6.3 do not know the flag that makes the file unexecutable for good.
        let fd = memfd_create("media", flags | MemfdFlags::NOEXEC_SEAL)
            .or_else(|_| memfd_create("media", flags))
            .map_err(|_| MediaError::Spawn {
                stage: "create a memory file",
            })?;
        Ok(Self {
            file: fd.into(),
            size_bytes: 0,
            size_bytes_max,
            head: Vec::new(),
        })
    }

    /// Appends one part.
    pub fn push(&mut self, part: &[u8]) -> Result<(), MediaError> {
        let size_bytes_max = self.size_bytes_max;
        self.write_all(part).map_err(|error| {
            if error.kind() == io::ErrorKind::FileTooLarge {
                MediaError::TooLarge { size_bytes_max }
            } else {
                MediaError::Spawn {
                    stage: "fill a memory file",
                }
            }
        })
    }

    /// Closes the input for good.
    pub fn seal(self) -> Result<SealedInput, MediaError> {
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&self.file, seals).map_err(|_| MediaError::Spawn {
            stage: "seal a memory file",
        })?;
        Ok(SealedInput {
            fd: self.file.into(),
            size_bytes: self.size_bytes,
            head: self.head,
        })
    }
}

impl Write for InputWriter {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        let grown = u64::try_from(part.len())
            .ok()
            .and_then(|len| self.size_bytes.checked_add(len));
        let Some(grown) = grown.filter(|size| *size <= self.size_bytes_max) else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        self.file.write_all(part)?;
        self.size_bytes = grown;
        let missing = SNIFF_BYTES.saturating_sub(self.head.len());
        self.head.extend(part.iter().take(missing));
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_input_cannot_be_changed() {
        let input = SealedInput::from_bytes(b"frozen", 6).unwrap();
        let mut file = std::fs::File::from(input.as_fd().try_clone_to_owned().unwrap());
        assert!(file.write_all(b"x").is_err());
        assert!(file.set_len(0).is_err());
        assert!(file.set_len(100).is_err());
        assert!(rustix::fs::fcntl_add_seals(&file, SealFlags::WRITE).is_err());
    }

    #[test]
    fn parts_are_counted_together() {
        let mut writer = InputWriter::new(5).unwrap();
        writer.push(b"abc").unwrap();
        assert_eq!(
            writer.push(b"def"),
            Err(MediaError::TooLarge { size_bytes_max: 5 })
        );
        writer.push(b"de").unwrap();
        let input = writer.seal().unwrap();
        assert_eq!(input.size_bytes(), 5);
        assert_eq!(input.head(), b"abcde");
    }
}
