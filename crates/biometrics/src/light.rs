//! How much light comes from where, frame by frame, while a challenge shines colours.
//!
//! Linear light at every point of the mesh and in a ring of background beside the head. It knows
//! nothing of what was shown; `flash` compares the two.

use crate::image::Image;
use crate::mesh::Mesh;
use crate::series::FRAMES_COUNT_MAX;

/// The ring of background: half widths of the head from its middle, and how many places.
const RING_FROM: f32 = 1.45;
const RING_STEPS: u8 = 4;
const RING_STEP: f32 = 0.12;
const RING_ANGLES: u8 = 9;

/// Fewer places than this inside the picture are no background.
const RING_PLACES_MIN: u32 = 12;

/// The screen is dark for at least this long before the first colour: the face's own colour.
const NEUTRAL_MS: f64 = 700.0;

/// A change of colour (logarithm of red and blue over green) that costs most of the trust.
const TINT: f64 = 0.06;

/// Linear red, green and blue, 0..=1.
pub(crate) type Rgb = [f32; 3];

/// The light of one frame.
#[derive(Clone, Debug)]
pub(crate) struct LightFrame {
    /// Milliseconds after the first frame.
    pub(crate) at_ms: f64,
    /// At each mesh point.
    pub(crate) face: Vec<Rgb>,
    /// Beside the head; `None` when that is outside the picture.
    pub(crate) ring: Option<Rgb>,
}

/// Collects the light of a clip.
pub(crate) struct LightWatch {
    to_linear: [f32; 256],
    frames: Vec<LightFrame>,
    neutral: Vec<[f64; 2]>,
    mesh: Option<Mesh>,
}

impl Default for LightWatch {
    fn default() -> Self {
        Self {
            to_linear: std::array::from_fn(|value| linear(value as f32 / 255.0)),
            frames: Vec::new(),
            neutral: Vec::new(),
            mesh: None,
        }
    }
}

impl LightWatch {
    /// Takes a frame and says how far the face has its own colour in it, 0..=1.
    pub(crate) fn push(&mut self, at_ms: f64, image: &Image, mesh: &Mesh) -> f64 {
        if self.frames.len() >= FRAMES_COUNT_MAX {
            return 0.0;
        }
        let face: Vec<Rgb> = mesh
            .points
            .iter()
            .map(|point| self.around(image, point.x, point.y))
            .collect();
        let colour = colour(&face);
        if at_ms <= NEUTRAL_MS {
            self.neutral.push(colour);
        }
        let trust = self.trust(colour);
        let ring = self.ring(image, mesh);
        self.frames.push(LightFrame { at_ms, face, ring });
        self.mesh.get_or_insert_with(|| mesh.clone());
        trust
    }

    /// The frames, and the first mesh for the shape of the face.
    pub(crate) fn finish(self) -> Option<(Vec<LightFrame>, Mesh)> {
        Some((self.frames, self.mesh?))
    }

    fn trust(&self, colour: [f64; 2]) -> f64 {
        let count = self.neutral.len() as f64;
        if count < 1.0 {
            return 1.0;
        }
        let away: f64 = (0..2)
            .map(|i| {
                let usual = self.neutral.iter().map(|own| own[i]).sum::<f64>() / count;
                ((colour[i] - usual) / TINT).powi(2)
            })
            .sum();
        (-away).exp()
    }

    /// Mean of nine pixels; those outside the picture are left out.
    fn around(&self, image: &Image, x: f32, y: f32) -> Rgb {
        let (left, top) = ((x.round() as i64) - 1, (y.round() as i64) - 1);
        let mut sum = [0.0_f32; 3];
        let mut count = 0.0_f32;
        for row in top..top + 3 {
            for column in left..left + 3 {
                let (Ok(row), Ok(column)) = (usize::try_from(row), usize::try_from(column)) else {
                    continue;
                };
                if row >= image.height || column >= image.width {
                    continue;
                }
                let start = (row * image.width + column) * 3;
                for (sum, value) in sum.iter_mut().zip(&image.rgb[start..start + 3]) {
                    *sum += self.to_linear[usize::from(*value)];
                }
                count += 1.0;
            }
        }
        sum.map(|sum| sum / count.max(1.0))
    }

    /// Mean light left, right and above the head.
    fn ring(&self, image: &Image, mesh: &Mesh) -> Option<Rgb> {
        let (centre, (width, _)) = mesh.upright_box();
        let half = width / 2.0;
        let mut sum = [0.0_f32; 3];
        let mut count = 0_u32;
        for angle in 0..RING_ANGLES {
            // From the picture's left over the top to its right.
            let radians = std::f32::consts::PI * (1.0 + f32::from(angle) / 8.0);
            for step in 0..RING_STEPS {
                let far = half * (RING_FROM + f32::from(step) * RING_STEP);
                let x = centre.x + far * radians.cos();
                let y = centre.y + far * radians.sin();
                if x < 1.0
                    || y < 1.0
                    || x > image.width as f32 - 2.0
                    || y > image.height as f32 - 2.0
                {
                    continue;
                }
                let here = self.around(image, x, y);
                for (sum, value) in sum.iter_mut().zip(here) {
                    *sum += value;
                }
                count += 1;
            }
        }
        (count >= RING_PLACES_MIN).then(|| sum.map(|sum| sum / count as f32))
    }
}

/// Red and blue over green, as logarithms, over the whole face.
fn colour(face: &[Rgb]) -> [f64; 2] {
    let sum = face.iter().fold([1e-4_f64; 3], |sum, light| {
        std::array::from_fn(|channel| sum[channel] + f64::from(light[channel]))
    });
    [(sum[0] / sum[1]).ln(), (sum[2] / sum[1]).ln()]
}

/// Linear light of an sRGB value 0..=1.
fn linear(value: f32) -> f32 {
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn plain(rgb: [u8; 3]) -> Image {
        Image {
            width: 480,
            height: 640,
            rgb: rgb.repeat(480 * 640),
        }
    }

    #[test]
    fn bytes_become_linear_light() {
        let mut watch = LightWatch::default();
        watch.push(0.0, &plain([255, 188, 0]), &synthetic::mesh(0.0, 0.0, 0.0));
        let (frames, _) = watch.finish().unwrap();
        let at = frames[0].face[4];
        assert!((at[0] - 1.0).abs() < 1e-3 && (at[1] - 0.5).abs() < 0.01 && at[2] == 0.0);
        let ring = frames[0].ring.unwrap();
        assert!((ring[1] - 0.5).abs() < 0.01);
    }

    #[test]
    fn a_coloured_frame_is_not_trusted_and_a_brighter_one_is() {
        let mesh = synthetic::mesh(0.0, 0.0, 0.0);
        let mut watch = LightWatch::default();
        assert!(watch.push(0.0, &plain([150, 120, 100]), &mesh) > 0.99);
        assert!(watch.push(900.0, &plain([170, 121, 100]), &mesh) < 0.1);
        assert!(watch.push(1_000.0, &plain([165, 132, 110]), &mesh) > 0.8);
    }

    #[test]
    fn a_face_at_the_edge_has_no_ring() {
        let mut watch = LightWatch::default();
        let mut mesh = synthetic::mesh(0.0, 0.0, 0.0);
        for point in &mut mesh.points {
            point.x = (point.x - 240.0) * 6.0 + 240.0;
        }
        watch.push(0.0, &plain([9; 3]), &mesh);
        assert!(watch.finish().unwrap().0[0].ring.is_none());
    }
}
