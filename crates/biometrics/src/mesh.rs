//! The face mesh: 468 points in space, with finer eyes, lips and irises.
//!
//! Given a detection, or the mesh of the frame before, cuts a square in which the eyes are level
//! and runs the attention model on it. Does not know whose face it is or what it does.

use std::path::Path;

use crate::detect::Detection;
use crate::error::EngineError;
use crate::geometry::{Affine, Point};
use crate::image::Image;
use crate::sample::Cut;
use crate::session::{Model, Outputs};

/// Side of the model's input.
const SIDE: usize = 192;

/// The square is this much larger than the box or the mesh it is made from.
const MARGIN: f32 = 1.5;

/// Points of the mesh.
pub const POINTS_COUNT: usize = 468;

/// Points of one refined eye and of the lips.
const EYE_COUNT: usize = 71;
const LIPS_COUNT: usize = 80;

/// Mesh points that later modules name. Left and right are the picture's.
pub mod index {
    /// Outer corner of the eye on the picture's left (the subject's right eye).
    pub const EYE_LEFT_OUTER: usize = 33;
    /// Its inner corner.
    pub const EYE_LEFT_INNER: usize = 133;
    /// Inner corner of the eye on the picture's right.
    pub const EYE_RIGHT_INNER: usize = 362;
    /// Its outer corner.
    pub const EYE_RIGHT_OUTER: usize = 263;
    /// Tip of the nose.
    pub const NOSE_TIP: usize = 1;
    /// Corner of the mouth on the picture's left.
    pub const MOUTH_LEFT: usize = 61;
    /// Corner of the mouth on the picture's right.
    pub const MOUTH_RIGHT: usize = 291;
    /// Where the nose meets the upper lip.
    pub const NOSE_BASE: usize = 2;
}

/// A point in space: picture pixels, and depth in the same unit, growing away from the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point3 {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
    /// Away from the camera.
    pub z: f32,
}

impl Point3 {
    /// The point in the picture plane.
    pub const fn flat(self) -> Point {
        Point::new(self.x, self.y)
    }
}

/// The mesh of one face in one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    /// The model's own belief that there is a face in the square, 0..=1.
    pub flag: f32,
    /// 468 points.
    pub points: Vec<Point3>,
    /// Refined contour of the eye on the picture's left: nine points along the lower lid from the
    /// outer to the inner corner, then seven along the upper lid.
    pub eye_left: [Point; 16],
    /// The same of the eye on the picture's right.
    pub eye_right: [Point; 16],
    /// Refined lips: 80 points, four rings of twenty.
    pub lips: Vec<Point>,
    /// Iris centres, picture's left and right.
    pub irises: [Point; 2],
}

impl Mesh {
    /// Centre of the eye on the picture's left.
    pub fn eye_left_centre(&self) -> Point {
        self.at(index::EYE_LEFT_OUTER)
            .middle(self.at(index::EYE_LEFT_INNER))
    }

    /// Centre of the eye on the picture's right.
    pub fn eye_right_centre(&self) -> Point {
        self.at(index::EYE_RIGHT_OUTER)
            .middle(self.at(index::EYE_RIGHT_INNER))
    }

    /// Distance of the eye centres in pixels.
    pub fn inter_eye(&self) -> f32 {
        self.eye_left_centre().distance(self.eye_right_centre())
    }

    /// A mesh point in the picture plane.
    pub fn at(&self, index: usize) -> Point {
        self.points[index].flat()
    }

    /// How far the line through the eyes is turned, in radians, clockwise as seen.
    pub fn roll(&self) -> f32 {
        let (left, right) = (self.eye_left_centre(), self.eye_right_centre());
        (right.y - left.y).atan2(right.x - left.x)
    }

    /// Centre, and width and height, of the upright box around the mesh.
    pub fn upright_box(&self) -> (Point, (f32, f32)) {
        let over = |pick: fn(&Point3) -> f32| {
            let values = self.points.iter().map(pick);
            values.fold((f32::MAX, f32::MIN), |(least, most), value| {
                (least.min(value), most.max(value))
            })
        };
        let ((left, right), (top, bottom)) = (over(|point| point.x), over(|point| point.y));
        let centre = Point::new(f32::midpoint(left, right), f32::midpoint(top, bottom));
        (centre, (right - left, bottom - top))
    }

