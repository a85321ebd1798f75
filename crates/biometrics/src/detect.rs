//! Where the faces are: two single-shot detectors that share one grid of anchors.
//!
//! The short-range one is for capture (faces above a tenth of the long side), the wide one for
//! photos and small faces. A detector's score is no measure of quality: both fire on faces without
//! eyes or mouth, so nothing here judges the face. A pack may bring another detector: [`pack`].

pub(crate) mod pack;

use std::path::Path;
use std::sync::Arc;

use crate::error::EngineError;
use crate::geometry::{Affine, Point};
use crate::image::Image;
use crate::sample::Cut;
use crate::session::Model;
use pack::PackDetector;

/// Cells on a side of the grid, and anchors in each cell, fine grid first.
const GRIDS: [(usize, usize); 2] = [(16, 2), (8, 6)];

/// Anchors of both grids together.
const ANCHORS_COUNT: usize = 16 * 16 * 2 + 8 * 8 * 6;

/// Box centre, width, height and six points, two numbers each.
const ROW: usize = 16;

/// Below this a detector's row is noise.
const SCORE_MIN: f32 = 0.5;

/// Boxes that overlap more than this show the same face.
const OVERLAP_MAX: f32 = 0.3;

/// Limit: more faces than this in one picture are not looked at.
const FACES_MAX: usize = 32;

/// One face, in picture pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// The detector's score, 0.5..=1.
    pub score: f32,
    /// Middle of the box.
    pub centre: Point,
    /// Box width.
    pub width: f32,
    /// Box height.
    pub height: f32,
    /// Eye on the picture's left, eye on its right, nose tip, mouth, ear left, ear right.
    pub points: [Point; 6],
}

/// Which detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// 128 px input; reliable for faces above a tenth of the picture's long side.
    Short,
    /// 256 px input; finds small faces too.
    Wide,
}

/// An opened detector.
pub(crate) enum Detector {
    /// One of the default pack.
    Default(DefaultDetector),
    /// One of another pack, which serves every range.
    Pack(Arc<PackDetector>),
}

impl Detector {
    pub(crate) fn open(folder: &Path, range: Range, threads: usize) -> Result<Self, EngineError> {
        DefaultDetector::open(folder, range, threads).map(Self::Default)
    }

    /// Side of the input in pixels.
    pub(crate) fn side(&self) -> usize {
        match self {
            Self::Default(detector) => detector.range.side(),
            Self::Pack(detector) => detector.side(),
        }
    }

    /// The faces of a picture, best first.
    pub(crate) fn detect(&self, image: &Image) -> Result<Vec<Detection>, EngineError> {
        let cut = Cut::letterbox(self.side(), image.width, image.height);
        self.detect_in(image, &cut)
    }

    /// The faces of a piece of a picture, in the picture's coordinates, best first.
    pub(crate) fn detect_in(
        &self,
        image: &Image,
        cut: &Cut,
    ) -> Result<Vec<Detection>, EngineError> {
        match self {
            Self::Default(detector) => detector.detect_in(image, cut),
            Self::Pack(detector) => detector.detect_in(image, cut),
        }
    }
}

/// An opened detector of the default pack.
pub(crate) struct DefaultDetector {
    model: Model,
    range: Range,
    anchors: Vec<Point>,
}

impl DefaultDetector {
    fn open(folder: &Path, range: Range, threads: usize) -> Result<Self, EngineError> {
        let name = match range {
            Range::Short => "detection_short",
            Range::Wide => "blazeface",
        };
        let model = Model::open(folder, name, range.side(), threads)?;
        Ok(Self {
            model,
            range,
            anchors: anchors(range.side()),
        })
    }

