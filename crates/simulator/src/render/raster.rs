//! A small depth-buffered triangle filler: grids of vertices in, surface points per pixel out.

use super::light::screen_share;
use super::mesh::Grid;
use super::vector::{V3, v3};

/// A vertex placed before the camera.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Placed {
    /// Pixel position, and depth (larger is nearer) as `1 / distance`.
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) near: f32,
    /// Surface normal in the world.
    pub(super) normal: V3,
    /// Share of the screen's light that falls here.
    pub(super) lit: f32,
    /// Surface coordinates.
    pub(super) s: f32,
    pub(super) t: f32,
}

/// A surface point that a pixel sees.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) normal: V3,
    pub(super) lit: f32,
    pub(super) s: f32,
    pub(super) t: f32,
}

/// The camera: a pinhole before the subject's head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lens {
    /// Pixels for one half head width at distance one.
    pub(super) focal: f32,
    /// From the camera to the origin, in half head widths.
    pub(super) distance: f32,
    /// Where the origin appears.
    pub(super) centre: (f32, f32),
}

impl Lens {
    fn place(&self, at: V3) -> (f32, f32, f32) {
        let near = 1.0 / (self.distance - at.z).max(0.2);
        (
            self.centre.0 + self.focal * at.x * near,
            self.centre.1 - self.focal * at.y * near,
            near,
        )
    }
}

/// Positions of a grid's vertices (already in the world) with smooth normals, in pixels.
pub(super) fn place(grid: &Grid, world: &[V3], lens: &Lens) -> Vec<Placed> {
    let columns = grid.columns;
    let at = |row: usize, column: usize| {
        world
            .get(row * columns + column)
            .copied()
            .unwrap_or_default()
    };
    let mut placed = Vec::with_capacity(world.len());
    for row in 0..grid.rows {
        let (below, above) = (row.saturating_sub(1), (row + 1).min(grid.rows - 1));
        for column in 0..columns {
            let (left, right) = (column.saturating_sub(1), (column + 1).min(columns - 1));
            let along = at(row, right) - at(row, left);
            let up = at(above, column) - at(below, column);
            let normal = along.cross(up).unit();
            let (x, y, near) = lens.place(at(row, column));
            let (s, t) = grid
                .vertices
                .get(row * columns + column)
                .map_or((0.0, 0.0), |v| (v.s, v.t));
            placed.push(Placed {
                x,
                y,
                near,
                normal,
                lit: screen_share(at(row, column), normal, lens.distance),
                s,
                t,
            });
        }
    }
    placed
}

/// Calls `shade(pixel index, surface point)` for every pixel a grid covers and is nearest in.
pub(super) fn fill(
    grid: &Grid,
    placed: &[Placed],
    depth: &mut Depth,
    two_sided: bool,
    mut shade: impl FnMut(usize, &Seen),
) {
    for row in 0..grid.rows.saturating_sub(1) {
        for column in 0..grid.columns.saturating_sub(1) {
            let at = row * grid.columns + column;
            let corner = |offset: usize| placed.get(at + offset).copied().unwrap_or_default();
            let (a, b) = (corner(0), corner(1));
            let (c, d) = (corner(grid.columns), corner(grid.columns + 1));
            triangle(depth, two_sided, [a, b, d], &mut shade);
            triangle(depth, two_sided, [a, d, c], &mut shade);
        }
    }
}

/// What is nearest so far.
pub(super) struct Depth {
    pub(super) width: usize,
    pub(super) height: usize,
    near: Vec<f32>,
}

impl Depth {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            near: vec![0.0; width * height],
        }
    }
}

fn triangle(
    depth: &mut Depth,
    two_sided: bool,
    corners: [Placed; 3],
    shade: &mut impl FnMut(usize, &Seen),
) {
    let [a, mut b, mut c] = corners;
    let mut area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    // The picture's y runs down, so faces towards the camera have negative area.
    if area > 0.0 {
        if !two_sided {
            return;
        }
        std::mem::swap(&mut b, &mut c);
        area = -area;
    }
    if area > -1e-6 {
        return;
    }
    let low_x = a.x.min(b.x).min(c.x).ceil().max(0.0);
    let high_x = a.x.max(b.x).max(c.x).floor().min(depth.width as f32 - 1.0);
    let low_y = a.y.min(b.y).min(c.y).ceil().max(0.0);
    let high_y = a.y.max(b.y).max(c.y).floor().min(depth.height as f32 - 1.0);
    let mut y = low_y;
    while y <= high_y {
        let mut x = low_x;
        while x <= high_x {
            let wb = ((x - a.x) * (c.y - a.y) - (y - a.y) * (c.x - a.x)) / area;
            let wc = ((b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x)) / area;
            let wa = 1.0 - wb - wc;
            if wa >= -1e-4 && wb >= -1e-4 && wc >= -1e-4 {
                let near = wa * a.near + wb * b.near + wc * c.near;
                let index = y as usize * depth.width + x as usize;
                if let Some(nearest) = depth.near.get_mut(index)
                    && near > *nearest
                {
                    *nearest = near;
                    shade(index, &blend([&a, &b, &c], [wa, wb, wc]));
                }
            }
            x += 1.0;
        }
        y += 1.0;
    }
}

fn blend([a, b, c]: [&Placed; 3], [wa, wb, wc]: [f32; 3]) -> Seen {
    let normal = v3(
        wa * a.normal.x + wb * b.normal.x + wc * c.normal.x,
        wa * a.normal.y + wb * b.normal.y + wc * c.normal.y,
        wa * a.normal.z + wb * b.normal.z + wc * c.normal.z,
    );
    Seen {
        normal: normal.unit(),
        lit: wa * a.lit + wb * b.lit + wc * c.lit,
        s: wa * a.s + wb * b.s + wc * c.s,
        t: wa * a.t + wb * b.t + wc * c.t,
    }
}
