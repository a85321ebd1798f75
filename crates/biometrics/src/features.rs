//! The numbers by which two faces are compared.
//!
//! Knows how a chip becomes features and how several become one; what a score means is
//! `calibration`, whether it is enough is policy.

use std::path::Path;

use crate::align::CHIP_SIDE;
use crate::error::EngineError;
use crate::image::Image;
use crate::session::Model;

/// Name of the default features: dlib's `ResNet` on mesh-aligned chips, mirrored average.
pub const MODEL_ID: &str = "dlib-resnet-1";

/// Numbers in one face's features.
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

/// The opened features model.
pub(crate) struct FeaturesModel {
    model: Model,
}

impl FeaturesModel {
    pub(crate) fn open(folder: &Path, threads: usize) -> Result<Self, EngineError> {
        Ok(Self {
            model: Model::open(folder, "dlib_resnet", CHIP_SIDE, threads)?,
        })
    }

    /// Features of a chip, averaged with those of its mirror image.
    pub(crate) fn of_chip(&self, chip: &Image) -> Result<Features, EngineError> {
        let mut sum = self.raw(chip)?;
        for (sum, value) in sum.iter_mut().zip(self.raw(&chip.mirrored())?) {
            *sum += value;
        }
        self.finished(sum)
    }

    /// Features of the chip alone: half the time, for watching one face through a clip.
    pub(crate) fn quick(&self, chip: &Image) -> Result<Features, EngineError> {
        self.finished(self.raw(chip)?)
    }

    fn finished(&self, values: Vec<f32>) -> Result<Features, EngineError> {
        Features::from_values(values)
            .ok_or_else(|| self.model.mismatch("its output has no direction"))
    }

    fn raw(&self, chip: &Image) -> Result<Vec<f32>, EngineError> {
        let input: Vec<f32> = chip.rgb.iter().map(|value| f32::from(*value)).collect();
        let outputs = self.model.run(&input)?;
        let values = outputs
            .sized(FEATURES_COUNT)
            .ok_or_else(|| self.model.mismatch("its output is not 128 numbers"))?;
        Ok(values.to_vec())
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
    fn debug_output_hides_the_numbers() {
        let features = Features::from_values(vec![3.0, 4.0]).unwrap();
        assert_eq!(format!("{features:?}"), "Features(2)");
    }
}
