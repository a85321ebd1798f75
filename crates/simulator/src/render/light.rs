//! Light on surfaces, and what a cheap front camera makes of it.

use super::scene::{Camera, Lighting, Picture};
use super::vector::{V3, mix, v3};
use crate::seed::Seeded;

/// Mean brightness (linear) that auto-exposure aims at in the middle of the picture.
const EXPOSURE_TARGET: f32 = 0.19;

/// The middle of the screen below the camera, in half head widths: six centimetres.
const SCREEN_BELOW: f32 = 0.8;
/// From the screen to the skin at the usual distance, in half head widths.
const SCREEN_TO_FACE: f32 = 5.4;

/// Share of the screen's light that falls on a point before a camera at height `camera_z`.
pub(super) fn screen_share(at: V3, normal: V3, camera_z: f32) -> f32 {
    let to_screen = v3(0.0, -SCREEN_BELOW, camera_z) - at;
    let squared = to_screen.dot(to_screen).max(0.25);
    let cos = normal.dot(to_screen) / squared.sqrt();
    cos.max(0.0) * SCREEN_TO_FACE * SCREEN_TO_FACE / squared
}

/// Light leaving a surface towards the camera; `lit` is its [`screen_share`].
pub(super) fn reflect(light: &Lighting, albedo: V3, gloss: f32, normal: V3, lit: f32) -> V3 {
    let ambient = light.ambient * mix(0.55, 1.0, 0.5 + 0.5 * normal.y);
    let key_from = v3(light.key_from.0, light.key_from.1, light.key_from.2).unit();
    // Skin scatters: light wraps a little around the terminator.
    let wrap = |cos: f32| ((cos + 0.25) / 1.25).max(0.0);
    let key = light.key * wrap(normal.dot(key_from));
    let facing = normal.z.max(0.0);
    let [red, green, blue] = light.screen;
    let screen = v3(red, green, blue) * lit;
    let white = v3(
        ambient + key,
        (ambient + key) * 0.99,
        (ambient + key) * 0.96,
    );
    let half_way = (key_from + v3(0.0, 0.0, 1.0)).unit();
    let shine = normal.dot(half_way).max(0.0).powi(24) * gloss * light.key * 0.16;
    let screen_shine = facing.powi(60) * gloss * 0.08;
    albedo.times(white + screen) + v3(shine, shine, shine) + v3(red, green, blue) * screen_shine
}

/// The linear picture before the sensor.
pub(super) struct Radiance {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) light: Vec<V3>,
}

/// Lens blur, exposure, sensor noise and the usual transfer curve.
pub(super) fn develop(mut radiance: Radiance, camera: &Camera) -> Picture {
    blur(&mut radiance, camera.blur);
    let gain = camera.exposure.unwrap_or_else(|| auto_exposure(&radiance));
    let curve = transfer_curve();
    let mut noise = Noise::new(camera.noise_seed, camera.noise);
    let mut rgb = Vec::with_capacity(radiance.light.len() * 3);
    for light in &radiance.light {
        let [red, green, blue] = camera.balance;
        for channel in [light.x * red, light.y * green, light.z * blue] {
            let value = (channel * gain * 4095.0).clamp(0.0, 8190.0);
            let encoded = curve.get(value as usize).copied().unwrap_or(255.0);
            rgb.push((encoded + noise.next() + 0.5).clamp(0.0, 255.0) as u8);
        }
    }
    Picture {
        width: radiance.width,
        height: radiance.height,
        rgb,
    }
}

/// Gain that brings the middle of the picture to the usual brightness.
pub(super) fn auto_exposure(radiance: &Radiance) -> f32 {
    let (width, height) = (radiance.width, radiance.height);
    let mut sum = 0.0;
    let mut count = 0.0_f32;
    for y in (height / 5..height * 4 / 5).step_by(4) {
        for x in (width / 5..width * 4 / 5).step_by(4) {
            if let Some(light) = radiance.light.get(y * width + x) {
                sum += light.dot(v3(0.2126, 0.7152, 0.0722));
                count += 1.0;
            }
        }
    }
    (EXPOSURE_TARGET / (sum / count.max(1.0)).max(1e-4)).clamp(0.05, 20.0)
}

/// sRGB with a soft shoulder over the top fifth, so that highlights roll off as in phones.
fn transfer_curve() -> Vec<f32> {
    (0..8191_u16)
        .map(|index| {
            let x = f32::from(index) / 4095.0;
            let x = if x > 0.8 {
                0.8 + 0.2 * (1.0 - (-(x - 0.8) / 0.2).exp())
            } else {
                x
            };
            let y = if x <= 0.003_130_8 {
                12.92 * x
            } else {
                1.055 * x.powf(1.0 / 2.4) - 0.055
            };
            y * 255.0
        })
        .collect()
}

/// A separable three-tap blur; `amount` 0 none, 1 the full 1-2-1 kernel.
fn blur(radiance: &mut Radiance, amount: f32) {
    if amount <= 0.0 || radiance.light.is_empty() {
        return;
    }
    let side = 0.25 * amount.min(1.0);
    let middle = 1.0 - 2.0 * side;
    let (width, height) = (radiance.width, radiance.height);
    for row in radiance.light.chunks_exact_mut(width) {
        let mut before = row.first().copied().unwrap_or_default();
        for x in 0..width {
            let here = row[x];
            let after = row[(x + 1).min(width - 1)];
            row[x] = here * middle + (before + after) * side;
            before = here;
        }
    }
    let mut above: Vec<V3> = radiance.light[..width].to_vec();
    for y in 0..height {
        let below = (y + 1).min(height - 1) * width;
        for (x, before) in above.iter_mut().enumerate() {
            let here = radiance.light[y * width + x];
            let after = radiance.light[below + x];
            radiance.light[y * width + x] = here * middle + (*before + after) * side;
            *before = here;
        }
    }
}

/// Sensor noise in byte values, from a table that is walked from a random place each row.
struct Noise {
    table: Vec<f32>,
    at: usize,
    seeded: Seeded,
}

impl Noise {
    const SIZE: usize = 16_384;

    fn new(seed: u64, deviation: f32) -> Self {
        let mut fixed = Seeded::new(0, "noise table");
        let table = (0..Self::SIZE)
            .map(|_| fixed.around(0.0, deviation))
            .collect();
        Self {
            table,
            at: 0,
            seeded: Seeded::new(seed, "sensor"),
        }
    }

    fn next(&mut self) -> f32 {
        if self.at.is_multiple_of(997) {
            self.at = (self.seeded.next_u64() % Self::SIZE as u64) as usize;
        }
        self.at += 1;
        self.table.get(self.at % Self::SIZE).copied().unwrap_or(0.0)
    }
}
