//! Trying a model before it serves: one run on a picture everybody can make again.

use std::path::Path;

use crate::detect::pack::PackDetector;
use crate::error::EngineError;
use crate::features::Features;
use crate::image::Image;
use crate::loadout::{DetectorSpec, FeaturesSpec, Input, PadSpec};
use crate::sample::Cut;
use crate::session::Model;

/// What is to be tried.
#[derive(Clone, Copy, Debug)]
pub enum Spec<'a> {
    /// A detector.
    Detector(&'a DetectorSpec),
    /// A features model.
    Features(&'a FeaturesSpec),
    /// A model that scores presentation attacks.
    Pad(&'a PadSpec),
}

/// Name and values of an output.
pub type Output = (String, Vec<f32>);

/// The test picture: bytes of a linear congruential sequence (`s = s · 1664525 + 1013904223`,
/// begun at 1, the highest byte of each), the same on every machine.
pub fn test_picture(side: usize) -> Image {
    let mut state = 1_u32;
    let rgb = (0..side * side * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect();
    Image {
        width: side,
        height: side,
        rgb,
    }
}

/// Opens the model, runs it on the test picture, and checks that its numbers can be read as its
/// contract says. Gives the numbers.
pub fn probe(library_dir: &Path, spec: &Spec<'_>) -> Result<Vec<Output>, EngineError> {
    let (file, input): (&Path, &Input) = match spec {
        Spec::Detector(spec) => (&spec.file, &spec.input),
        Spec::Features(spec) => (&spec.file, &spec.input),
        Spec::Pad(spec) => (&spec.file, &spec.input),
    };
    let picture = test_picture(input.side);
    let model = Model::open_file(library_dir, file, input.shape(), 1)?;
    let outputs = model.run(&input.of(&picture))?;
    let fits = match spec {
        Spec::Detector(spec) => {
            let detector = PackDetector::open(library_dir, spec, 1)?;
            let whole = Cut::letterbox(input.side, picture.width, picture.height);
            detector.detect_in(&picture, &whole).map(|_| true)?
        }
        Spec::Features(spec) => outputs
            .sized(spec.features_count)
            .is_some_and(|values| Features::from_values(values.to_vec()).is_some()),
        Spec::Pad(_) => outputs
            .sized(crate::pad::CLASSES)
            .is_some_and(|values| values.iter().all(|value| value.is_finite())),
    };
    if !fits {
        return Err(model.mismatch("its outputs are not its contract's"));
    }
    Ok(outputs.into_named())
}
