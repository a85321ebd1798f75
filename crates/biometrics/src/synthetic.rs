//! A made-up mesh for tests: points on an ellipsoid, turned as asked. No model, no picture.

use crate::geometry::Point;
use crate::mesh::{Mesh, POINTS_COUNT, Point3};

/// Half the head's width in pixels, and where its middle is in the picture.
const RADIUS: f32 = 60.0;
const MIDDLE: Point = Point::new(240.0, 320.0);

/// Named points: index, across, down (in half widths); depth follows from the ellipsoid.
const NAMED: [(usize, f32, f32); 53] = [
    (33, -0.72, -0.3),
    (133, -0.26, -0.28),
    (362, 0.26, -0.28),
    (263, 0.72, -0.3),
    (127, -0.95, -0.2),
    (356, 0.95, -0.2),
    (234, -0.97, 0.1),
    (454, 0.97, 0.1),
    (98, -0.2, 0.35),
    (327, 0.2, 0.35),
    (54, -0.7, -0.8),
    (284, 0.7, -0.8),
    (10, 0.0, -1.1),
    (151, 0.0, -0.9),
    (9, 0.0, -0.5),
    (4, 0.0, 0.25),
    (2, 0.0, 0.4),
    (164, 0.0, 0.5),
    (13, 0.0, 0.6),
    (14, 0.0, 0.62),
    (78, -0.3, 0.61),
    (308, 0.3, 0.61),
    (61, -0.36, 0.61),
    (291, 0.36, 0.61),
    (152, 0.0, 1.15),
    (1, 0.0, 0.2),
    (18, 0.0, 0.72),
    (200, 0.0, 0.85),
    (199, 0.0, 1.0),
    (206, -0.45, 0.45),
    (426, 0.45, 0.45),
    (229, -0.5, -0.1),
    (449, 0.5, -0.1),
    (119, -0.5, 0.05),
    (348, 0.5, 0.05),
    (108, -0.25, -0.8),
    (337, 0.25, -0.8),
    (50, -0.65, 0.2),
    (280, 0.65, 0.2),
    (205, -0.6, 0.35),
    (425, 0.6, 0.35),
    (195, 0.0, 0.0),
    (5, 0.0, 0.1),
    (16, 0.0, 0.66),
    (85, -0.12, 0.66),
    (315, 0.12, 0.66),
    (12, 0.0, 0.57),
    (38, -0.12, 0.57),
    (268, 0.12, 0.57),
    (83, -0.15, 0.75),
    (313, 0.15, 0.75),
    (167, -0.15, 0.5),
    (393, 0.15, 0.5),
];

/// A mesh turned by these degrees, in the signs of [`crate::pose::Pose`].
pub(crate) fn mesh(yaw: f32, pitch: f32, roll: f32) -> Mesh {
    let mut heads: Vec<(f32, f32)> = (0..POINTS_COUNT).map(spread).collect();
    for (index, across, down) in NAMED {
        heads[index] = (across, down);
    }
    let points = heads
        .into_iter()
        .map(|(x, y)| turned(x, y, [yaw, pitch, roll]))
        .collect();
    let mut mesh = Mesh {
        flag: 1.0,
        points,
        eye_left: [Point::default(); 16],
        eye_right: [Point::default(); 16],
        lips: vec![Point::default(); 80],
        irises: [Point::default(); 2],
    };
    open_eyes(&mut mesh, 0.3);
    open_mouth(&mut mesh, 0.0);
    mesh
}

/// Sets both eyes' height over width.
pub(crate) fn open_eyes(mesh: &mut Mesh, ratio: f32) {
    mesh.eye_left = eye(mesh.at(33), mesh.at(133), ratio);
    mesh.eye_right = eye(mesh.at(263), mesh.at(362), ratio);
}

/// Sets the mouth's height over width.
pub(crate) fn open_mouth(mesh: &mut Mesh, ratio: f32) {
    let (left, right) = (mesh.at(78), mesh.at(308));
    let middle = left.middle(right);
    let half = left.distance(right) * ratio / 2.0;
    mesh.lips[20] = left;
    mesh.lips[30] = right;
    mesh.lips[25] = Point::new(middle.x, middle.y + half);
    mesh.lips[35] = Point::new(middle.x, middle.y - half);
}

/// Pseudo-random, the same on every run, symmetrical enough for an extent.
fn spread(index: usize) -> (f32, f32) {
    let angle = index as f32 * 2.399_963;
    let radius = (index as f32 / POINTS_COUNT as f32).sqrt() * 0.95;
    (radius * angle.cos(), radius * angle.sin() * 1.1)
}

fn turned(x: f32, y: f32, degrees: [f32; 3]) -> Point3 {
    let z = -(1.0 - (x * x + y * y / 1.69).min(1.0)).sqrt();
    let [yaw, pitch, roll] = degrees.map(f32::to_radians);
    let (sin, cos) = pitch.sin_cos();
    let (y, z) = (cos * y - sin * z, sin * y + cos * z);
    let (sin, cos) = yaw.sin_cos();
    let (x, z) = (cos * x - sin * z, sin * x + cos * z);
    let (sin, cos) = roll.sin_cos();
    let (x, y) = (cos * x - sin * y, sin * x + cos * y);
    Point3 {
        x: MIDDLE.x + x * RADIUS,
        y: MIDDLE.y + y * RADIUS,
        z: z * RADIUS,
    }
}

fn eye(outer: Point, inner: Point, ratio: f32) -> [Point; 16] {
    let width = outer.distance(inner);
    std::array::from_fn(|index| {
        let (part, side) = if index < 9 {
            (index as f32 / 8.0, 1.0)
        } else {
            ((index - 8) as f32 / 8.0, -1.0)
        };
        let bulge = (part * (1.0 - part) * 4.0).sqrt().min(1.0) * width * ratio / 2.0;
        Point::new(
            outer.x + (inner.x - outer.x) * part,
            outer.y + (inner.y - outer.y) * part + bulge * side,
        )
    })
}