    fn detect_in(&self, image: &Image, cut: &Cut) -> Result<Vec<Detection>, EngineError> {
        let outputs = self.model.run(&cut.tensor(image, 1.0 / 127.5, -1.0))?;
        let rows = match self.range {
            Range::Short => outputs.sized(ANCHORS_COUNT * (ROW + 1)).map(short_rows),
            Range::Wide => {
                let fine = (outputs.sized(512), outputs.sized(512 * ROW));
                let coarse = (outputs.sized(384), outputs.sized(384 * ROW));
                match (fine, coarse) {
                    ((Some(s0), Some(b0)), (Some(s1), Some(b1))) => Some(
                        wide_rows(s0, b0)
                            .into_iter()
                            .chain(wide_rows(s1, b1))
                            .collect(),
                    ),
                    _ => None,
                }
            }
        };
        let rows: Vec<Row<'_>> =
            rows.ok_or_else(|| self.model.mismatch("its outputs are not a detector's"))?;
        let found = decode(&rows, &self.anchors);
        Ok(suppress(found)
            .iter()
            .map(|face| face.carried(&cut.to_picture))
            .collect())
    }
}

impl Range {
    const fn side(self) -> usize {
        match self {
            Self::Short => 128,
            Self::Wide => 256,
        }
    }
}

impl Detection {
    /// Longer side of the box.
    pub fn side(&self) -> f32 {
        self.width.max(self.height)
    }

    /// How far the line through the eyes is turned, in radians, clockwise as seen.
    pub fn roll(&self) -> f32 {
        let [left, right, ..] = self.points;
        (right.y - left.y).atan2(right.x - left.x)
    }

    fn carried(&self, map: &Affine) -> Self {
        let scale = map.scale();
        Self {
            score: self.score,
            centre: map.apply(self.centre),
            width: self.width * scale,
            height: self.height * scale,
            points: self.points.map(|point| map.apply(point)),
        }
    }

    fn overlap(&self, other: &Self) -> f32 {
        let span = |a: f32, a_size: f32, b: f32, b_size: f32| {
            let end = (a + a_size / 2.0).min(b + b_size / 2.0);
            (end - (a - a_size / 2.0).max(b - b_size / 2.0)).max(0.0)
        };
        let common = span(self.centre.x, self.width, other.centre.x, other.width)
            * span(self.centre.y, self.height, other.centre.y, other.height);
        let all = self.width * self.height + other.width * other.height - common;
        if all > 0.0 { common / all } else { 0.0 }
    }
}

/// A detector's answer for one anchor: the score's logit, then offsets in input pixels.
type Row<'a> = (f32, &'a [f32]);

fn short_rows(values: &[f32]) -> Vec<Row<'_>> {
    values
        .chunks_exact(ROW + 1)
        .map(|row| (row[0], &row[1..]))
        .collect()
}

fn wide_rows<'a>(scores: &'a [f32], boxes: &'a [f32]) -> Vec<Row<'a>> {
    scores
        .iter()
        .copied()
        .zip(boxes.chunks_exact(ROW))
        .collect()
}

/// Cell centres of both grids in input pixels, once for each anchor of a cell.
fn anchors(side: usize) -> Vec<Point> {
    let mut anchors = Vec::with_capacity(ANCHORS_COUNT);
    for (cells, each) in GRIDS {
        let stride = side as f32 / cells as f32;
        for index in 0..cells * cells * each {
            let cell = index / each;
            let (column, row) = ((cell % cells) as f32, (cell / cells) as f32);
            anchors.push(Point::new((column + 0.5) * stride, (row + 0.5) * stride));
        }
    }
    anchors
}

