//! Which way the head is turned, from the mesh alone.
//!
//! The camera's picture is not mirrored, so the subject's own left is on the picture's right. Yaw
//! and pitch are what a step asks for; roll is how the mesh is levelled. Pitch has a personal
//! offset of some ten degrees (faces differ in profile): use its change from the neutral.

use crate::mesh::{Mesh, Point3};

/// Pairs of mesh points that lie symmetrically, picture's left one first.
const PAIRS: [(usize, usize); 6] = [
    (33, 263),
    (133, 362),
    (127, 356),
    (234, 454),
    (98, 327),
    (54, 284),
];

/// Points of the midline that keep still when the mouth moves, top and bottom.
const TOP: [usize; 3] = [10, 151, 9];
const BOTTOM: [usize; 3] = [4, 2, 164];

/// A head's direction in degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pose {
    /// Positive when the head is turned to the subject's own left (the nose moves to the right
    /// of the unmirrored picture), −90..=90.
    pub yaw: f64,
    /// Positive when the chin is lowered, −90..=90.
    pub pitch: f64,
    /// Positive when the head is inclined clockwise as seen in the picture, −180..=180.
    pub roll: f64,
}

/// The direction of a mesh.
pub fn pose(mesh: &Mesh) -> Pose {
    // The line through symmetrical points is the head's own horizontal, whatever the expression.
    let across = sum(PAIRS
        .iter()
        .map(|&(left, right)| minus(mesh.points[right], mesh.points[left])));
    let mean = |points: &[usize]| {
        scaled(
            sum(points.iter().map(|&i| mesh.points[i])),
            1.0 / points.len() as f32,
        )
    };
    let down = minus(mean(&BOTTOM), mean(&TOP));
    let roll = across.y.atan2(across.x);
    let across = unrolled(across, roll);
    let yaw = across.z.atan2(across.x);
    let down = unyawed(unrolled(down, roll), yaw);
    let pitch = down.z.atan2(down.y);
    Pose {
        yaw: f64::from(yaw.to_degrees()),
        pitch: f64::from(pitch.to_degrees()),
        roll: f64::from(roll.to_degrees()),
    }
}

fn minus(a: Point3, b: Point3) -> Point3 {
    Point3 {
        x: a.x - b.x,
        y: a.y - b.y,
        z: a.z - b.z,
    }
}

fn scaled(a: Point3, factor: f32) -> Point3 {
    Point3 {
        x: a.x * factor,
        y: a.y * factor,
        z: a.z * factor,
    }
}

fn sum(points: impl Iterator<Item = Point3>) -> Point3 {
    points.fold(Point3::default(), |a, b| Point3 {
        x: a.x + b.x,
        y: a.y + b.y,
        z: a.z + b.z,
    })
}

fn unrolled(a: Point3, roll: f32) -> Point3 {
    let (sin, cos) = roll.sin_cos();
    Point3 {
        x: cos * a.x + sin * a.y,
        y: cos * a.y - sin * a.x,
        z: a.z,
    }
}

fn unyawed(a: Point3, yaw: f32) -> Point3 {
    let (sin, cos) = yaw.sin_cos();
    Point3 {
        x: cos * a.x + sin * a.z,
        y: a.y,
        z: cos * a.z - sin * a.x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn turned_heads_are_read_back() {
        let neutral = pose(&synthetic::mesh(0.0, 0.0, 0.0));
        for (yaw, pitch, roll) in [
            (0.0_f32, 0.0_f32, 0.0_f32),
            (25.0, 0.0, 0.0),
            (-25.0, 0.0, 0.0),
            (0.0, 15.0, 0.0),
            (0.0, -15.0, 20.0),
            (30.0, 10.0, -30.0),
        ] {
            let found = pose(&synthetic::mesh(yaw, pitch, roll));
            let [yaw, pitch, roll] = [yaw, pitch, roll].map(f64::from);
            assert!(
                (found.yaw - neutral.yaw - yaw).abs() < 1.0,
                "yaw {yaw}: {found:?}"
            );
            assert!(
                (found.pitch - neutral.pitch - pitch).abs() < 1.0,
                "pitch {pitch}: {found:?}"
            );
            assert!((found.roll - roll).abs() < 1.5, "roll {roll}: {found:?}");
        }
    }

    #[test]
    fn the_subjects_left_is_the_pictures_right() {
        let mesh = synthetic::mesh(20.0, 0.0, 0.0);
        let eyes = mesh.eye_left_centre().middle(mesh.eye_right_centre());
        assert!(
            mesh.at(4).x > eyes.x + 2.0,
            "the nose moves to the right of the picture"
        );
        assert!(pose(&mesh).yaw > 0.0);
    }
}
