//! `MiniFASNet` from its state dictionary against the published ONNX beside it; skipped with a
//! message where the shared development data is absent.
#![expect(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test says what it measured, and what went wrong by failing"
)]

mod support;

use std::path::PathBuf;

use support::Runner;
use zhenren_importer::describe::describe;
use zhenren_importer::minifasnet_onnx;

fn models() -> Option<PathBuf> {
    let root = std::env::var_os("ZHENREN_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let models = root.join("data/models");
    if models.is_dir() {
        return Some(models);
    }
    eprintln!(
        "SKIPPED: {} is absent; set ZHENREN_SHARED",
        models.display()
    );
    None
}

#[test]
fn the_rebuilt_network_says_what_the_published_one_says() {
    let Some(models) = models() else { return };
    for (state, reference) in [
        ("2.7_80x80_MiniFASNetV2.pth", "minifasnet_v2_2.7_80.onnx"),
        (
            "4_0_0_80x80_MiniFASNetV1SE.pth",
            "minifasnet_v1se_4.0_80.onnx",
        ),
    ] {
        let onnx = minifasnet_onnx(&std::fs::read(models.join(state)).unwrap()).unwrap();
        let face = describe(&onnx).unwrap();
        assert_eq!(face.inputs[0].1, [1, 3, 80, 80].map(Some));
        let mut ours = Runner::new(&onnx);
        let mut theirs = Runner::new(&std::fs::read(models.join(reference)).unwrap());
        let mut worst = 0.0_f32;
        for seed in 0..8_u32 {
            let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
            let input: Vec<f32> = (0..3 * 80 * 80)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    f32::from(state.to_be_bytes()[0])
                })
                .collect();
            let (_, _, ours) = ours.run(&[1, 3, 80, 80], &input).remove(0);
            let (_, _, theirs) = theirs.run(&[1, 3, 80, 80], &input).remove(0);
            let size = theirs
                .iter()
                .fold(1.0_f32, |size, value| size.max(value.abs()));
            for (a, b) in ours.iter().zip(&theirs) {
                worst = worst.max((a - b).abs() / size);
            }
        }
        println!("{state}: differs by at most {worst:.2e} of the largest logit");
        assert!(worst < 1e-5, "{state}: {worst}");
    }
}
