//! Photographs of the enrolled person on paper, held by a hand that follows the prompts as far as
//! paper can: flat, bent around an upright cylinder, or with holes cut for living eyes.
//!
//! Paper reflects the screen's light like skin does, and knows nothing of challenges.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "pixel arithmetic"
)]

use crate::render::{Canvas, Picture, Pose, Scene, Subject, V3, render, v3};
use crate::seed::Seeded;

/// White border around the printed picture, in picture widths.
const BORDER: f32 = 0.06;
/// Paper reflects this share of the light; ink at its darkest this one.
const PAPER: (f32, f32) = (0.86, 0.03);
/// From the camera to the paper, in picture widths at scale one.
const DISTANCE: f32 = 2.2;
/// Half head widths in the width of the picture, where the paper is.
const HALF_HEADS: f32 = 3.0;

/// A printed photograph of a subject.
#[derive(Clone, Debug)]
pub struct Print {
    photo: Picture,
    room: Subject,
    form: Form,
    /// Half the distance of the eyes, and the mouth below them, in half photographs.
    eye_apart: f32,
    mouth_v: f32,
    seed: u64,
}

/// What was done to the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Flat,
    /// It is bent around an upright cylinder, as around a face.
    Bent,
    /// Holes show the eyes of whoever holds it before their face, some also the mouth.
    CutOut,
}

impl Print {
    /// Prints the subject's portrait on flat paper; the seed decides paper, room and the hand's
    /// shaking.
    pub fn of(subject: &Subject, seed: u64) -> Self {
        Self::formed(subject, Form::Flat, seed)
    }

    /// Prints the subject's portrait and does something to the paper.
    pub fn formed(subject: &Subject, form: Form, seed: u64) -> Self {
        let mut scene = Scene::default();
        scene.camera.noise = 1.0;
        let photo = render(subject, &scene, 600, 800);
        // The attacker's own room, not the enrolled person's.
        Self {
            photo,
            room: Subject::from_seed(seed ^ 0x00a7_7ac4),
            form,
            eye_apart: subject.identity().eye_apart,
            mouth_v: 0.42 * subject.identity().mouth_y(),
            seed,
        }
    }

    /// The camera's picture while the paper is held in `scene.pose`. Eyes and mouth of a print
    /// do not move; turns and nods of the paper are half of those of a head.
    pub fn render(&self, scene: &Scene, ms: f32, width: usize, height: usize) -> Picture {
        self.canvas(scene, ms, width, height).develop(&scene.camera)
    }

    /// The gain a camera settles on before it.
    pub fn exposure(&self, scene: &Scene) -> f32 {
        self.canvas(scene, 0.0, 120, 160).gain()
    }

    fn canvas(&self, scene: &Scene, ms: f32, width: usize, height: usize) -> Canvas {
        let mut canvas = if self.form == Form::CutOut {
            Canvas::of(&self.room, scene, width, height)
        } else {
            Canvas::room(&self.room, scene, width, height)
        };
        let sheet = self.sheet(&scene.pose, ms, width, height);
        for y in 0..height {
            for x in 0..width {
                if let Some(light) = self.seen(&sheet, scene, x as f32, y as f32) {
                    canvas.put(x, y, light);
                }
            }
        }
        canvas
    }

