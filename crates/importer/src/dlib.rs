//! dlib's face recognition network, from its `.dat` file to ONNX.
//!
//! [`reader`] understands the file, [`network`] the architecture. Nothing here is general: other
//! dlib networks are refused with a sentence that says where they differ.

mod network;
mod reader;

use crate::Converted;
use crate::error::ConvertError;

/// Translates the bytes of `dlib_face_recognition_resnet_model_v1.dat`.
///
/// Input `image`: 1×150×150×3, RGB 0..=255, normalisation inside the graph.
/// Output `features`: 1×128, not normalised to unit length.
pub(crate) fn convert(bytes: &[u8]) -> Result<Converted, ConvertError> {
    network::build(&reader::read(bytes)?)
}
