//! Every model, translated by the present code and run, gives what its reference implementation
//! gives: TensorFlow.js 4.22.0 (plain JavaScript backend) or dlib 20.0.1. `runtime/golden/` says
//! how the expected values were made.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test says what went wrong by failing"
)]

#[path = "support/pictures.rs"]
mod pictures;
mod support;

use std::path::{Path, PathBuf};

use pictures::{drawing, noise};
use support::{Output, Runner, imported, model, read_floats};

/// Largest difference from the reference, as a share of the output's largest absolute value:
/// four times the worst that was measured. For the mesh that is two thousandths of a pixel.
const TOLERANCE: f32 = 1e-5;

/// Differences this small say nothing: a face flag of 1e-9 is no face in either implementation.
const FLOOR: f32 = 1e-6;

/// How a pixel is presented to a model.
type Present = fn([u8; 3]) -> [f64; 3];

fn signed(pixel: [u8; 3]) -> [f64; 3] {
    pixel.map(|value| f64::from(value) / 127.5 - 1.0)
}

fn unit(pixel: [u8; 3]) -> [f64; 3] {
    pixel.map(|value| f64::from(value) / 255.0)
}

fn plain(pixel: [u8; 3]) -> [f64; 3] {
    pixel.map(f64::from)
}

fn caffe([red, green, blue]: [u8; 3]) -> [f64; 3] {
    [
        f64::from(blue) - 103.939,
        f64::from(green) - 116.779,
        f64::from(red) - 123.68,
    ]
}

fn input(picture: &[u8], present: Present) -> Vec<f32> {
    let pixels = picture
        .chunks_exact(3)
        .map(|pixel| present(pixel.try_into().unwrap()));
    pixels.flatten().map(|value| value as f32).collect()
}

/// Runs `name` on both pictures and compares every output with the stored vector.
fn check(name: &str, present: Present) {
    let contract = model(name);
    let size = contract.input.shape[1];
    let mut runner = Runner::new(&imported(name));
    for (picture, pixels) in [("noise", noise(size)), ("drawing", drawing(size))] {
        let outputs = runner.run(&contract.input.shape, &input(&pixels, present));
        let file = format!("tests/golden/{name}.{picture}.f32");
        let expected = read_floats(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        let mut rest = expected.as_slice();
        for ((found, wanted), output) in outputs.iter().zip(&contract.output).zip(0..) {
            assert_eq!(found.0, wanted.name, "name of output {output}");
            let (part, after) = rest.split_at(wanted.shape.iter().product());
            rest = after;
            compare(&format!("{name} {picture}"), found, part);
        }
        assert_eq!(outputs.len(), contract.output.len());
        assert!(
            rest.is_empty(),
            "{name} {picture}: {} values are left over",
            rest.len()
        );
    }
}

fn compare(what: &str, (name, _, values): &Output, expected: &[f32]) {
    assert_eq!(values.len(), expected.len(), "{what}: length of {name}");
    assert!(
        values.iter().all(|value| value.is_finite()),
        "{what}: {name} is not finite"
    );
    let largest = expected
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let pairs = values.iter().zip(expected);
    let difference = pairs.fold(0.0_f32, |most, (value, wanted)| {
        most.max((value - wanted).abs())
    });
    println!("{what} {name}: differs by {difference:e} of {largest:e}");
    assert!(
        difference <= FLOOR.max(largest * TOLERANCE),
        "{what}: {name} differs by {difference:e}, its largest value is {largest:e}"
    );
}

#[test]
fn detection_short_agrees_with_tensorflow() {
    check("detection_short", signed);
}

#[test]
fn blazeface_agrees_with_tensorflow() {
    check("blazeface", signed);
}

#[test]
fn attention_agrees_with_tensorflow() {
    check("attention", unit);
}

#[test]
fn faceres_agrees_with_tensorflow() {
    check("faceres", caffe);
}

#[test]
fn dlib_resnet_agrees_with_dlib() {
    check("dlib_resnet", plain);
}

/// The outputs depend on the input: a constant graph would pass no other test by accident, but
/// this one says so.
#[test]
fn another_picture_gives_other_features() {
    let contract = model("dlib_resnet");
    let mut runner = Runner::new(&imported("dlib_resnet"));
    let mut features = |pixels: Vec<u8>| {
        runner
            .run(&contract.input.shape, &input(&pixels, plain))
            .remove(0)
            .2
    };
    let (noise, drawing) = (features(noise(150)), features(drawing(150)));
    let apart: f32 = noise
        .iter()
        .zip(&drawing)
        .map(|(a, b)| (a - b).powi(2))
        .sum();
    assert!(
        apart.sqrt() > 0.1,
        "features are only {} apart",
        apart.sqrt()
    );
}

/// The larger set of vectors that is shared beside the project.
#[test]
fn the_shared_vectors_agree_too() {
    let Some(folder) = shared_folder() else {
        println!("skipped: no shared vectors (ZHENREN_SHARED or ../shared beside the project)");
        return;
    };
    for (name, shared) in [
        ("detection_short", "facemesh-detection-short"),
        ("blazeface", "blazeface"),
        ("attention", "facemesh-attention"),
        ("faceres", "faceres"),
    ] {
        let contract = model(name);
        let mut runner = Runner::new(&imported(name));
        for kind in ["rand", "face"] {
            let input = read_floats(&folder.join(format!("{shared}.{kind}.in.f32")));
            let outputs = runner.run(&contract.input.shape, &input);
            for (index, output) in outputs.iter().enumerate() {
                let expected = read_floats(&folder.join(format!("{shared}.{kind}.{index}.f32")));
                compare(&format!("{shared} {kind}"), output, &expected);
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests find the shared data through the environment"
)]
fn shared_folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var("ZHENREN_SHARED").map_or(beside, PathBuf::from);
    Some(shared.join("data/golden")).filter(|folder| folder.is_dir())
}
