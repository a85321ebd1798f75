//! Operators whose corners no real model's golden vector reaches, run against plain arithmetic.
#![expect(
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test says what went wrong by failing"
)]

#[path = "support/pack.rs"]
mod pack;
mod support;

use pack::{SMALL_GRAPH, pack};
use support::{Output, Runner};
use zhenren_importer::import_model;
use zhenren_importer::manifest::Manifest;

const SHAPE: [usize; 4] = [1, 2, 2, 3];

/// Runs a graph of one node `out` over the input and the constant `factor` of three values.
fn run(node: &str, factor: [f32; 3], input: &[f32; 12]) -> Output {
    let at = SMALL_GRAPH.find(r#"{"name":"out","op""#).unwrap();
    let end = at + SMALL_GRAPH[at..].find("]}").unwrap() + 2;
    let graph = format!("{}{node}{}", &SMALL_GRAPH[..at], &SMALL_GRAPH[end..]);
    let weights: Vec<u8> = factor
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let folder = pack(&graph, &weights);
    let manifest = Manifest::read(folder.path()).unwrap();
    let onnx = import_model(folder.path(), manifest.models.first().unwrap()).unwrap();
    Runner::new(&onnx).run(&SHAPE, input).remove(0)
}

#[test]
fn the_arc_tangent_knows_all_quadrants() {
    support::manifest();
    let beside = [-2.0, 0.0, 3.0];
    let above = [
        -1.0, -1.0, -1.0, 0.0, 0.0, 0.0, 1.5, 1.5, 1.5, -9.0, 1e-9, 9.0_f32,
    ];
    let node = r#"{"name":"out","op":"Atan2","input":["in","factor"]}"#;
    let (_, _, found) = run(node, beside, &above);
    for ((y, x), angle) in above.iter().zip(beside.iter().cycle()).zip(found) {
        let wanted = y.atan2(*x);
        assert!(
            (angle - wanted).abs() < 1e-6,
            "atan2({y}, {x}) is {wanted}, not {angle}"
        );
    }
}

#[test]
fn a_constant_of_few_axes_meets_the_last_axes() {
    support::manifest();
    let input: [f32; 12] = std::array::from_fn(|at| f32::from(u8::try_from(at).unwrap()));
    let node = r#"{"name":"out","op":"Sub","input":["factor","in"]}"#;
    let (_, shape, found) = run(node, [10.0, 20.0, 30.0], &input);
    assert_eq!(shape, [1, 2, 2, 3]);
    let wanted = [10_u8, 19, 28, 7, 16, 25, 4, 13, 22, 1, 10, 19].map(f32::from);
    assert_eq!(found, wanted);
}
