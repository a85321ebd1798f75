//! Small ONNX files for tests of packs: right and wrong in one respect each.
//!
//! Part of the crate so that tests elsewhere need neither a second encoder nor files that nobody
//! can read; a few hundred bytes a model.

use crate::onnx::builder::{Attr, GraphBuilder};
use crate::tensor::{Data, Tensor};

/// A model whose outputs are constants, whatever it is shown.
///
/// Each output is named, shaped and filled with its values; the input takes part with a factor of
/// zero, so that the graph is a whole one.
pub fn constant_model(
    input: (&str, &[usize]),
    outputs: &[(&str, &[usize], Vec<f32>)],
    opset: i64,
) -> Vec<u8> {
    let mut graph = GraphBuilder::new("small");
    graph.input(input.0, input.1);
    let mean = graph.node("ReduceMean", &[input.0], vec![Attr::Int("keepdims", 0)]);
    let zero = graph.constant(&Tensor::scalar(0.0));
    let nothing = graph.node("Mul", &[&mean, &zero], Vec::new());
    for (name, shape, values) in outputs {
        // A count that does not fit the shape is the caller's mistake; zeros stand in.
        let tensor = Tensor::new(shape.to_vec(), Data::F32(values.clone())).unwrap_or_else(|_| {
            let count = shape.iter().product();
            Tensor {
                shape: shape.to_vec(),
                data: Data::F32(vec![0.0; count]),
            }
        });
        let constant = graph.constant(&tensor);
        let value = graph.node("Add", &[&constant, &nothing], Vec::new());
        graph.output(name, &value, shape);
    }
    graph.finish_at("a small model for tests", opset)
}

/// A features model: the mean of each of `count` strips of the input, so that it tells pictures
/// apart. `side` must be a multiple of `count`.
pub fn strips_model(side: usize, count: usize) -> Vec<u8> {
    let mut graph = GraphBuilder::new("strips");
    graph.input("input", &[1, 3, side, side]);
    let height = (side / count.max(1)) as i64;
    let strips = graph.node(
        "AveragePool",
        &["input"],
        vec![
            Attr::Ints("kernel_shape", vec![height, side as i64]),
            Attr::Ints("strides", vec![height, side as i64]),
        ],
    );
    let shape = graph.ints(&[1, (count * 3) as i64]);
    let flat = graph.node("Reshape", &[&strips, &shape], Vec::new());
    graph.output("features", &flat, &[1, count * 3]);
    graph.finish_at("strips", crate::onnx::OPSET)
}
