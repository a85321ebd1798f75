//! What an ONNX file says of itself, without running it: operator sets, inputs, outputs.
//!
//! Packs are checked by this before the inference library sees a file of strangers.

use std::collections::BTreeSet;

use prost::Message as _;

use crate::error::ConvertError;
use crate::onnx::{ModelProto, ValueInfoProto, data_type};

/// A tensor's name and shape; `None` is a size that is only known when the model runs.
pub type Named = (String, Vec<Option<usize>>);

/// The face of an ONNX file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Version of the standard operators.
    pub opset: i64,
    /// Other operator sets the file asks for, by domain.
    pub foreign_opsets: Vec<String>,
    /// Inputs without a built-in value, all of 32-bit floats.
    pub inputs: Vec<Named>,
    /// Outputs.
    pub outputs: Vec<Named>,
}

/// Reads an ONNX file's face.
pub fn describe(onnx: &[u8]) -> Result<Description, ConvertError> {
    let malformed = |detail: &str| ConvertError::Malformed(detail.to_owned());
    let model = ModelProto::decode(onnx)
        .map_err(|fault| ConvertError::Malformed(format!("this is no ONNX file: {fault}")))?;
    let graph = model
        .graph
        .ok_or_else(|| malformed("this is no ONNX file: there is no graph in it"))?;
    let mut opset = None;
    let mut foreign_opsets = Vec::new();
    for set in &model.opset_import {
        match set.domain.as_deref().unwrap_or_default() {
            "" | "ai.onnx" => opset = set.version,
            other => foreign_opsets.push(other.to_owned()),
        }
    }
    let constants: BTreeSet<&str> = graph
        .initializer
        .iter()
        .map(|tensor| tensor.name.as_str())
        .collect();
    let inputs = graph
        .input
        .iter()
        .filter(|input| !constants.contains(input.name.as_str()))
        .map(named)
        .collect::<Result<_, _>>()?;
    Ok(Description {
        opset: opset.ok_or_else(|| malformed("the file names no operator set"))?,
        foreign_opsets,
        inputs,
        outputs: graph.output.iter().map(named).collect::<Result<_, _>>()?,
    })
}

fn named(value: &ValueInfoProto) -> Result<Named, ConvertError> {
    let tensor = value
        .value_type
        .as_ref()
        .and_then(|kind| kind.tensor_type.as_ref());
    let Some(tensor) = tensor.filter(|tensor| tensor.elem_type == Some(data_type::FLOAT)) else {
        return Err(ConvertError::Malformed(format!(
            "'{}' is not a tensor of 32-bit floats",
            value.name
        )));
    };
    let dims = tensor.shape.iter().flat_map(|shape| &shape.dim);
    let shape = dims
        .map(|dim| dim.dim_value.and_then(|size| usize::try_from(size).ok()))
        .collect();
    Ok((value.name.clone(), shape))
}
