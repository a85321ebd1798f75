//! Evaluates operators whose operands are all constant.
//!
//! With the batch fixed to one, the chains that compute shapes vanish here. Operators that are not
//! listed are written to the graph with constant operands, so nothing depends on completeness.

use super::graph::Node;
use super::slice::{self, Bounds};
use crate::error::ConvertError;
use crate::tensor::{Data, Tensor, count, positions, strides};

/// Refuses constants that a damaged file could blow up to.
const MAX_ELEMENTS: usize = 4 << 20;

/// The result of `node` over constants, or `None` where this module does not evaluate it.
pub(super) fn evaluate(node: &Node, of: &[&Tensor]) -> Result<Option<Tensor>, ConvertError> {
    let result = match (node.op.as_str(), of) {
        ("Identity", [value]) => (*value).clone(),
        ("StridedSlice", [value, begin, end, steps]) => {
            let bounds = Bounds {
                begin: begin.as_integers()?,
                end: end.as_integers()?,
                strides: steps.as_integers()?,
            };
            let plan = slice::resolve(node, &value.shape, &bounds)?;
            strided(value, &plan)?
        }
        ("Pack", [first, ..]) => {
            let axis = axis(node.int("axis", 0)?, first.shape.len() + 1, node)?;
            let parts: Result<Vec<_>, _> = of.iter().map(|part| widened(part, axis)).collect();
            join(node, &parts?.iter().collect::<Vec<_>>(), axis)?
        }
        ("ConcatV2", [parts @ .., along]) => match parts.first() {
            Some(first) => {
                let along = single(along, node)?;
                join(node, parts, axis(along, first.shape.len(), node)?)?
            }
            None => return Err(node.fault("joins nothing")),
        },
        ("Reshape", [value, shape]) => {
            value.reshaped(resolve_shape(node, value.data.len(), shape.as_integers()?)?)?
        }
        ("ExpandDims", [value, at]) => {
            let at = axis(single(at, node)?, value.shape.len() + 1, node)?;
            widened(value, at)?
        }
        ("Fill", [shape, value]) => {
            let shape = dims(node, shape.as_integers()?)?;
            let indices = vec![0; elements(node, &shape)?];
            single_element(node, value)?;
            Tensor::new(shape, value.data.pick(&indices))?
        }
        ("Range", [start, limit, delta]) => range(node, start, limit, delta)?,
        ("Tile", [value, repeats]) => tile(node, value, repeats)?,
        ("Cast", [value]) => return Ok(cast(node, value)),
        ("Neg", [value]) => match &value.data {
            Data::F32(values) => {
                let negated = values.iter().map(|value| -value).collect();
                Tensor::new(value.shape.clone(), Data::F32(negated))?
            }
            Data::I32(_) | Data::Bool(_) => return Ok(None),
        },
        ("AddV2" | "Add" | "Sub" | "Mul" | "Minimum" | "Maximum", [left, right]) => {
            return arithmetic(node, left, right);
        }
        _ => return Ok(None),
    };
    Ok(Some(result))
}

/// An axis counted from either end, as one counted from the front.
pub(super) fn axis(at: i64, rank: usize, node: &Node) -> Result<usize, ConvertError> {
    let from_front = if at < 0 { at + rank as i64 } else { at };
    usize::try_from(from_front)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| node.fault(format!("axis {at} of {rank}")))
}

/// The only element of an integer constant.
pub(super) fn single(tensor: &Tensor, node: &Node) -> Result<i64, ConvertError> {
    match tensor.as_integers()? {
        [value] => Ok(i64::from(*value)),
        values => Err(node.fault(format!("expected one integer, got {}", values.len()))),
    }
}

/// A target shape in which one dimension may be left open.
pub(super) fn resolve_shape(
    node: &Node,
    held: usize,
    wanted: &[i32],
) -> Result<Vec<usize>, ConvertError> {
    let known: Vec<usize> = wanted
        .iter()
        .filter_map(|&dim| usize::try_from(dim).ok())
        .collect();
    let shape: Option<Vec<usize>> = wanted
        .iter()
        .map(|&dim| match dim {
            -1 => held.checked_div(count(&known)?),
            dim => usize::try_from(dim).ok(),
        })
        .collect();
    shape
        .filter(|shape| count(shape) == Some(held))
        .ok_or_else(|| node.fault(format!("cannot shape {held} elements as {wanted:?}")))
}

