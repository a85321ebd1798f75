//! The chip: a 150 px face with the eyes and nose where the features model expects them. And the
//! cuts that other features models ask for, all from the mesh.

use crate::geometry::{Point, fit_similarity};
use crate::image::Image;
use crate::loadout::FaceCut;
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

/// `ArcFace`'s five points on 112 pixels: eye on the picture's left, eye on its right, nose tip,
/// mouth corner left, mouth corner right.
const ARCFACE_SHAPE: [(f32, f32); 5] = [
    (38.294_6, 51.696_3),
    (73.531_8, 51.501_4),
    (56.025_2, 71.736_6),
    (41.549_3, 92.365_5),
    (70.729_9, 92.204_1),
];

/// Side of the square those points are given on.
const ARCFACE_SIDE: f32 = 112.0;

/// The upright square is this much larger than the mesh.
const UPRIGHT_MARGIN: f32 = 1.25;

/// Where the face lies that a features model wants, on a square of `side` pixels; `None` when the
/// mesh has collapsed to a point.
pub(crate) fn cut(kind: FaceCut, side: usize, mesh: &Mesh) -> Option<Cut> {
    match kind {
        FaceCut::DlibChip => chip_cut(&STAND_INS.map(|index| mesh.at(index))),
        FaceCut::Arcface => arcface_cut(side, mesh),
        FaceCut::UprightSquare => {
            let (centre, extent) = mesh.upright_box();
            let extent = extent.0.max(extent.1) * UPRIGHT_MARGIN;
            (extent > 1.0).then(|| Cut::square(side, centre, extent, 0.0))
        }
    }
}

fn arcface_cut(side: usize, mesh: &Mesh) -> Option<Cut> {
    let scale = side as f32 / ARCFACE_SIDE;
    let shape = ARCFACE_SHAPE.map(|(x, y)| Point::new(x * scale, y * scale));
    let points = [
        mesh.eye_left_centre(),
        mesh.eye_right_centre(),
        mesh.at(index::NOSE_TIP),
        mesh.at(index::MOUTH_LEFT),
        mesh.at(index::MOUTH_RIGHT),
    ];
    let to_picture = fit_similarity(&shape, &points)?;
    (to_picture.scale() > 1e-3).then_some(Cut { side, to_picture })
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
    fn an_arcface_cut_is_upright_and_has_the_eyes_in_their_place() {
        for roll in [-40.0, 0.0, 25.0] {
            let mesh = synthetic::mesh(0.0, 0.0, roll);
            let cut = cut(FaceCut::Arcface, 112, &mesh).unwrap();
            let back = cut.to_picture.inverse().unwrap();
            let left = back.apply(mesh.eye_left_centre());
            let right = back.apply(mesh.eye_right_centre());
            assert!((left.y - right.y).abs() < 1.0, "{left:?} {right:?}");
            assert!(left.distance(Point::new(38.3, 51.7)) < 8.0, "{left:?}");
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
        for kind in [FaceCut::Arcface, FaceCut::UprightSquare] {
            assert!(cut(kind, 112, &mesh).is_none());
        }
    }
}
