//! Arithmetic, comparisons, reductions and matrix products.

use std::f32::consts::PI;

use super::convert::{Context, nchw, same};
use super::fold;
use super::layout::Value;
use super::rectifier;
use crate::error::ConvertError;
use crate::onnx::builder::Attr;
use crate::onnx::data_type;
use crate::tensor::Tensor;

/// Translates the node if it is one of this family.
pub(super) fn translate(context: &mut Context<'_>) -> Result<Option<Value>, ConvertError> {
    let op = context.node.op.clone();
    if let Some(onnx) = unary_name(&op) {
        return unary(context, onnx, &[], Vec::new()).map(Some);
    }
    if let Some(bounded) = rectifier::bounded(context)? {
        return Ok(Some(bounded));
    }
    if let Some(onnx) = binary_name(&op) {
        return binary(context, onnx).map(Some);
    }
    match op.as_str() {
        "Cast" => cast(context).map(Some),
        "AddN" => add_n(context).map(Some),
        "Softmax" => {
            let axis = context.operand(0)?.shape().len().saturating_sub(1);
            let source = context.target.same(context.operand(0)?);
            let attrs = vec![Attr::Int("axis", axis as i64)];
            let shape = context.operand(0)?.shape().to_vec();
            Ok(Some(same(
                context.target.graph.node("Softmax", &[&source], attrs),
                shape,
            )))
        }
        "Mean" => reduce(context, "ReduceMean").map(Some),
        "Min" => reduce(context, "ReduceMin").map(Some),
        "Max" => reduce(context, "ReduceMax").map(Some),
        "MatMul" | "_FusedMatMul" => {
            matrix_product(context, "transpose_a", "transpose_b").map(Some)
        }
        "BatchMatMulV2" => matrix_product(context, "adj_x", "adj_y").map(Some),
        "Atan2" => atan2(context).map(Some),
        _ => Ok(None),
    }
}

fn unary_name(op: &str) -> Option<&'static str> {
    Some(match op {
        "Relu" => "Relu",
        "Sigmoid" => "Sigmoid",
        "Neg" => "Neg",
        "Floor" => "Floor",
        "Cos" => "Cos",
        "Sin" => "Sin",
        _ => return None,
    })
}

fn binary_name(op: &str) -> Option<&'static str> {
    Some(match op {
        "Add" | "AddV2" | "BiasAdd" => "Add",
        "Sub" => "Sub",
        "Mul" => "Mul",
        "RealDiv" => "Div",
        "Minimum" => "Min",
        "Maximum" => "Max",
        "LessEqual" => "LessOrEqual",
        "GreaterEqual" => "GreaterOrEqual",
        "LogicalAnd" => "And",
        _ => return None,
    })
}

/// An operator that treats every element of operand 0 alike; `rest` are its further ONNX operands.
pub(super) fn unary(
    context: &mut Context<'_>,
    onnx: &str,
    rest: &[&str],
    attrs: Vec<Attr<'_>>,
) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let shape = value.shape().to_vec();
    let images = value.is_nchw();
    let source = if images {
        context.target.nchw(value)?
    } else {
        context.target.same(value)
    };
    let operands = [&[source.as_str()], rest].concat();
    let result = context.target.graph.node(onnx, &operands, attrs);
    if matches!(onnx, "Relu" | "Clip") {
        context.target.mark_never_negative(&result);
    }
    Ok(if images {
        nchw(result, shape)
    } else {
        same(result, shape)
    })
}

fn binary(context: &mut Context<'_>, onnx: &str) -> Result<Value, ConvertError> {
    let (left, right) = (context.operand(0)?, context.operand(1)?);
    let shape = fold::broadcast(context.node, left.shape(), right.shape())?;
    if channels_first(&[left, right]) {
        let (left, right) = (context.target.nchw(left)?, context.target.nchw(right)?);
        return Ok(nchw(
            context
                .target
                .graph
                .node(onnx, &[&left, &right], Vec::new()),
            shape,
        ));
    }
    let (left, right) = (context.target.same(left), context.target.same(right));
    Ok(same(
        context
            .target
            .graph
            .node(onnx, &[&left, &right], Vec::new()),
        shape,
    ))
}

/// Whether a sum or product is best made with channels first: one operand already is, and all
/// others can be.
fn channels_first(values: &[&Value]) -> bool {
    values.iter().any(|value| value.is_nchw())
        && values.iter().all(|value| match value {
            Value::Constant(tensor) => tensor.shape.len() <= 4,
            Value::Computed { shape, .. } => shape.len() == 4,
        })
}

fn add_n(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let shape = context.operand(0)?.shape().to_vec();
    if context.operands.iter().any(|value| value.shape() != shape) {
        return Err(context.node.fault("adds values of different shapes"));
    }
    let values = context.operands.clone();
    let names: Vec<String> = values
        .iter()
        .map(|value| context.target.same(value))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(same(
        context.target.graph.node("Sum", &names, Vec::new()),
        shape,
    ))
}

fn cast(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let to = match context.node.data_type("DstT") {
        "DT_FLOAT" => data_type::FLOAT,
        "DT_INT32" => data_type::INT32,
        "DT_BOOL" => data_type::BOOL,
        other => return Err(context.node.fault(format!("casts to '{other}'"))),
    };
    let attrs = vec![Attr::Int("to", i64::from(to))];
    unary(context, "Cast", &[], attrs)
}

