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
    /// Half thickness of the rims of glasses; 0 means none are worn.
    pub rims: f32,
    /// Colour of a cloth over the hair, when one is worn.
    pub covering: Option<V3>,
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
        let mut seeded = Seeded::new(seed, "proportions");
        let stock = Stock::draw(&mut seeded);
        let mut face = skull(&stock, &mut seeded);
        features(&mut face, &stock, &mut seeded);
        colour(&mut face, &stock, &mut Seeded::new(seed, "colours"));
        groom(&mut face, &stock, &mut Seeded::new(seed, "grooming"));
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

/// What proportions and colours have in common in one person: without such bonds every face is
/// close to the average of all, and comparison scores of different subjects are high.
struct Stock {
    /// 0 delicate to 1 rugged.
    rugged: f32,
    /// 0 young to 1 old.
    age: f32,
    /// 0 the palest to 1 the darkest skin.
    tone: f32,
    /// 0 flat and 1 high bridge of the nose.
    bridge: f32,
    /// 0 narrow and 1 broad nose, with lips to go with it.
    broad: f32,
}

impl Stock {
    fn draw(r: &mut Seeded) -> Self {
        // Drawn towards the ends: averages look alike.
        let mut end = || {
            let x = r.unit();
            x + 0.35 * (std::f32::consts::TAU * x).sin() * -0.5
        };
        Self {
            rugged: end(),
            age: end(),
            tone: end(),
            bridge: end(),
            broad: end(),
        }
    }
}

/// From `low` to `high` with `at`, blurred by `spread` of the range.
fn along(r: &mut Seeded, (low, high): (f32, f32), at: f32, spread: f32) -> f32 {
    mix(low, high, (at + r.between(-spread, spread)).clamp(0.0, 1.0))
}

fn skull(stock: &Stock, r: &mut Seeded) -> Identity {
    let length = r.between(0.88, 1.1);
    Identity {
        width: r.between(0.86, 1.1),
        length,
        jaw: along(r, (0.0, 1.0), stock.rugged, 0.35),
        chin: r.between(0.0, 0.13),
        cheek: r.between(0.0, 0.12),
        ridge: along(r, (0.0, 0.1), stock.rugged, 0.25),
        eye_apart: r.between(0.37, 0.52),
        eye_half: r.between(0.17, 0.24),
        eye_open: r.between(0.125, 0.195),
        eye_slant: r.between(-0.03, 0.055),
        crease: r.unit(),
        iris: V3::default(),
        brow_height: r.between(0.22, 0.36),
        brow_thick: along(r, (0.016, 0.07), stock.rugged, 0.3),
        brow_slant: r.between(-0.05, 0.09),
        brow_arch: along(r, (0.1, 0.0), stock.rugged, 0.3),
        brow_dense: r.between(0.35, 1.0),
        nose_length: length * r.between(0.53, 0.72),
        nose_wide: along(r, (0.175, 0.31), stock.broad, 0.15),
        nose_out: r.between(0.22, 0.42),
        nose_bridge: along(r, (0.03, 0.22), stock.bridge, 0.15),
        lip_gap: r.between(0.22, 0.34),
        mouth_half: r.between(0.28, 0.44),
        lip_upper: 0.0,
        lip_lower: 0.0,
        mouth_curve: r.between(-0.035, 0.045),
        lip: V3::default(),
        skin: V3::default(),
        flush: r.unit(),
        freckles: 0.0,
        age: stock.age,
        hair: V3::default(),
        hairline: r.between(0.8, 1.12),
        hair_thick: r.between(0.05, 0.22),
        style: HairStyle::Short,
        beard: 0.0,
        moustache: 0.0,
        rims: 0.0,
        covering: None,
        cloth: V3::default(),
        wall: (V3::default(), V3::default()),
    }
}

