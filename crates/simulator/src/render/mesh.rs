//! Grids of points for the rasteriser: the head, the hair that falls, and the body below.

use super::identity::{HairStyle, Identity};
use super::shape::{LIP_LINE, T_MAX, T_MIN, mouth_shift, skin_point};
use super::vector::{V3, mix, smooth, v3};

/// One corner of the grid.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vertex {
    /// Where it is with a closed mouth.
    pub(super) at: V3,
    /// How far a fully opened mouth moves it.
    pub(super) open: V3,
    /// Surface coordinates: see `shape`.
    pub(super) s: f32,
    /// Surface coordinates: see `shape`.
    pub(super) t: f32,
}

/// Rows of vertices, all rows equally long.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) vertices: Vec<Vertex>,
}

impl Grid {
    fn build(across: &[f32], up: &[f32], mut make: impl FnMut(f32, f32) -> Vertex) -> Self {
        let vertices = up.iter().flat_map(|&t| across.iter().map(move |&s| (s, t)));
        let vertices = vertices.map(|(s, t)| make(s, t)).collect();
        Self {
            columns: across.len(),
            rows: up.len(),
            vertices,
        }
    }
}

/// The head.
pub(super) fn head(face: &Identity) -> Grid {
    let mut across = Vec::new();
    steps(&mut across, -std::f32::consts::PI, -1.8, 14);
    steps(&mut across, -1.8, -0.9, 26);
    steps(&mut across, -0.9, 0.9, 76);
    steps(&mut across, 0.9, 1.8, 26);
    steps(&mut across, 1.8, std::f32::consts::PI, 14);
    across.push(std::f32::consts::PI);
    let line = face.mouth_y();
    let mut up = Vec::new();
    steps(&mut up, T_MIN, line - 0.2, 20);
    steps(&mut up, line - 0.2, line - LIP_LINE, 10);
    steps(&mut up, line - LIP_LINE, line + LIP_LINE, 2);
    steps(&mut up, line + LIP_LINE, line + 0.18, 9);
    steps(&mut up, line + 0.18, 0.45, 52);
    steps(&mut up, 0.45, 1.3, 20);
    steps(&mut up, 1.3, T_MAX, 10);
    up.push(T_MAX);
    Grid::build(&across, &up, |s, t| {
        let curve = face.mouth_curve * (s / face.mouth_half).powi(2).min(1.5);
        let near_mouth = smooth(0.3, 0.0, (t - line).abs());
        let mut at = skin_point(face, s, t);
        at.y += curve * near_mouth;
        Vertex {
            at,
            open: mouth_shift(face, s, t),
            s,
            t,
        }
    })
}

/// Hair that hangs behind and beside the face; nothing unless it is worn long.
pub(super) fn falling_hair(face: &Identity) -> Option<Grid> {
    if face.style != HairStyle::Long {
        return None;
    }
    let mut across = Vec::new();
    steps(&mut across, 1.12, std::f32::consts::TAU - 1.12, 60);
    across.push(std::f32::consts::TAU - 1.12);
    let mut up = Vec::new();
    steps(&mut up, -2.35, 0.4, 26);
    up.push(0.4);
    Some(Grid::build(&across, &up, |s, t| {
        let wave = 0.04 * (s * 17.0 + t * 3.0).sin();
        let flare = mix(1.06, 1.16, smooth(0.3, -1.4, t)) + face.hair_thick * 0.6 + wave;
        let half = face.width * flare;
        let at = v3(half * s.sin(), t, 1.15 * flare * s.cos() - 0.1);
        Vertex {
            at,
            open: V3::default(),
            s,
            t,
        }
    }))
}

/// `(height, half width, half depth)` from the throat to below the picture.
const BODY: [(f32, f32, f32); 10] = [
    (-1.0, 0.60, 0.58),
    (-1.5, 0.60, 0.60),
    (-1.85, 0.62, 0.60),
    (-2.05, 0.72, 0.62),
    (-2.2, 1.05, 0.66),
    (-2.35, 1.55, 0.72),
    (-2.55, 2.05, 0.78),
    (-2.9, 2.35, 0.84),
    (-3.8, 2.45, 0.95),
    (-5.5, 2.4, 1.0),
];

/// Neck and shoulders.
pub(super) fn body(face: &Identity) -> Grid {
    let mut across = Vec::new();
    steps(&mut across, -1.9, 1.9, 48);
    across.push(1.9);
    let mut up = Vec::new();
    steps(&mut up, 0.0, 9.0, 45);
    up.push(9.0);
    Grid::build(&across, &up, |s, row| {
        let (y, half, depth) = body_section(9.0 - row);
        let neck = smooth(-2.2, -1.8, y);
        let wide = half * mix(1.0, mix(0.8, 1.05, face.jaw) * face.width, neck);
        let at = v3(wide * s.sin(), y, depth * s.cos() - 0.28);
        Vertex {
            at,
            open: V3::default(),
            s,
            t: y,
        }
    })
}

fn body_section(row: f32) -> (f32, f32, f32) {
    for (index, pair) in (0_u8..).zip(BODY.windows(2)) {
        if let [a, b] = pair
            && row <= f32::from(index) + 1.0
        {
            let k = (row - f32::from(index)).clamp(0.0, 1.0);
            return (mix(a.0, b.0, k), mix(a.1, b.1, k), mix(a.2, b.2, k));
        }
    }
    (-5.5, 2.4, 1.0)
}

fn steps(into: &mut Vec<f32>, from: f32, to: f32, count: u16) {
    for index in 0..count {
        into.push(mix(from, to, f32::from(index) / f32::from(count)));
    }
}
