//! Circumstances of honest captures: light, camera, looks, pose and frame rate.
//!
//! A condition changes what is before the camera or how it is recorded, never what is asked.

use crate::clip::Format;
use crate::render::{Identity, Scene, v3};
use crate::seed::Seeded;

/// One circumstance; everything else stays as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Condition {
    /// A room of 150 to 350 lux, a fixed exposure, 15 frames a second.
    Usual,
    /// A room of 50 lux.
    Lux50,
    /// By a window, 1,000 lux.
    Lux1000,
    /// Outdoors in the shade, 5,000 lux.
    Lux5000,
    /// The exposure follows the brightness of the picture.
    AutoExposure,
    /// The white balance wanders.
    WhiteBalance,
    /// A sensor three times as noisy.
    Noise,
    /// 250 kilobits a second, as slow devices record; through the real decoder.
    LowBitrate,
    /// Dark skin.
    DarkSkin,
    /// Light skin.
    LightSkin,
    /// Glasses that the reference does not show.
    Glasses,
    /// A beard that the reference does not show.
    Beard,
    /// A cloth over the hair that the reference does not show.
    HeadCover,
    /// The head turned by up to 15 degrees all the while.
    Turned,
    /// 24 frames a second.
    Fps24,
    /// One frame of five is missing.
    DroppedFrames,
}

impl Condition {
    /// Every condition, the usual one first.
    pub const ALL: [Self; 16] = [
        Self::Usual,
        Self::Lux50,
        Self::Lux1000,
        Self::Lux5000,
        Self::AutoExposure,
        Self::WhiteBalance,
        Self::Noise,
        Self::LowBitrate,
        Self::DarkSkin,
        Self::LightSkin,
        Self::Glasses,
        Self::Beard,
        Self::HeadCover,
        Self::Turned,
        Self::Fps24,
        Self::DroppedFrames,
    ];

    /// The name on the command line and in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Lux50 => "lux50",
            Self::Lux1000 => "lux1000",
            Self::Lux5000 => "lux5000",
            Self::AutoExposure => "auto-exposure",
            Self::WhiteBalance => "white-balance",
            Self::Noise => "noise",
            Self::LowBitrate => "low-bitrate",
            Self::DarkSkin => "dark-skin",
            Self::LightSkin => "light-skin",
            Self::Glasses => "glasses",
            Self::Beard => "beard",
            Self::HeadCover => "head-cover",
            Self::Turned => "turned",
            Self::Fps24 => "fps24",
            Self::DroppedFrames => "dropped-frames",
        }
    }

    /// How recordings are made under it.
    pub fn format(self) -> Format {
        let mut format = Format::default();
        if self == Self::Fps24 {
            format.fps = 24;
        }
        if self == Self::LowBitrate {
            format.kbit_rate = 250;
        }
        format
    }

    /// Whether it shows only in a compressed recording.
    pub const fn needs_compression(self) -> bool {
        matches!(self, Self::LowBitrate)
    }

    /// Who the subject is, in the reference as well.
    pub fn born(self, face: &mut Identity) {
        if self == Self::DarkSkin {
            face.skin = v3(0.085, 0.047, 0.03);
        }
        if self == Self::LightSkin {
            face.skin = v3(0.66, 0.49, 0.41);
        }
    }

    /// What the subject wears at this capture only.
    pub fn dressed(self, face: &mut Identity) {
        if self == Self::Glasses {
            face.rims = 0.007;
        }
        if self == Self::Beard {
            face.beard = 0.9;
            face.moustache = 0.9;
        }
        if self == Self::HeadCover {
            face.covering = Some(v3(0.12, 0.1, 0.22));
        }
    }

    /// Light and camera.
    pub fn light(self, scene: &mut Scene, seed: u64) {
        if self == Self::Noise {
            scene.camera.noise *= 3.0;
            return;
        }
        let own = [
            (Self::Lux50, 50.0),
            (Self::Lux1000, 1_000.0),
            (Self::Lux5000, 5_000.0),
        ]
        .into_iter()
        .find(|(condition, _)| *condition == self);
        let lux = own.map_or_else(
            || Seeded::new(seed, "room lux").between(150.0, 350.0),
            |(_, lux)| lux,
        );
        let before = scene.light.ambient + scene.light.key;
        let factor = lux / crate::display::UNIT_LUX / before;
        scene.light.ambient *= factor;
        scene.light.key *= factor;
        if self == Self::Lux50 {
            // Small sensors count few photons in the dark.
            scene.camera.noise *= 2.0;
        }
    }

    /// Degrees the head is turned and lowered.
    pub fn lean(self, seed: u64) -> (f32, f32) {
        let mut seeded = Seeded::new(seed, "lean");
        if self == Self::Turned {
            (seeded.between(-15.0, 15.0), seeded.between(-10.0, 10.0))
        } else {
            (0.0, 0.0)
        }
    }

    /// Gains of the three channels at a moment.
    pub fn balance(self, ms: f32, seed: u64) -> [f32; 3] {
        if self != Self::WhiteBalance {
            return [1.0; 3];
        }
        let mut seeded = Seeded::new(seed, "white balance");
        let mut swing = |depth: f32| {
            let period_ms = seeded.between(2_500.0, 6_000.0);
            let phase = seeded.between(0.0, std::f32::consts::TAU);
            1.0 + depth * (ms / period_ms * std::f32::consts::TAU + phase).sin()
        };
        [swing(0.06), 1.0, swing(0.08)]
    }

    /// Whether a frame of the camera never reaches the recording.
    pub fn drops(self, index: usize, seed: u64) -> bool {
        let mut seeded = Seeded::new(seed ^ u64::try_from(index).unwrap_or(0), "dropped");
        self == Self::DroppedFrames && index > 0 && seeded.chance(0.2)
    }
}
