//! Points, and the two plane transforms the engine needs: similarity and affine.
//!
//! Knows no picture and no face.

/// A point of a picture: x to the right, y down, in pixels; pixel centres are whole numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

impl Point {
    /// The point at these coordinates.
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// Distance to another point.
    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The point half way to another.
    #[must_use]
    pub fn middle(self, other: Self) -> Self {
        Self::new(
            f32::midpoint(self.x, other.x),
            f32::midpoint(self.y, other.y),
        )
    }
}

/// A plane affine map: `x' = a x + b y + c`, `y' = d x + e y + f`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// `[a, b, c, d, e, f]`.
    pub m: [f32; 6],
}

impl Affine {
    /// Turns by `radians` (clockwise as seen, since y is down), scales, then moves the origin.
    pub fn similarity(scale: f32, radians: f32, origin: Point) -> Self {
        let (sin, cos) = radians.sin_cos();
        Self {
            m: [
                scale * cos,
                -scale * sin,
                origin.x,
                scale * sin,
                scale * cos,
                origin.y,
            ],
        }
    }

    /// Where a point goes.
    pub fn apply(&self, point: Point) -> Point {
        let [a, b, c, d, e, f] = self.m;
        Point::new(a * point.x + b * point.y + c, d * point.x + e * point.y + f)
    }

    /// The factor by which lengths grow (geometric mean of both directions).
    pub fn scale(&self) -> f32 {
        let [a, b, _, d, e, _] = self.m;
        (a * e - b * d).abs().sqrt()
    }

    /// The map back; `None` when this one flattens the plane.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f] = self.m;
        let determinant = a * e - b * d;
        if determinant.abs() < 1e-12 {
            return None;
        }
        let (ia, ib, id, ie) = (
            e / determinant,
            -b / determinant,
            -d / determinant,
            a / determinant,
        );
        Some(Self {
            m: [ia, ib, -(ia * c + ib * f), id, ie, -(id * c + ie * f)],
        })
    }
}

/// The similarity (turn, scale, shift; no mirroring) that carries `from` onto `to` with the least
/// squared error; `None` for fewer than two points or when all of `from` coincide.
pub fn fit_similarity(from: &[Point], to: &[Point]) -> Option<Affine> {
    if from.len() != to.len() || from.len() < 2 {
        return None;
    }
    let (centre_from, centre_to) = (centroid(from), centroid(to));
    let (mut dot, mut cross, mut spread) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (a, b) in from.iter().zip(to) {
        let (ax, ay) = (
            f64::from(a.x - centre_from.x),
            f64::from(a.y - centre_from.y),
        );
        let (bx, by) = (f64::from(b.x - centre_to.x), f64::from(b.y - centre_to.y));
        dot += ax * bx + ay * by;
        cross += ax * by - ay * bx;
        spread += ax * ax + ay * ay;
    }
    if spread < 1e-9 {
        return None;
    }
    let (p, q) = ((dot / spread) as f32, (cross / spread) as f32);
    let shift_x = centre_to.x - (p * centre_from.x - q * centre_from.y);
    let shift_y = centre_to.y - (q * centre_from.x + p * centre_from.y);
    Some(Affine {
        m: [p, -q, shift_x, q, p, shift_y],
    })
}

/// The affine map that carries `from` onto `to` with the least squared error; `None` when `from`
/// does not span the plane.
pub fn fit_affine(from: &[Point], to: &[Point]) -> Option<Affine> {
    if from.len() != to.len() || from.len() < 3 {
        return None;
    }
    let (centre_from, centre_to) = (centroid(from), centroid(to));
    let (mut xx, mut xy, mut yy) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut right = [0.0_f64; 4];
    for (a, b) in from.iter().zip(to) {
        let (ax, ay) = (
            f64::from(a.x - centre_from.x),
            f64::from(a.y - centre_from.y),
        );
        let (bx, by) = (f64::from(b.x - centre_to.x), f64::from(b.y - centre_to.y));
        xx += ax * ax;
        xy += ax * ay;
        yy += ay * ay;
        right[0] += ax * bx;
        right[1] += ay * bx;
        right[2] += ax * by;
        right[3] += ay * by;
    }
    let determinant = xx * yy - xy * xy;
    if determinant < 1e-9 * (xx + yy).powi(2) || xx + yy < 1e-9 {
        return None;
    }
    let row = |u: f64, v: f64| {
        (
            ((yy * u - xy * v) / determinant) as f32,
            ((xx * v - xy * u) / determinant) as f32,
        )
    };
    let (a, b) = row(right[0], right[1]);
    let (d, e) = row(right[2], right[3]);
    let c = centre_to.x - (a * centre_from.x + b * centre_from.y);
    let f = centre_to.y - (d * centre_from.x + e * centre_from.y);
    Some(Affine {
        m: [a, b, c, d, e, f],
    })
}

/// The mean of some points; the origin for none.
pub fn centroid(points: &[Point]) -> Point {
    let count = points.len().max(1) as f32;
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), point| (x + point.x, y + point.y));
    Point::new(x / count, y / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square() -> Vec<Point> {
        vec![
            Point::new(0.0, 0.0),
            Point::new(4.0, 0.0),
            Point::new(4.0, 3.0),
            Point::new(1.0, 5.0),
        ]
    }

    fn near(a: Point, b: Point) {
        assert!(a.distance(b) < 1e-3, "{a:?} is not {b:?}");
    }

    #[test]
    fn a_similarity_is_recovered_from_its_points() {
        let truth = Affine::similarity(2.5, 0.7, Point::new(-30.0, 12.0));
        let to: Vec<_> = square()
            .into_iter()
            .map(|point| truth.apply(point))
            .collect();
        let found = fit_similarity(&square(), &to).unwrap();
        for (found, truth) in found.m.iter().zip(truth.m) {
            assert!((found - truth).abs() < 1e-4);
        }
        assert!((found.scale() - 2.5).abs() < 1e-4);
    }

    #[test]
    fn an_affine_map_is_recovered_and_a_line_is_refused() {
        let truth = Affine {
            m: [1.2, 0.4, 7.0, -0.3, 0.8, -9.0],
        };
        let to: Vec<_> = square()
            .into_iter()
            .map(|point| truth.apply(point))
            .collect();
        let found = fit_affine(&square(), &to).unwrap();
        near(
            found.apply(Point::new(10.0, 20.0)),
            truth.apply(Point::new(10.0, 20.0)),
        );
        let line: Vec<_> = (0..5_u8)
            .map(|i| Point::new(f32::from(i), f32::from(i)))
            .collect();
        assert!(fit_affine(&line, &line).is_none());
    }

    #[test]
    fn the_inverse_undoes() {
        let map = Affine::similarity(0.4, -1.1, Point::new(3.0, 8.0));
        let back = map.inverse().unwrap();
        near(
            back.apply(map.apply(Point::new(17.0, -4.0))),
            Point::new(17.0, -4.0),
        );
        assert!(
            Affine {
                m: [1.0, 2.0, 0.0, 2.0, 4.0, 0.0]
            }
            .inverse()
            .is_none()
        );
    }

    #[test]
    fn coinciding_points_give_no_similarity() {
        let same = [Point::new(2.0, 2.0); 3];
        assert!(fit_similarity(&same, &same).is_none());
        assert!(fit_similarity(&square(), &same).is_none());
    }
}
