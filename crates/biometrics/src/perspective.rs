//! Does the shape of the face change with its distance as that of a head does?
//!
//! Pictures of the face, far and near, are cut out at one size and compared corner by corner.
//! What is nearer to the camera than the rest (nose, mouth, eyes before the temples) has grown
//! more; how much more follows from the depth of each corner and the two distances. Paper, and a
//! face that a program enlarges, grow evenly however they are held.
//!
//! The mesh alone will not do: it draws every face, near or far, as it knows faces.

use zhenren_domain::measurements::Sample;

use crate::flow::Grey;
use crate::geometry::Point;
use crate::image::Image;
use crate::mesh::Mesh;
use crate::sample::Cut;

/// Pixels on a side of a piece, and how much more than the face's width it holds.
const SIDE: usize = 320;
const MARGIN: f32 = 1.2;

/// Focal length of an ordinary front camera, in picture widths (a field of some 50 degrees).
const FOCAL: f64 = 1.05;

/// One piece in this time is kept.
const EVERY_MS: f64 = 200.0;

/// Limit: pieces of one clip; each is some hundred kilobytes.
const PIECES_MAX: usize = 48;

/// A turned head shows another shape.
const YAW_MAX: f64 = 12.0;

/// How many of the farthest are compared with as many of the nearest.
const PAIRS: usize = 4;

/// Faces whose sizes differ less than this show no perspective.
const CHANGE_MIN: f64 = 1.25;

/// Fewer corners say nothing.
const CORNERS_MIN: usize = 12;

/// Share of the corners that may be strays.
const STRAYS: f64 = 0.25;

/// Unknowns of the fit: an affine map, a turn in two directions, and the perspective.
const UNKNOWNS: usize = 9;

/// Keeps pieces of a clip.
#[derive(Default)]
pub(crate) struct PerspectiveWatch {
    pieces: Vec<Piece>,
    next_ms: f64,
}

/// The face at one distance.
struct Piece {
    at_ms: f64,
    /// Width of the face over the picture's.
    width: f64,
    grey: Grey,
    /// Mesh points on the piece, and their depth towards the camera, in face widths.
    points: Vec<(Point, f64)>,
}

impl PerspectiveWatch {
    /// Takes a frame when one is due.
    pub(crate) fn offer(&mut self, at_ms: f64, image: &Image, mesh: &Mesh) {
        let is_straight = crate::pose::pose(mesh).yaw.abs() <= YAW_MAX;
        if at_ms < self.next_ms || self.pieces.len() >= PIECES_MAX || !is_straight {
            return;
        }
        let (centre, (width, _)) = mesh.upright_box();
        let cut = Cut::square(SIDE, centre, width * MARGIN, mesh.roll());
        let Some(grey) = Grey::of(&cut.bytes(image)) else {
            return;
        };
        let Some(back) = cut.to_picture.inverse() else {
            return;
        };
        self.next_ms = at_ms + EVERY_MS;
        let points = mesh
            .points
            .iter()
            .map(|point| (back.apply(point.flat()), f64::from(-point.z / width)))
            .collect();
        self.pieces.push(Piece {
            at_ms,
            width: f64::from(width) / image.width.max(1) as f64,
            grey,
            points,
        });
    }

    /// Change of the shape over that of a head: 1 is a head, 0 a picture. `None` when the face
    /// was not seen near and far.
    pub(crate) fn finish(mut self) -> Option<(f64, Vec<Sample>)> {
        self.pieces.sort_by(|a, b| a.width.total_cmp(&b.width));
        let count = self.pieces.len();
        if count < 2 * PAIRS {
            return None;
        }
        let mut series = Vec::new();
        for pair in 0..PAIRS {
            let (far, near) = (&self.pieces[pair], &self.pieces[count - 1 - pair]);
            if near.width < far.width * CHANGE_MIN {
                continue;
            }
            series.extend(compare(far, near).map(|value| Sample {
                at_ms: near.at_ms,
                value,
            }));
        }
        let value = crate::series::quantile(series.iter().map(|sample| sample.value), 0.5)?;
        series.sort_by(|a, b| a.at_ms.total_cmp(&b.at_ms));
        Some((value, series))
    }
}

/// One corner: where it is, how far it moved, how much it would move by perspective alone.
struct Corner {
    at: (f64, f64),
    moved: (f64, f64),
    depth: f64,
    excess: f64,
}

fn compare(far: &Piece, near: &Piece) -> Option<f64> {
    let half = SIDE as f32 / MARGIN / 2.0;
    let middle = Point::new(SIDE as f32 / 2.0, SIDE as f32 / 2.0);
    let corners = near.grey.corners(middle, (half * 0.86, half * 0.95));
    let found = near.grey.follow(&far.grey, &corners, Point::default());
    let (far_away, near_by) = (FOCAL / far.width, FOCAL / near.width);
    let mut all: Vec<Corner> = corners
        .iter()
        .zip(found)
        .filter_map(|(near_at, far_at)| {
            let depth = depth(&near.points, *near_at)?;
            let (near_at, far_at) = (centred(*near_at, middle), centred(far_at?, middle));
            let grown = (far_away - depth) / (near_by - depth) * near_by / far_away;
            Some(Corner {
                at: far_at,
                moved: (near_at.0 - far_at.0, near_at.1 - far_at.1),
                depth,
                excess: grown - 1.0,
            })
        })
        .collect();
    if all.len() < CORNERS_MIN {
        return None;
    }
    let first = fit(&all)?;
    all.sort_by(|a, b| left(&first, a).total_cmp(&left(&first, b)));
    let keep = all.len() - (all.len() as f64 * STRAYS) as usize;
    all.truncate(keep.max(CORNERS_MIN));
    fit(&all).map(|found| found[UNKNOWNS - 1])
}

