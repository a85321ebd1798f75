//! The procedural capture subject: a seed and a scene in, a camera picture out.
//!
//! ```
//! use zhenren_simulator::render::{Scene, Subject, render};
//! let subject = Subject::from_seed(1);
//! let picture = render(&subject, &Scene { blink: 1.0, ..Scene::default() }, 120, 160);
//! assert_eq!(picture.rgb.len(), 120 * 160 * 3);
//! ```
//!
//! Plain geometry and paint, no learned model. It knows nothing of challenges or of the server.
//! `shape` says where the skin is, `skin` and `eyes` what colour it has, `light` what the camera
//! makes of it.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::indexing_slicing,
    clippy::many_single_char_names,
    clippy::suboptimal_flops,
    reason = "pixel arithmetic"
)]

mod eyes;
mod identity;
mod light;
mod mesh;
mod raster;
mod scene;
mod shape;
mod skin;
mod vector;

pub use identity::{HairStyle, Identity};
pub use scene::{Camera, Lighting, Picture, Pose, Scene};
pub use vector::{V3, v3};

use crate::seed::Seeded;
use eyes::Expression;
use light::Radiance;
use mesh::Grid;
use raster::{Depth, Lens, Seen};
use vector::{mix, smooth};

/// Width of the usual capture picture, in pixels.
pub const WIDTH: usize = 480;
/// Height of the usual capture picture, in pixels.
pub const HEIGHT: usize = 640;

/// From the camera to the middle of the head, in half head widths (about half a metre).
const DISTANCE: f32 = 6.6;
/// The joint the head turns about, below and behind the eyes.
const NECK: V3 = v3(0.0, -1.0, -0.35);

/// A capture subject: its shape and paint, made once, rendered many times.
#[derive(Clone)]
pub struct Subject {
    seed: u64,
    face: Identity,
    head: Grid,
    hair: Option<Grid>,
    body: Grid,
    texture: skin::Texture,
    room: Vec<f32>,
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject")
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Cells of the blurred room behind the subject, across and down.
const ROOM: (usize, usize) = (7, 9);

impl Subject {
    /// The subject with this seed; the same seed is the same person, always.
    pub fn from_seed(seed: u64) -> Self {
        Self::from_identity(seed, Identity::from_seed(seed))
    }

    /// A subject with a chosen look; the seed decides skin detail and background.
    pub fn from_identity(seed: u64, face: Identity) -> Self {
        let mut seeded = Seeded::new(seed, "room");
        let room = (0..ROOM.0 * ROOM.1)
            .map(|_| seeded.between(0.72, 1.12))
            .collect();
        Self {
            seed,
            head: mesh::head(&face),
            hair: mesh::falling_hair(&face),
            body: mesh::body(&face),
            texture: skin::Texture::paint(&face, seed),
            room,
            face,
        }
    }

    /// The seed this subject was made from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// What the subject looks like.
    pub const fn identity(&self) -> &Identity {
        &self.face
    }
}

/// Renders one moment. Deterministic; about 25 ms for 480 by 640 pixels on one core.
pub fn render(subject: &Subject, scene: &Scene, width: usize, height: usize) -> Picture {
    light::develop(radiance(subject, scene, width, height), &scene.camera)
}

/// The gain auto-exposure would choose for a scene, to hold it fixed over a clip.
pub fn exposure_for(subject: &Subject, scene: &Scene) -> f32 {
    light::auto_exposure(&radiance(subject, scene, WIDTH / 4, HEIGHT / 4))
}

/// A picture in the making, for what is not a head: linear light per pixel.
pub struct Canvas {
    radiance: Radiance,
}

impl Canvas {
    /// Only the room of a subject, nobody in it.
    pub fn room(subject: &Subject, scene: &Scene, width: usize, height: usize) -> Self {
        let mut radiance = Radiance {
            width,
            height,
            light: Vec::new(),
        };
        backdrop(subject, scene, &mut radiance);
        Self { radiance }
    }

    /// A subject in their room, to be covered in part.
    pub fn of(subject: &Subject, scene: &Scene, width: usize, height: usize) -> Self {
        Self {
            radiance: radiance(subject, scene, width, height),
        }
    }

