//! How usable a picture of a face is: sharpness, exposure, size, direction, covered parts.
//!
//! Numbers only; how much of each is enough is policy.

use crate::image::Image;
use crate::mesh::Mesh;
use crate::pose::{Pose, pose};

/// Luma at or beyond which a pixel is clipped.
const BLACK: f32 = 8.0;
const WHITE: f32 = 247.0;

/// The part of the chip that is surely face: columns and rows, from and to, as shares.
const FACE_PART: (f32, f32) = (0.2, 0.8);

/// Quality of one picture of a face.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Distance of the eye centres in picture pixels.
    pub inter_eye_px: f64,
    /// Variance of the Laplacian of luma on the aligned chip; below about 10 is blurred.
    pub sharpness: f64,
    /// Mean luma, 0..=255.
    pub brightness: f64,
    /// Share of pixels that are clipped to black or white, 0..=1.
    pub clipped_share: f64,
    /// Where the head is turned, degrees.
    pub pose: Pose,
    /// How unlike an uncovered face it is, 0..=1.
    pub occlusion_hint: f64,
}

/// Measures a face: its chip, its mesh, and the picture both come from.
pub fn quality(image: &Image, mesh: &Mesh, chip: &Image) -> Quality {
    let texture = texture(chip);
    Quality {
        inter_eye_px: f64::from(mesh.inter_eye()),
        sharpness: texture.sharpness,
        brightness: texture.brightness,
        clipped_share: texture.clipped_share,
        pose: pose(mesh),
        occlusion_hint: crate::occlusion::hint(image, mesh),
    }
}

/// What the chip alone tells.
pub(crate) struct Texture {
    pub(crate) sharpness: f64,
    pub(crate) brightness: f64,
    pub(crate) clipped_share: f64,
}

pub(crate) fn texture(chip: &Image) -> Texture {
    let luma: Vec<f32> = chip.rgb.chunks_exact(3).map(luma).collect();
    let from = |side: usize| ((side as f32 * FACE_PART.0) as usize).max(1);
    let to = |side: usize| ((side as f32 * FACE_PART.1) as usize).min(side.saturating_sub(1));
    let (mut count, mut sum, mut clipped) = (0_u32, 0.0_f64, 0_u32);
    let (mut edge_sum, mut edge_squares) = (0.0_f64, 0.0_f64);
    for row in from(chip.height)..to(chip.height) {
        for column in from(chip.width)..to(chip.width) {
            let at = row * chip.width + column;
            let value = luma[at];
            let around =
                luma[at - 1] + luma[at + 1] + luma[at - chip.width] + luma[at + chip.width];
            let edge = f64::from(around - 4.0 * value);
            count += 1;
            sum += f64::from(value);
            clipped += u32::from(value <= BLACK || value >= WHITE);
            edge_sum += edge;
            edge_squares += edge * edge;
        }
    }
    let count = f64::from(count.max(1));
    Texture {
        sharpness: (edge_squares / count - (edge_sum / count).powi(2)).max(0.0),
        brightness: sum / count,
        clipped_share: f64::from(clipped) / count,
    }
}

/// Brightness of a pixel as people see it, 0..=255 (BT.601).
pub(crate) fn luma(pixel: &[u8]) -> f32 {
    0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chip(value: impl Fn(usize, usize) -> u8) -> Image {
        let rgb = (0..150)
            .flat_map(|y| (0..150).map(move |x| (x, y)))
            .flat_map(|(x, y)| [value(x, y); 3])
            .collect();
        Image {
            width: 150,
            height: 150,
            rgb,
        }
    }

    #[test]
    fn a_checkerboard_is_sharper_than_a_ramp() {
        let sharp = texture(&chip(
            |x, y| if (x / 3 + y / 3) % 2 == 0 { 90 } else { 160 },
        ));
        let soft = texture(&chip(|x, _| x as u8));
        assert!(sharp.sharpness > 500.0, "{}", sharp.sharpness);
        assert!(soft.sharpness < 1.0, "{}", soft.sharpness);
    }

    #[test]
    fn clipping_and_brightness() {
        let white = texture(&chip(|_, _| 255));
        assert!((white.clipped_share - 1.0).abs() < 1e-9 && white.brightness > 254.0);
        let half = texture(&chip(|x, _| if x < 75 { 0 } else { 128 }));
        assert!(
            (half.clipped_share - 0.5).abs() < 0.02,
            "{}",
            half.clipped_share
        );
        assert!((half.brightness - 64.0).abs() < 2.0);
    }
}
