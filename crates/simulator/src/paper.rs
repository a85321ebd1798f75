//! Photographs as references: what an enrolment or an identity document would show.

use anyhow::Context as _;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder as _};

use crate::condition::Condition;
use crate::render::{
    Camera, Identity, Lighting, Picture, Pose, Scene, Subject, exposure_for, render,
};
use crate::seed::Seeded;

/// Size of a reference photograph in pixels.
const REFERENCE: (usize, usize) = (480, 640);
/// JPEG quality, 1 to 100.
const QUALITY: u8 = 92;

/// A portrait as for a passport: plain wall, even light, neutral face, another camera.
pub fn reference(subject: &Subject) -> Picture {
    let mut seeded = Seeded::new(subject.seed(), "photo studio");
    let pose = Pose {
        yaw_deg: seeded.around(0.0, 1.0),
        pitch_deg: seeded.around(0.0, 1.0),
        roll_deg: seeded.around(0.0, 0.6),
        scale: 1.02,
        ..Pose::default()
    };
    let light = Lighting {
        ambient: 0.8,
        key: 0.35,
        key_from: (0.1, 0.5, 1.0),
        screen: [0.0; 3],
    };
    let camera = Camera {
        noise: 1.0,
        noise_seed: subject.seed(),
        blur: 0.5,
        exposure: None,
        ..Camera::default()
    };
    let mut scene = Scene {
        pose,
        light,
        camera,
        studio: Some([0.62, 0.66, 0.7]),
        ..Scene::default()
    };
    // Studios expose for the face, not for the bright wall.
    scene.camera.exposure = Some(1.4 * exposure_for(subject, &scene));
    render(subject, &scene, REFERENCE.0, REFERENCE.1)
}

/// The reference of a seed under a condition that one is born with.
pub fn reference_under(seed: u64, condition: Condition) -> Picture {
    let mut face = Identity::from_seed(seed);
    condition.born(&mut face);
    reference(&Subject::from_identity(seed, face))
}

/// The reference of a seed as a JPEG file.
pub fn reference_jpeg(seed: u64) -> anyhow::Result<Vec<u8>> {
    jpeg(&reference(&Subject::from_seed(seed)))
}

/// A picture as a JPEG file.
pub fn jpeg(picture: &Picture) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let width = u32::try_from(picture.width).context("the picture is too wide")?;
    let height = u32::try_from(picture.height).context("the picture is too high")?;
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .write_image(&picture.rgb, width, height, ExtendedColorType::Rgb8)
        .context("encoding a JPEG")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_jpeg_of_its_size_and_the_same_each_time() {
        let bytes = reference_jpeg(5).expect("a photograph");
        let decoded = image::load_from_memory(&bytes).expect("a JPEG");
        assert_eq!((decoded.width(), decoded.height()), (480, 640));
        assert_eq!(bytes, reference_jpeg(5).expect("a photograph"));
        assert_ne!(bytes, reference_jpeg(6).expect("a photograph"));
    }
}
