//! A pattern that no face has: the grid of a screen or of a print, as a peak in the spectrum.
//!
//! Squares of the face at the camera's own resolution, several frames, one averaged spectrum. A
//! grid is one narrow peak; hair and beard are broad. Compression works in blocks of eight
//! pixels: its harmonics are left out.

use zhenren_domain::measurements::Sample;

use crate::image::Image;
use crate::mesh::Mesh;
use crate::quality::luma;

/// Pixels on a side of the square; a power of two.
const SIDE: usize = 128;
const HALF: usize = SIDE / 2;

/// Squares of one clip, and the time between two.
const SQUARES_MAX: u32 = 8;
const EVERY_MS: f64 = 600.0;

/// Below this many periods across the square it is the face itself.
const PERIODS_MIN: i64 = 12;

/// Distance in which a peak's own foot lies, and out to which its surroundings reach.
const FOOT: i64 = 2;
const SURROUNDINGS: i64 = 6;

/// Blocks of eight pixels repeat this often across the square.
const BLOCK: i64 = SIDE as i64 / 8;

/// Collects spectra.
#[derive(Default)]
pub(crate) struct MoireWatch {
    power: Vec<f64>,
    count: u32,
    next_ms: f64,
    series: Vec<Sample>,
}

impl MoireWatch {
    /// Takes a frame when one is due and the face is large enough in it.
    pub(crate) fn offer(&mut self, at_ms: f64, image: &Image, mesh: &Mesh) {
        if at_ms < self.next_ms || self.count >= SQUARES_MAX {
            return;
        }
        let Some(square) = square(image, mesh) else {
            return;
        };
        self.next_ms = at_ms + EVERY_MS;
        let power = spectrum(&square);
        self.series.push(Sample {
            at_ms,
            value: peak(&power),
        });
        if self.power.is_empty() {
            self.power = power;
        } else {
            for (sum, value) in self.power.iter_mut().zip(power) {
                *sum += value;
            }
        }
        self.count += 1;
    }

    /// The strongest peak over its surroundings in decibels, all squares together, and each alone.
    pub(crate) fn finish(self) -> Option<(f64, Vec<Sample>)> {
        (self.count > 0).then(|| (peak(&self.power), self.series))
    }
}

/// Luma of the square about the nose; `None` where it does not fit the picture or the face.
fn square(image: &Image, mesh: &Mesh) -> Option<Vec<f32>> {
    let (centre, side) = mesh.extent();
    if side < SIDE as f32 * 0.9 {
        return None;
    }
    let start = |middle: f32, end: usize| {
        let last = end.checked_sub(SIDE)?;
        Some(((middle - HALF as f32).max(0.0) as usize).min(last))
    };
    let (left, top) = (
        start(centre.x, image.width)?,
        start(centre.y, image.height)?,
    );
    let rows = image.rgb.chunks_exact(image.width * 3).skip(top).take(SIDE);
    Some(
        rows.flat_map(|row| row[left * 3..(left + SIDE) * 3].chunks_exact(3).map(luma))
            .collect(),
    )
}

/// Power of each frequency, the windowed square's own mean taken out.
fn spectrum(square: &[f32]) -> Vec<f64> {
    let mean = square.iter().map(|value| f64::from(*value)).sum::<f64>() / square.len() as f64;
    let window: Vec<f64> = (0..SIDE)
        .map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * (i as f64 + 0.5) / SIDE as f64).cos())
        .collect();
    let turns = turns();
    let mut real: Vec<f64> = square
        .iter()
        .enumerate()
        .map(|(i, value)| (f64::from(*value) - mean) * window[i / SIDE] * window[i % SIDE])
        .collect();
    let mut imaginary = vec![0.0; real.len()];
    for (real, imaginary) in real
        .chunks_exact_mut(SIDE)
        .zip(imaginary.chunks_exact_mut(SIDE))
    {
        transform(real, imaginary, &turns);
    }
    let (mut column, mut column_imaginary) = (vec![0.0; SIDE], vec![0.0; SIDE]);
    let mut power = vec![0.0; SIDE * SIDE];
    for x in 0..SIDE {
        for y in 0..SIDE {
            column[y] = real[y * SIDE + x];
            column_imaginary[y] = imaginary[y * SIDE + x];
        }
        transform(&mut column, &mut column_imaginary, &turns);
        for y in 0..SIDE {
            power[y * SIDE + x] = column[y] * column[y] + column_imaginary[y] * column_imaginary[y];
        }
    }
    power
}

/// Cosine and sine of each step round the circle.
fn turns() -> Vec<(f64, f64)> {
    (0..HALF)
        .map(|i| {
            let (sin, cos) = (-std::f64::consts::TAU * i as f64 / SIDE as f64).sin_cos();
            (cos, sin)
        })
        .collect()
}