fn features(face: &mut Identity, stock: &Stock, r: &mut Seeded) {
    let full = 0.5 * stock.broad + 0.5 * (1.0 - stock.rugged);
    face.lip_upper = along(r, (0.03, 0.1), full, 0.3);
    face.lip_lower = along(r, (0.045, 0.125), full, 0.3);
    // An old face has a longer nose and thinner lips.
    face.nose_length += 0.03 * stock.age;
    face.lip_upper *= 1.0 - 0.25 * stock.age;
}

fn colour(face: &mut Identity, stock: &Stock, r: &mut Seeded) {
    let shades = [
        srgb(246.0, 214.0, 196.0),
        srgb(226.0, 178.0, 146.0),
        srgb(196.0, 140.0, 104.0),
        srgb(140.0, 92.0, 66.0),
        srgb(88.0, 58.0, 44.0),
    ];
    let tone = stock.tone.clamp(0.0, 0.999).powf(1.4);
    let place = tone * 4.0;
    for (from, pair) in (0_u8..).zip(shades.windows(2)) {
        if let [a, b] = pair
            && place >= f32::from(from)
        {
            face.skin = a.mix(*b, (place - f32::from(from)).min(1.0));
        }
    }
    let rosy = srgb(196.0, 84.0, 92.0);
    let brown = srgb(120.0, 62.0, 56.0);
    face.lip = face.skin.mix(
        rosy.mix(brown, tone),
        along(r, (0.8, 0.3), stock.rugged, 0.2),
    );
    face.freckles = if r.chance(0.35) && tone < 0.45 {
        r.between(0.4, 1.0)
    } else {
        0.0
    };
    let dark_iris = srgb(40.0, 28.0, 20.0);
    let irises = [
        srgb(78.0, 50.0, 28.0),
        dark_iris,
        srgb(105.0, 135.0, 160.0),
        srgb(100.0, 115.0, 70.0),
    ];
    face.iris = if tone < 0.45 {
        r.pick(&irises, dark_iris)
    } else {
        dark_iris
    };
    let black = srgb(20.0, 17.0, 16.0);
    let hairs = [
        black,
        srgb(58.0, 38.0, 26.0),
        srgb(110.0, 74.0, 44.0),
        srgb(196.0, 156.0, 100.0),
        srgb(140.0, 62.0, 34.0),
    ];
    let young = if tone < 0.45 {
        r.pick(&hairs, black)
    } else {
        black
    };
    let grey = srgb(190.0, 188.0, 186.0);
    face.hair = young.mix(grey, ((stock.age - 0.65) / 0.35).clamp(0.0, 1.0));
    surroundings(face, r);
}

fn surroundings(face: &mut Identity, r: &mut Seeded) {
    face.cloth = srgb(
        r.between(20.0, 200.0),
        r.between(20.0, 200.0),
        r.between(20.0, 200.0),
    );
    let top = r.between(90.0, 200.0);
    let tint = r.between(-14.0, 14.0);
    let bottom = mix(top, r.between(60.0, 200.0), 0.6);
    face.wall = (
        srgb(top + tint, top, top - tint),
        srgb(bottom + tint, bottom, bottom - tint),
    );
}

fn groom(face: &mut Identity, stock: &Stock, r: &mut Seeded) {
    let rugged = [
        HairStyle::Bald,
        HairStyle::Short,
        HairStyle::Short,
        HairStyle::Fringe,
    ];
    let delicate = [
        HairStyle::Long,
        HairStyle::Long,
        HairStyle::Fringe,
        HairStyle::Short,
    ];
    let choices = if stock.rugged > 0.5 { rugged } else { delicate };
    face.style = r.pick(&choices, HairStyle::Short);
    if stock.rugged > 0.5 && r.chance(0.55) {
        face.beard = r.between(0.4, 1.0);
    }
    if stock.rugged > 0.5 && r.chance(0.5) {
        face.moustache = r.between(0.5, 1.0);
    }
    // Heavy rims would hide from the mesh whether the eyes are closed.
    if r.chance(0.16) {
        face.rims = r.between(0.004, 0.009);
    }
}
