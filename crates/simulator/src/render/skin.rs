//! The paint: albedo of the whole head as a texture over `(s, t)`, made once per subject.
//!
//! What moves (eyes, the inside of the mouth) is not here but in `eyes` and `mouth`.

use super::identity::Identity;
use super::shape::{T_MAX, T_MIN, hair_cover};
use super::vector::{V3, bump, mix, smooth, spot, v3};
use crate::seed::Seeded;

/// Texels around the head.
const ACROSS: usize = 1280;
/// Texels up the head.
const UP: usize = 768;

/// Albedo over the surface; the fourth number of a texel is its gloss.
#[derive(Clone)]
pub(super) struct Texture {
    texels: Vec<[u8; 4]>,
}

impl Texture {
    /// Paints a subject.
    pub(super) fn paint(face: &Identity, seed: u64) -> Self {
        let noise = Noise::new(seed);
        let mut texels = Vec::with_capacity(ACROSS * UP);
        for row in 0..UP {
            let t = mix(T_MIN, T_MAX, (row as f32 + 0.5) / UP as f32);
            for column in 0..ACROSS {
                let s = ((column as f32 + 0.5) / ACROSS as f32 - 0.5) * std::f32::consts::TAU;
                let (albedo, gloss) = albedo(face, &noise, s, t);
                texels.push([
                    encode(albedo.x),
                    encode(albedo.y),
                    encode(albedo.z),
                    encode(gloss),
                ]);
            }
        }
        Self { texels }
    }

    /// Linear albedo and gloss at a surface point, interpolated.
    pub(super) fn at(&self, s: f32, t: f32) -> (V3, f32) {
        let x = (s / std::f32::consts::TAU + 0.5) * ACROSS as f32 - 0.5;
        let y = (t - T_MIN) / (T_MAX - T_MIN) * UP as f32 - 0.5;
        let x = x.clamp(0.0, ACROSS as f32 - 1.001);
        let y = y.clamp(0.0, UP as f32 - 1.001);
        let (column, row) = (x as usize, y as usize);
        let (kx, ky) = (x - column as f32, y - row as f32);
        let base = row * ACROSS + column;
        let pick = |offset: usize| self.texels.get(base + offset).copied().unwrap_or_default();
        let (a, b, c, d) = (pick(0), pick(1), pick(ACROSS), pick(ACROSS + 1));
        let blend = |i: usize| {
            let top = f32::from(a[i]) + (f32::from(b[i]) - f32::from(a[i])) * kx;
            let bottom = f32::from(c[i]) + (f32::from(d[i]) - f32::from(c[i])) * kx;
            let v = (top + (bottom - top) * ky) / 255.0;
            v * v
        };
        (v3(blend(0), blend(1), blend(2)), blend(3))
    }
}

fn encode(linear: f32) -> u8 {
    (linear.clamp(0.0, 1.0).sqrt() * 255.0 + 0.5) as u8
}

/// Smooth random values over the surface.
struct Noise {
    lattice: Vec<f32>,
}

impl Noise {
    const SIZE: usize = 64;

    fn new(seed: u64) -> Self {
        let mut seeded = Seeded::new(seed, "skin noise");
        Self {
            lattice: (0..Self::SIZE * Self::SIZE)
                .map(|_| seeded.between(-1.0, 1.0))
                .collect(),
        }
    }

    /// Between -1 and 1, about one change per unit.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (fx, fy) = (x.floor(), y.floor());
        let (kx, ky) = (x - fx, y - fy);
        let (ix, iy) = (fx as i64, fy as i64);
        let pick = |dx: i64, dy: i64| {
            let column = (ix + dx).rem_euclid(Self::SIZE as i64) as usize;
            let row = (iy + dy).rem_euclid(Self::SIZE as i64) as usize;
            self.lattice
                .get(row * Self::SIZE + column)
                .copied()
                .unwrap_or(0.0)
        };
        let (kx, ky) = (kx * kx * (3.0 - 2.0 * kx), ky * ky * (3.0 - 2.0 * ky));
        mix(
            mix(pick(0, 0), pick(1, 0), kx),
            mix(pick(0, 1), pick(1, 1), kx),
            ky,
        )
    }
}

fn albedo(face: &Identity, noise: &Noise, s: f32, t: f32) -> (V3, f32) {
    let cover = hair_cover(face, s, t);
    let strand = strand(noise, s, t);
    // Cloth has no strands.
    let hair = face
        .covering
        .unwrap_or_else(|| face.hair * (0.75 + 0.5 * strand));
    if cover >= 1.0 {
        return (hair, 0.25);
    }
    let (skin, gloss) = face_paint(face, noise, s, t);
    let ragged = smooth(
        0.25,
        0.75,
        cover + 0.5 * (strand - 0.5) * bump((cover - 0.5) / 0.3),
    );
    (skin.mix(hair, ragged), mix(gloss, 0.25, ragged))
}