    /// Centre and larger side of the box around the mesh, the box being level with the eyes.
    pub fn extent(&self) -> (Point, f32) {
        let turn = Affine::similarity(1.0, -self.roll(), Point::default());
        let (mut least, mut most) = (
            Point::new(f32::MAX, f32::MAX),
            Point::new(f32::MIN, f32::MIN),
        );
        for point in &self.points {
            let level = turn.apply(point.flat());
            least = Point::new(least.x.min(level.x), least.y.min(level.y));
            most = Point::new(most.x.max(level.x), most.y.max(level.y));
        }
        let back = Affine::similarity(1.0, self.roll(), Point::default());
        (
            back.apply(least.middle(most)),
            (most.x - least.x).max(most.y - least.y),
        )
    }
}

/// The opened mesh model.
pub(crate) struct MeshModel {
    model: Model,
}

impl MeshModel {
    pub(crate) fn open(folder: &Path, threads: usize) -> Result<Self, EngineError> {
        Ok(Self {
            model: Model::open(folder, "attention", SIDE, threads)?,
        })
    }

    /// The mesh of a detected face: a first pass on the box, a second on the first one's extent.
    pub(crate) fn of_detection(
        &self,
        image: &Image,
        face: &Detection,
    ) -> Result<Mesh, EngineError> {
        let cut = Cut::square(SIDE, face.centre, face.side() * MARGIN, face.roll());
        let first = self.run(image, &cut)?;
        self.after(image, &first)
    }

    /// The mesh where the face was a frame ago.
    pub(crate) fn after(&self, image: &Image, before: &Mesh) -> Result<Mesh, EngineError> {
        let (centre, side) = before.extent();
        self.run(
            image,
            &Cut::square(SIDE, centre, side.max(1.0) * MARGIN, before.roll()),
        )
    }

    fn run(&self, image: &Image, cut: &Cut) -> Result<Mesh, EngineError> {
        let outputs = self.model.run(&cut.tensor(image, 1.0 / 255.0, 0.0))?;
        read(&outputs, &cut.to_picture).ok_or_else(|| {
            self.model
                .mismatch("its outputs are not the attention mesh's")
        })
    }
}

fn read(outputs: &Outputs, map: &Affine) -> Option<Mesh> {
    let flag = *outputs.named("output_faceflag", 1)?.first()?;
    let mesh = outputs.named("output_mesh_identity", POINTS_COUNT * 3)?;
    let lips = outputs.named("output_lips", LIPS_COUNT * 2)?;
    let eye_left = outputs.named("Identity_1", EYE_COUNT * 2)?;
    let eye_right = outputs.named("Identity_5", EYE_COUNT * 2)?;
    let iris_left = outputs.named("Identity_2", 10)?;
    let iris_right = outputs.named("Identity_6", 10)?;
    let scale = map.scale();
    let place = |pair: &[f32]| map.apply(Point::new(pair[0], pair[1]));
    let points = mesh.chunks_exact(3).map(|point| {
        let at = place(point);
        Point3 {
            x: at.x,
            y: at.y,
            z: point[2] * scale,
        }
    });
    let contour = |eye: &[f32]| std::array::from_fn(|i| place(&eye[i * 2..i * 2 + 2]));
    Some(Mesh {
        flag,
        points: points.collect(),
        eye_left: contour(eye_left),
        eye_right: contour(eye_right),
        lips: lips.chunks_exact(2).map(place).collect(),
        irises: [place(&iris_left[..2]), place(&iris_right[..2])],
    })
}

#[cfg(test)]
mod tests {
    use crate::synthetic;

    #[test]
    fn the_extent_of_a_turned_face_is_that_of_the_upright_one() {
        let upright = synthetic::mesh(0.0, 0.0, 0.0);
        let turned = synthetic::mesh(0.0, 0.0, 40.0);
        let (_, side) = upright.extent();
        let (_, side_turned) = turned.extent();
        assert!(
            (side - side_turned).abs() < side * 0.01,
            "{side} {side_turned}"
        );
        assert!((turned.roll().to_degrees() - 40.0).abs() < 0.5);
    }
}