/// The shape that two operands broadcast to.
pub(super) fn broadcast(
    node: &Node,
    left: &[usize],
    right: &[usize],
) -> Result<Vec<usize>, ConvertError> {
    let rank = left.len().max(right.len());
    let dim = |shape: &[usize], axis: usize| {
        (axis + shape.len())
            .checked_sub(rank)
            .and_then(|at| shape.get(at))
            .copied()
            .unwrap_or(1)
    };
    (0..rank)
        .map(|axis| match (dim(left, axis), dim(right, axis)) {
            (1, other) | (other, 1) => Ok(other),
            (one, other) if one == other => Ok(one),
            _ => Err(node.fault(format!("{left:?} and {right:?} do not fit together"))),
        })
        .collect()
}

fn dims(node: &Node, values: &[i32]) -> Result<Vec<usize>, ConvertError> {
    let dims: Result<Vec<usize>, _> = values.iter().map(|&dim| usize::try_from(dim)).collect();
    dims.map_err(|_| node.fault(format!("impossible shape {values:?}")))
}

/// How many elements a constant of `shape` has, within reason.
pub(super) fn elements(node: &Node, shape: &[usize]) -> Result<usize, ConvertError> {
    count(shape)
        .filter(|&all| all <= MAX_ELEMENTS)
        .ok_or_else(|| node.fault(format!("a constant of shape {shape:?} is too large")))
}

fn single_element(node: &Node, value: &Tensor) -> Result<(), ConvertError> {
    if value.data.len() == 1 {
        Ok(())
    } else {
        Err(node.fault(format!("expected one element, got {}", value.data.len())))
    }
}

fn strided(value: &Tensor, plan: &slice::Plan) -> Result<Tensor, ConvertError> {
    let steps = strides(&value.shape);
    let counts: Vec<usize> = plan.takes.iter().map(|take| take.count).collect();
    let indices: Vec<usize> = positions(&counts)
        .map(|position| {
            let along = position.iter().zip(&plan.takes).zip(&steps);
            along
                .map(|((&at, take), step)| {
                    usize::try_from(take.start + take.step * at as i64).unwrap_or(0) * step
                })
                .sum()
        })
        .collect();
    Tensor::new(plan.shape.clone(), value.data.pick(&indices))
}

fn widened(value: &Tensor, at: usize) -> Result<Tensor, ConvertError> {
    let mut shape = value.shape.clone();
    shape.insert(at, 1);
    value.reshaped(shape)
}

fn join(node: &Node, parts: &[&Tensor], along: usize) -> Result<Tensor, ConvertError> {
    let Some(first) = parts.first() else {
        return Err(node.fault("joins nothing"));
    };
    let mut shape = first.shape.clone();
    let fits = |part: &&&Tensor| {
        part.shape.len() == shape.len()
            && (0..shape.len()).all(|axis| axis == along || part.shape[axis] == shape[axis])
    };
    if parts.iter().filter(fits).count() != parts.len() {
        return Err(node.fault("joins values of different shapes"));
    }
    shape[along] = parts.iter().map(|part| part.shape[along]).sum();
    let outer: usize = shape[..along].iter().product();
    let gather = |part: &&Tensor, row: usize| {
        let width = part.shape[along..].iter().product::<usize>();
        row * width..(row + 1) * width
    };
    let data = match &first.data {
        Data::F32(_) => Data::F32(rows(parts, outer, gather, |data| match data {
            Data::F32(values) => Some(values.as_slice()),
            Data::I32(_) | Data::Bool(_) => None,
        })),
        Data::I32(_) => Data::I32(rows(parts, outer, gather, |data| match data {
            Data::I32(values) => Some(values.as_slice()),
            Data::F32(_) | Data::Bool(_) => None,
        })),
        Data::Bool(_) => return Err(node.fault("joins truth values")),
    };
    Tensor::new(shape, data)
}

fn rows<T: Copy>(
    parts: &[&Tensor],
    outer: usize,
    gather: impl Fn(&&Tensor, usize) -> std::ops::Range<usize>,
    values: impl Fn(&Data) -> Option<&[T]>,
) -> Vec<T> {
    let mut joined = Vec::new();
    for row in 0..outer {
        for part in parts {
            if let Some(slice) = values(&part.data).and_then(|all| all.get(gather(part, row))) {
                joined.extend_from_slice(slice);
            }
        }
    }
    joined
}