    fn sheet(&self, pose: &Pose, ms: f32, width: usize, height: usize) -> Sheet {
        let mut seeded = Seeded::new(self.seed, "hand");
        let mut tremble = |amplitude: f32| {
            let sum: f32 = [2.3, 5.1, 8.7]
                .iter()
                .map(|hertz| {
                    let phase = seeded.between(0.0, std::f32::consts::TAU);
                    (ms / 1_000.0 * std::f32::consts::TAU * hertz + phase).sin() / hertz.sqrt()
                })
                .sum();
            sum * amplitude
        };
        let yaw = (pose.yaw_deg * 0.8 + tremble(1.6)).to_radians();
        let pitch = (pose.pitch_deg * 0.8 + tremble(1.4)).to_radians();
        let roll = (pose.roll_deg + tremble(0.9)).to_radians();
        let unit = width as f32;
        let shift = v3(
            pose.shift_x + tremble(0.006),
            -(pose.shift_y + tremble(0.006)),
            0.0,
        );
        let (sy, cy) = yaw.sin_cos();
        let (sp, cp) = (-pitch).sin_cos();
        let (sr, cr) = roll.sin_cos();
        let right = v3(cy * cr, -sr, -sy * cr);
        let up = v3(cy * sr - sy * sp * cr, cp * cr, -sy * sr - cy * sp * cr);
        Sheet {
            right: right.unit(),
            up: up.unit(),
            normal: right.cross(up).unit(),
            at: shift,
            radius: self.radius(),
            half: (
                0.44 * pose.scale / pose.distance,
                0.44 * pose.scale / pose.distance * 4.0 / 3.0,
            ),
            centre: (unit * 0.5, height as f32 * 0.5),
            focal: unit * DISTANCE,
        }
    }

    /// The light that comes from the sheet to a pixel, if it is on the sheet.
    fn seen(&self, sheet: &Sheet, scene: &Scene, x: f32, y: f32) -> Option<V3> {
        let ray = v3(
            (x - sheet.centre.0) / sheet.focal,
            (sheet.centre.1 - y) / sheet.focal,
            -1.0,
        );
        let from = v3(0.0, 0.0, DISTANCE);
        let (along_x, along_y, normal) = sheet.meet(from, ray)?;
        let u = along_x / sheet.half.0;
        let v = along_y / sheet.half.1;
        if u.abs() > 1.0 + 2.0 * BORDER || v.abs() > 1.0 + 1.5 * BORDER {
            return None;
        }
        if self.form == Form::CutOut && self.is_hole(u, v) {
            return None;
        }
        let ink = if u.abs() <= 1.0 && v.abs() <= 1.0 {
            self.ink((u + 1.0) * 0.5, (1.0 - v) * 0.5)
        } else {
            v3(1.0, 1.0, 1.0)
        };
        let albedo = ink * (PAPER.0 - PAPER.1) + v3(PAPER.1, PAPER.1, PAPER.1);
        // Paper in picture widths, light in half head widths: at that distance a picture is three of them wide.
        let at = (sheet.at + sheet.right * along_x + sheet.up * along_y) * HALF_HEADS;
        let light = scene.light.reflect(
            albedo,
            normal,
            at,
            DISTANCE * HALF_HEADS * scene.pose.distance,
        );
        // Half-glossy paper mirrors the lamp as a soft band that wanders as the hand moves.
        let band = (u * 0.8 + v * 0.6 - 14.0 * normal.x - 0.9) / 0.35;
        let glare = 0.16 * scene.light.key * (-0.5 * band * band).exp();
        Some(light + v3(glare, glare, glare))
    }

    /// Radius of the cylinder in picture widths; nothing when the paper is flat.
    fn radius(&self) -> Option<f32> {
        let mut seeded = Seeded::new(self.seed, "bend");
        (self.form == Form::Bent).then(|| seeded.between(0.36, 0.6))
    }

    /// Whether scissors took this place of the photograph: around the eyes, which the portrait
    /// has at a known height, and with some prints around the mouth.
    fn is_hole(&self, u: f32, v: f32) -> bool {
        let inside = |x: f32, y: f32, half: (f32, f32)| {
            ((u - x) / half.0).powi(2) + ((v - y) / half.1).powi(2) < 1.0
        };
        let eye = 0.55 * self.eye_apart;
        let eyes = inside(eye, 0.12, (0.13, 0.055)) || inside(-eye, 0.12, (0.13, 0.055));
        let has_mouth = Seeded::new(self.seed, "scissors").chance(0.5);
        eyes || has_mouth && inside(0.0, 0.12 + self.mouth_v, (0.19, 0.08))
    }

