//! Following corners from picture to picture: a small pyramidal Lucas-Kanade.
//!
//! Works on grey pictures at half the size. Knows no face: where to look is given.

use crate::geometry::Point;
use crate::image::Image;

/// Sizes of one picture: half, quarter, eighth.
const LEVELS: usize = 3;

/// Half the window about a corner, and how often a step is refined.
const RADIUS: i32 = 3;
const STEPS_MAX: usize = 6;

/// Corners are looked for in this many cells on a side, one in each.
const CELLS: usize = 6;

/// Least curvature (smaller eigenvalue of the structure tensor, a pixel) of a corner.
const CORNER_MIN: f32 = 5.0;

/// A corner whose window looks this different (mean luma) is lost.
const DIFFERENCE_MAX: f32 = 14.0;

/// A grey picture at three sizes.
pub(crate) struct Grey {
    levels: Vec<Plane>,
}

struct Plane {
    width: usize,
    height: usize,
    luma: Vec<f32>,
}

impl Grey {
    /// The picture at half its size and below; `None` for a picture too small to follow anything.
    pub(crate) fn of(image: &Image) -> Option<Self> {
        let (width, height) = (image.width / 2, image.height / 2);
        if width < 64 || height < 64 {
            return None;
        }
        let mut luma = Vec::with_capacity(width * height);
        for rows in image.rgb.chunks_exact(image.width * 6).take(height) {
            let (upper, lower) = rows.split_at(image.width * 3);
            let pairs = upper.chunks_exact(6).zip(lower.chunks_exact(6));
            luma.extend(pairs.take(width).map(|(upper, lower)| {
                let sum = |channel: usize| {
                    u16::from(upper[channel])
                        + u16::from(upper[channel + 3])
                        + u16::from(lower[channel])
                        + u16::from(lower[channel + 3])
                };
                (0.299 * f32::from(sum(0)) + 0.587 * f32::from(sum(1)) + 0.114 * f32::from(sum(2)))
                    / 4.0
            }));
        }
        let mut levels = vec![Plane {
            width,
            height,
            luma,
        }];
        while levels.len() < LEVELS {
            let next = levels.last()?.halved();
            levels.push(next);
        }
        Some(Self { levels })
    }

    /// Corners inside an upright ellipse, in the pixels of the whole picture.
    pub(crate) fn corners(&self, centre: Point, half: (f32, f32)) -> Vec<Point> {
        let Some(plane) = self.levels.first() else {
            return Vec::new();
        };
        let (centre, half) = (to_half(centre), (half.0 / 2.0, half.1 / 2.0));
        let mut best = vec![(CORNER_MIN, None); CELLS * CELLS];
        let range = |middle: f32, half: f32, end: usize| {
            let from = (middle - half).max(6.0) as usize;
            let to = ((middle + half).max(0.0) as usize).min(end.saturating_sub(7));
            (from..to).step_by(2)
        };
        for y in range(centre.y, half.1, plane.height) {
            for x in range(centre.x, half.0, plane.width) {
                let across = (x as f32 - centre.x) / half.0;
                let down = (y as f32 - centre.y) / half.1;
                if across * across + down * down > 1.0 {
                    continue;
                }
                let cell =
                    |part: f32| ((f32::midpoint(part, 1.0) * CELLS as f32) as usize).min(CELLS - 1);
                let slot = &mut best[cell(down) * CELLS + cell(across)];
                let strength = plane.strength(x, y);
                if strength > slot.0 {
                    *slot = (strength, Some(Point::new(x as f32, y as f32)));
                }
            }
        }
        best.into_iter()
            .filter_map(|(_, at)| at)
            .map(from_half)
            .collect()
    }

    /// Where points of this picture are in the next, `guess` being how far they moved about;
    /// `None` for those that are lost.
    pub(crate) fn follow(&self, next: &Self, points: &[Point], guess: Point) -> Vec<Option<Point>> {
        points
            .iter()
            .map(|point| {
                self.one(next, to_half(*point), (guess.x / 2.0, guess.y / 2.0))
                    .map(from_half)
            })
            .collect()
    }

    fn one(&self, next: &Self, point: Point, guess: (f32, f32)) -> Option<Point> {
        let top = 0.5_f32.powi(LEVELS as i32 - 1);
        let (mut dx, mut dy) = (guess.0 * top, guess.1 * top);
        let mut difference = f32::MAX;
        for level in (0..LEVELS).rev() {
            let scale = 0.5_f32.powi(level as i32);
            let (x, y) = (point.x * scale, point.y * scale);
            (dx, dy, difference) = step(
                self.levels.get(level)?,
                next.levels.get(level)?,
                (x, y),
                (dx, dy),
            )?;
            if level > 0 {
                dx *= 2.0;
                dy *= 2.0;
            }
        }
        (difference <= DIFFERENCE_MAX).then(|| Point::new(point.x + dx, point.y + dy))
    }
}

/// Pixel centres are whole numbers, so halving moves them by a quarter.
fn to_half(point: Point) -> Point {
    Point::new(point.x / 2.0 - 0.25, point.y / 2.0 - 0.25)
}

fn from_half(point: Point) -> Point {
    Point::new(point.x * 2.0 + 0.5, point.y * 2.0 + 0.5)
}

