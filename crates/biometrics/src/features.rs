//! The numbers by which two faces are compared.
//!
//! Knows how a face becomes features and how several become one; what a score means is
//! `calibration`, whether it is enough is policy.

use std::path::Path;

use crate::align::{self, CHIP_SIDE};
use crate::compare::{Calibration, Group};
use crate::error::EngineError;
use crate::image::Image;
use crate::loadout::{Colour, FaceCut, FeaturesSpec, Input, Layout};
use crate::mesh::Mesh;
use crate::session::Model;

/// Name of the default features: dlib's `ResNet` on mesh-aligned chips, mirrored average.
pub const MODEL_ID: &str = "dlib-resnet-1";

/// Name of the second features model of the default pack.
pub const SECOND_ID: &str = "faceres-1";

/// Name of both fused.
pub const FUSED_ID: &str = "dlib-resnet-1+faceres-1";

/// Numbers in one face's default features.
pub const FEATURES_COUNT: usize = 128;

/// Features of one face: of length one, comparable only with those of the same model.
#[derive(Clone, PartialEq)]
pub struct Features {
    values: Vec<f32>,
}

impl Features {
    /// Features of length one from raw numbers; `None` when there is no direction in them.
    pub fn from_values(mut values: Vec<f32>) -> Option<Self> {
        let length = values
            .iter()
            .map(|value| f64::from(*value).powi(2))
            .sum::<f64>()
            .sqrt();
        if !(length.is_finite() && length > 1e-9) {
            return None;
        }
        for value in &mut values {
            *value = (f64::from(*value) / length) as f32;
        }
        Some(Self { values })
    }

    /// The numbers; their squares sum to one.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The direction between several; `None` for none.
    pub fn mean<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut sum = Vec::new();
        for features in all {
            sum.resize(features.values.len().max(sum.len()), 0.0);
            for (sum, value) in sum.iter_mut().zip(&features.values) {
                *sum += value;
            }
        }
        Self::from_values(sum)
    }
}

// Features are a biometric template: they never reach a log line (invariant I8).
impl std::fmt::Debug for Features {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Features({})", self.values.len())
    }
}

/// Why the default features are not good enough for everyone; nothing for other models.
pub fn notice(model_id: &str) -> Option<&'static str> {
    (model_id == MODEL_ID || model_id == FUSED_ID).then_some(
        "The default features are for cooperative captures, pilots and demonstrations. Measured on \
         LFW at a false match rate of 1e-4 they accept 83 % of the mated pairs of a mixed \
         population and 58 % of East-Asian ones: for East-Asian populations at that rate install \
         an ArcFace-class pack (`zhenren pack`). Children, twins, large age gaps and pictures of \
         identity documents were not measured.",
    )
}

/// One features model, or two whose scores are fused.
///
/// Fusion is the sum of both z-scores. With features of length one that sum is, up to a constant
/// factor and summand, the cosine of both features written behind one another, each stretched by
/// the root of its weight: so a fused template is a template like any other, with a name of its
/// own.
pub(crate) struct FeaturesModel {
    id: String,
    parts: Vec<Part>,
    tables: Vec<Calibration>,
}

struct Part {
    model: Model,
    spec: FeaturesSpec,
    /// What the features are stretched by; the squares of all parts sum to one.
    stretch: f64,
}

impl FeaturesModel {
    /// Opens the model, or both; `library_dir` holds the inference library.
    pub(crate) fn open(
        library_dir: &Path,
        specs: Vec<FeaturesSpec>,
        tables: Vec<Calibration>,
        threads: usize,
    ) -> Result<Self, EngineError> {
        let id = specs
            .iter()
            .map(|spec| spec.id.as_str())
            .collect::<Vec<_>>()
            .join("+");
        let weights = weights(&specs)?;
        let mut parts = Vec::new();
        for (spec, weight) in specs.into_iter().zip(weights) {
            let shape = spec.input.shape();
            parts.push(Part {
                model: Model::open_file(library_dir, &spec.file, shape, threads)?,
                spec,
                stretch: weight.sqrt(),
            });
        }
        Ok(Self { id, parts, tables })
    }

    /// Name and version, as templates carry it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The table of a group; where there is none, the one there is.
    pub(crate) fn table(&self, group: Group) -> Option<&Calibration> {
        let of_group = self.tables.iter().find(|table| table.group == group);
        of_group.or_else(|| self.tables.first())
    }

    /// Features of a face, averaged with those of its mirror image; `None` when the mesh has
    /// collapsed to a point.
    pub(crate) fn of_face(
        &self,
        image: &Image,
        mesh: &Mesh,
    ) -> Result<Option<Features>, EngineError> {
        self.features(image, mesh, true)
    }

    /// Features without the mirrored average: half the time, for watching one face through a clip.
    pub(crate) fn quick(
        &self,
        image: &Image,
        mesh: &Mesh,
    ) -> Result<Option<Features>, EngineError> {
        self.features(image, mesh, false)
    }

