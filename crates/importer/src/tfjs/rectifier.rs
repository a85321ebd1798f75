//! Rectifiers, spelt so that the inference library is fast.
//!
//! Its convolutions work in a blocked layout of their own. An operator that does not know that
//! layout costs two reorderings besides its own time, and two of those are common here:
//!
//! - The parametric rectifier of an image. For a slope `a`, `max(x, 0) + a·min(x, 0)` equals
//!   `a·x + (1 − a)·max(x, 0)`: a plain rectifier and two convolutions of one weight a channel, the
//!   sum merged into the second. The mesh model, one thread: 6.9 ms with ONNX's `PRelu`, 3.6 ms
//!   so, 3.9 ms with products instead of convolutions; 3.0 ms if all slopes were zero. The results
//!   differ by rounding only.
//! - A bounded rectifier that the source writes as `Relu`, `Minimum` with a constant and `Maximum`
//!   with zero. As one `Clip` it is merged into the convolution before it. The second features
//!   model: 13.5 ms as written, 9.6 ms so, bit for bit the same.
//!
//! Knows nothing of where a rectifier stands in the graph.

use super::convert::Context;
use super::layout::Value;
use super::ops_math::unary;
use crate::error::ConvertError;
use crate::onnx::builder::{Attr, GraphBuilder};
use crate::tensor::{Data, Tensor};

/// Rectifies `source`, an image of `channels` with channels first; operand `at` holds the slopes,
/// one a channel or one for all.
pub(super) fn rectify(
    context: &mut Context<'_>,
    source: &str,
    channels: usize,
    at: usize,
) -> Result<String, ConvertError> {
    let slopes = slopes(context, channels, at)?;
    let rest = slopes.iter().map(|slope| 1.0 - slope).collect();
    let graph = &mut context.target.graph;
    let positive = graph.node("Relu", &[source], Vec::new());
    let positive = scaled(graph, &positive, rest)?;
    let whole = scaled(graph, source, slopes)?;
    Ok(graph.node("Add", &[&positive, &whole], Vec::new()))
}

fn slopes(context: &Context<'_>, channels: usize, at: usize) -> Result<Vec<f32>, ConvertError> {
    let slopes = context.constant(at)?;
    let last = slopes.shape.last().copied().unwrap_or(1);
    match &slopes.data {
        Data::F32(values) if values.len() == last && last == channels => Ok(values.clone()),
        Data::F32(values) if values.len() == 1 => Ok(vec![values[0]; channels]),
        Data::F32(_) | Data::I32(_) | Data::Bool(_) => Err(context.node.fault(format!(
            "slopes of shape {:?} for {channels} channels",
            slopes.shape
        ))),
    }
}

/// Each channel times its own factor.
fn scaled(
    graph: &mut GraphBuilder,
    source: &str,
    factors: Vec<f32>,
) -> Result<String, ConvertError> {
    let channels = factors.len();
    let factors = Tensor::new(vec![channels, 1, 1, 1], Data::F32(factors))?;
    let factors = graph.constant(&factors);
    let attrs = vec![
        Attr::Ints("kernel_shape", vec![1, 1]),
        Attr::Int("group", channels as i64),
    ];
    Ok(graph.node("Conv", &[source, &factors], attrs))
}

/// A minimum or maximum with a constant, if it bounds a value that is known not to be negative:
/// a `Clip` for the first, nothing to do for a maximum with zero.
pub(super) fn bounded(context: &mut Context<'_>) -> Result<Option<Value>, ConvertError> {
    let [value, Value::Constant(bound)] = context.operands.as_slice() else {
        return Ok(None);
    };
    let Data::F32(bounds) = &bound.data else {
        return Ok(None);
    };
    let &[limit] = bounds.as_slice() else {
        return Ok(None);
    };
    // A constant of more axes would give the result more axes too.
    if bound.shape.len() > value.shape().len() || !context.target.is_never_negative(value) {
        return Ok(None);
    }
    match context.node.op.as_str() {
        "Maximum" if limit == 0.0 => Ok(Some((*value).clone())),
        "Minimum" if limit >= 0.0 => {
            let graph = &mut context.target.graph;
            let zero = graph.constant(&Tensor::scalar(0.0));
            let limit = graph.constant(&Tensor::scalar(limit));
            unary(context, "Clip", &[&zero, &limit], Vec::new()).map(Some)
        }
        _ => Ok(None),
    }
}