/// Fast Fourier transform in place (radix two).
fn transform(real: &mut [f64], imaginary: &mut [f64], turns: &[(f64, f64)]) {
    let bits = SIDE.trailing_zeros();
    for i in 0..SIDE {
        let other = i.reverse_bits() >> (usize::BITS - bits);
        if i < other {
            real.swap(i, other);
            imaginary.swap(i, other);
        }
    }
    let mut length = 2;
    while length <= SIDE {
        let half = length / 2;
        for start in (0..SIDE).step_by(length) {
            for i in 0..half {
                let (cos, sin) = turns[i * SIDE / length];
                let (a, b) = (start + i, start + i + half);
                let turned = real[b] * cos - imaginary[b] * sin;
                let turned_imaginary = real[b] * sin + imaginary[b] * cos;
                real[b] = real[a] - turned;
                imaginary[b] = imaginary[a] - turned_imaginary;
                real[a] += turned;
                imaginary[a] += turned_imaginary;
            }
        }
        length *= 2;
    }
}

/// The strongest peak over the mean of its surroundings, in decibels.
fn peak(power: &[f64]) -> f64 {
    let at = |u: i64, v: i64| -> f64 {
        let wrap = |value: i64| value.rem_euclid(SIDE as i64) as usize;
        power[wrap(v) * SIDE + wrap(u)]
    };
    let half = HALF as i64;
    let mut most = 0.0_f64;
    // One half of the plane is the mirror image of the other.
    for v in 0..=half {
        for u in -half..half {
            if u * u + v * v < PERIODS_MIN * PERIODS_MIN || is_block(u, v) {
                continue;
            }
            let here = at(u, v);
            // Cheap test first: a peak is higher than all its neighbours.
            if here <= at(u + 1, v)
                || here <= at(u - 1, v)
                || here <= at(u, v + 1)
                || here <= at(u, v - 1)
            {
                continue;
            }
            let around = surroundings(&at, u, v);
            if around > 0.0 {
                most = most.max(here / around);
            }
        }
    }
    10.0 * most.max(1.0).log10()
}

fn surroundings(at: &impl Fn(i64, i64) -> f64, u: i64, v: i64) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for down in -SURROUNDINGS..=SURROUNDINGS {
        for across in -SURROUNDINGS..=SURROUNDINGS {
            let is_foot = down.abs() <= FOOT && across.abs() <= FOOT;
            if !is_foot && !is_block(u + across, v + down) {
                sum += at(u + across, v + down);
                count += 1.0;
            }
        }
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

/// Whether a frequency belongs to the blocks of a video codec, or to the axes (lines of the
/// window and of the sensor).
fn is_block(u: i64, v: i64) -> bool {
    let near = |value: i64| {
        let rest = value.rem_euclid(BLOCK);
        rest <= 1 || rest >= BLOCK - 1
    };
    u.abs() <= 1 || v.abs() <= 1 || (near(u) && near(v))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn face(light: impl Fn(f32, f32) -> f32) -> Image {
        let (width, height) = (480, 640);
        let mut state = 5_u32;
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (state >> 28) as f32 - 8.0;
                let shade = 110.0 + 40.0 * (x as f32 / 60.0).sin() + 20.0 * (y as f32 / 40.0).cos();
                rgb.extend([(shade + light(x as f32, y as f32) + noise) as u8; 3]);
            }
        }
        Image { width, height, rgb }
    }

    fn measured(image: &Image) -> f64 {
        let mesh = synthetic::mesh(0.0, 0.0, 0.0);
        let mut watch = MoireWatch::default();
        for i in 0..6 {
            watch.offer(f64::from(i) * 700.0, image, &mesh);
        }
        let (value, series) = watch.finish().unwrap();
        assert_eq!(series.len(), 6);
        value
    }

    #[test]
    fn a_grid_stands_out_and_a_face_does_not() {
        let bare = measured(&face(|_, _| 0.0));
        assert!(bare < 14.0, "{bare}");
        let grid = measured(&face(|x, y| 3.0 * (x * 1.1).sin() * (y * 0.9 + 1.0).sin()));
        assert!(grid > 20.0, "{grid}");
    }

    #[test]
    fn blocks_of_a_codec_and_stripes_of_hair_are_no_grid() {
        let blocks = measured(&face(|x, y| {
            let block = (x as usize / 8) * 31 + (y as usize / 8) * 17;
            (block * block % 7) as f32 - 3.0
        }));
        assert!(blocks < 16.0, "{blocks}");
        // Strands of changing width.
        let hair = measured(&face(|x, y| {
            12.0 * (x * 0.9 + (y / 23.0).sin() * 9.0 + (x * 0.02).sin() * 25.0).sin()
        }));
        assert!(hair < 18.0, "{hair}");
    }

    #[test]
    fn a_small_face_is_not_measured() {
        let mut mesh = synthetic::mesh(0.0, 0.0, 0.0);
        for point in &mut mesh.points {
            point.x = 240.0 + (point.x - 240.0) * 0.3;
            point.y = 320.0 + (point.y - 320.0) * 0.3;
        }
        let mut watch = MoireWatch::default();
        watch.offer(0.0, &face(|_, _| 0.0), &mesh);
        assert!(watch.finish().is_none());
    }

    #[test]
    fn the_transform_finds_a_wave() {
        let square: Vec<f32> = (0..SIDE * SIDE)
            .map(|i| ((i % SIDE) as f32 * 20.0 / SIDE as f32 * std::f32::consts::TAU).cos())
            .collect();
        let power = spectrum(&square);
        let top = power
            .iter()
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(b.1))
            .unwrap()
            .0;
        assert!(top == 20 || top == SIDE - 20, "{top}");
    }
}