fn strand(noise: &Noise, s: f32, t: f32) -> f32 {
    0.5 + 0.3 * noise.at(s * 40.0 + t * 3.0, t * 2.0) + 0.2 * noise.at(s * 90.0, t * 3.0 + 9.0)
}

fn face_paint(face: &Identity, noise: &Noise, s: f32, t: f32) -> (V3, f32) {
    let side = s.abs();
    let mottle = 1.0 + 0.035 * noise.at(s * 7.0, t * 7.0) + 0.03 * noise.at(s * 45.0, t * 45.0);
    let mut colour = face.skin * mottle;
    let red = spot(side, t, (0.55, -0.42), (0.22, 0.2))
        + spot(s, t, (0.0, face.nose_base() + 0.1), (0.18, 0.12));
    colour = colour.times(v3(
        1.0,
        1.0 - 0.16 * face.flush * red,
        1.0 - 0.13 * face.flush * red,
    ));
    let fleck = smooth(0.45, 0.75, noise.at(s * 30.0 + 5.0, t * 30.0))
        * spot(side, t, (0.3, -0.25), (0.4, 0.25));
    colour = colour * (1.0 - 0.35 * face.freckles * fleck);
    colour = colour * cavities(face, side, t);
    colour = whiskers(face, noise, s, t, colour);
    colour = lips(face, noise, s, t, colour);
    colour = brows(face, noise, s, t, colour);
    colour = colour.mix(v3(0.012, 0.011, 0.011), glasses(face, side, t));
    let gloss = 0.35
        + 0.4 * spot(s, t, (0.0, face.nose_base() + 0.15), (0.15, 0.2))
        + 0.25 * spot(s, t, (0.0, 0.6), (0.5, 0.25));
    (colour, gloss)
}

/// Places the light does not reach: a factor from 0 to 1.
fn cavities(face: &Identity, side: f32, t: f32) -> f32 {
    let base = face.nose_base();
    let line = face.mouth_y();
    let mut shade = 1.0;
    shade -= 0.78
        * spot(
            side,
            t,
            (face.nose_wide * 0.48, base + 0.005),
            (0.055, 0.026),
        );
    shade -= 0.30 * spot(side, t, (face.nose_wide + 0.035, base + 0.07), (0.03, 0.06));
    shade -= 0.22 * spot(side, t, (0.0, base - 0.05), (0.16, 0.05));
    shade -= 0.22
        * spot(
            side,
            t,
            (face.eye_apart - face.eye_half - 0.06, 0.08),
            (0.05, 0.12),
        );
    shade -= (0.1 + 0.15 * face.age) * spot(side, t, (face.eye_apart - 0.03, -0.15), (0.18, 0.045));
    shade -= 0.14 * spot(side, t, (face.eye_apart, 0.14), (0.22, 0.05));
    shade -= 0.25 * spot(side, t, (0.0, line - face.lip_lower - 0.075), (0.2, 0.04));
    shade -= 0.18 * spot(side, t, (face.mouth_half + 0.03, line), (0.04, 0.04));
    shade -= 0.35 * smooth(face.chin_y() + 0.02, T_MIN + 0.05, t);
    shade -= 0.45 * spot(side, t, (1.6, -0.2), (0.045, 0.11));
    shade -= 0.3 * spot(side, t, (1.48, -0.2), (0.03, 0.25));
    let wrinkle = bump((t - 0.62) / 0.012) + bump((t - 0.74) / 0.012);
    shade -= 0.14 * smooth(0.55, 1.0, face.age) * wrinkle * smooth(0.6, 0.3, side);
    shade.max(0.06)
}

