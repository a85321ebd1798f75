//! Turns the pinned model packages into ONNX files that the engine can run.
//!
//! Two sources: TensorFlow.js graph models (detectors, mesh, optional features) and dlib's face
//! recognition network. The work is done once, at set-up; [`import_all`] writes nothing when the
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
mod dlib;
mod error;
mod files;
mod install;
pub mod manifest;
mod onnx;
mod tensor;
mod tfjs;

pub use check::{Finding, check};
pub use error::{ConvertError, ImportError};
pub use install::{ImportReport, ModelRecord, Record, import_all, import_model};

/// Raised whenever the importer would write other bytes for the same sources.
pub const IMPORTER_VERSION: u32 = 2;

/// A translated model.
pub(crate) struct Converted {
    /// The ONNX file.
    pub(crate) onnx: Vec<u8>,
    /// Name and shape of the input.
    pub(crate) input: (String, Vec<usize>),
    /// Names and shapes of the outputs, in order.
    pub(crate) outputs: Vec<(String, Vec<usize>)>,
}