/// Refines a shift at one size; gives it with the mean difference that is left.
fn step(
    from: &Plane,
    to: &Plane,
    (x, y): (f32, f32),
    (mut dx, mut dy): (f32, f32),
) -> Option<(f32, f32, f32)> {
    const COUNT: usize = ((2 * RADIUS + 1) * (2 * RADIUS + 1)) as usize;
    let mut template = [(0.0_f32, 0.0_f32, 0.0_f32); COUNT];
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    let offsets =
        || (-RADIUS..=RADIUS).flat_map(|v| (-RADIUS..=RADIUS).map(move |u| (u as f32, v as f32)));
    for (slot, (u, v)) in template.iter_mut().zip(offsets()) {
        let value = from.at(x + u, y + v)?;
        let across = (from.at(x + u + 1.0, y + v)? - from.at(x + u - 1.0, y + v)?) / 2.0;
        let down = (from.at(x + u, y + v + 1.0)? - from.at(x + u, y + v - 1.0)?) / 2.0;
        *slot = (value, across, down);
        xx += across * across;
        xy += across * down;
        yy += down * down;
    }
    let determinant = xx * yy - xy * xy;
    if determinant < 1.0 {
        return None;
    }
    let mut difference = f32::MAX;
    for _ in 0..STEPS_MAX {
        let (mut bx, mut by, mut sum) = (0.0, 0.0, 0.0);
        for ((value, across, down), (u, v)) in template.iter().zip(offsets()) {
            let error = value - to.at(x + u + dx, y + v + dy)?;
            bx += error * across;
            by += error * down;
            sum += error.abs();
        }
        difference = sum / COUNT as f32;
        let (mx, my) = (
            (bx * yy - by * xy) / determinant,
            (by * xx - bx * xy) / determinant,
        );
        dx += mx;
        dy += my;
        if mx * mx + my * my < 1e-3 {
            break;
        }
    }
    Some((dx, dy, difference))
}

impl Plane {
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut luma = Vec::with_capacity(width * height);
        for rows in self.luma.chunks_exact(self.width * 2).take(height) {
            let (upper, lower) = rows.split_at(self.width);
            let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
            luma.extend(
                pairs
                    .take(width)
                    .map(|(a, b)| (a[0] + a[1] + b[0] + b[1]) / 4.0),
            );
        }
        Self {
            width,
            height,
            luma,
        }
    }

    /// Between pixels; `None` outside.
    fn at(&self, x: f32, y: f32) -> Option<f32> {
        let (left, top) = (x.floor(), y.floor());
        if left < 0.0
            || top < 0.0
            || left as usize + 1 >= self.width
            || top as usize + 1 >= self.height
        {
            return None;
        }
        let (across, down) = (x - left, y - top);
        let start = top as usize * self.width + left as usize;
        let upper = &self.luma[start..start + 2];
        let lower = &self.luma[start + self.width..start + self.width + 2];
        let above = upper[0] + (upper[1] - upper[0]) * across;
        let below = lower[0] + (lower[1] - lower[0]) * across;
        Some(above + (below - above) * down)
    }

    /// The smaller eigenvalue of the structure tensor, a pixel.
    fn strength(&self, x: usize, y: usize) -> f32 {
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for row in y - 2..=y + 2 {
            for column in x - 2..=x + 2 {
                let here = row * self.width + column;
                let across = (self.luma[here + 1] - self.luma[here - 1]) / 2.0;
                let down = (self.luma[here + self.width] - self.luma[here - self.width]) / 2.0;
                xx += across * across;
                xy += across * down;
                yy += down * down;
            }
        }
        let half = f32::midpoint(xx, yy);
        (half - ((xx - yy) * (xx - yy) / 4.0 + xy * xy).sqrt()) / 25.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blobs on a wavy ground, moved by this much.
    fn picture(dx: f32, dy: f32) -> Image {
        let (width, height) = (240, 320);
        let mut rgb = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let (x, y) = (x as f32 - dx, y as f32 - dy);
                let value = 120.0
                    + 50.0 * (x / 6.0).sin() * (y / 7.0).cos()
                    + 30.0 * ((x + y) / 31.0).sin();
                rgb.extend([value as u8; 3]);
            }
        }
        Image { width, height, rgb }
    }

    #[test]
    fn corners_are_followed_to_a_part_of_a_pixel() {
        for (dx, dy) in [(0.0, 0.0), (1.3, -0.8), (7.0, 4.0), (14.0, -9.0)] {
            let from = Grey::of(&picture(0.0, 0.0)).unwrap();
            let to = Grey::of(&picture(dx, dy)).unwrap();
            let corners = from.corners(Point::new(120.0, 160.0), (70.0, 90.0));
            assert!(corners.len() > 15, "{}", corners.len());
            let guess = if dx > 5.0 {
                Point::new(dx - 3.0, dy + 2.0)
            } else {
                Point::default()
            };
            let found = from.follow(&to, &corners, guess);
            let right = corners
                .iter()
                .zip(&found)
                .filter(|(from, to)| {
                    to.is_some_and(|to| (to.x - from.x - dx).hypot(to.y - from.y - dy) < 0.35)
                })
                .count();
            assert!(
                right * 10 >= corners.len() * 9,
                "{dx} {dy}: {right} of {}",
                corners.len()
            );
        }
    }

    #[test]
    fn another_picture_loses_them_and_a_plain_one_has_none() {
        let from = Grey::of(&picture(0.0, 0.0)).unwrap();
        let plain = Image {
            width: 240,
            height: 320,
            rgb: vec![20; 240 * 320 * 3],
        };
        let plain = Grey::of(&plain).unwrap();
        let corners = from.corners(Point::new(120.0, 160.0), (70.0, 90.0));
        assert!(
            from.follow(&plain, &corners, Point::default())
                .iter()
                .all(Option::is_none)
        );
        assert!(
            plain
                .corners(Point::new(120.0, 160.0), (70.0, 90.0))
                .is_empty()
        );
        assert!(
            from.corners(Point::new(-500.0, 9_000.0), (70.0, 90.0))
                .is_empty()
        );
        let dot = Image {
            width: 1,
            height: 1,
            rgb: vec![1; 3],
        };
        assert!(Grey::of(&dot).is_none());
    }
}
