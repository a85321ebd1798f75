//! Operators that move elements about: slices, joins, reshapes, pads, gathers.
//!
//! They keep channels first where that is free and otherwise fall back to TensorFlow's order.

use super::convert::{Context, nchw, same};
use super::fold;
use super::layout::{TO_NCHW, Value};
use super::slice::{self, Bounds};
use crate::error::ConvertError;
use crate::onnx::builder::Attr;
use crate::tensor::count;

/// Translates the node if it is one of this family.
pub(super) fn translate(context: &mut Context<'_>) -> Result<Option<Value>, ConvertError> {
    match context.node.op.as_str() {
        "Identity" => Ok(Some(context.operand(0)?.clone())),
        "Reshape" => reshape(context).map(Some),
        "ExpandDims" => expand(context).map(Some),
        "StridedSlice" => strided_slice(context).map(Some),
        "Pack" => pack(context).map(Some),
        "ConcatV2" => concat(context).map(Some),
        "Pad" => pad(context).map(Some),
        "GatherV2" => gather(context).map(Some),
        "Transpose" => transpose(context).map(Some),
        "Tile" => tile(context).map(Some),
        _ => Ok(None),
    }
}

/// The value under another shape; the elements must be in TensorFlow's order before that.
fn shaped(context: &mut Context<'_>, value: &Value, shape: Vec<usize>) -> Value {
    let source = context.target.same(value);
    same(shaped_name(context, &source, &shape), shape)
}

fn shaped_name(context: &mut Context<'_>, source: &str, shape: &[usize]) -> String {
    let dims = as_ints(shape);
    let dims = context.target.graph.ints(&dims);
    context
        .target
        .graph
        .node("Reshape", &[source, &dims], Vec::new())
}

fn as_ints(values: &[usize]) -> Vec<i64> {
    values.iter().map(|&value| value as i64).collect()
}

fn reshape(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let held = count(value.shape()).ok_or_else(|| context.node.fault("impossible shape"))?;
    let shape = fold::resolve_shape(context.node, held, context.constant(1)?.as_integers()?)?;
    Ok(shaped(context, value, shape))
}

fn expand(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let mut shape = value.shape().to_vec();
    let at = fold::single(context.constant(1)?, context.node)?;
    shape.insert(fold::axis(at, shape.len() + 1, context.node)?, 1);
    Ok(shaped(context, value, shape))
}

fn strided_slice(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let bounds = Bounds {
        begin: context.constant(1)?.as_integers()?,
        end: context.constant(2)?.as_integers()?,
        strides: context.constant(3)?.as_integers()?,
    };
    let plan = slice::resolve(context.node, value.shape(), &bounds)?;
    let mut name = context.target.same(value);
    let (mut starts, mut ends, mut axes, mut steps) = (vec![], vec![], vec![], vec![]);
    let mut taken = Vec::new();
    for (axis, (take, &dim)) in plan.takes.iter().zip(value.shape()).enumerate() {
        taken.push(take.count);
        if (take.start, take.step, take.count) == (0, 1, dim) {
            continue;
        }
        let end = take.start + take.step * take.count as i64;
        starts.push(take.start);
        // A negative end would count from the back; this one means "past the first element".
        ends.push(if end < 0 { i64::MIN } else { end });
        axes.push(axis as i64);
        steps.push(take.step);
    }
    if !axes.is_empty() {
        let graph = &mut context.target.graph;
        let (starts, ends) = (graph.ints(&starts), graph.ints(&ends));
        let (axes, steps) = (graph.ints(&axes), graph.ints(&steps));
        name = graph.node("Slice", &[&name, &starts, &ends, &axes, &steps], Vec::new());
    }
    if taken != plan.shape {
        name = shaped_name(context, &name, &plan.shape);
    }
    Ok(same(name, plan.shape))
}

fn pack(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let first = context.operand(0)?.shape().to_vec();
    let axis = fold::axis(context.node.int("axis", 0)?, first.len() + 1, context.node)?;
    let mut widened = first.clone();
    widened.insert(axis, 1);
    let mut parts = Vec::new();
    for value in context.operands.clone() {
        if value.shape() != first {
            return Err(context.node.fault("packs values of different shapes"));
        }
        let name = context.target.same(value);
        parts.push(shaped_name(context, &name, &widened));
    }
    widened[axis] = parts.len();
    Ok(same(join(context, &parts, axis), widened))
}

fn join(context: &mut Context<'_>, parts: &[String], axis: usize) -> String {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    context
        .target
        .graph
        .node("Concat", &parts, vec![Attr::Int("axis", axis as i64)])
}

