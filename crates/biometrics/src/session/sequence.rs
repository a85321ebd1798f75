//! Models of sequences: any number of named inputs and outputs, of any length.
//!
//! Sound is as long as it is, and models that listen piece by piece hand their memory from one
//! run to the next. The pictures' models are in the parent module.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ort::session::{Session, SessionInputValue};
use ort::value::{Tensor as OrtTensor, TensorElementType};

use super::{builder, library};
use crate::error::EngineError;

/// Where a model's file is.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// On the disk.
    File(&'a Path),
    /// In this program.
    Bytes(&'a [u8]),
}

/// Numbers of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    /// Measured ones.
    Float(Vec<f32>),
    /// Counts.
    Whole(Vec<i64>),
}

/// Numbers and their shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<i64>,
    pub(crate) values: Values,
}

/// An input or an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) name: String,
    /// Sizes; -1 where any will do.
    pub(crate) shape: Vec<i64>,
    /// Whether it takes whole numbers.
    pub(crate) is_whole: bool,
}

/// One opened model.
pub(crate) struct SequenceModel {
    name: String,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    session: Mutex<Session>,
}

impl SequenceModel {
    /// Opens a model; the inference library lies in `library_dir`.
    pub(crate) fn open(
        library_dir: &Path,
        name: &str,
        source: Source<'_>,
        threads: usize,
    ) -> Result<Self, EngineError> {
        let environment = library(library_dir)?;
        let fault = |detail: String| EngineError::Model {
            name: name.to_owned(),
            detail,
        };
        let mut builder = builder(environment, threads).map_err(fault)?;
        let session = match source {
            Source::File(path) if !path.is_file() => {
                let path = path.to_owned();
                return Err(EngineError::Missing { path });
            }
            Source::File(path) => builder.commit_from_file(path),
            Source::Bytes(bytes) => builder.commit_from_memory(bytes),
        };
        let session = session.map_err(|error| fault(error.to_string()))?;
        let inputs = session.inputs().iter().map(port).collect();
        let outputs = session.outputs().iter().map(port).collect();
        Ok(Self {
            name: name.to_owned(),
            inputs: all(inputs).map_err(fault)?,
            outputs: all(outputs).map_err(fault)?,
            session: Mutex::new(session),
        })
    }

    /// The inputs, in the model's order.
    pub(crate) fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// The outputs, in the model's order.
    pub(crate) fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// A note the model's maker left in the file.
    pub(crate) fn note(&self, key: &str) -> Option<String> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.metadata().ok()?.custom(key)
    }

    /// Runs the model; the outputs come in the model's order.
    pub(crate) fn run(&self, inputs: Vec<(&str, Tensor)>) -> Result<Vec<Tensor>, EngineError> {
        let fault = |error: ort::Error| EngineError::Inference {
            name: self.name.clone(),
            detail: error.to_string(),
        };
        let mut given = Vec::with_capacity(inputs.len());
        for (name, tensor) in inputs {
            given.push((name, handed(tensor).map_err(fault)?));
        }
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(given).map_err(fault)?;
        let mut found = Vec::with_capacity(outputs.len());
        for ((_, value), port) in outputs.iter().zip(&self.outputs) {
            found.push(if port.is_whole {
                let (shape, values) = value.try_extract_tensor::<i64>().map_err(fault)?;
                Tensor {
                    shape: shape.to_vec(),
                    values: Values::Whole(values.to_vec()),
                }
            } else {
                let (shape, values) = value.try_extract_tensor::<f32>().map_err(fault)?;
                Tensor {
                    shape: shape.to_vec(),
                    values: Values::Float(values.to_vec()),
                }
            });
        }
        Ok(found)
    }

    /// The fault of a model that is not as its contract says.
    pub(crate) fn mismatch(&self, detail: impl Into<String>) -> EngineError {
        EngineError::Model {
            name: self.name.clone(),
            detail: detail.into(),
        }
    }
}

fn handed(tensor: Tensor) -> Result<SessionInputValue<'static>, ort::Error> {
    Ok(match tensor.values {
        Values::Float(values) => OrtTensor::from_array((tensor.shape, values))?.into(),
        Values::Whole(values) => OrtTensor::from_array((tensor.shape, values))?.into(),
    })
}

fn port(outlet: &ort::value::Outlet) -> Option<Port> {
    let kind = outlet.dtype().tensor_type()?;
    let is_whole = kind == TensorElementType::Int64;
    if !is_whole && kind != TensorElementType::Float32 {
        return None;
    }
    Some(Port {
        name: outlet.name().to_owned(),
        shape: outlet.dtype().tensor_shape()?.to_vec(),
        is_whole,
    })
}

fn all(ports: Vec<Option<Port>>) -> Result<Vec<Port>, String> {
    ports
        .into_iter()
        .collect::<Option<_>>()
        .ok_or_else(|| "an input or output is neither float32 nor int64".to_owned())
}
