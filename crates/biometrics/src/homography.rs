//! The map between two views of one plane, fitted to pairs of points.
//!
//! Knows no picture and no face.

use crate::geometry::{Point, centroid};

/// Points and unknowns.
const POINTS_MIN: usize = 6;
const UNKNOWNS: usize = 8;

/// Share of the pairs that are dropped as strays before the second fit.
const STRAYS: f32 = 0.2;

/// A plane projective map, the last of its nine numbers being one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Homography([f64; UNKNOWNS]);

impl Homography {
    fn apply(&self, point: Point) -> Point {
        let [a, b, c, d, e, f, g, h] = self.0;
        let (x, y) = (f64::from(point.x), f64::from(point.y));
        let w = g * x + h * y + 1.0;
        let w = if w.abs() < 1e-9 { 1e-9 } else { w };
        Point::new(
            ((a * x + b * y + c) / w) as f32,
            ((d * x + e * y + f) / w) as f32,
        )
    }
}

/// Root mean square distance that is left when `from` is carried onto `to` as one plane would
/// be, strays left out; in the unit of `to`. `None` for too few pairs or points on a line.
pub(crate) fn residual(from: &[Point], to: &[Point]) -> Option<f32> {
    if from.len() != to.len() || from.len() < POINTS_MIN {
        return None;
    }
    let all: Vec<(Point, Point)> = from.iter().copied().zip(to.iter().copied()).collect();
    let far = |map: &Fit, pair: &(Point, Point)| map.apply(pair.0).distance(pair.1);
    let first = Fit::new(&all)?;
    let mut sorted = all;
    sorted.sort_by(|a, b| far(&first, a).total_cmp(&far(&first, b)));
    let keep = sorted.len() - (sorted.len() as f32 * STRAYS) as usize;
    sorted.truncate(keep.max(POINTS_MIN));
    let second = Fit::new(&sorted)?;
    let sum: f32 = sorted.iter().map(|pair| far(&second, pair).powi(2)).sum();
    let value = (sum / sorted.len() as f32).sqrt();
    value.is_finite().then_some(value)
}

/// A map between points that were centred and scaled first, for the sake of the arithmetic.
struct Fit {
    map: Homography,
    from: (Point, f32),
    to: (Point, f32),
}

impl Fit {
    fn new(pairs: &[(Point, Point)]) -> Option<Self> {
        let from: Vec<Point> = pairs.iter().map(|pair| pair.0).collect();
        let to: Vec<Point> = pairs.iter().map(|pair| pair.1).collect();
        let (from, to) = (frame_of(&from)?, frame_of(&to)?);
        let mut normal = [[0.0_f64; UNKNOWNS + 1]; UNKNOWNS];
        for (a, b) in pairs {
            let (a, b) = (into(*a, from), into(*b, to));
            let (x, y) = (f64::from(a.x), f64::from(a.y));
            for (target, row) in [(f64::from(b.x), 0_usize), (f64::from(b.y), 3_usize)] {
                let mut line = [0.0; UNKNOWNS + 1];
                line[row] = x;
                line[row + 1] = y;
                line[row + 2] = 1.0;
                line[6] = -x * target;
                line[7] = -y * target;
                line[8] = target;
                add(&mut normal, line);
            }
        }
        Some(Self {
            map: Homography(solve(normal)?),
            from,
            to,
        })
    }

    fn apply(&self, point: Point) -> Point {
        let there = self.map.apply(into(point, self.from));
        let (centre, scale) = self.to;
        Point::new(there.x * scale + centre.x, there.y * scale + centre.y)
    }
}

/// Adds one equation to the normal equations.
fn add(normal: &mut [[f64; UNKNOWNS + 1]; UNKNOWNS], line: [f64; UNKNOWNS + 1]) {
    for (equation, weight) in normal.iter_mut().zip(line) {
        for (sum, value) in equation.iter_mut().zip(line) {
            *sum += weight * value;
        }
    }
}

/// Centre and mean distance from it.
fn frame_of(points: &[Point]) -> Option<(Point, f32)> {
    let centre = centroid(points);
    let sum: f32 = points.iter().map(|point| point.distance(centre)).sum();
    let scale = sum / points.len().max(1) as f32;
    (scale > 1e-3 && scale.is_finite()).then_some((centre, scale))
}

fn into(point: Point, (centre, scale): (Point, f32)) -> Point {
    Point::new((point.x - centre.x) / scale, (point.y - centre.y) / scale)
}

/// Solves `N` equations, the known side in their last column, by elimination with row exchange; `None` when the equations say too little.
pub(crate) fn solve<const N: usize, const M: usize>(mut rows: [[f64; M]; N]) -> Option<[f64; N]> {
    for column in 0..N {
        let pivot =
            (column..N).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, pivot);
        let chosen = rows[column];
        if chosen[column].abs() < 1e-9 {
            return None;
        }
        for row in rows.iter_mut().skip(column + 1) {
            let factor = row[column] / chosen[column];
            for (value, other) in row.iter_mut().zip(chosen) {
                *value -= factor * other;
            }
        }
    }
    let mut found = [0.0; N];
    for column in (0..N).rev() {
        let known: f64 = (column + 1..N)
            .map(|other| rows[column][other] * found[other])
            .sum();
        found[column] = (rows[column][N] - known) / rows[column][column];
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Vec<Point> {
        (0..30_u8)
            .map(|i| Point::new(f32::from(i % 6) * 20.0, f32::from(i / 6) * 25.0))
            .collect()
    }

    #[test]
    fn a_plane_seen_from_elsewhere_leaves_nothing() {
        let truth = Homography([1.1, 0.2, 30.0, -0.1, 0.9, 12.0, 6e-4, -3e-4]);
        let mut to: Vec<Point> = grid().into_iter().map(|p| truth.apply(p)).collect();
        assert!(residual(&grid(), &to).unwrap() < 0.01);
        // A few strays do not count.
        to[4].x += 40.0;
        to[17].y -= 25.0;
        assert!(residual(&grid(), &to).unwrap() < 1.0);
    }

    #[test]
    fn a_bowl_is_no_plane() {
        let to: Vec<Point> = grid()
            .into_iter()
            .map(|p| {
                let depth = 1.0 - ((p.x - 50.0) / 60.0).powi(2) - ((p.y - 50.0) / 60.0).powi(2);
                Point::new(p.x + depth * 8.0, p.y)
            })
            .collect();
        assert!(residual(&grid(), &to).unwrap() > 1.0);
    }

    #[test]
    fn a_line_and_too_few_points_say_nothing() {
        let line: Vec<Point> = (0..12_u8).map(|i| Point::new(f32::from(i), 2.0)).collect();
        assert!(residual(&line, &line).is_none());
        assert!(residual(&grid()[..5], &grid()[..5]).is_none());
    }
}
