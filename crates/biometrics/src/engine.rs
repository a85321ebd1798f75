//! The opened models and what they cost. One engine serves one worker; it is shared freely, but
//! two workers that use one engine at the same moment wait for each other.

use std::path::Path;
use std::time::Duration;

use zhenren_domain::challenge::{Challenge, ClockLog};

use crate::align::CHIP_SIDE;
use crate::analysis::ClipAnalysis;
use crate::compare::Group;
use crate::detect::{Detector, Range};
use crate::error::EngineError;
use crate::features::{Features, FeaturesModel};
use crate::image::Image;
use crate::mesh::MeshModel;
use crate::photo::{PhotoRefusal, Portrait};

/// Version of the measuring code; grows when a cue changes its meaning.
pub const ENGINE_VERSION: u16 = 1;

/// Everything needed to measure faces.
pub struct Engine {
    pub(crate) short: Detector,
    pub(crate) wide: Detector,
    pub(crate) mesh: MeshModel,
    pub(crate) features: FeaturesModel,
    pub(crate) group: Group,
}

// One engine is shared between the threads of a process; this does not compile if it cannot be.
const _: fn() = || {
    const fn shared<T: Send + Sync>() {}
    shared::<Engine>();
};

/// Time spent, by the clock on the wall, in the stages of an analysis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Searching whole pictures for faces.
    pub detect: Duration,
    /// Cutting squares and running the mesh.
    pub mesh: Duration,
    /// Cutting chips and running the features model.
    pub features: Duration,
    /// Everything else: repeats, readings, choosing frames, cues.
    pub other: Duration,
    /// Frames that were looked at.
    pub frames_count: usize,
}

impl Timings {
    /// All stages together.
    pub fn total(&self) -> Duration {
        self.detect + self.mesh + self.features + self.other
    }
}

impl Engine {
    /// Opens the models in a folder (`detection_short`, `blazeface`, `attention`, `dlib_resnet`,
    /// each `.onnx`, and the inference library beside them). `threads` are those of one inference;
    /// 1 is right unless single captures must be fast on an idle machine.
    pub fn load(models_dir: &Path, threads: usize) -> Result<Self, EngineError> {
        Ok(Self {
            short: Detector::open(models_dir, Range::Short, threads)?,
            wide: Detector::open(models_dir, Range::Wide, threads)?,
            mesh: MeshModel::open(models_dir, threads)?,
            features: FeaturesModel::open(models_dir, threads)?,
            group: Group::Hardest,
        })
    }

    /// Takes the comparison's FMR from another group's table than that of the hardest group.
    #[must_use]
    pub const fn with_group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    /// Features of an aligned 150×150 face, as [`Self::analyse_photo`] makes them; without the
    /// mirrored average when `mirrored` is false (for measuring what that gains).
    pub fn features_of_chip(&self, chip: &Image, mirrored: bool) -> Result<Features, EngineError> {
        if chip.width != CHIP_SIDE || chip.height != CHIP_SIDE || !chip.is_sound() {
            return Err(EngineError::BadPicture);
        }
        if mirrored {
            self.features.of_chip(chip)
        } else {
            self.features.quick(chip)
        }
    }

    /// Finds the one face of a photo and extracts its features.
    pub fn analyse_photo(&self, image: &Image) -> Result<Portrait, PhotoRefusal> {
        crate::photo::analyse(self, image)
    }

    /// Starts the analysis of a recording. `challenge` is what was asked, `clock` what the capture
    /// client says about its prompts.
    pub fn begin_clip(&self, challenge: &Challenge, clock: ClockLog) -> ClipAnalysis<'_> {
        ClipAnalysis::new(self, challenge.clone(), clock)
    }
}
