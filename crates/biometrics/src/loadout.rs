//! Which models an engine is made of: the default pack, or others that keep one of our contracts.
//!
//! Says what a model takes and gives, and opens none. Where the files come from, and whether they
//! are what they claim to be, is the pack installer's work.

use std::path::{Path, PathBuf};

use crate::compare::{Calibration, Group};
use crate::image::Image;

/// Order of the axes of a model's input, after the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Height, width, colours.
    Nhwc,
    /// Colours, height, width.
    Nchw,
}

/// Order of the colours of a model's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// How pixels are shown to a model: a square, 32-bit floats, `(p - mean) / std` for a value p of
/// 0..=255, mean and std in the model's own order of colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// Pixels on a side.
    pub side: usize,
    /// Order of the axes.
    pub layout: Layout,
    /// Order of the colours.
    pub colour: Colour,
    /// Subtracted, 0..=255.
    pub mean: [f32; 3],
    /// Divided by, above 0.
    pub std: [f32; 3],
}

impl Input {
    /// The shape, with a batch of one.
    pub const fn shape(&self) -> [usize; 4] {
        match self.layout {
            Layout::Nhwc => [1, self.side, self.side, 3],
            Layout::Nchw => [1, 3, self.side, self.side],
        }
    }

    /// A picture of just the right size as the model wants it.
    pub(crate) fn of(&self, picture: &Image) -> Vec<f32> {
        let shown = |pixel: &[u8], channel: usize| {
            let source = match self.colour {
                Colour::Rgb => channel,
                Colour::Bgr => 2 - channel,
            };
            (f32::from(pixel[source]) - self.mean[channel]) / self.std[channel]
        };
        let pixels = || picture.rgb.chunks_exact(3);
        match self.layout {
            Layout::Nhwc => pixels()
                .flat_map(|pixel| [0, 1, 2].map(|channel| shown(pixel, channel)))
                .collect(),
            Layout::Nchw => (0..3)
                .flat_map(|channel| pixels().map(move |pixel| shown(pixel, channel)))
                .collect(),
        }
    }
}

/// How a detector's numbers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectorContract {
    /// `cls_S`, `obj_S`, `bbox_S`, `kps_S` for the strides 8, 16 and 32, one anchor a cell.
    Yunet,
    /// Nine outputs in the order scores, boxes, points for the strides 8, 16 and 32, two anchors a
    /// cell; distances from the anchor's centre in strides.
    Scrfd,
}

/// A detector of a pack.
#[derive(Clone, Debug)]
pub struct DetectorSpec {
    /// The ONNX file.
    pub file: PathBuf,
    /// How its numbers are read.
    pub contract: DetectorContract,
    /// What it takes.
    pub input: Input,
}

/// How a face is cut out for a features model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceCut {
    /// dlib's chip: 150 pixels, five points of eye corners and nose base.
    DlibChip,
    /// `ArcFace`'s 112 pixels: eye centres, nose tip and mouth corners.
    Arcface,
    /// An upright square of 1.25 times the mesh's extent.
    UprightSquare,
}

/// A features model.
#[derive(Clone, Debug)]
pub struct FeaturesSpec {
    /// Name and version; templates carry it, and only equal names compare.
    pub id: String,
    /// The ONNX file.
    pub file: PathBuf,
    /// How the face is cut out.
    pub cut: FaceCut,
    /// What the model takes.
    pub input: Input,
    /// How many numbers it gives.
    pub features_count: usize,
    /// What its scores mean; without any no rate can be stated and nothing is ever accepted.
    pub calibrations: Vec<Calibration>,
    /// Mean and standard deviation of the scores of different people, for fusion.
    pub non_mated: Option<(f64, f64)>,
}

/// A model that scores presentation attacks (`MiniFASNet` contract: three logits, class 1 is bona
/// fide).
#[derive(Clone, Debug)]
pub struct PadSpec {
    /// Name for reports.
    pub id: String,
    /// The ONNX file.
    pub file: PathBuf,
    /// The crop is this many times the face's box.
    pub scale: f32,
    /// What it takes.
    pub input: Input,
}

/// Everything an engine is made of.
#[derive(Clone, Debug)]
pub struct Loadout {
    /// Folder of the default pack and of the inference library.
    pub models_dir: PathBuf,
    /// Threads of one inference; 1 is right unless single captures must be fast on an idle
    /// machine.
    pub threads: usize,
    /// Whose error rates a verification is decided by.
    pub group: Group,
    /// Instead of the default detectors.
    pub detector: Option<DetectorSpec>,
    /// Instead of the default features.
    pub features: Option<FeaturesSpec>,
    /// Whether the second features model of the default pack takes part.
    pub fusion: bool,
    /// Models that score presentation attacks; their scores are averaged.
    pub pad: Vec<PadSpec>,
}

impl Loadout {
    /// The default pack in a folder (`detection_short`, `blazeface`, `attention`, `dlib_resnet`,
    /// each `.onnx`, and the inference library beside them).
    pub fn of_default(models_dir: &Path, threads: usize) -> Self {
        Self {
            models_dir: models_dir.to_owned(),
            threads,
            group: Group::Hardest,
            detector: None,
            features: None,
            fusion: false,
            pad: Vec::new(),
        }
    }

    /// A text that differs wherever another model, or another use of one, would measure something
    /// else; for caches.
    pub fn identity(&self) -> String {
        format!(
            "{}\n{:?}\n{:?}\n{}\n{:?}",
            self.models_dir.display(),
            self.detector,
            self.features,
            self.fusion,
            self.pad
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(layout: Layout, colour: Colour) -> Input {
        Input {
            side: 2,
            layout,
            colour,
            mean: [1.0, 2.0, 3.0],
            std: [1.0, 2.0, 4.0],
        }
    }

    #[test]
    fn pixels_go_where_the_model_wants_them() {
        let picture = Image {
            width: 2,
            height: 2,
            rgb: vec![1, 4, 7, 2, 6, 11, 3, 8, 15, 4, 10, 19],
        };
        let rows = input(Layout::Nhwc, Colour::Rgb).of(&picture);
        assert_eq!(rows[..6], [0.0, 1.0, 1.0, 1.0, 2.0, 2.0]);
        let planes = input(Layout::Nchw, Colour::Rgb).of(&picture);
        assert_eq!(planes[..5], [0.0, 1.0, 2.0, 3.0, 1.0]);
        let blue_first = input(Layout::Nchw, Colour::Bgr).of(&picture);
        assert_eq!(blue_first[..4], [6.0, 10.0, 14.0, 18.0]);
    }
}