fn whiskers(face: &Identity, noise: &Noise, s: f32, t: f32, skin: V3) -> V3 {
    if face.beard <= 0.0 && face.moustache <= 0.0 {
        return skin;
    }
    let line = face.mouth_y();
    let base = face.nose_base();
    let side = s.abs();
    let upper_edge = mix(line - 0.12, -0.3, smooth(0.45, 1.2, side));
    let on_jaw = smooth(upper_edge + 0.08, upper_edge - 0.08, t) * smooth(1.5, 1.35, side);
    let chin_clear = spot(side, t, (0.0, line - 0.13), (0.22, 0.035));
    let on_lip = smooth(base - 0.02, base - 0.08, t)
        * smooth(line + 0.03, line + 0.08, t)
        * smooth(face.mouth_half + 0.12, face.mouth_half, side);
    let joint = smooth(face.mouth_half - 0.03, face.mouth_half + 0.06, side)
        * smooth(face.mouth_half + 0.22, face.mouth_half + 0.12, side)
        * smooth(base - 0.1, base - 0.2, t)
        * smooth(line - 0.4, line - 0.2, t);
    let density = (face.beard * on_jaw * (1.0 - 0.7 * chin_clear))
        .max(face.moustache * on_lip)
        .max(face.beard.min(face.moustache) * joint);
    let grain = 0.6 + 0.4 * noise.at(s * 75.0, t * 60.0);
    skin.mix(face.hair * 0.9, (density * grain * 1.1).clamp(0.0, 0.95))
}

fn lips(face: &Identity, noise: &Noise, s: f32, t: f32, skin: V3) -> V3 {
    let line = face.mouth_y();
    let across = s / face.mouth_half;
    let taper = (1.0 - across * across).max(0.0);
    let bow = 1.0 - 0.25 * bump(across / 0.14) + 0.12 * bump((across.abs() - 0.25) / 0.16);
    let top = face.lip_upper * taper.powf(0.7) * bow;
    let bottom = face.lip_lower * taper.powf(0.55);
    let above = t - line;
    let inside = if above >= 0.0 {
        smooth(top + 0.008, top - 0.014, above)
    } else {
        smooth(bottom + 0.012, bottom - 0.02, -above)
    };
    let inside = inside * smooth(1.0, 0.93, across.abs());
    let ridges = 1.0 + 0.06 * noise.at(s * 70.0, t * 6.0);
    let shade = if above >= 0.0 { 0.8 } else { 1.0 };
    let colour = skin.mix(face.lip * (ridges * shade), inside);
    let parting = smooth(1.06, 0.95, across.abs()) * bump(above / 0.014);
    colour * (1.0 - 0.72 * parting)
}

fn brows(face: &Identity, noise: &Noise, s: f32, t: f32, skin: V3) -> V3 {
    let inner = face.eye_apart - face.eye_half - 0.05;
    let outer = face.eye_apart + face.eye_half + 0.1;
    let along = (s.abs() - inner) / (outer - inner);
    if !(-0.15..=1.1).contains(&along) {
        return skin;
    }
    let centre = face.brow_height
        + face.brow_slant * along
        + face.brow_arch * (1.0 - ((along - 0.62) / 0.62).powi(2))
        - 0.05 * smooth(0.7, 1.05, along);
    let half = face.brow_thick * mix(1.1, 0.45, along.clamp(0.0, 1.0)) + 0.006;
    let body = smooth(half * 1.5, half * 0.5, (t - centre).abs())
        * smooth(-0.1, 0.12, along)
        * smooth(1.08, 0.85, along);
    let hairs = 0.72 + 0.28 * noise.at(s.abs() * 60.0 + t * 25.0, t * 18.0);
    skin.mix(
        face.hair * 0.8,
        (body * hairs * face.brow_dense).clamp(0.0, 0.97),
    )
}

/// Rims of glasses: a rounded frame around each eye, a bridge and the temples.
fn glasses(face: &Identity, side: f32, t: f32) -> f32 {
    if face.rims <= 0.0 {
        return 0.0;
    }
    let half = (face.eye_half + 0.1, face.eye_open + 0.13);
    let dx = ((side - face.eye_apart - 0.01) / half.0).abs();
    let dy = ((t + 0.03) / half.1).abs();
    // A superellipse; distances near its edge are close enough to lengths.
    let edge = ((dx.powi(4) + dy.powi(4)).powf(0.25) - 1.0) * half.1;
    let rim = smooth(face.rims + 0.006, face.rims - 0.004, edge.abs());
    let near_bridge = smooth(
        face.eye_apart - half.0 + 0.02,
        face.eye_apart - half.0 - 0.01,
        side,
    );
    let bridge = smooth(face.rims + 0.008, face.rims - 0.002, (t - 0.05).abs()) * near_bridge;
    let beyond = smooth(
        face.eye_apart + half.0 - 0.01,
        face.eye_apart + half.0 + 0.02,
        side,
    );
    let temple = smooth(face.rims + 0.008, face.rims - 0.002, (t - 0.08).abs())
        * beyond
        * smooth(1.6, 1.5, side);
    rim.max(bridge).max(temple)
}
