//! Walks a graph from its outputs back to its inputs and translates every node on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fold;
use super::graph::{Graph, Node};
use super::layout::{Layout, Target, Value};
use super::{ops_conv, ops_math, ops_shape};
use crate::Converted;
use crate::error::ConvertError;
use crate::onnx::builder::GraphBuilder;
use crate::tensor::{Data, Tensor};

/// Translates `graph` into an ONNX file called `name`.
pub(super) fn convert(name: &str, graph: &Graph) -> Result<Converted, ConvertError> {
    let [input] = graph.inputs.as_slice() else {
        return Err(ConvertError::Malformed(format!(
            "has {} inputs, not one",
            graph.inputs.len()
        )));
    };
    let mut target = Target::new(GraphBuilder::new(name));
    target.graph.input(&input.name, &input.shape);
    let mut values = BTreeMap::new();
    let image = Value::Computed {
        shape: input.shape.clone(),
        layout: Layout::Same,
        name: input.name.clone(),
    };
    values.insert(input.node.clone(), image);
    for output in &graph.outputs {
        for node in order(graph, &values, &output.node)? {
            target.graph.set_label(&node.name);
            let value = translate(graph, node, &values, &mut target)?;
            values.insert(node.name.clone(), value);
        }
    }
    let mut outputs = Vec::new();
    for output in &graph.outputs {
        let value = values
            .get(&output.node)
            .ok_or_else(|| absent(&output.node))?;
        let shape = value.shape().to_vec();
        target.graph.set_label(&output.node);
        let result = target.same(value);
        target.graph.output(&output.name, &result, &shape);
        outputs.push((output.name.clone(), shape));
    }
    Ok(Converted {
        onnx: target
            .graph
            .finish(&format!("{name}, from a TensorFlow.js graph model")),
        input: (input.name.clone(), input.shape.clone()),
        outputs,
    })
}

fn absent(name: &str) -> ConvertError {
    ConvertError::Malformed(format!("node '{name}' is used but not there"))
}

/// The nodes that `wanted` still needs, operands before users.
fn order<'a>(
    graph: &'a Graph,
    done: &BTreeMap<String, Value>,
    wanted: &'a str,
) -> Result<Vec<&'a Node>, ConvertError> {
    /// A node is entered once to push its operands and left once they are all in place.
    enum Step<'a> {
        Enter(&'a str),
        Leave(&'a Node),
    }
    let mut ordered = Vec::new();
    // True once a node is in `ordered`, false while its operands are on the way.
    let mut seen: BTreeMap<&str, bool> = BTreeMap::new();
    let mut stack = vec![Step::Enter(wanted)];
    while let Some(step) = stack.pop() {
        match step {
            Step::Leave(node) => {
                seen.insert(&node.name, true);
                ordered.push(node);
            }
            Step::Enter(name) if done.contains_key(name) => {}
            Step::Enter(name) => match seen.get(name) {
                Some(true) => {}
                Some(false) => {
                    return Err(ConvertError::Malformed(format!(
                        "node '{name}' uses itself"
                    )));
                }
                None => {
                    let node = graph.nodes.get(name).ok_or_else(|| absent(name))?;
                    seen.insert(&node.name, false);
                    stack.push(Step::Leave(node));
                    stack.extend(node.inputs().into_iter().rev().map(Step::Enter));
                }
            },
        }
    }
    Ok(ordered)
}

fn translate(
    graph: &Graph,
    node: &Node,
    values: &BTreeMap<String, Value>,
    target: &mut Target,
) -> Result<Value, ConvertError> {
    if node.op == "Const" {
        let constant = graph.constants.get(&node.name);
        return constant
            .map(|tensor| Value::Constant(Arc::clone(tensor)))
            .ok_or_else(|| node.fault("has no weights"));
    }
    let operands: Result<Vec<&Value>, ConvertError> = node
        .inputs()
        .into_iter()
        .map(|name| values.get(name).ok_or_else(|| absent(name)))
        .collect();
    let operands = operands?;
    if let Some(known) = from_shapes(node, &operands)? {
        return Ok(Value::Constant(Arc::new(known)));
    }
    let constants: Option<Vec<&Tensor>> = operands.iter().map(|value| value.constant()).collect();
    if let Some(constants) = constants
        && let Some(folded) = fold::evaluate(node, &constants)?
    {
        return Ok(Value::Constant(Arc::new(folded)));
    }
    let mut context = Context {
        node,
        operands,
        target,
    };
    for family in [
        ops_conv::translate,
        ops_shape::translate,
        ops_math::translate,
    ] {
        if let Some(value) = family(&mut context)? {
            return Ok(value);
        }
    }
    Err(ConvertError::UnknownOp {
        node: node.name.clone(),
        op: node.op.clone(),
    })
}

/// Operators that only look at the shape of their operand are constant whatever it holds.
fn from_shapes(node: &Node, operands: &[&Value]) -> Result<Option<Tensor>, ConvertError> {
    match (node.op.as_str(), operands) {
        ("Shape", [value]) => {
            let dims: Result<Vec<i32>, _> = value
                .shape()
                .iter()
                .map(|&dim| i32::try_from(dim))
                .collect();
            dims.map(|dims| Some(Tensor::integers(dims)))
                .map_err(|_| node.fault("huge shape"))
        }
        ("ZerosLike", [value]) => {
            let shape = value.shape().to_vec();
            let count = fold::elements(node, &shape)?;
            let data = match node.data_type("T") {
                "DT_INT32" => Data::I32(vec![0; count]),
                "DT_FLOAT" => Data::F32(vec![0.0; count]),
                other => return Err(node.fault(format!("zeros of type '{other}'"))),
            };
            Tensor::new(shape, data).map(Some)
        }
        _ => Ok(None),
    }
}

/// One node with its operands, and where its translation goes.
pub(super) struct Context<'a> {
    pub(super) node: &'a Node,
    pub(super) operands: Vec<&'a Value>,
    pub(super) target: &'a mut Target,
}

impl<'a> Context<'a> {
    /// Operand `at`.
    pub(super) fn operand(&self, at: usize) -> Result<&'a Value, ConvertError> {
        let found = self.operands.get(at).copied();
        found.ok_or_else(|| self.node.fault(format!("has no operand {at}")))
    }

    /// Operand `at`, which must be constant.
    pub(super) fn constant(&self, at: usize) -> Result<&'a Tensor, ConvertError> {
        let found = self.operand(at)?.constant();
        found.ok_or_else(|| self.node.fault(format!("operand {at} is not constant")))
    }
}

/// A value in TensorFlow's order of axes.
pub(super) fn same(name: String, shape: Vec<usize>) -> Value {
    Value::Computed {
        shape,
        layout: Layout::Same,
        name,
    }
}

/// A value with channels first; `shape` still in TensorFlow's order.
pub(super) fn nchw(name: String, shape: Vec<usize>) -> Value {
    Value::Computed {
        shape,
        layout: Layout::Nchw,
        name,
    }
}