fn reduce(context: &mut Context<'_>, onnx: &str) -> Result<Value, ConvertError> {
    let value = context.operand(0)?;
    let source = value.shape().to_vec();
    let axes: Result<Vec<usize>, _> = context
        .constant(1)?
        .as_integers()?
        .iter()
        .map(|&axis| fold::axis(i64::from(axis), source.len(), context.node))
        .collect();
    let axes = axes?;
    let keep = context.node.flag("keep_dims");
    let mut shape = Vec::new();
    for (axis, &dim) in source.iter().enumerate() {
        if !axes.contains(&axis) {
            shape.push(dim);
        } else if keep {
            shape.push(1);
        }
    }
    // The mean over a whole plane is the same in either order of axes.
    let planes = value.is_nchw() && !keep && axes == [1, 2];
    let (name, axes) = if planes {
        (context.target.nchw(value)?, vec![2, 3])
    } else {
        (
            context.target.same(value),
            axes.iter().map(|&axis| axis as i64).collect(),
        )
    };
    let attrs = vec![
        Attr::Ints("axes", axes),
        Attr::Int("keepdims", i64::from(keep)),
    ];
    Ok(same(
        context.target.graph.node(onnx, &[&name], attrs),
        shape,
    ))
}

fn matrix_product(
    context: &mut Context<'_>,
    left_flag: &str,
    right_flag: &str,
) -> Result<Value, ConvertError> {
    let node = context.node;
    let (left, left_shape) = matrix(context, 0, node.flag(left_flag))?;
    let (right, right_shape) = matrix(context, 1, node.flag(right_flag))?;
    let (left_batch, left_dims) = left_shape.split_at(left_shape.len() - 2);
    let (right_batch, right_dims) = right_shape.split_at(right_shape.len() - 2);
    if left_dims[1] != right_dims[0] {
        return Err(node.fault(format!("cannot multiply {left_shape:?} by {right_shape:?}")));
    }
    let mut shape = fold::broadcast(node, left_batch, right_batch)?;
    shape.extend([left_dims[0], right_dims[1]]);
    let product = context
        .target
        .graph
        .node("MatMul", &[&left, &right], Vec::new());
    let result = match node.texts("fused_ops")?.as_slice() {
        [] => product,
        [bias] if bias == "BiasAdd" => biased(context, &product)?,
        [bias, then] if bias == "BiasAdd" && matches!(then.as_str(), "Relu" | "Sigmoid") => {
            let sum = biased(context, &product)?;
            context.target.graph.node(then, &[&sum], Vec::new())
        }
        other => return Err(node.fault(format!("unknown fusion {other:?}"))),
    };
    Ok(same(result, shape))
}

fn biased(context: &mut Context<'_>, product: &str) -> Result<String, ConvertError> {
    let bias = context.target.same(context.operand(2)?);
    Ok(context
        .target
        .graph
        .node("Add", &[product, &bias], Vec::new()))
}

/// An operand of a matrix product, with its last two axes exchanged where the graph says so.
fn matrix(
    context: &mut Context<'_>,
    at: usize,
    exchanged: bool,
) -> Result<(String, Vec<usize>), ConvertError> {
    let value = context.operand(at)?;
    let mut shape = value.shape().to_vec();
    let rank = shape.len();
    if rank < 2 {
        return Err(context.node.fault(format!("{shape:?} is no matrix")));
    }
    let name = context.target.same(value);
    if !exchanged {
        return Ok((name, shape));
    }
    let mut order: Vec<i64> = (0..rank).map(|axis| axis as i64).collect();
    order.swap(rank - 2, rank - 1);
    shape.swap(rank - 2, rank - 1);
    let turned = context
        .target
        .graph
        .node("Transpose", &[&name], vec![Attr::Ints("perm", order)]);
    Ok((turned, shape))
}

/// ONNX has no two-argument arc tangent: `atan(y/x)`, moved by a half turn left of the origin.
/// An infinite quotient gives the quarter turns; the origin itself is zero as in TensorFlow.
fn atan2(context: &mut Context<'_>) -> Result<Value, ConvertError> {
    let (above, aside) = (context.operand(0)?, context.operand(1)?);
    let shape = fold::broadcast(context.node, above.shape(), aside.shape())?;
    let (y, x) = (context.target.same(above), context.target.same(aside));
    let graph = &mut context.target.graph;
    let zero = graph.constant(&Tensor::scalar(0.0));
    let (plus, minus) = (
        graph.constant(&Tensor::scalar(PI)),
        graph.constant(&Tensor::scalar(-PI)),
    );
    let quotient = graph.node("Div", &[&y, &x], Vec::new());
    let angle = graph.node("Atan", &[&quotient], Vec::new());
    let below = graph.node("Less", &[&y, &zero], Vec::new());
    let turn = graph.node("Where", &[&below, &minus, &plus], Vec::new());
    let turned = graph.node("Add", &[&angle, &turn], Vec::new());
    let left = graph.node("Less", &[&x, &zero], Vec::new());
    let angle = graph.node("Where", &[&left, &turned, &angle], Vec::new());
    let flat = graph.node("Equal", &[&y, &zero], Vec::new());
    let narrow = graph.node("Equal", &[&x, &zero], Vec::new());
    let origin = graph.node("And", &[&flat, &narrow], Vec::new());
    Ok(same(
        graph.node("Where", &[&origin, &zero, &angle], Vec::new()),
        shape,
    ))
}