    /// Linear colour of the photograph, `(0, 0)` its top left corner and `(1, 1)` the opposite.
    fn ink(&self, across: f32, down: f32) -> V3 {
        let x = (across * (self.photo.width as f32 - 1.01)).max(0.0);
        let y = (down * (self.photo.height as f32 - 1.01)).max(0.0);
        let (kx, ky) = (x.fract(), y.fract());
        let pick = |dx: usize, dy: usize| {
            let index = ((y as usize + dy) * self.photo.width + x as usize + dx) * 3;
            let channel = |i: usize| {
                let byte = self.photo.rgb.get(index + i).copied().unwrap_or(255);
                (f32::from(byte) / 255.0).powi(2)
            };
            v3(channel(0), channel(1), channel(2))
        };
        pick(0, 0)
            .mix(pick(1, 0), kx)
            .mix(pick(0, 1).mix(pick(1, 1), kx), ky)
    }
}

/// The paper in space, in picture widths; the camera looks along negative `z`.
struct Sheet {
    right: V3,
    up: V3,
    normal: V3,
    at: V3,
    radius: Option<f32>,
    half: (f32, f32),
    centre: (f32, f32),
    focal: f32,
}

impl Sheet {
    /// Where a ray meets the paper: along its width and height in picture widths, and the normal.
    fn meet(&self, from: V3, ray: V3) -> Option<(f32, f32, V3)> {
        let start = from - self.at;
        let Some(radius) = self.radius else {
            let along = -start.dot(self.normal) / ray.dot(self.normal);
            let on = start + ray * along;
            return Some((on.dot(self.right), on.dot(self.up), self.normal));
        };
        // In the paper's own directions; its middle touches the flat sheet, its sides fall back.
        let (x, z) = (start.dot(self.right), start.dot(self.normal) + radius);
        let (dx, dz) = (ray.dot(self.right), ray.dot(self.normal));
        let steep = dx * dx + dz * dz;
        let towards = x * dx + z * dz;
        let outside = x * x + z * z - radius * radius;
        let root = towards * towards - steep * outside;
        if root < 0.0 {
            return None;
        }
        let along = (-towards - root.sqrt()) / steep;
        let angle = (x + along * dx).atan2(z + along * dz);
        let normal = self.right * angle.sin() + self.normal * angle.cos();
        let on = start + ray * along;
        Some((angle * radius, on.dot(self.up), normal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(picture: &Picture, x: usize, y: usize) -> f32 {
        let at = (y * picture.width + x) * 3;
        picture.rgb[at..at + 3]
            .iter()
            .map(|byte| f32::from(*byte))
            .sum::<f32>()
            / 3.0
    }

    #[test]
    fn paper_has_a_white_border_and_no_life() {
        let print = Print::of(&Subject::from_seed(1), 5);
        let mut scene = Scene::default();
        scene.pose.scale = 0.75;
        scene.camera.noise = 0.0;
        let open = print.render(&scene, 0.0, 240, 320);
        let brightest = (0..240).map(|x| grey(&open, x, 160)).fold(0.0, f32::max);
        let middle = grey(&open, 120, 160);
        assert!(
            brightest > middle + 25.0,
            "border {brightest}, middle {middle}"
        );
        let shut = Scene {
            blink: 1.0,
            mouth: 0.7,
            ..scene
        };
        assert_eq!(open, print.render(&shut, 0.0, 240, 320));
    }

    #[test]
    fn the_hand_trembles_and_the_paper_turns() {
        let print = Print::of(&Subject::from_seed(1), 5);
        let mut scene = Scene::default();
        let rest = print.render(&scene, 0.0, 120, 160);
        assert_ne!(rest, print.render(&scene, 100.0, 120, 160));
        scene.pose.yaw_deg = 25.0;
        assert_ne!(rest, print.render(&scene, 0.0, 120, 160));
    }

    #[test]
    fn a_picture_without_size_has_no_pixels() {
        let print = Print::of(&Subject::from_seed(1), 5);
        assert!(print.render(&Scene::default(), 0.0, 0, 0).rgb.is_empty());
    }
}
