//! Where a value of the source graph lives in the ONNX graph, and in which order of axes.
//!
//! TensorFlow keeps images as NHWC, ONNX convolutions want NCHW. Every value remembers the order
//! it was made in; the other order is made by one Transpose when first wanted and then reused.
//! Shapes are always given in TensorFlow's order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::error::ConvertError;
use crate::onnx::builder::{Attr, GraphBuilder};
use crate::tensor::Tensor;

/// Source axes of NCHW in NHWC.
pub(super) const TO_NCHW: [usize; 4] = [0, 3, 1, 2];
/// Source axes of NHWC in NCHW.
const TO_NHWC: [usize; 4] = [0, 2, 3, 1];

/// Order of axes in the ONNX graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// As in TensorFlow, whatever that means for the value.
    Same,
    /// Channels before height and width; four axes only.
    Nchw,
}

/// The result of a node.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Known now.
    Constant(Arc<Tensor>),
    /// Known when the model runs.
    Computed {
        shape: Vec<usize>,
        layout: Layout,
        name: String,
    },
}

impl Value {
    /// Shape in TensorFlow's order.
    pub(super) fn shape(&self) -> &[usize] {
        match self {
            Value::Constant(tensor) => &tensor.shape,
            Value::Computed { shape, .. } => shape,
        }
    }

    /// Whether it was made with channels first.
    pub(super) fn is_nchw(&self) -> bool {
        matches!(
            self,
            Value::Computed {
                layout: Layout::Nchw,
                ..
            }
        )
    }

    pub(super) fn constant(&self) -> Option<&Tensor> {
        match self {
            Value::Constant(tensor) => Some(tensor),
            Value::Computed { .. } => None,
        }
    }
}

/// The graph being written, with the transposes made so far.
pub(super) struct Target {
    pub(super) graph: GraphBuilder,
    turned: BTreeMap<String, String>,
    never_negative: BTreeSet<String>,
}

impl Target {
    pub(super) fn new(graph: GraphBuilder) -> Self {
        Self {
            graph,
            turned: BTreeMap::new(),
            never_negative: BTreeSet::new(),
        }
    }

    /// Remembers that no element of `name` is below zero.
    pub(super) fn mark_never_negative(&mut self, name: &str) {
        self.never_negative.insert(name.to_owned());
    }

    /// Whether `value` was remembered as such, in the order of axes that it was made in.
    pub(super) fn is_never_negative(&self, value: &Value) -> bool {
        matches!(value, Value::Computed { name, .. } if self.never_negative.contains(name))
    }

    /// The ONNX name of `value` in TensorFlow's order of axes.
    pub(super) fn same(&mut self, value: &Value) -> String {
        match value {
            Value::Constant(tensor) => self.graph.constant(tensor),
            Value::Computed {
                layout: Layout::Same,
                name,
                ..
            } => name.clone(),
            Value::Computed {
                layout: Layout::Nchw,
                name,
                ..
            } => self.turn(name, &TO_NHWC),
        }
    }

    /// The ONNX name of `value` with channels first. Constants of fewer axes are widened, so that
    /// they broadcast as they would have in NHWC.
    pub(super) fn nchw(&mut self, value: &Value) -> Result<String, ConvertError> {
        match value {
            Value::Constant(tensor) => {
                let mut shape = vec![1; 4_usize.saturating_sub(tensor.shape.len())];
                shape.extend(&tensor.shape);
                let turned = tensor.reshaped(shape)?.transposed(&TO_NCHW)?;
                Ok(self.graph.constant(&turned))
            }
            Value::Computed {
                layout: Layout::Nchw,
                name,
                ..
            } => Ok(name.clone()),
            Value::Computed { shape, name, .. } if shape.len() == 4 => {
                Ok(self.turn(name, &TO_NCHW))
            }
            Value::Computed { shape, .. } => Err(ConvertError::Malformed(format!(
                "a value of shape {shape:?} is used as an image"
            ))),
        }
    }

    fn turn(&mut self, name: &str, order: &[usize; 4]) -> String {
        if let Some(known) = self.turned.get(name) {
            return known.clone();
        }
        let perm = order.iter().map(|&axis| axis as i64).collect();
        let turned = self
            .graph
            .node("Transpose", &[name], vec![Attr::Ints("perm", perm)]);
        self.turned.insert(name.to_owned(), turned.clone());
        // Turning back is free.
        self.turned.insert(turned.clone(), name.to_owned());
        turned
    }
}
