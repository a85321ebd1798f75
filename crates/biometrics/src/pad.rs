//! Models that score presentation attacks: an optional pack, one cue among several.
//!
//! They see a crop around the face and say how much it looks like a person rather than a picture
//! of one. They know print and screens; paper masks and cut-outs pass, and a press photo too, so
//! they say nothing of injection.

use std::path::Path;

use zhenren_domain::measurements::Sample;

use crate::error::EngineError;
use crate::geometry::Affine;
use crate::image::Image;
use crate::loadout::PadSpec;
use crate::mesh::Mesh;
use crate::sample::Cut;
use crate::session::Model;

/// The class that means a bona fide presentation, of three.
const BONA_FIDE: usize = 1;

/// Logits of a model.
pub(crate) const CLASSES: usize = 3;

/// A crop this much larger than the face at least; a face that fills the picture shows none of the
/// edges and surroundings that the models look at, and a screen held close passes.
const ROOM_MIN: f32 = 1.2;

/// One frame in this time is scored.
const SAMPLE_EVERY_MS: f64 = 500.0;

/// Limit: scored frames of one clip.
const SAMPLES_COUNT_MAX: usize = 24;

/// The opened models; none in the default pack.
pub(crate) struct PadModels {
    models: Vec<(Model, PadSpec)>,
}

impl PadModels {
    pub(crate) fn open(
        library_dir: &Path,
        specs: &[PadSpec],
        threads: usize,
    ) -> Result<Self, EngineError> {
        let open = |spec: &PadSpec| {
            let shape = spec.input.shape();
            let model = Model::open_file(library_dir, &spec.file, shape, threads)?;
            Ok((model, spec.clone()))
        };
        let models = specs.iter().map(open).collect::<Result<_, EngineError>>()?;
        Ok(Self { models })
    }

    /// The mean share that the models give to "bona fide", 0..=1; `None` without models or when
    /// the face fills the picture.
    pub(crate) fn score(&self, image: &Image, mesh: &Mesh) -> Result<Option<f64>, EngineError> {
        let mut sum = 0.0;
        for (model, spec) in &self.models {
            let Some(cut) = cut(image, mesh, spec) else {
                return Ok(None);
            };
            let outputs = model.run(&spec.input.of(&cut.bytes(image)))?;
            let logits = outputs
                .sized(CLASSES)
                .ok_or_else(|| model.mismatch("its output is not three logits"))?;
            sum += share(logits, BONA_FIDE);
        }
        Ok((!self.models.is_empty()).then(|| sum / self.models.len() as f64))
    }
}

/// Scores a few frames of a clip, spread over time.
#[derive(Default)]
pub(crate) struct PadWatch {
    samples: Vec<Sample>,
    next_ms: f64,
}

impl PadWatch {
    /// Scores the frame when one is due.
    pub(crate) fn offer(
        &mut self,
        models: &PadModels,
        at_ms: f64,
        image: &Image,
        mesh: &Mesh,
    ) -> Result<(), EngineError> {
        if at_ms < self.next_ms || self.samples.len() >= SAMPLES_COUNT_MAX {
            return Ok(());
        }
        if let Some(value) = models.score(image, mesh)? {
            self.samples.push(Sample { at_ms, value });
            self.next_ms = at_ms + SAMPLE_EVERY_MS;
        }
        Ok(())
    }

    /// The mean over the scored frames and each of them; `None` when none was scored.
    pub(crate) fn finish(self) -> Option<(f64, Vec<Sample>)> {
        let sum: f64 = self.samples.iter().map(|sample| sample.value).sum();
        let count = self.samples.len();
        (count > 0).then(|| (sum / count as f64, self.samples))
    }
}

/// The softmax of one class.
fn share(logits: &[f32], class: usize) -> f64 {
    let most = logits.iter().copied().fold(f32::MIN, f32::max);
    let power = |logit: &f32| f64::from(logit - most).exp();
    let all: f64 = logits.iter().map(power).sum();
    logits.get(class).map_or(0.0, power) / all
}

/// The crop: the mesh's upright box made larger by the model's scale, as far as the picture goes,
/// and moved inside it. Height and width are scaled apart, as the published code does.
fn cut(image: &Image, mesh: &Mesh, spec: &PadSpec) -> Option<Cut> {
    let (centre, (width, height)) = mesh.upright_box();
    let (picture_width, picture_height) = (image.width as f32 - 1.0, image.height as f32 - 1.0);
    // A collapsed mesh, or a NaN in it, has no box.
    let has_size = width >= 1.0 && height >= 1.0;
    if !has_size {
        return None;
    }
    let scale = spec
        .scale
        .min(picture_width / width)
        .min(picture_height / height);
    if scale < ROOM_MIN {
        return None;
    }
    let (width, height) = (width * scale, height * scale);
    let inside = |middle: f32, size: f32, end: f32| {
        let start = middle - size / 2.0;
        start.min(end - size).max(0.0)
    };
    let left = inside(centre.x, width, picture_width);
    let top = inside(centre.y, height, picture_height);
    let side = spec.input.side as f32;
    let (step_x, step_y) = ((width + 1.0) / side, (height + 1.0) / side);
    Some(Cut {
        side: spec.input.side,
        to_picture: Affine {
            m: [
                step_x,
                0.0,
                left + step_x / 2.0 - 0.5,
                0.0,
                step_y,
                top + step_y / 2.0 - 0.5,
            ],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;
    use crate::loadout::{Colour, Input, Layout};
    use crate::synthetic;

    fn spec(scale: f32) -> PadSpec {
        PadSpec {
            id: String::from("test"),
            file: "none.onnx".into(),
            scale,
            input: Input {
                side: 80,
                layout: Layout::Nchw,
                colour: Colour::Bgr,
                mean: [0.0; 3],
                std: [1.0; 3],
            },
        }
    }

    fn picture(width: usize, height: usize) -> Image {
        Image {
            width,
            height,
            rgb: vec![0; width * height * 3],
        }
    }

    #[test]
    fn the_crop_is_as_large_as_asked_and_inside() {
        let mesh = synthetic::mesh(0.0, 0.0, 0.0);
        let (centre, (width, _)) = mesh.upright_box();
        let room = ((centre.x + width) * 8.0) as usize;
        let image = picture(room, room);
        let cut = cut(&image, &mesh, &spec(2.7)).unwrap();
        let left = cut.to_picture.apply(Point::new(0.0, 0.0));
        let right = cut.to_picture.apply(Point::new(79.0, 79.0));
        assert!(left.x >= -0.5 && left.y >= -0.5, "{left:?}");
        let share = (right.x - left.x) / width;
        assert!((share - 2.7).abs() < 0.1, "{share}");
    }

    #[test]
    fn a_face_that_fills_the_picture_is_not_scored() {
        let mesh = synthetic::mesh(0.0, 0.0, 0.0);
        let (_, (width, height)) = mesh.upright_box();
        let tight = picture((width * 1.1) as usize, (height * 1.1) as usize);
        assert!(cut(&tight, &mesh, &spec(2.7)).is_none());
    }

    #[test]
    fn shares_sum_to_one() {
        let logits = [-2.0, 7.0, 1.5];
        let all: f64 = (0..3).map(|class| share(&logits, class)).sum();
        assert!((all - 1.0).abs() < 1e-12);
        assert!(share(&logits, 1) > 0.99);
        assert!(share(&[f32::NAN; 3], 1).is_nan());
    }
}
