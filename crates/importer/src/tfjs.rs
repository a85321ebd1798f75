//! TensorFlow.js graph models, from their JSON and weight files to ONNX.
//!
//! [`graph`] reads the files, [`fold`] evaluates what is constant once the batch is fixed to one,
//! [`layout`] keeps track of NHWC and NCHW, [`convert`] walks the graph and the `ops_*` modules
//! translate one family of operators each. Control flow and training are not supported.

mod convert;
mod fold;
mod graph;
mod layout;
mod ops_conv;
mod ops_math;
mod ops_shape;
mod slice;
mod weights;

use crate::Converted;
use crate::error::ConvertError;

/// Translates a graph model.
///
/// `json` is the model file, `shards` the weight files that it names, in its order, one after
/// the other. Inputs keep TensorFlow's layout (NHWC) and name, outputs their names and order.
pub(crate) fn convert(name: &str, json: &[u8], shards: &[u8]) -> Result<Converted, ConvertError> {
    convert::convert(name, &graph::read(json, shards)?)
}
