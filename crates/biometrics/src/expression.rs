//! How far the eyes and the mouth are open, from the refined contours of the mesh.
//!
//! Absolute values differ between people (laughing eyes read .12, large ones .35): compare with
//! the subject's own open eye and closed mouth.

use crate::geometry::Point;
use crate::mesh::Mesh;

/// Beyond this yaw the far eye is hidden by the nose; only the near one is read.
const NEAR_EYE_YAW: f64 = 30.0;

/// Lower and upper lid points above each other, as positions in the eye contour.
const LIDS: [(usize, usize); 3] = [(3, 11), (4, 12), (5, 13)];

/// Corners of an eye contour.
const CORNERS: (usize, usize) = (0, 8);

/// Positions in the lips: inner corners, then the inner middle below and above.
const LIP_CORNERS: (usize, usize) = (20, 30);
const LIP_LOWER: usize = 25;
const LIP_UPPER: usize = 35;

/// Openings at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Expression {
    /// Height over width of the eyes: closed about .05–.1, open .17–.4.
    pub eye: f64,
    /// Height over width of the mouth's opening: closed about 0, open .2 and more.
    pub mouth: f64,
}

/// Reads a mesh; `yaw` in degrees as [`crate::pose::Pose::yaw`].
pub fn expression(mesh: &Mesh, yaw: f64) -> Expression {
    let (left, right) = (eye(&mesh.eye_left), eye(&mesh.eye_right));
    // Turned to the subject's left, the eye on the picture's left is nearer.
    let eye = if yaw > NEAR_EYE_YAW {
        left
    } else if yaw < -NEAR_EYE_YAW {
        right
    } else {
        f64::midpoint(left, right)
    };
    let width = mesh.lips[LIP_CORNERS.0].distance(mesh.lips[LIP_CORNERS.1]);
    let height = mesh.lips[LIP_LOWER].distance(mesh.lips[LIP_UPPER]);
    Expression {
        eye,
        mouth: ratio(height, width),
    }
}

fn eye(contour: &[Point; 16]) -> f64 {
    let height: f32 = LIDS
        .iter()
        .map(|&(lower, upper)| contour[lower].distance(contour[upper]))
        .sum();
    ratio(
        height / LIDS.len() as f32,
        contour[CORNERS.0].distance(contour[CORNERS.1]),
    )
}

fn ratio(height: f32, width: f32) -> f64 {
    if width > 0.0 {
        f64::from(height / width)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn openings_are_read_back() {
        let mut mesh = synthetic::mesh(0.0, 0.0, 0.0);
        synthetic::open_eyes(&mut mesh, 0.3);
        synthetic::open_mouth(&mut mesh, 0.4);
        let found = expression(&mesh, 0.0);
        assert!((found.eye - 0.3).abs() < 0.03, "{found:?}");
        assert!((found.mouth - 0.4).abs() < 0.01, "{found:?}");
    }

    #[test]
    fn a_head_in_profile_is_read_by_its_near_eye() {
        let mut mesh = synthetic::mesh(0.0, 0.0, 0.0);
        synthetic::open_eyes(&mut mesh, 0.3);
        mesh.eye_right = [Point::default(); 16];
        assert!(expression(&mesh, 40.0).eye > 0.25);
        assert!(expression(&mesh, -40.0).eye < 0.01);
    }
}