fn range(
    node: &Node,
    start: &Tensor,
    limit: &Tensor,
    delta: &Tensor,
) -> Result<Tensor, ConvertError> {
    let (start, limit, delta) = (
        single(start, node)?,
        single(limit, node)?,
        single(delta, node)?,
    );
    if delta <= 0 || limit - start > MAX_ELEMENTS as i64 {
        return Err(node.fault(format!("a range from {start} to {limit} by {delta}")));
    }
    let mut values = Vec::new();
    let mut at = start;
    while at < limit {
        values.push(i32::try_from(at).map_err(|_| node.fault("a range beyond 32 bits"))?);
        at += delta;
    }
    Ok(Tensor::integers(values))
}

fn tile(node: &Node, value: &Tensor, repeats: &Tensor) -> Result<Tensor, ConvertError> {
    let repeats = dims(node, repeats.as_integers()?)?;
    if repeats.len() != value.shape.len() {
        return Err(node.fault("one repetition per axis was expected"));
    }
    let shape: Vec<usize> = value
        .shape
        .iter()
        .zip(&repeats)
        .map(|(dim, times)| dim.saturating_mul(*times))
        .collect();
    elements(node, &shape)?;
    let steps = strides(&value.shape);
    let indices: Vec<usize> = positions(&shape)
        .map(|position| {
            (0..shape.len())
                .map(|axis| position[axis] % value.shape[axis] * steps[axis])
                .sum()
        })
        .collect();
    Tensor::new(shape, value.data.pick(&indices))
}

fn cast(node: &Node, value: &Tensor) -> Option<Tensor> {
    let data = match (&value.data, node.data_type("DstT")) {
        (Data::I32(values), "DT_FLOAT") => {
            Data::F32(values.iter().map(|&value| value as f32).collect())
        }
        (Data::F32(values), "DT_INT32") => {
            Data::I32(values.iter().map(|&value| value as i32).collect())
        }
        (Data::F32(_), "DT_FLOAT") | (Data::I32(_), "DT_INT32") => value.data.clone(),
        _ => return None,
    };
    Some(Tensor {
        shape: value.shape.clone(),
        data,
    })
}

fn arithmetic(node: &Node, left: &Tensor, right: &Tensor) -> Result<Option<Tensor>, ConvertError> {
    let shape = broadcast(node, &left.shape, &right.shape)?;
    elements(node, &shape)?;
    let (left_at, right_at) = (spread(left, &shape), spread(right, &shape));
    let data = match (left.data.pick(&left_at), right.data.pick(&right_at)) {
        (Data::F32(left), Data::F32(right)) => {
            let both = left.into_iter().zip(right);
            Data::F32(
                both.map(|(left, right)| match node.op.as_str() {
                    "Sub" => left - right,
                    "Mul" => left * right,
                    "Minimum" => left.min(right),
                    "Maximum" => left.max(right),
                    _ => left + right,
                })
                .collect(),
            )
        }
        (Data::I32(left), Data::I32(right)) => {
            let both = left.into_iter().zip(right);
            Data::I32(
                both.map(|(left, right)| match node.op.as_str() {
                    "Sub" => left.wrapping_sub(right),
                    "Mul" => left.wrapping_mul(right),
                    "Minimum" => left.min(right),
                    "Maximum" => left.max(right),
                    _ => left.wrapping_add(right),
                })
                .collect(),
            )
        }
        _ => return Err(node.fault("operands of different types")),
    };
    Tensor::new(shape, data).map(Some)
}

/// For every element of `shape`, the element of `tensor` that is broadcast there.
fn spread(tensor: &Tensor, shape: &[usize]) -> Vec<usize> {
    let missing = shape.len() - tensor.shape.len();
    let steps = strides(&tensor.shape);
    positions(shape)
        .map(|position| {
            let own = position[missing..].iter().zip(&tensor.shape).zip(&steps);
            own.map(|((&at, &dim), step)| if dim == 1 { 0 } else { at * step })
                .sum()
        })
        .collect()
}
