//! Reads the JSON file of a graph model: nodes with attributes, inputs, outputs.
//!
//! The JSON is a printed `GraphDef`, so 64-bit integers may come as text and text as base64.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::weights::{self, WeightGroup};
use crate::error::ConvertError;
use crate::tensor::Tensor;

/// A graph model with its constants.
pub(super) struct Graph {
    pub(super) nodes: BTreeMap<String, Node>,
    pub(super) constants: BTreeMap<String, Arc<Tensor>>,
    pub(super) inputs: Vec<Port>,
    /// In the order of the model's signature, which is the order of TensorFlow.js's results.
    pub(super) outputs: Vec<Port>,
}

/// An input or output: its public name and the node that it belongs to.
pub(super) struct Port {
    pub(super) name: String,
    pub(super) node: String,
    /// With the batch fixed to one.
    pub(super) shape: Vec<usize>,
}

/// One operation.
#[derive(Deserialize)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) op: String,
    #[serde(default)]
    input: Vec<String>,
    #[serde(default)]
    attr: Option<serde_json::Map<String, Value>>,
}

impl Node {
    /// Names of the nodes whose values this one uses.
    pub(super) fn inputs(&self) -> Vec<&str> {
        self.input
            .iter()
            .filter(|name| !name.starts_with('^'))
            .map(|name| node_of(name))
            .collect()
    }

    /// A fault of this node.
    pub(super) fn fault(&self, detail: impl Into<String>) -> ConvertError {
        ConvertError::Node {
            node: self.name.clone(),
            op: self.op.clone(),
            detail: detail.into(),
        }
    }

    fn attr(&self, name: &str, kind: &str) -> Option<&Value> {
        self.attr.as_ref()?.get(name)?.get(kind)
    }

    /// An integer attribute, or `otherwise` where it is absent.
    pub(super) fn int(&self, name: &str, otherwise: i64) -> Result<i64, ConvertError> {
        self.attr(name, "i").map_or(Ok(otherwise), |value| {
            integer(value).ok_or_else(|| self.fault(format!("attribute {name} is no integer")))
        })
    }

    /// A truth value, false where it is absent.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.attr(name, "b")
            .and_then(Value::as_bool)
            .unwrap_or(false)
    }

    /// A list of integers, empty where it is absent.
    pub(super) fn ints(&self, name: &str) -> Result<Vec<i64>, ConvertError> {
        let Some(list) = self.attr(name, "list").and_then(|list| list.get("i")) else {
            return Ok(Vec::new());
        };
        let values = list
            .as_array()
            .and_then(|list| list.iter().map(integer).collect());
        values.ok_or_else(|| self.fault(format!("attribute {name} is no list of integers")))
    }

    /// A text attribute, empty where it is absent.
    pub(super) fn text(&self, name: &str) -> Result<String, ConvertError> {
        self.attr(name, "s")
            .map_or(Ok(String::new()), |value| self.decode(name, value))
    }

    /// A list of texts, empty where it is absent.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, ConvertError> {
        let list = self
            .attr(name, "list")
            .and_then(|list| list.get("s"))
            .and_then(Value::as_array);
        list.map_or(Ok(Vec::new()), |list| {
            list.iter().map(|value| self.decode(name, value)).collect()
        })
    }

    /// The name of a type, for example `DT_FLOAT`; empty where it is absent.
    pub(super) fn data_type(&self, name: &str) -> &str {
        self.attr(name, "type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn decode(&self, name: &str, value: &Value) -> Result<String, ConvertError> {
        value
            .as_str()
            .and_then(|text| STANDARD.decode(text).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| self.fault(format!("attribute {name} is no base64 text")))
    }
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The node part of `node:0`.
fn node_of(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ModelFile {
    format: Option<String>,
    model_topology: Topology,
    weights_manifest: Vec<WeightGroup>,
    signature: Option<Signature>,
    user_defined_metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Topology {
    node: Vec<Node>,
}

#[derive(Deserialize)]
struct Metadata {
    signature: Option<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    inputs: Ordered,
    outputs: Ordered,
}

/// A JSON object in the file's order of keys: for outputs that is the order of the results.
struct Ordered(Vec<(String, Entry)>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    name: Option<String>,
    tensor_shape: Option<Shape>,
}

#[derive(Deserialize)]
struct Shape {
    #[serde(default)]
    dim: Vec<Value>,
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Ordered;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of named tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// Reads a model file and its weights.
pub(super) fn read(json: &[u8], shards: &[u8]) -> Result<Graph, ConvertError> {
    let file: ModelFile = serde_json::from_slice(json).map_err(|fault| {
        ConvertError::Malformed(format!("is no TensorFlow.js graph model: {fault}"))
    })?;
    if file
        .format
        .as_deref()
        .is_some_and(|format| format != "graph-model")
    {
        return Err(ConvertError::Malformed(
            "is no graph model but a layers model".to_owned(),
        ));
    }
    let metadata = file
        .user_defined_metadata
        .and_then(|metadata| metadata.signature);
    let signature = file
        .signature
        .or(metadata)
        .ok_or_else(|| ConvertError::Malformed("has no signature".to_owned()))?;
    let nodes = file
        .model_topology
        .node
        .into_iter()
        .map(|node| (node.name.clone(), node));
    Ok(Graph {
        nodes: nodes.collect(),
        constants: weights::read(&file.weights_manifest, shards)?,
        inputs: ports(&signature.inputs)?,
        outputs: ports(&signature.outputs)?,
    })
}

fn ports(entries: &Ordered) -> Result<Vec<Port>, ConvertError> {
    entries
        .0
        .iter()
        .map(|(name, entry)| {
            let node = entry.name.as_deref().unwrap_or(name);
            let dims = entry.tensor_shape.as_ref().map(|shape| &shape.dim);
            let shape = dims.and_then(|dims| dims.iter().map(dimension).collect());
            let shape = shape.ok_or_else(|| {
                ConvertError::Malformed(format!("the signature gives no shape for '{name}'"))
            })?;
            Ok(Port {
                name: name.clone(),
                node: node_of(node).to_owned(),
                shape,
            })
        })
        .collect()
}

/// A dimension of the signature; the open one is the batch, which is one here.
fn dimension(entry: &Value) -> Option<usize> {
    match integer(entry.get("size")?)? {
        -1 => Some(1),
        size => usize::try_from(size).ok(),
    }
}
