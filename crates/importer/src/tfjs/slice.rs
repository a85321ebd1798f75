//! TensorFlow's strided slice, worked out for a known shape.

use super::graph::Node;
use crate::error::ConvertError;

/// What to take from one axis: `count` elements from `start`, `step` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Take {
    pub(super) start: i64,
    pub(super) step: i64,
    pub(super) count: usize,
}

/// A resolved slice: one [`Take`] per source axis, and the shape of the result.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) takes: Vec<Take>,
    pub(super) shape: Vec<usize>,
}

/// The bounds of the slice as the graph gives them.
pub(super) struct Bounds<'a> {
    pub(super) begin: &'a [i32],
    pub(super) end: &'a [i32],
    pub(super) strides: &'a [i32],
}

/// The five bit masks of the operator.
struct Masks {
    begin: i64,
    end: i64,
    ellipsis: i64,
    new_axis: i64,
    shrink: i64,
}

/// Resolves the slice `node` over a value of `shape`.
pub(super) fn resolve(
    node: &Node,
    shape: &[usize],
    bounds: &Bounds<'_>,
) -> Result<Plan, ConvertError> {
    let masks = Masks {
        begin: node.int("begin_mask", 0)?,
        end: node.int("end_mask", 0)?,
        ellipsis: node.int("ellipsis_mask", 0)?,
        new_axis: node.int("new_axis_mask", 0)?,
        shrink: node.int("shrink_axis_mask", 0)?,
    };
    let count = bounds.begin.len();
    if bounds.end.len() != count || bounds.strides.len() != count || count > 32 {
        return Err(node.fault("begin, end and strides differ in length"));
    }
    let bit = |mask: i64, spec: usize| mask >> spec & 1 == 1;
    let addressed =
        (0..count).filter(|&spec| !bit(masks.ellipsis, spec) && !bit(masks.new_axis, spec));
    let covered = addressed.count();
    let ellipses = (0..count).filter(|&spec| bit(masks.ellipsis, spec)).count();
    if covered > shape.len() || ellipses > 1 {
        return Err(node.fault(format!("slices {covered} axes of {shape:?}")));
    }
    let mut plan = Plan {
        takes: Vec::new(),
        shape: Vec::new(),
    };
    for at in 0..count {
        if bit(masks.ellipsis, at) {
            for _ in 0..shape.len() - covered {
                plan.whole_axis(shape);
            }
        } else if bit(masks.new_axis, at) {
            plan.shape.push(1);
        } else {
            let dim = shape[plan.takes.len()];
            let begin = (!bit(masks.begin, at)).then_some(i64::from(bounds.begin[at]));
            let end = (!bit(masks.end, at)).then_some(i64::from(bounds.end[at]));
            let shrink = bit(masks.shrink, at);
            let take = if shrink {
                index(dim, i64::from(bounds.begin[at]))
            } else {
                range(dim, begin, end, i64::from(bounds.strides[at]))
            };
            let take = take.ok_or_else(|| node.fault(format!("takes nothing from {shape:?}")))?;
            plan.takes.push(take);
            if !shrink {
                plan.shape.push(take.count);
            }
        }
    }
    while plan.takes.len() < shape.len() {
        plan.whole_axis(shape);
    }
    Ok(plan)
}

impl Plan {
    fn whole_axis(&mut self, shape: &[usize]) {
        let dim = shape[self.takes.len()];
        self.takes.push(Take {
            start: 0,
            step: 1,
            count: dim,
        });
        self.shape.push(dim);
    }
}

fn index(dim: usize, at: i64) -> Option<Take> {
    let dim = i64::try_from(dim).ok()?;
    let start = if at < 0 { at + dim } else { at };
    (0..dim).contains(&start).then_some(Take {
        start,
        step: 1,
        count: 1,
    })
}

/// The elements between two bounds; an absent bound is the end that the step starts or stops at.
fn range(dim: usize, begin: Option<i64>, end: Option<i64>, step: i64) -> Option<Take> {
    let dim = i64::try_from(dim).ok()?;
    let (lowest, highest) = if step < 0 { (-1, dim - 1) } else { (0, dim) };
    let clamp = |at: i64| (if at < 0 { at + dim } else { at }).clamp(lowest, highest);
    let start = begin.map_or(if step < 0 { highest } else { lowest }, clamp);
    let limit = end.map_or(if step < 0 { lowest } else { highest }, clamp);
    let span = if step < 0 {
        start - limit
    } else {
        limit - start
    };
    let count = span
        .max(0)
        .checked_add(step.abs() - 1)?
        .checked_div(step.abs())?;
    let count = usize::try_from(count).ok()?;
    (count > 0).then_some(Take { start, step, count })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(masks: &str) -> Node {
        let json = format!(r#"{{"name":"s","op":"StridedSlice","attr":{{{masks}}}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn take(start: i64, step: i64, count: usize) -> Take {
        Take { start, step, count }
    }

    #[test]
    fn masks_open_shrink_and_insert() {
        let open = node(
            r#""begin_mask":{"i":"1"},"end_mask":{"i":1},"shrink_axis_mask":{"i":2},"new_axis_mask":{"i":4}"#,
        );
        let bounds = Bounds {
            begin: &[5, -1, 0, 1],
            end: &[0, 0, 0, 3],
            strides: &[1, 1, 1, 1],
        };
        let plan = resolve(&open, &[4, 6, 9, 2], &bounds).unwrap();
        assert_eq!(
            plan.takes,
            [take(0, 1, 4), take(5, 1, 1), take(1, 1, 2), take(0, 1, 2)]
        );
        assert_eq!(plan.shape, [4, 1, 2, 2]);
    }

    #[test]
    fn an_ellipsis_stands_for_the_missing_axes() {
        let plan = resolve(
            &node(r#""ellipsis_mask":{"i":1}"#),
            &[2, 3, 8],
            &Bounds {
                begin: &[0, 1],
                end: &[0, 8],
                strides: &[1, 3],
            },
        );
        let plan = plan.unwrap();
        assert_eq!(plan.takes, [take(0, 1, 2), take(0, 1, 3), take(1, 3, 3)]);
    }

    #[test]
    fn a_negative_step_walks_backwards() {
        let plan = resolve(
            &node(r#""begin_mask":{"i":1},"end_mask":{"i":1}"#),
            &[5],
            &Bounds {
                begin: &[0],
                end: &[0],
                strides: &[-2],
            },
        );
        assert_eq!(plan.unwrap().takes, [take(4, -2, 3)]);
    }

    #[test]
    fn slices_outside_the_value_are_refused() {
        let bounds = Bounds {
            begin: &[4],
            end: &[5],
            strides: &[1],
        };
        assert!(resolve(&node(""), &[4], &bounds).is_err());
        assert!(resolve(&node(r#""shrink_axis_mask":{"i":1}"#), &[4], &bounds).is_err());
    }
}
