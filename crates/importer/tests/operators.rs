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

/// Runs a graph that ends in `out` over the input and the constant vector `factor`.
fn run(nodes: &str, factor: &[f32], input: &[f32; 12]) -> Output {
    let at = SMALL_GRAPH.find(r#"{"name":"out","op""#).unwrap();
    let end = at + SMALL_GRAPH[at..].find("]}").unwrap() + 2;
    let graph = format!("{}{nodes}{}", &SMALL_GRAPH[..at], &SMALL_GRAPH[end..]);
    let graph = graph.replace(r#""shape":[3]"#, &format!(r#""shape":[{}]"#, factor.len()));
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
    let (_, _, found) = run(node, &beside, &above);
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
    let (_, shape, found) = run(node, &[10.0, 20.0, 30.0], &input);
    assert_eq!(shape, [1, 2, 2, 3]);
    let wanted = [10_u8, 19, 28, 7, 16, 25, 4, 13, 22, 1, 10, 19].map(f32::from);
    assert_eq!(found, wanted);
}

/// Slopes below, between and above the corner values, each on both sides of zero.
#[test]
fn a_parametric_rectifier_bends_each_channel_by_its_slope() {
    support::manifest();
    let slopes = [-1.25, 0.25, 6.5_f32];
    let input = [
        -2.0, -2.0, -2.0, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, -96.0, 96.0, -0.5_f32,
    ];
    let node = r#"{"name":"out","op":"Prelu","input":["in","factor"]}"#;
    let (_, shape, found) = run(node, &slopes, &input);
    assert_eq!(shape, [1, 2, 2, 3]);
    for ((x, slope), y) in input.iter().zip(slopes.iter().cycle()).zip(found) {
        let wanted = if *x < 0.0 { x * slope } else { *x };
        assert!(
            (y - wanted).abs() <= 1e-5 * wanted.abs(),
            "{x} with slope {slope} gives {wanted}, not {y}"
        );
    }
}

/// What is left out behind a rectifier is not left out elsewhere.
#[test]
fn bounds_hold_behind_a_rectifier_and_without_one() {
    support::manifest();
    let input = [
        -9.0, -6.0, -3.0, -1.0, 0.0, 0.5, 1.0, 3.0, 5.9, 6.0, 6.1, 90.0_f32,
    ];
    let bounds = r#"{"name":"zero","op":"Sub","input":["factor","factor"]},
        {"name":"low","op":"Minimum","input":["start","factor"]},
        {"name":"out","op":"Maximum","input":["low","zero"]}"#;
    for start in ["Relu", "Identity"] {
        let nodes = format!(r#"{{"name":"start","op":"{start}","input":["in"]}},{bounds}"#);
        for (limits, limit) in [(&[6.0][..], 6.0_f32), (&[-2.0], -2.0), (&[6.0; 3], 6.0)] {
            let (_, shape, found) = run(&nodes, limits, &input);
            assert_eq!(shape, [1, 2, 2, 3]);
            let wanted = input.map(|x| x.min(limit).max(0.0));
            assert_eq!(found, wanted, "{start} up to {limits:?}");
        }
    }
}
