//! Turns the pinned model packages into ONNX files that the engine can run.
//!
//! Three sources: TensorFlow.js graph models (detectors, mesh, optional features), dlib's face
//! recognition network, and the state dictionaries of `MiniFASNet` ([`minifasnet_onnx`], for packs).
//! The work is done once, at set-up; [`import_all`] writes nothing when the
//! pins and this crate's [`IMPORTER_VERSION`] are unchanged.
//!
//! Layout of the results: every model takes one float32 input `1×H×W×3` in TensorFlow's order
//! (NHWC), also the dlib network, and keeps the names and the order of the source's outputs.
//! What the numbers mean (range, colour order) is written in `runtime/manifest.toml`.
//!
//! This crate deliberately does not run models, does not fetch anything, and knows nothing of
//! faces. It trusts no byte of its sources: damaged files end in an error that names the file.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "tensor arithmetic: shapes are small and checked where they are read"
)]

mod check;
pub mod describe;
mod dlib;
mod error;
mod files;
mod install;
pub mod manifest;
pub mod minifasnet;
mod onnx;
pub mod small;
mod tensor;
mod tfjs;
mod torch;

pub use check::{Finding, check};
pub use error::{ConvertError, ImportError};
pub use install::{ImportReport, ModelRecord, Record, import_all, import_model};

/// Raised whenever the importer would write other bytes for the same sources.
pub const IMPORTER_VERSION: u32 = 2;

/// `MiniFASNet` as ONNX, from the bytes of its state dictionary (`.pth`).
pub fn minifasnet_onnx(state_dictionary: &[u8]) -> Result<Vec<u8>, ConvertError> {
    minifasnet::convert(state_dictionary)
}

/// A translated model.
pub(crate) struct Converted {
    /// The ONNX file.
    pub(crate) onnx: Vec<u8>,
    /// Name and shape of the input.
    pub(crate) input: (String, Vec<usize>),
    /// Names and shapes of the outputs, in order.
    pub(crate) outputs: Vec<(String, Vec<usize>)>,
}
