//! Three numbers at a time: points, directions and linear colours.

use std::ops::{Add, AddAssign, Mul, Sub};

/// A point, a direction or a linear RGB colour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct V3 {
    /// To the picture's right, or red.
    pub x: f32,
    /// Up, or green.
    pub y: f32,
    /// Towards the camera, or blue.
    pub z: f32,
}

/// A [`V3`] from its components.
pub const fn v3(x: f32, y: f32, z: f32) -> V3 {
    V3 { x, y, z }
}

impl V3 {
    /// The dot product.
    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    /// The cross product.
    #[must_use]
    pub fn cross(self, other: Self) -> Self {
        v3(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    /// The same direction with length one; the zero vector stays as it is.
    #[must_use]
    pub fn unit(self) -> Self {
        let length = self.dot(self).sqrt();
        if length > 1e-9 {
            self * (1.0 / length)
        } else {
            self
        }
    }

    /// Component by component.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        v3(self.x * other.x, self.y * other.y, self.z * other.z)
    }

    /// From here to `other`, `t` from 0 to 1.
    #[must_use]
    pub fn mix(self, other: Self, t: f32) -> Self {
        self + (other - self) * t
    }
}

impl Add for V3 {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        v3(self.x + o.x, self.y + o.y, self.z + o.z)
    }
}
impl Sub for V3 {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        v3(self.x - o.x, self.y - o.y, self.z - o.z)
    }
}
impl Mul<f32> for V3 {
    type Output = Self;
    fn mul(self, k: f32) -> Self {
        v3(self.x * k, self.y * k, self.z * k)
    }
}
impl AddAssign for V3 {
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}

/// 0 below `from`, 1 above `to`, smooth between.
pub(super) fn smooth(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// A bump of height one at zero; `x` in standard deviations.
pub(super) fn bump(x: f32) -> f32 {
    (-0.5 * x * x).exp()
}

/// A two-dimensional bump at `(cx, cy)` with deviations `(sx, sy)`.
pub(super) fn spot(x: f32, y: f32, (cx, cy): (f32, f32), (sx, sy): (f32, f32)) -> f32 {
    let dx = (x - cx) / sx;
    let dy = (y - cy) / sy;
    let d = dx * dx + dy * dy;
    if d > 18.0 { 0.0 } else { (-0.5 * d).exp() }
}

/// Linear interpolation.
pub(super) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// sRGB byte values to linear light.
pub(super) fn srgb(r: f32, g: f32, b: f32) -> V3 {
    let linear = |c: f32| {
        let c = c / 255.0;
        if c <= 0.040_45 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    v3(linear(r), linear(g), linear(b))
}
