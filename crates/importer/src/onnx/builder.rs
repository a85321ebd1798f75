//! Assembles an ONNX graph node by node.
//!
//! Names of intermediate values are counted (`v0`, `v1`, …), so the same calls in the same order
//! give the same bytes. The builder does not check that operators and shapes fit together: the
//! golden tests run every graph.

use prost::Message;

use super::{
    AttributeProto, DimensionProto, GraphProto, IR_VERSION, ModelProto, NodeProto, OPSET,
    OperatorSetIdProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
    attribute_type, data_type,
};
use crate::IMPORTER_VERSION;
use crate::tensor::{Data, Tensor};

/// One attribute of a node.
pub(crate) enum Attr<'a> {
    Int(&'a str, i64),
    Ints(&'a str, Vec<i64>),
    Text(&'a str, &'a str),
}

impl Attr<'_> {
    fn proto(self) -> AttributeProto {
        let mut proto = AttributeProto::default();
        let (name, kind) = match self {
            Attr::Int(name, value) => {
                proto.i = Some(value);
                (name, attribute_type::INT)
            }
            Attr::Ints(name, values) => {
                proto.ints = values;
                (name, attribute_type::INTS)
            }
            Attr::Text(name, value) => {
                proto.s = Some(value.as_bytes().to_vec());
                (name, attribute_type::STRING)
            }
        };
        name.clone_into(&mut proto.name);
        proto.kind = Some(kind);
        proto
    }
}

/// A graph under construction.
pub(crate) struct GraphBuilder {
    graph: GraphProto,
    label: String,
    next: usize,
}

impl GraphBuilder {
    /// An empty graph called `name`.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            graph: GraphProto {
                name: name.to_owned(),
                ..GraphProto::default()
            },
            label: String::new(),
            next: 0,
        }
    }

    /// Names the part of the source that the next nodes come from; the runtime shows it in errors.
    pub(crate) fn set_label(&mut self, label: &str) {
        label.clone_into(&mut self.label);
    }

    fn fresh(&mut self, prefix: &str) -> String {
        let name = format!("{prefix}{}", self.next);
        self.next += 1;
        name
    }

    /// Adds a node with one output and returns the output's name.
    pub(crate) fn node(&mut self, op: &str, inputs: &[&str], attrs: Vec<Attr<'_>>) -> String {
        let output = self.fresh("v");
        self.node_named(op, inputs, attrs, &output);
        output
    }

    fn node_named(&mut self, op: &str, inputs: &[&str], attrs: Vec<Attr<'_>>, output: &str) {
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: format!("{output}:{}", self.label),
            op_type: op.to_owned(),
            attribute: attrs.into_iter().map(Attr::proto).collect(),
        });
    }

    /// Adds a constant and returns its name.
    pub(crate) fn constant(&mut self, tensor: &Tensor) -> String {
        let (kind, raw) = match &tensor.data {
            Data::F32(values) => (
                data_type::FLOAT,
                values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect(),
            ),
            Data::I32(values) => (
                data_type::INT32,
                values
                    .iter()
                    .flat_map(|value| value.to_le_bytes())
                    .collect(),
            ),
            Data::Bool(values) => (
                data_type::BOOL,
                values.iter().map(|&value| u8::from(value)).collect(),
            ),
        };
        let dims = tensor.shape.iter().map(|&dim| dim as i64).collect();
        self.initializer(dims, kind, raw)
    }

    /// Adds a one-dimensional 64-bit integer constant: shapes, axes, pads.
    pub(crate) fn ints(&mut self, values: &[i64]) -> String {
        let raw = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.initializer(vec![values.len() as i64], data_type::INT64, raw)
    }

    fn initializer(&mut self, dims: Vec<i64>, kind: i32, raw: Vec<u8>) -> String {
        let name = self.fresh("c");
        self.graph.initializer.push(TensorProto {
            dims,
            data_type: Some(kind),
            name: name.clone(),
            raw_data: Some(raw),
        });
        name
    }

    /// Declares the graph's input: 32-bit floats.
    pub(crate) fn input(&mut self, name: &str, shape: &[usize]) {
        self.graph.input.push(float_value(name, shape));
    }

    /// Declares `value` as a result of the graph under the name `name`: 32-bit floats.
    pub(crate) fn output(&mut self, name: &str, value: &str, shape: &[usize]) {
        self.node_named("Identity", &[value], Vec::new(), name);
        self.graph.output.push(float_value(name, shape));
    }

    /// The finished file.
    pub(crate) fn finish(self, doc: &str) -> Vec<u8> {
        self.finish_at(doc, OPSET)
    }

    /// The finished file under another operator set than ours, for tests of what refuses it.
    pub(crate) fn finish_at(self, doc: &str, opset: i64) -> Vec<u8> {
        ModelProto {
            ir_version: Some(IR_VERSION),
            producer_name: "zhenren-importer".to_owned(),
            producer_version: IMPORTER_VERSION.to_string(),
            doc_string: doc.to_owned(),
            graph: Some(self.graph),
            opset_import: vec![OperatorSetIdProto {
                domain: Some(String::new()),
                version: Some(opset),
            }],
        }
        .encode_to_vec()
    }
}

fn float_value(name: &str, shape: &[usize]) -> ValueInfoProto {
    let dim = shape
        .iter()
        .map(|&dim| DimensionProto {
            dim_value: Some(dim as i64),
        })
        .collect();
    ValueInfoProto {
        name: name.to_owned(),
        value_type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: Some(data_type::FLOAT),
                shape: Some(TensorShapeProto { dim }),
            }),
        }),
    }
}