fn decode(rows: &[Row<'_>], anchors: &[Point]) -> Vec<Detection> {
    let mut found = Vec::new();
    for ((logit, row), anchor) in rows.iter().zip(anchors) {
        let score = 1.0 / (1.0 + (-logit).exp());
        // A NaN does not pass either.
        if !(score >= SCORE_MIN && row[2] > 0.0 && row[3] > 0.0) {
            continue;
        }
        let at = |index: usize| Point::new(anchor.x + row[index], anchor.y + row[index + 1]);
        found.push(Detection {
            score,
            // Letterbox pixels count from their edge, ours from their middle.
            centre: shifted(at(0)),
            width: row[2],
            height: row[3],
            points: std::array::from_fn(|index| shifted(at(4 + index * 2))),
        });
    }
    found
}

fn shifted(point: Point) -> Point {
    Point::new(point.x - 0.5, point.y - 0.5)
}

/// Weighted non-maximum suppression: each face is the mean of its boxes, weighted by score.
fn suppress(mut found: Vec<Detection>) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut faces = Vec::new();
    while let Some(best) = found.first().copied() {
        if faces.len() == FACES_MAX {
            break;
        }
        let (same, rest): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|other| best.overlap(other) > OVERLAP_MAX);
        faces.push(weighted(&best, &same));
        // The best box overlaps itself unless it has no area; drop it in any case.
        found = rest.into_iter().filter(|other| *other != best).collect();
    }
    faces
}

fn weighted(best: &Detection, same: &[Detection]) -> Detection {
    let total: f32 = same.iter().map(|face| face.score).sum();
    if total <= 0.0 {
        return *best;
    }
    let mean = |pick: &dyn Fn(&Detection) -> f32| {
        same.iter().map(|face| pick(face) * face.score).sum::<f32>() / total
    };
    let point = |pick: &dyn Fn(&Detection) -> Point| {
        Point::new(mean(&|face| pick(face).x), mean(&|face| pick(face).y))
    };
    Detection {
        score: best.score,
        centre: point(&|face| face.centre),
        width: mean(&|face| face.width),
        height: mean(&|face| face.height),
        points: std::array::from_fn(|index| point(&|face| face.points[index])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(score: f32, x: f32, y: f32, side: f32) -> Detection {
        Detection {
            score,
            centre: Point::new(x, y),
            width: side,
            height: side,
            points: [Point::new(x, y); 6],
        }
    }

    #[test]
    fn the_grid_has_896_anchors_in_the_models_order() {
        let anchors = anchors(128);
        assert_eq!(anchors.len(), 896);
        assert_eq!(anchors[0], Point::new(4.0, 4.0));
        assert_eq!(anchors[1], Point::new(4.0, 4.0));
        assert_eq!(anchors[2], Point::new(12.0, 4.0));
        assert_eq!(anchors[512], Point::new(8.0, 8.0));
        assert_eq!(anchors[895], Point::new(120.0, 120.0));
    }

    #[test]
    fn boxes_of_one_face_become_their_weighted_mean() {
        let faces = suppress(vec![
            face(0.9, 50.0, 50.0, 40.0),
            face(0.6, 55.0, 50.0, 40.0),
        ]);
        assert_eq!(faces.len(), 1);
        assert!((faces[0].centre.x - 52.0).abs() < 1e-4);
        assert!((faces[0].score - 0.9).abs() < 1e-6);
    }

    #[test]
    fn two_faces_stay_two() {
        let faces = suppress(vec![
            face(0.7, 20.0, 20.0, 20.0),
            face(0.9, 100.0, 20.0, 20.0),
            face(0.8, 101.0, 21.0, 20.0),
        ]);
        assert_eq!(faces.len(), 2);
        assert!(faces[0].centre.x > 99.0);
    }

    #[test]
    fn a_row_is_an_offset_from_its_anchor() {
        let mut row = [0.0; ROW];
        row[..6].copy_from_slice(&[3.0, -2.0, 30.0, 32.0, -8.0, -9.0]);
        let anchors = [Point::new(60.5, 60.5)];
        let found = decode(&[(3.0, row.as_slice())], &anchors);
        assert_eq!(found[0].centre, Point::new(63.0, 58.0));
        assert_eq!(found[0].points[0], Point::new(52.0, 51.0));
        assert!(decode(&[(f32::NAN, row.as_slice())], &anchors).is_empty());
        assert!(decode(&[(-1.0, row.as_slice())], &anchors).is_empty());
    }
}
