//! The chip: a 150 px face with the eyes and nose where the features model expects them.

use crate::geometry::{Point, fit_similarity};
use crate::image::Image;
use crate::mesh::{Mesh, index};
use crate::sample::Cut;

/// Side of the chip in pixels.
pub const CHIP_SIDE: usize = 150;

/// Empty border around the mean shape, as a share of the shape's square.
const PADDING: f32 = 0.25;

/// dlib's mean face shape of five points, in a unit square: outer and inner corner of the eye on
/// the picture's right, outer and inner corner of the one on its left, base of the nose.
const MEAN_SHAPE: [(f32, f32); 5] = [
    (0.859_567_46, 0.213_498_15),
    (0.646_060_5, 0.228_967_44),
    (0.120_575_06, 0.213_727_45),
    (0.334_085_06, 0.229_064_24),
    (0.490_112_3, 0.627_797_55),
];

/// The mesh points that stand for the five, in the same order.
const STAND_INS: [usize; 5] = [
    index::EYE_RIGHT_OUTER,
    index::EYE_RIGHT_INNER,
    index::EYE_LEFT_OUTER,
    index::EYE_LEFT_INNER,
    index::NOSE_BASE,
];

/// The chip of a face; `None` when the mesh has collapsed to a point.
pub fn chip(image: &Image, mesh: &Mesh) -> Option<Image> {
    Some(chip_cut(&STAND_INS.map(|index| mesh.at(index)))?.bytes(image))
}

/// Where the chip lies in the picture, from the five points in the order of the mean shape.
pub(crate) fn chip_cut(points: &[Point; 5]) -> Option<Cut> {
    let shape = MEAN_SHAPE.map(|(x, y)| {
        let place = |value: f32| (value + PADDING) / (2.0 * PADDING + 1.0) * CHIP_SIDE as f32;
        Point::new(place(x), place(y))
    });
    let to_picture = fit_similarity(&shape, points)?;
    (to_picture.scale() > 1e-3).then_some(Cut {
        side: CHIP_SIDE,
        to_picture,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn the_five_points_land_on_the_mean_shape() {
        let placed: [Point; 5] = MEAN_SHAPE.map(|(x, y)| Point::new(300.0 + 80.0 * x, 80.0 * y));
        let cut = chip_cut(&placed).unwrap();
        let eye = cut.to_picture.inverse().unwrap().apply(placed[2]);
        assert!(eye.distance(Point::new(37.06, 46.37)) < 0.05, "{eye:?}");
    }

    #[test]
    fn an_inclined_head_gives_an_upright_chip() {
        for roll in [-60.0, 0.0, 35.0] {
            let mesh = synthetic::mesh(0.0, 0.0, roll);
            let cut = chip_cut(&STAND_INS.map(|index| mesh.at(index))).unwrap();
            let back = cut.to_picture.inverse().unwrap();
            let left = back.apply(mesh.at(index::EYE_LEFT_OUTER));
            let right = back.apply(mesh.at(index::EYE_RIGHT_OUTER));
            assert!(
                (left.y - right.y).abs() < 0.5,
                "roll {roll}: {left:?} {right:?}"
            );
            assert!(left.x < right.x);
        }
    }

    #[test]
    fn a_collapsed_mesh_has_no_chip() {
        let mut mesh = synthetic::mesh(0.0, 0.0, 0.0);
        for point in &mut mesh.points {
            *point = crate::mesh::Point3::default();
        }
        let image = Image {
            width: 8,
            height: 8,
            rgb: vec![0; 192],
        };
        assert!(chip(&image, &mesh).is_none());
    }
}
