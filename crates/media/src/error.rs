//! What can go wrong with one file, as a closed list of kinds.
//!
//! No variant carries bytes, names or messages that came out of the file or the decoder: errors are
//! logged, and media is not.

use crate::jail::JailLevel;

/// Why a file gave no media, or no more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// The file is larger than the limit; nothing was started.
    #[error("the file has more than {size_bytes_max} bytes")]
    TooLarge {
        /// The limit that was exceeded, in bytes.
        size_bytes_max: u64,
    },
    /// The bytes are no audio, video or picture format known here (text, for example).
    #[error("the bytes are not a media file")]
    NotMedia,
    /// A media file, but not of a kind accepted here.
    #[error("the file is of a container kind that is not accepted")]
    WrongContainer,
    /// A stream is coded in a way that is not on the allow list.
    #[error("the file uses a codec that is not accepted")]
    CodecNotAllowed,
    /// The container holds no video stream.
    #[error("the file holds no video")]
    NoVideo,
    /// One picture has more pixels than the limit.
    #[error("a picture has too many pixels")]
    TooManyPixels,
    /// More time, frames or sound than the limit.
    #[error("the recording is too long")]
    TooLong,
    /// Nothing could be decoded, or not enough to be of use.
    #[error("the file is damaged")]
    Damaged,
    /// The worker kept the caller waiting for longer than the limit and was killed.
    #[error("decoding took too long")]
    TimedOut,
    /// The worker was ended by a signal: a resource limit or a forbidden system call.
    #[error("the decode worker was ended by signal {signal}")]
    Killed {
        /// The signal number: 24 is the CPU limit, 31 a forbidden system call.
        signal: i32,
    },
    /// The worker ended without saying why.
    #[error("the decode worker ended early with exit code {exit_code}")]
    Died {
        /// The worker's exit code.
        exit_code: i32,
    },
    /// The operating system confines the worker less than the configuration demands.
    #[error("the jail reached {reached}, but {required} is required")]
    JailTooWeak {
        /// What the worker reported.
        reached: JailLevel,
        /// What the configuration asks for.
        required: JailLevel,
    },
    /// The worker broke the record protocol and was killed. Its word is worth nothing.
    #[error("the decode worker broke the protocol: {rule}")]
    ProtocolViolation {
        /// The rule that was broken.
        rule: &'static str,
    },
    /// No worker could be started or spoken to.
    #[error("the decode worker could not be started: {stage}")]
    Spawn {
        /// The step that failed.
        stage: &'static str,
    },
}

impl MediaError {
    /// A short stable name, for logs, metrics and stored reasons.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::NotMedia => "not_media",
            Self::WrongContainer => "wrong_container",
            Self::CodecNotAllowed => "codec_not_allowed",
            Self::NoVideo => "no_video",
            Self::TooManyPixels => "too_many_pixels",
            Self::TooLong => "too_long",
            Self::Damaged => "damaged",
            Self::TimedOut => "timed_out",
            Self::Killed { .. } => "killed",
            Self::Died { .. } => "died",
            Self::JailTooWeak { .. } => "jail_too_weak",
            Self::ProtocolViolation { .. } => "protocol_violation",
            Self::Spawn { .. } => "spawn",
        }
    }

    /// True when the file is to blame, so that trying the same bytes again is pointless.
    ///
    /// A killed or lying worker counts as the file's doing: only the file was new to it.
    pub const fn is_caused_by_input(&self) -> bool {
        !matches!(self, Self::JailTooWeak { .. } | Self::Spawn { .. })
    }
}
