//! Detectors of packs: `YuNet` and SCRFD, which answer on three grids of strides 8, 16 and 32.
//!
//! Only the boxes and the line through the eyes are used: the mesh does the aligning, because the
//! points of such detectors scatter by six to eight hundredths of the eye distance.

use std::path::Path;

use super::{Detection, SCORE_MIN, suppress};
use crate::error::EngineError;
use crate::geometry::Point;
use crate::image::Image;
use crate::loadout::{DetectorContract, DetectorSpec};
use crate::sample::Cut;
use crate::session::{Model, Outputs};

/// Strides of the three grids.
const STRIDES: [usize; 3] = [8, 16, 32];

/// SCRFD has this many anchors in a cell.
const SCRFD_ANCHORS: usize = 2;

/// The box of these detectors reaches from the hairline to below the chin; the mesh expects one
/// about as wide as the face. A guess from how these detectors are described: the mesh is found again
/// from its own points afterwards, so that the first box need not be exact.
const BOX_SHARE: f32 = 0.85;

/// An opened detector of a pack.
pub(crate) struct PackDetector {
    model: Model,
    spec: DetectorSpec,
}

/// One answer, in input pixels that count from the picture's edge.
struct Answer {
    score: f32,
    /// Left, top, right, bottom.
    edges: [f32; 4],
    /// Eye left, eye right, nose, mouth corner left, mouth corner right.
    points: [Point; 5],
}

impl PackDetector {
    pub(crate) fn open(
        library_dir: &Path,
        spec: &DetectorSpec,
        threads: usize,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            model: Model::open_file(library_dir, &spec.file, spec.input.shape(), threads)?,
            spec: spec.clone(),
        })
    }

    pub(crate) const fn side(&self) -> usize {
        self.spec.input.side
    }

    pub(crate) fn detect_in(
        &self,
        image: &Image,
        cut: &Cut,
    ) -> Result<Vec<Detection>, EngineError> {
        let outputs = self.model.run(&self.spec.input.of(&cut.bytes(image)))?;
        let mut found = Vec::new();
        for (grid, stride) in STRIDES.into_iter().enumerate() {
            let cells = self.spec.input.side / stride;
            let answers = match self.spec.contract {
                DetectorContract::Yunet => yunet(&outputs, stride, cells),
                DetectorContract::Scrfd => scrfd(&outputs, grid, stride, cells),
            };
            let answers =
                answers.ok_or_else(|| self.model.mismatch("its outputs are not its contract's"))?;
            found.extend(answers.iter().filter_map(Answer::detection));
        }
        Ok(suppress(found)
            .iter()
            .map(|face| face.carried(&cut.to_picture))
            .collect())
    }
}

impl Answer {
    /// `None` for noise and for a box without an inside.
    fn detection(&self) -> Option<Detection> {
        let [left, top, right, bottom] = self.edges;
        // A NaN passes none of these.
        let is_face = self.score >= SCORE_MIN && right > left && bottom > top;
        if !is_face || !self.edges.iter().all(|edge| edge.is_finite()) {
            return None;
        }
        let at = |x: f32, y: f32| Point::new(x - 0.5, y - 0.5);
        let [eye_left, eye_right, nose, mouth_left, mouth_right] =
            self.points.map(|point| at(point.x, point.y));
        let eyes = eye_left.middle(eye_right).y;
        Some(Detection {
            score: self.score.min(1.0),
            centre: at(f32::midpoint(left, right), f32::midpoint(top, bottom)),
            width: (right - left) * BOX_SHARE,
            height: (bottom - top) * BOX_SHARE,
            // These detectors know no ears: the box's sides at the height of the eyes stand in.
            points: [
                eye_left,
                eye_right,
                nose,
                mouth_left.middle(mouth_right),
                Point::new(left - 0.5, eyes),
                Point::new(right - 0.5, eyes),
            ],
        })
    }
}

fn yunet(outputs: &Outputs, stride: usize, cells: usize) -> Option<Vec<Answer>> {
    let count = cells * cells;
    let part = |name: &str, each: usize| outputs.named(&format!("{name}_{stride}"), count * each);
    let (classes, objects) = (part("cls", 1)?, part("obj", 1)?);
    let (boxes, points) = (part("bbox", 4)?, part("kps", 10)?);
    let unit = stride as f32;
    let answer = |index: usize| {
        let (column, row) = ((index % cells) as f32, (index / cells) as f32);
        let side = &boxes[index * 4..index * 4 + 4];
        let centre = Point::new((column + side[0]) * unit, (row + side[1]) * unit);
        let (width, height) = (side[2].exp() * unit, side[3].exp() * unit);
        let place = |at: usize| {
            let pair = &points[index * 10 + at * 2..index * 10 + at * 2 + 2];
            Point::new((pair[0] + column) * unit, (pair[1] + row) * unit)
        };
        let score = classes[index].clamp(0.0, 1.0) * objects[index].clamp(0.0, 1.0);
        Answer {
            score: score.sqrt(),
            edges: [
                centre.x - width / 2.0,
                centre.y - height / 2.0,
                centre.x + width / 2.0,
                centre.y + height / 2.0,
            ],
            points: std::array::from_fn(place),
        }
    };
    Some((0..count).map(answer).collect())
}

fn scrfd(outputs: &Outputs, grid: usize, stride: usize, cells: usize) -> Option<Vec<Answer>> {
    let count = cells * cells * SCRFD_ANCHORS;
    let scores = outputs.at(grid, count)?;
    let boxes = outputs.at(grid + STRIDES.len(), count * 4)?;
    let points = outputs.at(grid + STRIDES.len() * 2, count * 10)?;
    let unit = stride as f32;
    let answer = |index: usize| {
        let cell = index / SCRFD_ANCHORS;
        let (x, y) = (
            (cell % cells * stride) as f32,
            (cell / cells * stride) as f32,
        );
        let side = &boxes[index * 4..index * 4 + 4];
        let place = |at: usize| {
            let pair = &points[index * 10 + at * 2..index * 10 + at * 2 + 2];
            Point::new(x + pair[0] * unit, y + pair[1] * unit)
        };
        Answer {
            score: scores[index],
            edges: [
                x - side[0] * unit,
                y - side[1] * unit,
                x + side[2] * unit,
                y + side[3] * unit,
            ],
            points: std::array::from_fn(place),
        }
    };
    Some((0..count).map(answer).collect())
}