    fn features(
        &self,
        image: &Image,
        mesh: &Mesh,
        mirrored: bool,
    ) -> Result<Option<Features>, EngineError> {
        let mut all = Vec::new();
        for part in &self.parts {
            let Some(cut) = align::cut(part.spec.cut, part.spec.input.side, mesh) else {
                return Ok(None);
            };
            let face = cut.bytes(image);
            let mut values = part.raw(&face)?;
            if mirrored {
                for (sum, value) in values.iter_mut().zip(part.raw(&face.mirrored())?) {
                    *sum += value;
                }
            }
            let unit = part.of_length_one(values)?;
            all.extend(unit.values.iter().map(|value| *value * part.stretch as f32));
        }
        Ok(Features::from_values(all))
    }
}

impl Part {
    fn of_length_one(&self, values: Vec<f32>) -> Result<Features, EngineError> {
        Features::from_values(values)
            .ok_or_else(|| self.model.mismatch("its output has no direction"))
    }

    fn raw(&self, face: &Image) -> Result<Vec<f32>, EngineError> {
        let outputs = self.model.run(&self.spec.input.of(face))?;
        let values = outputs.sized(self.spec.features_count).ok_or_else(|| {
            let count = self.spec.features_count;
            self.model
                .mismatch(&format!("no output of it has {count} numbers"))
        })?;
        Ok(values.to_vec())
    }
}

/// How much each model's score counts; the sum is one.
fn weights(specs: &[FeaturesSpec]) -> Result<Vec<f64>, EngineError> {
    if specs.len() < 2 {
        return Ok(vec![1.0; specs.len()]);
    }
    let mut weights = Vec::new();
    for spec in specs {
        let Some((_, deviation)) = spec.non_mated.filter(|(_, deviation)| *deviation > 0.0) else {
            return Err(EngineError::Model {
                name: spec.id.clone(),
                detail: String::from(
                    "it does not say how the scores of different people spread, so it cannot be \
                     fused with another",
                ),
            });
        };
        weights.push(1.0 / deviation);
    }
    let sum: f64 = weights.iter().sum();
    Ok(weights.iter().map(|weight| weight / sum).collect())
}

/// The default features model.
pub(crate) fn default_spec(folder: &Path) -> FeaturesSpec {
    FeaturesSpec {
        id: MODEL_ID.to_owned(),
        file: folder.join("dlib_resnet.onnx"),
        cut: FaceCut::DlibChip,
        input: Input {
            side: CHIP_SIDE,
            layout: Layout::Nhwc,
            colour: Colour::Rgb,
            mean: [0.0; 3],
            std: [1.0; 3],
        },
        features_count: FEATURES_COUNT,
        calibrations: Vec::new(),
        non_mated: Some(crate::calibration::DLIB_NON_MATED),
    }
}

/// The second features model of the default pack, alone; it has no table of its own.
pub fn second_spec(folder: &Path) -> FeaturesSpec {
    FeaturesSpec {
        id: SECOND_ID.to_owned(),
        file: folder.join("faceres.onnx"),
        cut: FaceCut::UprightSquare,
        input: Input {
            side: 224,
            layout: Layout::Nhwc,
            colour: Colour::Bgr,
            mean: [103.939, 116.779, 123.68],
            std: [1.0; 3],
        },
        features_count: 1024,
        calibrations: Vec::new(),
        non_mated: Some(crate::calibration::FACERES_NON_MATED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_have_length_one() {
        let features = Features::from_values(vec![3.0, 4.0]).unwrap();
        assert_eq!(features.values(), [0.6, 0.8]);
        assert!(Features::from_values(vec![0.0; 4]).is_none());
        assert!(Features::from_values(vec![f32::NAN]).is_none());
    }

    #[test]
    fn the_mean_lies_between() {
        let a = Features::from_values(vec![1.0, 0.0]).unwrap();
        let b = Features::from_values(vec![0.0, 1.0]).unwrap();
        let mean = Features::mean([&a, &b]).unwrap();
        assert!((mean.values()[0] - mean.values()[1]).abs() < 1e-6);
        assert!(Features::mean([]).is_none());
    }

    #[test]
    fn the_narrower_score_counts_more() {
        let mut narrow = default_spec(Path::new(""));
        let mut wide = second_spec(Path::new(""));
        narrow.non_mated = Some((0.8, 0.02));
        wide.non_mated = Some((0.3, 0.06));
        let found = weights(&[narrow.clone(), wide.clone()]).unwrap();
        assert!((found[0] - 0.75).abs() < 1e-9 && (found[1] - 0.25).abs() < 1e-9);
        wide.non_mated = None;
        assert!(weights(&[narrow, wide]).is_err());
    }

    #[test]
    fn the_default_features_say_for_whom_they_are_not() {
        assert!(notice(MODEL_ID).is_some_and(|text| text.contains("East-Asian")));
        assert!(notice(FUSED_ID).is_some());
        assert!(notice("sface-2021dec").is_none());
    }

    #[test]
    fn debug_output_hides_the_numbers() {
        let features = Features::from_values(vec![3.0, 4.0]).unwrap();
        assert_eq!(format!("{features:?}"), "Features(2)");
    }
}