/// From the middle of the piece, in face widths.
fn centred(point: Point, middle: Point) -> (f64, f64) {
    let unit = SIDE as f32 / MARGIN;
    (
        f64::from((point.x - middle.x) / unit),
        f64::from((point.y - middle.y) / unit),
    )
}

/// Mean depth of the three nearest mesh points.
fn depth(points: &[(Point, f64)], at: Point) -> Option<f64> {
    let mut near: Vec<(f32, f64)> = points
        .iter()
        .map(|(point, depth)| (point.distance(at), *depth))
        .collect();
    if near.len() < 3 {
        return None;
    }
    near.select_nth_unstable_by(2, |a, b| a.0.total_cmp(&b.0));
    Some(near.iter().take(3).map(|(_, depth)| depth).sum::<f64>() / 3.0)
}

/// The two equations of a corner: what each unknown contributes across and down.
fn rows(corner: &Corner) -> [([f64; UNKNOWNS], f64); 2] {
    let (x, y) = corner.at;
    let across = [
        x,
        y,
        1.0,
        0.0,
        0.0,
        0.0,
        corner.depth,
        0.0,
        x * corner.excess,
    ];
    let down = [
        0.0,
        0.0,
        0.0,
        x,
        y,
        1.0,
        0.0,
        corner.depth,
        y * corner.excess,
    ];
    [(across, corner.moved.0), (down, corner.moved.1)]
}

/// Squared distance that a fit leaves at a corner.
fn left(found: &[f64; UNKNOWNS], corner: &Corner) -> f64 {
    rows(corner)
        .iter()
        .map(|(row, target)| {
            let fitted: f64 = row.iter().zip(found).map(|(a, b)| a * b).sum();
            (fitted - target).powi(2)
        })
        .sum()
}

/// Least squares; `None` when the corners say too little.
fn fit(corners: &[Corner]) -> Option<[f64; UNKNOWNS]> {
    let mut normal = [[0.0_f64; UNKNOWNS + 1]; UNKNOWNS];
    for (row, target) in corners.iter().flat_map(rows) {
        for (i, equation) in normal.iter_mut().enumerate() {
            for (sum, value) in equation.iter_mut().zip(row) {
                *sum += row[i] * value;
            }
            equation[UNKNOWNS] += row[i] * target;
        }
    }
    crate::homography::solve(normal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    /// A textured ellipsoid or sheet at a distance, in half widths of the head; and its mesh.
    fn seen(distance: f32, is_head: bool) -> (Image, Mesh) {
        let focal = 480.0 * FOCAL as f32;
        let (width, height) = (480_usize, 640_usize);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for row in 0..height {
            for column in 0..width {
                let (u, v) = (
                    (column as f32 - 240.0) / focal,
                    (row as f32 - 320.0) / focal,
                );
                // Where the ray meets the thing, found by walking along it.
                let mut z = 0.0_f32;
                for _ in 0..if is_head { 14 } else { 0 } {
                    let (x, y) = (u * (distance - z), v * (distance - z));
                    z = (1.0 - (x * x + y * y / 1.69).min(1.0)).sqrt();
                }
                let (x, y) = (u * (distance - z), v * (distance - z));
                let dot = (x * 14.0).sin() * (y * 13.0).cos();
                let value = 120.0 + 60.0 * (dot * 4.0).tanh() + 20.0 * (x * 5.0 + y * 7.0).sin();
                rgb.extend([value as u8; 3]);
            }
        }
        let mut mesh = synthetic::mesh(0.0, 0.0, 0.0);
        for point in &mut mesh.points {
            let (x, y, z) = (
                (point.x - 240.0) / 60.0,
                (point.y - 320.0) / 60.0,
                -point.z / 60.0,
            );
            let scale = focal / (distance - if is_head { z } else { 0.0 });
            (point.x, point.y, point.z) = (240.0 + x * scale, 320.0 + y * scale, -z * scale);
        }
        (Image { width, height, rgb }, mesh)
    }

    fn measured(is_head: bool, from: f32, to: f32) -> Option<f64> {
        let mut watch = PerspectiveWatch::default();
        for i in 0..10_u8 {
            let distance = if i < 5 { from } else { to };
            let (image, mesh) = seen(distance + f32::from(i % 5) * 0.05, is_head);
            watch.offer(f64::from(i) * 250.0, &image, &mesh);
        }
        watch.finish().map(|(value, _)| value)
    }

    #[test]
    fn a_head_bulges_and_a_sheet_grows_evenly() {
        let head = measured(true, 8.0, 4.4).unwrap();
        let sheet = measured(false, 8.0, 4.4).unwrap();
        assert!((0.35..1.4).contains(&head), "{head}");
        assert!(sheet.abs() < 0.2, "{sheet}");
    }

    #[test]
    fn who_stays_where_they_are_is_not_judged() {
        assert_eq!(measured(true, 6.0, 6.0), None);
        assert!(PerspectiveWatch::default().finish().is_none());
    }
}
