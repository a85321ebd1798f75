//! Writing records to standard output, the only thing a worker can tell anybody.

use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use crate::jail::JailLevel;
use crate::records::{
    ClipDescription, ClipEnd, FRAME_PREFIX_BYTES, HEADER_BYTES, Header, RecordKind, Refusal,
    StillDescription,
};

/// Why the work ends before the end of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The input is refused; the parent is told.
    Refused(Refusal),
    /// The parent no longer listens.
    NoReader,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

pub(super) struct Output {
    fd: BorrowedFd<'static>,
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            fd: rustix::stdio::stdout(),
        }
    }

    pub(super) fn jailed(&self, level: JailLevel) -> Result<(), Stop> {
        self.record(RecordKind::Jailed, 0, &[level.byte()])
    }

    pub(super) fn clip_described(&self, description: &ClipDescription) -> Result<(), Stop> {
        let payload = postcard::to_stdvec(description).map_err(|_| Refusal::Damaged)?;
        self.record(RecordKind::Described, 0, &payload)
    }

    pub(super) fn still_described(&self, description: &StillDescription) -> Result<(), Stop> {
        let payload = postcard::to_stdvec(description).map_err(|_| Refusal::Damaged)?;
        self.record(RecordKind::Described, 0, &payload)
    }

    pub(super) fn pcm(&self, pts_us: i64, bytes: &[u8]) -> Result<(), Stop> {
        self.record(RecordKind::Pcm, pts_us, bytes)
    }

    pub(super) fn end(&self, end: &ClipEnd) -> Result<(), Stop> {
        let payload = postcard::to_stdvec(end).map_err(|_| Refusal::Damaged)?;
        self.record(RecordKind::End, 0, &payload)
    }

    pub(super) fn refused(&self, refusal: Refusal) -> Result<(), Stop> {
        self.record(RecordKind::Refused, 0, &[refusal.byte()])
    }

    /// Header, size and pixels in three writes: pixels are not copied once more.
    pub(super) fn frame(
        &self,
        pts_us: i64,
        width: u16,
        height: u16,
        rgb: &[u8],
    ) -> Result<(), Stop> {
        let mut head = Vec::with_capacity(HEADER_BYTES + FRAME_PREFIX_BYTES);
        let size_bytes = rgb.len() + FRAME_PREFIX_BYTES;
        head.extend_from_slice(&header(RecordKind::Frame, pts_us, size_bytes)?);
        head.extend_from_slice(&width.to_le_bytes());
        head.extend_from_slice(&height.to_le_bytes());
        self.write(&head)?;
        self.write(rgb)
    }

    fn record(&self, kind: RecordKind, pts_us: i64, payload: &[u8]) -> Result<(), Stop> {
        self.write(&header(kind, pts_us, payload.len())?)?;
        self.write(payload)
    }

    fn write(&self, mut bytes: &[u8]) -> Result<(), Stop> {
        while !bytes.is_empty() {
            match rustix::io::write(self.fd, bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(_) => return Err(Stop::NoReader),
            }
        }
        Ok(())
    }
}

fn header(kind: RecordKind, pts_us: i64, size_bytes: usize) -> Result<[u8; HEADER_BYTES], Stop> {
    let size_bytes = u32::try_from(size_bytes).map_err(|_| Refusal::Damaged)?;
    Ok(Header {
        kind: kind.byte(),
        size_bytes,
        pts_us,
    }
    .to_bytes())
}
