//! A recording shown to the camera on another device's screen: it shines by itself, hardly
//! answers the light that falls on it, and its pixel grid beats with the camera's.
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "pixel arithmetic"
)]

use crate::render::{Canvas, Picture, Scene, Subject, V3, v3};
use crate::seed::Seeded;

/// Share of the light that glass mirrors back.
const GLASS: f32 = 0.045;

/// The screen that replays, and how it is held.
#[derive(Clone, Debug)]
pub struct Replay {
    room: Subject,
    /// Light of its white, in units of the scene's.
    white: f32,
    /// Camera pixels from one screen pixel to the next.
    pitch: f32,
    /// How dark the gaps between its pixels are after the lens, 0 to 1.
    gap: f32,
    tilt_rad: f32,
    /// Size against the picture; below one its frame and the room around it are seen.
    size: f32,
}

impl Replay {
    /// A screen in an attacker's hand; the seed decides which and how it is held.
    pub fn new(seed: u64) -> Self {
        let mut seeded = Seeded::new(seed, "replay screen");
        Self {
            room: Subject::from_seed(seed ^ 0x00a7_7ac4),
            white: seeded.between(0.9, 1.8),
            pitch: seeded.between(0.75, 1.9),
            gap: seeded.between(0.1, 0.35),
            tilt_rad: seeded.around(0.0, 0.02),
            size: if seeded.chance(0.5) {
                seeded.between(0.8, 0.92)
            } else {
                seeded.between(1.02, 1.15)
            },
        }
    }

    /// The camera's picture while `shown` is on the screen.
    pub fn render(&self, shown: &Picture, scene: &Scene) -> Picture {
        self.canvas(shown, scene).develop(&scene.camera)
    }

    /// The gain a camera settles on before it.
    pub fn exposure(&self, shown: &Picture, scene: &Scene) -> f32 {
        self.canvas(shown, scene).gain()
    }

    fn canvas(&self, shown: &Picture, scene: &Scene) -> Canvas {
        let (width, height) = (shown.width, shown.height);
        let mut canvas = Canvas::room(&self.room, scene, width, height);
        let (sin, cos) = self.tilt_rad.sin_cos();
        for y in 0..height {
            for x in 0..width {
                let across = x as f32 - width as f32 * (0.5 + scene.pose.shift_x * 0.5);
                let down = y as f32 - height as f32 * (0.5 + scene.pose.shift_y * 0.5);
                let at = (across * cos + down * sin, down * cos - across * sin);
                if let Some(light) = self.seen(shown, scene, at) {
                    canvas.put(x, y, light);
                }
            }
        }
        canvas
    }

    /// Light from a place of the device, in camera pixels from its middle; nothing beside it.
    fn seen(&self, shown: &Picture, scene: &Scene, (across, down): (f32, f32)) -> Option<V3> {
        let size = self.size * scene.pose.scale / scene.pose.distance;
        let u = across / (shown.width as f32 * size) + 0.5;
        let v = down / (shown.height as f32 * size) + 0.5;
        let (bezel_u, bezel_v) = ((u - 0.5).abs(), (v - 0.5).abs());
        if bezel_u > 0.54 || bezel_v > 0.53 {
            return None;
        }
        let [red, green, blue] = scene.light.screen;
        let room = scene.light.ambient + 0.3 * scene.light.key;
        let mirrored = v3(red + room, green + room, blue + room) * GLASS;
        if bezel_u > 0.5 || bezel_v > 0.5 {
            return Some(v3(0.01, 0.01, 0.01) * room + mirrored * 0.5);
        }
        let own = pixel(shown, u, v) * self.white + v3(1.0, 1.0, 1.0) * (0.004 * self.white);
        let wave = std::f32::consts::TAU / (self.pitch * size);
        // Stripes of the three colours lie side by side, rows one below the other.
        let row = 0.5 + 0.5 * (down * wave).cos();
        let stripe = |phase: f32| {
            let column = 0.5 + 0.5 * (across * wave + phase).cos();
            1.0 - self.gap * (column + row) * 0.5
        };
        Some(own.times(v3(stripe(0.0), stripe(2.094), stripe(4.189))) + mirrored)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place within the picture"
)]
fn pixel(picture: &Picture, u: f32, v: f32) -> V3 {
    let x = (u.clamp(0.0, 1.0) * (picture.width as f32 - 1.0)) as usize;
    let y = (v.clamp(0.0, 1.0) * (picture.height as f32 - 1.0)) as usize;
    let first = (y * picture.width + x) * 3;
    let channel = |i: usize| {
        let byte = picture.rgb.get(first + i).copied().unwrap_or(0);
        (f32::from(byte) / 255.0).powf(2.2)
    };
    v3(channel(0), channel(1), channel(2))
}
