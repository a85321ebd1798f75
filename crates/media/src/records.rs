//! The language between worker and parent: a byte stream of records.
//!
//! One record is a 13-byte header `{kind u8, size u32, pts_us i64}`, little endian, and `size` bytes.
//! The order is Jailed, then Described, then any number of Frame and Pcm, then End; or Refused
//! at any point after Jailed. The worker is not trusted; what the parent accepts is in `referee.rs`.

use serde::{Deserialize, Serialize};

use crate::container::{Container, StillFormat};
use crate::error::MediaError;
use crate::limits::{ClipLimits, StillLimits};

pub(crate) const HEADER_BYTES: usize = 13;
/// Width and height before the pixels of a Frame.
pub(crate) const FRAME_PREFIX_BYTES: usize = 4;
/// Limit: a description is a few names and numbers.
pub(crate) const DESCRIPTION_BYTES_MAX: usize = 1024;
/// Limit: one second of sound; the worker splits longer stretches.
pub(crate) const PCM_SAMPLES_PER_RECORD_MAX: usize = 16_000;
/// The only sample rate that leaves the worker.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// What the worker is told to do. One job in a process's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Decode a recording.
    Clip(ClipLimits),
    /// Decode a still picture.
    Still(StillLimits),
    /// Enter the jail, say how strong it is, end.
    ReportJail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Jailed,
    Described,
    Frame,
    Pcm,
    End,
    Refused,
}

impl RecordKind {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Jailed,
            Self::Described,
            Self::Frame,
            Self::Pcm,
            Self::End,
            Self::Refused,
        ]
        .into_iter()
        .find(|kind| kind.byte() == byte)
    }

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Jailed => 1,
            Self::Described => 2,
            Self::Frame => 3,
            Self::Pcm => 4,
            Self::End => 5,
            Self::Refused => 6,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: u8,
    pub(crate) size_bytes: u32,
    pub(crate) pts_us: i64,
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let (kind, rest) = bytes.split_at_mut(1);
        let (size, pts) = rest.split_at_mut(4);
        kind.copy_from_slice(&[self.kind]);
        size.copy_from_slice(&self.size_bytes.to_le_bytes());
        pts.copy_from_slice(&self.pts_us.to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; HEADER_BYTES]) -> Self {
        let [kind, a, b, c, d, pts @ ..] = bytes;
        Self {
            kind,
            size_bytes: u32::from_le_bytes([a, b, c, d]),
            pts_us: i64::from_le_bytes(pts),
        }
    }
}

/// What a recording is, as the worker understood it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipDescription {
    /// The container.
    pub container: Container,
    /// The video codec by its library name, for example `h264`.
    pub video_codec: String,
    /// Width as coded, in pixels, before rotation.
    pub coded_width: u32,
    /// Height as coded, in pixels, before rotation.
    pub coded_height: u32,
    /// How the coded picture was turned to stand upright, as an EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// The sound, when there is any.
    pub sound: Option<SoundDescription>,
}

/// What the sound of a recording is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundDescription {
    /// The codec by its library name, for example `opus`.
    pub codec: String,
    /// Sample rate before resampling, in hertz.
    pub source_rate_hz: u32,
    /// Channels before mixing down.
    pub source_channels_count: u32,
}

/// What a still picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StillDescription {
    /// The file format.
    pub format: StillFormat,
    /// Width in the file, in pixels, before rotation and scaling.
    pub coded_width: u32,
    /// Height in the file, in pixels, before rotation and scaling.
    pub coded_height: u32,
    /// The EXIF orientation that was applied, 1 to 8.
    pub orientation: u8,
}

/// How a recording ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipEnd {
    /// Frames that came out of the decoder.
    pub decoded_frames_count: u32,
    /// Frames handed on after thinning.
    pub emitted_frames_count: u32,
    /// Samples of sound handed on, at 16 kHz.
    pub samples_count: u32,
    /// Packets and frames that could not be used. More than a few mean a damaged file.
    pub faults_count: u32,
    /// The container broke off before its end. A recording cut at a packet border looks complete.
    pub is_cut_short: bool,
}

/// One picture: 8-bit RGB rows from the top, no padding, upright.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// Presentation time of the container, in microseconds. Still pictures have 0.
    pub pts_us: i64,
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

impl std::fmt::Debug for Frame {
    /// Never prints pixels: a frame may end up in an error message.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Frame({} us, {}x{})",
            self.pts_us, self.width, self.height
        )
    }
}

/// A stretch of sound: 16 kHz, mono, 16 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Pcm {
    /// Presentation time of the first sample, in microseconds, on the clock of the frames.
    pub pts_us: i64,
    /// The samples.
    pub samples: Vec<i16>,
}

impl std::fmt::Debug for Pcm {
    /// Never prints samples: a voice is biometric too.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pcm({} us, {} samples)", self.pts_us, self.samples.len())
    }
}

/// One thing a recording gives, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Always first, once.
    Described(ClipDescription),
    /// A picture; their times grow strictly.
    Frame(Frame),
    /// A stretch of sound; their times never go back.
    Pcm(Pcm),
    /// Always last, once.
    End(ClipEnd),
}

/// Why the worker gave up, as one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotMedia,
    WrongContainer,
    CodecNotAllowed,
    NoVideo,
    TooManyPixels,
    TooLong,
    Damaged,
}

impl Refusal {
    const ALL: [Self; 7] = [
        Self::NotMedia,
        Self::WrongContainer,
        Self::CodecNotAllowed,
        Self::NoVideo,
        Self::TooManyPixels,
        Self::TooLong,
        Self::Damaged,
    ];

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::NotMedia => 1,
            Self::WrongContainer => 2,
            Self::CodecNotAllowed => 3,
            Self::NoVideo => 4,
            Self::TooManyPixels => 5,
            Self::TooLong => 6,
            Self::Damaged => 7,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.byte() == byte)
    }
}

impl From<Refusal> for MediaError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotMedia => Self::NotMedia,
            Refusal::WrongContainer => Self::WrongContainer,
            Refusal::CodecNotAllowed => Self::CodecNotAllowed,
            Refusal::NoVideo => Self::NoVideo,
            Refusal::TooManyPixels => Self::TooManyPixels,
            Refusal::TooLong => Self::TooLong,
            Refusal::Damaged => Self::Damaged,
        }
    }
}