fn concat(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let parts = context.operands.len().saturating_sub(1);
    let values = context.operands[..parts].to_vec();
    let Some(first) = values.first() else {
        return Err(context.node.fault("joins nothing"));
    };
    let mut shape = first.shape().to_vec();
    let along = fold::single(context.constant(parts)?, context.node)?;
    let axis = fold::axis(along, shape.len(), context.node)?;
    let fits = |value: &&Value| {
        let other = value.shape();
        other.len() == shape.len()
            && (0..shape.len()).all(|at| at == axis || other[at] == shape[at])
    };
    if !values.iter().all(fits) {
        return Err(context.node.fault("joins values of different shapes"));
    }
    shape[axis] = values.iter().map(|value| value.shape()[axis]).sum();
    if shape.len() == 4 && values.iter().all(|value| value.is_nchw()) {
        let parts: Result<Vec<String>, _> = values
            .iter()
            .map(|value| context.target.nchw(value))
            .collect();
        return Ok(nchw(join(context, &parts?, channel_first(axis)), shape));
    }
    let parts: Vec<String> = values
        .iter()
        .map(|value| context.target.same(value))
        .collect();
    Ok(same(join(context, &parts, axis), shape))
}

/// Where an axis of NHWC lies in NCHW.
fn channel_first(axis: usize) -> usize {
    TO_NCHW
        .iter()
        .position(|&source| source == axis)
        .unwrap_or(axis)
}

fn pad(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let amounts = context.constant(1)?;
    let amounts: Result<Vec<usize>, _> = amounts
        .as_integers()?
        .iter()
        .map(|&amount| usize::try_from(amount))
        .collect();
    let amounts = amounts.map_err(|_| context.node.fault("pads by less than nothing"))?;
    let (pairs, _) = amounts.as_chunks::<2>();
    let source = value.shape();
    if pairs.len() != source.len() {
        return Err(context
            .node
            .fault(format!("{} pads for {source:?}", pairs.len())));
    }
    let shape: Vec<usize> = source
        .iter()
        .zip(pairs)
        .map(|(dim, [before, after])| dim + before + after)
        .collect();
    let images = value.is_nchw();
    let (name, order) = if images {
        (context.target.nchw(value)?, TO_NCHW.to_vec())
    } else {
        (context.target.same(value), (0..source.len()).collect())
    };
    let befores = order.iter().map(|&axis| pairs[axis][0] as i64);
    let afters = order.iter().map(|&axis| pairs[axis][1] as i64);
    let pads: Vec<i64> = befores.chain(afters).collect();
    let pads = context.target.graph.ints(&pads);
    let mode = vec![Attr::Text("mode", "constant")];
    let result = context.target.graph.node("Pad", &[&name, &pads], mode);
    Ok(if images {
        nchw(result, shape)
    } else {
        same(result, shape)
    })
}

fn gather(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    if context.node.int("batch_dims", 0)? != 0 {
        return Err(context.node.fault("batched gathers are not translated"));
    }
    let (value, indices) = (context.operand(0)?, context.operand(1)?);
    let along = fold::single(context.constant(2)?, context.node)?;
    let axis = fold::axis(along, value.shape().len(), context.node)?;
    let mut shape = value.shape()[..axis].to_vec();
    shape.extend(indices.shape());
    shape.extend(&value.shape()[axis + 1..]);
    let (source, at) = (context.target.same(value), context.target.same(indices));
    let attrs = vec![Attr::Int("axis", axis as i64)];
    Ok(same(
        context.target.graph.node("Gather", &[&source, &at], attrs),
        shape,
    ))
}

fn transpose(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let source = value.shape();
    let order = context.constant(1)?.as_integers()?;
    let axes: Result<Vec<usize>, _> = order
        .iter()
        .map(|&axis| fold::axis(i64::from(axis), source.len(), context.node))
        .collect();
    let axes = axes?;
    if axes.len() != source.len() {
        return Err(context
            .node
            .fault(format!("{order:?} does not order {source:?}")));
    }
    let shape = axes.iter().map(|&axis| source[axis]).collect();
    let name = context.target.same(value);
    let attrs = vec![Attr::Ints("perm", as_ints(&axes))];
    Ok(same(
        context.target.graph.node("Transpose", &[&name], attrs),
        shape,
    ))
}

fn tile(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let times: Result<Vec<usize>, _> = context
        .constant(1)?
        .as_integers()?
        .iter()
        .map(|&times| usize::try_from(times))
        .collect();
    let times = times.map_err(|_| context.node.fault("repeats less than nothing"))?;
    if times.len() != value.shape().len() {
        return Err(context.node.fault("one repetition per axis was expected"));
    }
    let shape: Vec<usize> = value
        .shape()
        .iter()
        .zip(&times)
        .map(|(dim, n)| dim * n)
        .collect();
    let name = context.target.same(value);
    if shape == value.shape() {
        return Ok(same(name, shape));
    }
    let times = context.target.graph.ints(&as_ints(&times));
    Ok(same(
        context
            .target
            .graph
            .node("Tile", &[&name, &times], Vec::new()),
        shape,
    ))
}
