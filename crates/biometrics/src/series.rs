//! What was read from each frame, and small statistics over it.
//!
//! A frame without a usable face still has its place in time. Memory is bounded: the pictures are
//! gone, a reading is a few hundred bytes, and their number has a limit.

use zhenren_domain::measurements::Sample;

use crate::expression::Expression;
use crate::geometry::Point;
use crate::mesh::Mesh;
use crate::pose::Pose;

/// Limit: frames of one clip that are read; two minutes at 15 a second. Later ones only count.
pub const FRAMES_COUNT_MAX: usize = 1_800;

/// One in this many mesh points is kept for the shape.
const SHAPE_STEP: usize = 6;

/// One frame.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Milliseconds after the first frame.
    pub at_ms: f64,
    /// What the face did; `None` when no face was tracked.
    pub face: Option<FaceReading>,
}

/// The face in one frame.
#[derive(Clone, Debug)]
pub struct FaceReading {
    /// Where the head is turned.
    pub pose: Pose,
    /// How far eyes and mouth are open.
    pub expression: Expression,
    /// Middle of the mesh in the picture.
    pub centre: Point,
    /// Side of the mesh's box in pixels.
    pub side: f32,
    /// Distance of the eye centres in pixels.
    pub inter_eye: f32,
    /// Width of the face in pixels.
    pub width: f32,
    /// Every sixth mesh point, in the picture.
    pub shape: Vec<Point>,
}

impl FaceReading {
    /// Reads a mesh.
    pub fn new(mesh: &Mesh) -> Self {
        let pose = crate::pose::pose(mesh);
        let (centre, side) = mesh.extent();
        Self {
            pose,
            expression: crate::expression::expression(mesh, pose.yaw),
            centre,
            side,
            inter_eye: mesh.inter_eye(),
            width: mesh.upright_box().1.0,
            shape: mesh
                .points
                .iter()
                .step_by(SHAPE_STEP)
                .map(|point| point.flat())
                .collect(),
        }
    }
}

/// One value of every frame that has a face.
pub fn samples(readings: &[Reading], pick: impl Fn(&FaceReading) -> f64) -> Vec<Sample> {
    readings
        .iter()
        .filter_map(|reading| {
            let value = pick(reading.face.as_ref()?);
            Some(Sample {
                at_ms: reading.at_ms,
                value,
            })
        })
        .collect()
}

/// The value below which this share (0..=1) of the values lies; `None` for none.
pub fn quantile(values: impl IntoIterator<Item = f64>, share: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values
        .into_iter()
        .filter(|value| value.is_finite())
        .collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(last);
    Some(sorted[below] + (sorted[above] - sorted[below]) * part)
}

/// Each value replaced by the median of itself and its two neighbours: one wild mesh is no peak.
pub fn median_of_three(samples: &[Sample]) -> Vec<Sample> {
    let middle = |a: f64, b: f64, c: f64| a.max(b).min(a.min(b).max(c));
    let last = samples.len().saturating_sub(1);
    samples
        .iter()
        .enumerate()
        .map(|(i, sample)| {
            let value = if i == 0 || i == last {
                sample.value
            } else {
                middle(samples[i - 1].value, sample.value, samples[i + 1].value)
            };
            Sample {
                at_ms: sample.at_ms,
                value,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        assert!((quantile([4.0, 1.0, 3.0, 2.0], 0.5).unwrap() - 2.5).abs() < 1e-12);
        assert!((quantile([1.0], 0.9).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(quantile([f64::NAN], 0.5), None);
    }

    #[test]
    fn one_wild_value_is_smoothed_away() {
        let samples: Vec<_> = [0.0, 0.0, 9.0, 0.0, 3.0, 3.0, 3.0]
            .iter()
            .zip(0_u8..)
            .map(|(value, i)| Sample {
                at_ms: f64::from(i),
                value: *value,
            })
            .collect();
        let smooth: Vec<_> = median_of_three(&samples).iter().map(|s| s.value).collect();
        assert_eq!(smooth, [0.0, 0.0, 0.0, 3.0, 3.0, 3.0, 3.0]);
    }
}
