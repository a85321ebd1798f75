//! The sealed input as a seekable stream for the demuxer and the picture codecs.

use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};

use super::output::Stop;
use crate::records::Refusal;

/// Limit: one read of the container library is about this long.
const BUFFER_BYTES: usize = 32 << 10;

/// Reads with positions of its own, so that nothing depends on a shared file offset.
pub(super) struct Source<'a> {
    fd: BorrowedFd<'a>,
    size_bytes: u64,
    position: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl<'a> Source<'a> {
    pub(super) fn new(fd: &'a impl AsFd) -> Result<Self, Stop> {
        let fd = fd.as_fd();
        let size_bytes = rustix::fs::seek(fd, rustix::fs::SeekFrom::End(0))
            .map_err(|_| Stop::from(Refusal::Damaged))?;
        Ok(Self {
            fd,
            size_bytes,
            position: 0,
            buffer: Vec::new(),
            buffer_start: 0,
        })
    }

    /// The first bytes, whatever the current position is.
    pub(super) fn head<const N: usize>(&self) -> Vec<u8> {
        let mut head = vec![0; N];
        let count = rustix::io::pread(self.fd, head.as_mut_slice(), 0).unwrap_or(0);
        head.truncate(count);
        head
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let offset = self.position.checked_sub(self.buffer_start);
        let offset = offset.and_then(|offset| usize::try_from(offset).ok());
        if offset.is_none_or(|offset| offset >= self.buffer.len()) {
            self.buffer.resize(BUFFER_BYTES, 0);
            let count = rustix::io::pread(self.fd, self.buffer.as_mut_slice(), self.position)?;
            self.buffer.truncate(count);
            self.buffer_start = self.position;
            return Ok(&self.buffer);
        }
        Ok(offset
            .and_then(|offset| self.buffer.get(offset..))
            .unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.position = self
            .position
            .saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

impl Read for Source<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let position = match target {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
            SeekFrom::End(distance) => self.size_bytes.checked_add_signed(distance),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
