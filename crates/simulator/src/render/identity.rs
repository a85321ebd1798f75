//! What makes one capture subject look different from another: proportions, relief and colours,
//! drawn from a seed. Lengths are in half head widths (about 7.5 cm); eyes are at height zero.

use super::vector::{V3, mix, srgb};
use crate::seed::Seeded;

/// The look of one capture subject.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Head width against the average.
    pub width: f32,
    /// Face length below the eyes against the average.
    pub length: f32,
    /// Jaw width, 0 narrow to 1 square.
    pub jaw: f32,
    /// Chin protrusion.
    pub chin: f32,
    /// Height of the cheekbones' relief.
    pub cheek: f32,
    /// Brow ridge relief.
    pub ridge: f32,
    /// Distance of each eye centre from the middle, along the skin.
    pub eye_apart: f32,
    /// Half length of the eye opening.
    pub eye_half: f32,
    /// Open height of the eye.
    pub eye_open: f32,
    /// How much the outer corner is above the inner one.
    pub eye_slant: f32,
    /// Strength of the lid crease, 0 (none) to 1.
    pub crease: f32,
    /// Iris colour.
    pub iris: V3,
    /// Height of the brows above the eyes.
    pub brow_height: f32,
    /// Half thickness of the brows.
    pub brow_thick: f32,
    /// Tilt of the brows, outer end up.
    pub brow_slant: f32,
    /// Arch of the brows.
    pub brow_arch: f32,
    /// Darkness of the brows, 0 to 1.
    pub brow_dense: f32,
    /// Nose length from the eyes to its base.
    pub nose_length: f32,
    /// Half width at the nostrils.
    pub nose_wide: f32,
    /// Protrusion of the tip.
    pub nose_out: f32,
    /// Height of the bridge.
    pub nose_bridge: f32,
    /// From the nose's base to the mouth line.
    pub lip_gap: f32,
    /// Half width of the mouth.
    pub mouth_half: f32,
    /// Thickness of the upper lip.
    pub lip_upper: f32,
    /// Thickness of the lower lip.
    pub lip_lower: f32,
    /// Corners up (positive) or down.
    pub mouth_curve: f32,
    /// Lip colour.
    pub lip: V3,
    /// Skin albedo.
    pub skin: V3,
    /// Redness of cheeks and nose, 0 to 1.
    pub flush: f32,
    /// Freckles and spots, 0 to 1.
    pub freckles: f32,
    /// Folds, 0 (young) to 1.
    pub age: f32,
    /// Hair colour.
    pub hair: V3,
    /// Where the forehead ends.
    pub hairline: f32,
    /// How far hair stands off the skull.
    pub hair_thick: f32,
    /// How the hair is worn.
    pub style: HairStyle,
    /// Beard density, 0 to 1.
    pub beard: f32,
    /// Moustache density, 0 to 1.
    pub moustache: f32,
    /// Shirt colour.
    pub cloth: V3,
    /// Colours of the wall behind, top and bottom.
    pub wall: (V3, V3),
}

/// How hair is worn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HairStyle {
    /// None but brows.
    Bald,
    /// Short at the sides.
    Short,
    /// A fringe over the forehead.
    Fringe,
    /// Falls to the shoulders.
    Long,
}

impl Identity {
    /// The look that belongs to a seed.
    pub fn from_seed(seed: u64) -> Self {
        let mut face = proportions(&mut Seeded::new(seed, "proportions"));
        colour(&mut face, &mut Seeded::new(seed, "colours"));
        groom(&mut face, &mut Seeded::new(seed, "grooming"));
        face
    }

    /// Height of the lower end of the nose.
    pub fn nose_base(&self) -> f32 {
        -self.nose_length
    }

    /// Height of the line between the lips.
    pub fn mouth_y(&self) -> f32 {
        self.nose_base() - self.lip_gap
    }

    /// Height of the chin's lowest point.
    pub fn chin_y(&self) -> f32 {
        -1.5 * self.length
    }
}

