//! Relief or plane: corners of the face are followed while the head moves, and what no view of
//! one plane explains is what a head has and paper has not.
//!
//! The mesh gives every picture the depth of a face, a print too; corners of the picture do not.

use zhenren_domain::measurements::Sample;

use crate::flow::Grey;
use crate::geometry::{Point, fit_similarity};
use crate::homography::residual;
use crate::image::Image;
use crate::mesh::Mesh;
use crate::series::quantile;

/// A track is begun anew after this long: windows change, small errors add up.
const TRACK_MS: f64 = 1_300.0;

/// Fewer corners say nothing about planes.
const CORNERS_MIN: usize = 10;

/// The head has moved when a mere turn and zoom of the picture leaves this much (inter-eye
/// distances).
const MOVED: f64 = 0.02;

/// So many frames must show movement.
const MOVED_FRAMES_MIN: usize = 3;

/// Share of the mesh's box in which corners are looked for: hair and ears are not the face.
const INSIDE: (f32, f32) = (0.42, 0.44);

/// Follows corners through a clip.
#[derive(Default)]
pub(crate) struct PlaneWatch {
    before: Option<(Grey, Point)>,
    started: Vec<Point>,
    now: Vec<Point>,
    since_ms: f64,
    series: Vec<Sample>,
}

impl PlaneWatch {
    /// Takes the next frame.
    pub(crate) fn push(&mut self, at_ms: f64, image: &Image, mesh: &Mesh) {
        let Some(grey) = Grey::of(image) else { return };
        let (centre, size) = mesh.upright_box();
        if let Some((before, was)) = &self.before {
            let guess = Point::new(centre.x - was.x, centre.y - was.y);
            let found = before.follow(&grey, &self.now, guess);
            let kept: Vec<(Point, Point)> = self
                .started
                .iter()
                .zip(found)
                .filter_map(|(start, now)| Some((*start, now?)))
                .collect();
            (self.started, self.now) = kept.into_iter().unzip();
            self.judge(at_ms, f64::from(mesh.inter_eye()));
        }
        if self.now.len() < CORNERS_MIN || at_ms - self.since_ms >= TRACK_MS {
            self.started = grey.corners(centre, (size.0 * INSIDE.0, size.1 * INSIDE.1));
            self.now = self.started.clone();
            self.since_ms = at_ms;
        }
        self.before = Some((grey, centre));
    }

    /// A face was lost: nothing is followed across the gap.
    pub(crate) fn lose(&mut self) {
        self.before = None;
        self.started.clear();
        self.now.clear();
    }

    fn judge(&mut self, at_ms: f64, unit: f64) {
        if self.now.len() < CORNERS_MIN || unit < 1.0 {
            return;
        }
        let Some(turned) = fit_similarity(&self.started, &self.now) else {
            return;
        };
        let left: f32 = self
            .started
            .iter()
            .zip(&self.now)
            .map(|(from, to)| turned.apply(*from).distance(*to).powi(2))
            .sum();
        let moved = f64::from((left / self.now.len() as f32).sqrt()) / unit;
        if moved < MOVED {
            return;
        }
        if let Some(left) = residual(&self.started, &self.now) {
            self.series.push(Sample {
                at_ms,
                value: f64::from(left) / unit,
            });
        }
    }

    /// What no plane explains in the frames in which the head had moved, in inter-eye distances;
    /// `None` when it did not move enough to tell.
    pub(crate) fn finish(self) -> Option<(f64, Vec<Sample>)> {
        if self.series.len() < MOVED_FRAMES_MIN {
            return None;
        }
        let value = quantile(self.series.iter().map(|sample| sample.value), 0.8)?;
        Some((value, self.series))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    /// A textured sheet or ball before the camera, turned by some degrees about the vertical.
    fn picture(degrees: f32, is_ball: bool) -> Image {
        let (width, height) = (480_usize, 640_usize);
        let (sin, cos) = degrees.to_radians().sin_cos();
        let mut rgb = Vec::with_capacity(width * height * 3);
        for row in 0..height {
            for column in 0..width {
                let (x, y) = ((column as f32 - 240.0) / 60.0, (row as f32 - 320.0) / 60.0);
                let (s, t) = if is_ball {
                    let z = (1.0 - (x * x + y * y / 1.69).min(1.0)).sqrt();
                    ((x * cos - z * sin).clamp(-1.0, 1.0).asin(), y)
                } else {
                    // A plane through the middle, three half widths from the camera's eye.
                    let depth = 8.0 / (8.0 * cos - x * sin);
                    (x * depth, y * depth * cos)
                };
                let value = 120.0
                    + 50.0 * (s * 11.0).sin() * (t * 9.0).cos()
                    + 25.0 * (s * 4.0 + t * 5.0).sin();
                rgb.extend([value as u8; 3]);
            }
        }
        Image { width, height, rgb }
    }

    fn turned(is_ball: bool, most: f32) -> Option<f64> {
        let mut watch = PlaneWatch::default();
        let mesh = synthetic::mesh(0.0, 0.0, 0.0);
        for i in 0..16_u8 {
            let part = f32::from(i) / 15.0;
            watch.push(f64::from(i) * 66.7, &picture(part * most, is_ball), &mesh);
        }
        watch.finish().map(|(value, _)| value)
    }

    #[test]
    fn a_ball_is_no_plane_and_a_sheet_is_one() {
        let ball = turned(true, 22.0).unwrap();
        let sheet = turned(false, 45.0).unwrap();
        assert!(ball > 0.015, "{ball}");
        assert!(sheet < 0.01, "{sheet}");
    }

    #[test]
    fn what_does_not_move_is_not_judged() {
        assert_eq!(turned(true, 0.0), None);
        let mut watch = PlaneWatch::default();
        watch.lose();
        assert!(watch.finish().is_none());
    }
}
