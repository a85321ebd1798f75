//! From a complete recording to a decision: lease, open, decode, measure, decide, write once.

pub mod engine;
mod heartbeat;
pub mod job;
pub mod offline;
pub mod report;
#[cfg(any(test, feature = "scripted"))]
pub mod scripted;

use std::fmt;

use thiserror::Error;
use zhenren_domain::challenge::{Challenge, ClockLog};
use zhenren_domain::measurements::Measurements;

use crate::fault::Fault;

/// Turns media into measurements. Two exist: the real engine behind the jail, and the scripted
/// one that tests of time, money and codes use. Both block; callers move them off the runtime.
pub trait Analyzer: Send + Sync + fmt::Debug {
    /// The features model in use, as templates carry it.
    fn features_model(&self) -> &str;

    /// Whether a recogniser of digits is loaded. Without one digits are never asked for.
    fn hears_digits(&self) -> bool;

    /// Reads a still photograph and makes a template of its one face.
    fn read_photo(&self, photo: &[u8]) -> Result<Portrait, PhotoRefused>;

    /// Decodes and measures a recording.
    fn measure_clip(&self, clip: &[u8], question: &Question<'_>) -> Result<Measured, ClipError>;
}

/// What a recording is measured against.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// What was asked.
    pub challenge: &'a Challenge,
    /// What the capture client says of its clock.
    pub clock: &'a ClockLog,
    /// The reference, when there is one.
    pub reference: Option<&'a Template>,
}

/// The numbers of one face, with the model they belong to. Sealed wherever it is kept (I8).
#[derive(Clone, PartialEq)]
pub struct Template {
    /// Which features model made them.
    pub model: String,
    /// The numbers.
    pub values: Vec<f32>,
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Template({}, {} numbers)",
            self.model,
            self.values.len()
        )
    }
}

impl Template {
    /// As bytes for sealing: model, a zero byte, little-endian numbers.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.model.as_bytes().to_vec();
        bytes.push(0);
        for value in &self.values {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    /// The inverse of [`Self::to_bytes`]; nothing when the bytes are not of that form.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let zero = bytes.iter().position(|byte| *byte == 0)?;
        let model = String::from_utf8(bytes.get(..zero)?.to_vec()).ok()?;
        let (numbers, rest) = bytes.get(zero + 1..)?.as_chunks::<4>();
        if !rest.is_empty() {
            return None;
        }
        let values = numbers
            .iter()
            .map(|chunk| f32::from_le_bytes(*chunk))
            .collect();
        Some(Self { model, values })
    }
}

/// A photograph that can be a reference.
#[derive(Clone, Debug)]
pub struct Portrait {
    /// Its face in numbers.
    pub template: Template,
}

/// Why a photograph cannot be a reference.
#[derive(Debug, Error)]
pub enum PhotoRefused {
    /// There is no face in it.
    #[error("photo shows no face")]
    NoFace,
    /// There is more than one.
    #[error("photo shows several faces")]
    SeveralFaces,
    /// The face has too few pixels.
    #[error("face in the photo is too small")]
    FaceTooSmall,
    /// The face is too blurred, dark, bright, turned or covered.
    #[error("face in the photo cannot be compared")]
    Poor,
    /// The bytes are no picture of an accepted kind, or a damaged one.
    #[error("photo cannot be read")]
    Unreadable,
    /// It has too many bytes or pixels.
    #[error("photo is too large")]
    TooLarge,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What measuring a recording gives.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The measurements.
    pub measurements: Measurements,
    /// Milliseconds of each stage, in the order they ran.
    pub timings_ms: Vec<(String, f64)>,
}

/// Why a recording was not measured.
#[derive(Debug, Error)]
pub enum ClipError {
    /// The decoder could not make frames of it, crashed on it, or lied about it. An outcome,
    /// not a failure of ours: inconclusive and free. The text names the kind, never content.
    #[error("recording cannot be decoded: {0}")]
    Unreadable(String),
    /// The machine failed; the job is tried again.
    #[error(transparent)]
    Fault(#[from] Fault),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_survives_the_round_trip_through_bytes() {
        let template = Template {
            model: String::from("m-1"),
            values: vec![0.5, -1.25, 3.0],
        };
        assert_eq!(
            Template::from_bytes(&template.to_bytes()),
            Some(template.clone())
        );
        let mut cut = template.to_bytes();
        cut.pop();
        assert_eq!(Template::from_bytes(&cut), None);
        assert_eq!(Template::from_bytes(b"no zero byte"), None);
    }
}
