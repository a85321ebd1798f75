//! The opened models and what they cost. One engine serves one worker; it is shared freely, but
//! two workers that use one engine at the same moment wait for each other.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use zhenren_domain::challenge::{Challenge, ClockLog};

use crate::analysis::ClipAnalysis;
use crate::calibration;
use crate::compare::{Calibration, Group};
use crate::detect::pack::PackDetector;
use crate::detect::{Detector, Range};
use crate::error::EngineError;
use crate::features::{self, Features, FeaturesModel};
use crate::image::Image;
use crate::loadout::Loadout;
use crate::mesh::{Mesh, MeshModel};
use crate::pad::PadModels;
use crate::photo::{PhotoRefusal, Portrait};

/// Version of the measuring code; grows when a cue changes its meaning.
pub const ENGINE_VERSION: u16 = 1;

/// Everything needed to measure faces.
pub struct Engine {
    pub(crate) short: Detector,
    pub(crate) wide: Detector,
    pub(crate) mesh: MeshModel,
    /// By which faces are compared.
    pub(crate) features: Arc<FeaturesModel>,
    /// By which one face is watched through a clip: always the default one, because policy's bound
    /// for it is a similarity on that model's scale.
    pub(crate) watch: Arc<FeaturesModel>,
    pub(crate) pad: PadModels,
    pub(crate) group: Group,
    in_use: Vec<InUse>,
}

/// One model of the engine, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InUse {
    /// `detector`, `mesh`, `features` or `pad`.
    pub role: &'static str,
    /// Its name.
    pub model: String,
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
    /// Opens the default pack in a folder; see [`Loadout::of_default`].
    pub fn load(models_dir: &Path, threads: usize) -> Result<Self, EngineError> {
        Self::open(&Loadout::of_default(models_dir, threads))
    }

    /// Opens the models of a loadout.
    pub fn open(loadout: &Loadout) -> Result<Self, EngineError> {
        let (folder, threads) = (loadout.models_dir.as_path(), loadout.threads);
        let (short, wide) = match &loadout.detector {
            None => (
                Detector::open(folder, Range::Short, threads)?,
                Detector::open(folder, Range::Wide, threads)?,
            ),
            Some(spec) => {
                let pack = Arc::new(PackDetector::open(folder, spec, threads)?);
                (Detector::Pack(Arc::clone(&pack)), Detector::Pack(pack))
            }
        };
        let watch = Arc::new(FeaturesModel::open(
            folder,
            vec![features::default_spec(folder)],
            calibration::default_tables(),
            threads,
        )?);
        let features = chosen_features(loadout, &watch)?;
        let mut in_use = vec![
            InUse::new(
                "detector",
                loadout.detector.as_ref().map_or_else(
                    || String::from("detection-short and blazeface (default pack)"),
                    |spec| spec.file.display().to_string(),
                ),
            ),
            InUse::new("mesh", "face-mesh-attention (default pack)"),
            InUse::new("features", features.id()),
        ];
        in_use.extend(loadout.pad.iter().map(|spec| InUse::new("pad", &*spec.id)));
        Ok(Self {
            short,
            wide,
            mesh: MeshModel::open(folder, threads)?,
            features,
            watch,
            pad: PadModels::open(folder, &loadout.pad, threads)?,
            group: loadout.group,
            in_use,
        })
    }

    /// What the engine is made of.
    pub fn in_use(&self) -> &[InUse] {
        &self.in_use
    }

    /// Name of the features model, as templates carry it.
    pub fn features_model(&self) -> &str {
        self.features.id()
    }

    /// What a score of this engine means for a group; where no table of that group was measured,
    /// the table there is, and `None` where there is none at all.
    pub fn calibration(&self, group: Group) -> Option<&Calibration> {
        self.features.table(group)
    }

    /// The score of presentation attack models for the one face of a picture, 0..=1, higher is
    /// more bona fide; `None` without such models or when the face fills the picture.
    pub fn pad_score(&self, image: &Image, mesh: &Mesh) -> Result<Option<f64>, EngineError> {
        self.pad.score(image, mesh)
    }

    /// Takes the comparison's FMR from another group's table than that of the hardest group.
    #[must_use]
    pub const fn with_group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    /// Features without the mirrored average, for measuring what that gains; `None` when the mesh
    /// has collapsed.
    pub fn features_unmirrored(
        &self,
        image: &Image,
        mesh: &Mesh,
    ) -> Result<Option<Features>, EngineError> {
        self.features.quick(image, mesh)
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

impl InUse {
    fn new(role: &'static str, model: impl Into<String>) -> Self {
        Self {
            role,
            model: model.into(),
        }
    }
}

/// The features model of a loadout; the default one is not opened twice.
fn chosen_features(
    loadout: &Loadout,
    watch: &Arc<FeaturesModel>,
) -> Result<Arc<FeaturesModel>, EngineError> {
    if loadout.features.is_none() && !loadout.fusion {
        return Ok(Arc::clone(watch));
    }
    let folder = loadout.models_dir.as_path();
    let first = loadout
        .features
        .clone()
        .unwrap_or_else(|| features::default_spec(folder));
    let tables = match (&loadout.features, loadout.fusion) {
        (Some(spec), false) => spec.calibrations.clone(),
        (None, true) => calibration::fused_tables(),
        // What such a sum means was never measured.
        (Some(_), true) => Vec::new(),
        (None, false) => calibration::default_tables(),
    };
    let mut specs = vec![first];
    if loadout.fusion {
        specs.push(features::second_spec(folder));
    }
    let model = FeaturesModel::open(folder, specs, tables, loadout.threads)?;
    Ok(Arc::new(model))
}