    /// Sets the light of one pixel; outside the picture nothing happens.
    pub fn put(&mut self, x: usize, y: usize, light: V3) {
        let width = self.radiance.width;
        if x < width {
            put(&mut self.radiance, y * width + x, light);
        }
    }

    /// The gain auto-exposure would choose.
    pub fn gain(&self) -> f32 {
        light::auto_exposure(&self.radiance)
    }

    /// What the camera makes of it.
    pub fn develop(self, camera: &Camera) -> Picture {
        light::develop(self.radiance, camera)
    }
}

impl Lighting {
    /// Light from a matt surface at a point towards a camera `camera_z` before the origin, in
    /// half head widths.
    pub fn reflect(&self, albedo: V3, normal: V3, at: V3, camera_z: f32) -> V3 {
        let lit = light::screen_share(at, normal, camera_z);
        light::reflect(self, albedo, 0.0, normal, lit)
    }
}

fn radiance(subject: &Subject, scene: &Scene, width: usize, height: usize) -> Radiance {
    let mut picture = Radiance {
        width,
        height,
        light: Vec::new(),
    };
    backdrop(subject, scene, &mut picture);
    let mut depth = Depth::new(width, height);
    let lens = lens(scene, width, height);
    draw_head(subject, scene, &lens, &mut depth, &mut picture);
    draw_hair(subject, scene, &lens, &mut depth, &mut picture);
    draw_body(subject, scene, &lens, &mut depth, &mut picture);
    picture
}

fn lens(scene: &Scene, width: usize, height: usize) -> Lens {
    let unit = width as f32;
    Lens {
        focal: unit * 0.225 * DISTANCE * scene.pose.scale,
        distance: DISTANCE * scene.pose.distance.max(0.3),
        centre: (
            unit * (0.5 + scene.pose.shift_x),
            height as f32 * 0.44 + unit * scene.pose.shift_y,
        ),
    }
}

fn draw_head(
    subject: &Subject,
    scene: &Scene,
    lens: &Lens,
    depth: &mut Depth,
    picture: &mut Radiance,
) {
    let face = &subject.face;
    let look = Expression {
        blink: scene.blink.clamp(0.0, 1.0),
        mouth: scene.mouth.clamp(0.0, 1.0),
        gaze: (scene.gaze.0 * 0.1, scene.gaze.1 * 0.05),
    };
    let turn = Turn::new(&scene.pose);
    let world: Vec<V3> = subject
        .head
        .vertices
        .iter()
        .map(|v| turn.apply(v.at + v.open * look.mouth))
        .collect();
    let placed = raster::place(&subject.head, &world, lens);
    raster::fill(&subject.head, &placed, depth, false, |index, seen| {
        let skin = subject.texture.at(seen.s, seen.t);
        let (albedo, gloss) = match eyes::paint_mouth(face, &look, seen.s, seen.t) {
            Some(inside) => (inside, 0.2),
            None => eyes::paint_eye(face, &look, seen.s, seen.t, skin),
        };
        put(
            picture,
            index,
            light::reflect(&scene.light, albedo, gloss, seen.normal, seen.lit),
        );
    });
}

fn draw_hair(
    subject: &Subject,
    scene: &Scene,
    lens: &Lens,
    depth: &mut Depth,
    picture: &mut Radiance,
) {
    let Some(grid) = &subject.hair else { return };
    let turn = Turn::new(&scene.pose);
    let world: Vec<V3> = grid.vertices.iter().map(|v| turn.apply(v.at)).collect();
    let placed = raster::place(grid, &world, lens);
    raster::fill(grid, &placed, depth, true, |index, seen| {
        let strand = 0.8 + 0.2 * (seen.s * 95.0 + (seen.t * 4.0).sin() * 2.0).sin();
        let normal = if seen.normal.z < 0.0 {
            seen.normal * -1.0
        } else {
            seen.normal
        };
        let inside = if seen.normal.z < 0.0 { 0.5 } else { 1.0 };
        let cover = subject.face.covering.unwrap_or(subject.face.hair);
        let albedo = cover * (strand * inside);
        put(
            picture,
            index,
            light::reflect(&scene.light, albedo, 0.2, normal, seen.lit),
        );
    });
}

fn draw_body(
    subject: &Subject,
    scene: &Scene,
    lens: &Lens,
    depth: &mut Depth,
    picture: &mut Radiance,
) {
    let world: Vec<V3> = subject.body.vertices.iter().map(|v| v.at).collect();
    let placed = raster::place(&subject.body, &world, lens);
    raster::fill(&subject.body, &placed, depth, false, |index, seen| {
        let (albedo, gloss) = body_paint(&subject.face, seen);
        put(
            picture,
            index,
            light::reflect(&scene.light, albedo, gloss, seen.normal, seen.lit),
        );
    });
}

fn body_paint(face: &Identity, seen: &Seen) -> (V3, f32) {
    // The collar dips in front.
    let collar = -2.02 - 0.28 * smooth(0.9, 0.0, seen.s.abs());
    let cloth = smooth(collar + 0.02, collar - 0.02, seen.t);
    let seam = 1.0 - 0.35 * smooth(0.05, 0.0, (seen.t - collar + 0.06).abs()) * cloth;
    let shade = mix(0.55, 1.0, smooth(-1.35, -1.95, seen.t));
    let skin = face.skin * shade;
    (skin.mix(face.cloth * seam, cloth), mix(0.25, 0.02, cloth))
}

fn backdrop(subject: &Subject, scene: &Scene, picture: &mut Radiance) {
    let (top, bottom) = subject.face.wall;
    let brightness = scene.light.ambient + 0.45 * scene.light.key;
    let [red, green, blue] = scene.light.screen;
    // Limit: the wall is about three times as far from the screen as the face: a ninth of it.
    let light = v3(
        brightness + red * 0.1,
        brightness + green * 0.1,
        brightness * 0.97 + blue * 0.1,
    );
    picture.light.reserve(picture.width * picture.height);
    if let Some([red, green, blue]) = scene.studio {
        picture.light.resize(
            picture.width * picture.height,
            v3(red, green, blue).times(light),
        );
        return;
    }
    for y in 0..picture.height {
        let down = y as f32 / picture.height as f32;
        let wall = top.mix(bottom, down).times(light);
        for x in 0..picture.width {
            let across = x as f32 / picture.width as f32;
            picture
                .light
                .push(wall * room_at(&subject.room, across, down));
        }
    }
}

fn room_at(room: &[f32], across: f32, down: f32) -> f32 {
    let x = across * (ROOM.0 as f32 - 1.01);
    let y = down * (ROOM.1 as f32 - 1.01);
    let (column, row) = (x as usize, y as usize);
    let (kx, ky) = (
        smooth(0.0, 1.0, x - column as f32),
        smooth(0.0, 1.0, y - row as f32),
    );
    let pick = |dx: usize, dy: usize| {
        room.get((row + dy) * ROOM.0 + column + dx)
            .copied()
            .unwrap_or(1.0)
    };
    mix(
        mix(pick(0, 0), pick(1, 0), kx),
        mix(pick(0, 1), pick(1, 1), kx),
        ky,
    )
}

fn put(picture: &mut Radiance, index: usize, light: V3) {
    if let Some(pixel) = picture.light.get_mut(index) {
        *pixel = light;
    }
}

/// The head's rotation about the neck joint.
struct Turn {
    rows: [V3; 3],
}

impl Turn {
    fn new(pose: &Pose) -> Self {
        let (sy, cy) = pose.yaw_deg.to_radians().sin_cos();
        let (sp, cp) = (-pose.pitch_deg).to_radians().sin_cos();
        let (sr, cr) = pose.roll_deg.to_radians().sin_cos();
        // Yaw about the body's axis first, then pitch and roll of the turned head:
        // roll * yaw * pitch, positive pitch lowers the chin.
        let yaw_pitch = [
            v3(cy, -sy * sp, sy * cp),
            v3(0.0, cp, sp),
            v3(-sy, -cy * sp, cy * cp),
        ];
        let [x, y, z] = yaw_pitch;
        Self {
            rows: [x * cr + y * sr, y * cr - x * sr, z],
        }
    }

    fn apply(&self, point: V3) -> V3 {
        let p = point - NECK;
        let [x, y, z] = self.rows;
        v3(x.dot(p), y.dot(p), z.dot(p)) + NECK
    }
}

#[cfg(test)]
mod tests;