fn proportions(r: &mut Seeded) -> Identity {
    let length = r.between(0.9, 1.1);
    Identity {
        width: r.between(0.9, 1.08),
        length,
        jaw: r.unit(),
        chin: r.between(0.0, 0.12),
        cheek: r.between(0.0, 0.1),
        ridge: r.between(0.0, 0.09),
        eye_apart: r.between(0.39, 0.50),
        eye_half: r.between(0.185, 0.235),
        eye_open: r.between(0.135, 0.185),
        eye_slant: r.between(-0.02, 0.05),
        crease: r.unit(),
        iris: V3::default(),
        brow_height: r.between(0.24, 0.34),
        brow_thick: r.between(0.025, 0.06),
        brow_slant: r.between(-0.03, 0.07),
        brow_arch: r.between(0.0, 0.08),
        brow_dense: r.between(0.5, 1.0),
        nose_length: length * r.between(0.55, 0.70),
        nose_wide: r.between(0.19, 0.29),
        nose_out: r.between(0.24, 0.40),
        nose_bridge: r.between(0.06, 0.2),
        lip_gap: r.between(0.25, 0.34),
        mouth_half: r.between(0.30, 0.42),
        lip_upper: r.between(0.045, 0.09),
        lip_lower: r.between(0.06, 0.11),
        mouth_curve: r.between(-0.02, 0.035),
        lip: V3::default(),
        skin: V3::default(),
        flush: r.unit(),
        freckles: 0.0,
        age: r.unit(),
        hair: V3::default(),
        hairline: r.between(0.82, 1.1),
        hair_thick: r.between(0.06, 0.2),
        style: HairStyle::Short,
        beard: 0.0,
        moustache: 0.0,
        cloth: V3::default(),
        wall: (V3::default(), V3::default()),
    }
}

fn colour(face: &mut Identity, r: &mut Seeded) {
    let light = srgb(238.0, 200.0, 178.0);
    let tan = srgb(205.0, 152.0, 118.0);
    let dark = srgb(110.0, 70.0, 50.0);
    let tone = r.unit();
    face.skin = if tone < 0.6 { light.mix(tan, tone / 0.6) } else { tan.mix(dark, (tone - 0.6) / 0.4) };
    let rosy = srgb(190.0, 95.0, 95.0);
    let brown = srgb(140.0, 80.0, 70.0);
    face.lip = face.skin.mix(rosy.mix(brown, tone), r.between(0.45, 0.8));
    face.freckles = if r.chance(0.3) && tone < 0.5 { r.between(0.3, 1.0) } else { 0.0 };
    let irises = [srgb(70.0, 45.0, 25.0), srgb(40.0, 28.0, 20.0), srgb(95.0, 120.0, 140.0), srgb(95.0, 105.0, 65.0)];
    face.iris = if tone < 0.45 { r.pick(&irises, irises[0]) } else { irises[1] };
    let hairs = [
        srgb(22.0, 18.0, 16.0),
        srgb(58.0, 38.0, 26.0),
        srgb(110.0, 74.0, 44.0),
        srgb(170.0, 130.0, 80.0),
        srgb(130.0, 62.0, 36.0),
        srgb(150.0, 148.0, 145.0),
    ];
    face.hair = if tone < 0.45 { r.pick(&hairs, hairs[0]) } else { hairs[0] };
    face.cloth = srgb(r.between(20.0, 200.0), r.between(20.0, 200.0), r.between(20.0, 200.0));
    let top = r.between(90.0, 200.0);
    let tint = r.between(-14.0, 14.0);
    let bottom = mix(top, r.between(60.0, 200.0), 0.6);
    face.wall = (srgb(top + tint, top, top - tint), srgb(bottom + tint, bottom, bottom - tint));
}

fn groom(face: &mut Identity, r: &mut Seeded) {
    let styles = [HairStyle::Bald, HairStyle::Short, HairStyle::Short, HairStyle::Fringe, HairStyle::Long];
    face.style = r.pick(&styles, HairStyle::Short);
    let may_be_bearded = matches!(face.style, HairStyle::Bald | HairStyle::Short);
    if may_be_bearded && r.chance(0.45) {
        face.beard = r.between(0.3, 1.0);
    }
    if may_be_bearded && r.chance(0.5) {
        face.moustache = r.between(0.3, 1.0);
    }
}
