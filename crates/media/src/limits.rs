//! How much one file may cost. Every number is a refusal, none is a hint.

use serde::{Deserialize, Serialize};

/// What one worker process may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessLimits {
    /// CPU seconds; the kernel ends the worker there.
    pub cpu_s_max: u32,
    /// Address space in bytes, libraries included.
    pub address_space_bytes_max: u64,
    /// Milliseconds the caller is prepared to spend waiting for records, all waits together.
    /// Time the caller spends on its own work between two records does not count.
    pub waiting_ms_max: u32,
}

impl Default for ProcessLimits {
    fn default() -> Self {
        // Limit: the longest clip allowed below costs about 5 s of CPU at full size.
        Self {
            cpu_s_max: 20,
            address_space_bytes_max: 1536 << 20,
            waiting_ms_max: 30_000,
        }
    }
}

/// Limits for a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipLimits {
    /// Size of the file in bytes.
    pub size_bytes_max: u64,
    /// Width times height as coded.
    pub coded_pixels_max: u32,
    /// Frames decoded, whether handed on or not.
    pub frames_count_max: u32,
    /// Largest presentation time of a frame, in milliseconds.
    pub duration_ms_max: u32,
    /// Sound handed on, in milliseconds.
    pub sound_ms_max: u32,
    /// Frames are scaled down until their longer side has at most this many pixels.
    pub long_side_px_max: u16,
    /// Frames are thinned to this many per second of presentation time.
    pub frames_per_second_max: u16,
    /// What the worker process may use.
    pub process: ProcessLimits,
}

impl Default for ClipLimits {
    fn default() -> Self {
        Self {
            size_bytes_max: 20 << 20,
            // Limit: full HD, whose coded height is a multiple of 16.
            coded_pixels_max: 1920 * 1088,
            frames_count_max: 1_200,
            duration_ms_max: 30_000,
            // Limit: one second more than the picture, because coders pad the sound.
            sound_ms_max: 31_000,
            long_side_px_max: 640,
            frames_per_second_max: 15,
            process: ProcessLimits::default(),
        }
    }
}

/// Limits for a still picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StillLimits {
    /// Size of the file in bytes.
    pub size_bytes_max: u64,
    /// Width times height as the header says, checked before any pixel is decoded.
    pub pixels_max: u32,
    /// The picture is scaled down until its longer side has at most this many pixels.
    pub long_side_px_max: u16,
    /// What the worker process may use.
    pub process: ProcessLimits,
}

impl Default for StillLimits {
    fn default() -> Self {
        Self {
            size_bytes_max: 20 << 20,
            pixels_max: 40_000_000,
            long_side_px_max: 1_600,
            process: ProcessLimits::default(),
        }
    }
}
