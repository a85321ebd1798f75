//! Is it one and the same face from the first frame to the last?
//!
//! Features of a frame every half second, whatever its quality, so that nobody can show one face
//! for the comparison and another one for the challenge; and jumps of the tracked face.

use zhenren_domain::measurements::Sample;

use crate::compare::compare;
use crate::features::Features;
use crate::series::Reading;

/// One frame in this time is sampled.
const SAMPLE_EVERY_MS: f64 = 500.0;

/// Beyond this yaw the features say more about the pose than about the person, degrees.
const YAW_MAX: f64 = 25.0;

/// The same for the change of pitch.
const PITCH_MAX: f64 = 20.0;

/// Limit: samples of one clip; half a minute's worth, later ones replace none.
const SAMPLES_COUNT_MAX: usize = 64;

/// Collects sampled features.
#[derive(Default)]
pub(crate) struct Continuity {
    samples: Vec<(f64, Features)>,
    next_ms: f64,
}

impl Continuity {
    /// Whether a frame at this time and direction is to be sampled.
    pub(crate) fn is_due(&self, at_ms: f64, yaw: f64, pitch_change: f64) -> bool {
        at_ms >= self.next_ms
            && self.samples.len() < SAMPLES_COUNT_MAX
            && yaw.abs() <= YAW_MAX
            && pitch_change.abs() <= PITCH_MAX
    }

    /// Takes the features of a frame.
    pub(crate) fn push(&mut self, at_ms: f64, features: Features) {
        self.samples.push((at_ms, features));
        self.next_ms = at_ms + SAMPLE_EVERY_MS;
    }

    /// Lowest similarity of a sample to the mean of all, and the series; `None` without samples.
    pub(crate) fn finish(&self, best: &[(f64, Features)]) -> Option<(f64, Vec<Sample>)> {
        let mut all: Vec<&(f64, Features)> = self.samples.iter().chain(best).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mean = Features::mean(all.iter().map(|(_, features)| features))?;
        let series: Vec<Sample> = all
            .iter()
            .map(|(at_ms, features)| Sample {
                at_ms: *at_ms,
                value: compare(features, &mean),
            })
            .collect();
        let least = series
            .iter()
            .map(|sample| sample.value)
            .fold(f64::MAX, f64::min);
        Some((least, series))
    }
}

/// Largest move of the face's middle between two frames that both have one, in face widths.
pub(crate) fn track_jump(readings: &[Reading]) -> Option<(f64, Vec<Sample>)> {
    let mut series = Vec::new();
    let mut before: Option<&crate::series::FaceReading> = None;
    for reading in readings {
        let Some(face) = &reading.face else { continue };
        if let Some(before) = before {
            let width = before.side.max(face.side).max(1.0);
            let value = f64::from(before.centre.distance(face.centre) / width);
            series.push(Sample {
                at_ms: reading.at_ms,
                value,
            });
        }
        before = Some(face);
    }
    before?;
    let most = series.iter().map(|sample| sample.value).fold(0.0, f64::max);
    Some((most, series))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::FaceReading;
    use crate::synthetic;

    fn features(x: f32, y: f32) -> Features {
        Features::from_values(vec![x, y]).unwrap()
    }

    #[test]
    fn another_person_in_the_middle_lowers_it() {
        let mut same = Continuity::default();
        let mut swapped = Continuity::default();
        for i in 0..8_u8 {
            let at_ms = f64::from(i) * 500.0;
            same.push(at_ms, features(1.0, 0.02 * f32::from(i % 2)));
            let other = if i < 5 {
                features(1.0, 0.0)
            } else {
                features(0.6, 0.8)
            };
            swapped.push(at_ms, other);
        }
        assert!(same.finish(&[]).unwrap().0 > 0.99);
        let (least, series) = swapped.finish(&[]).unwrap();
        assert!(least < 0.9, "{least}");
        assert_eq!(series.len(), 8);
        assert!(Continuity::default().finish(&[]).is_none());
    }

    #[test]
    fn frames_are_sampled_twice_a_second_and_not_in_profile() {
        let mut continuity = Continuity::default();
        assert!(continuity.is_due(0.0, 3.0, 0.0));
        assert!(!continuity.is_due(0.0, 40.0, 0.0));
        continuity.push(0.0, features(1.0, 0.0));
        assert!(!continuity.is_due(300.0, 0.0, 0.0));
        assert!(continuity.is_due(500.0, 0.0, 0.0));
    }

    #[test]
    fn a_jump_is_measured_in_face_widths() {
        let face = |x: f32| {
            let mut face = FaceReading::new(&synthetic::mesh(0.0, 0.0, 0.0));
            face.centre.x = x;
            face.side = 200.0;
            Some(face)
        };
        let readings: Vec<_> = [face(100.0), face(104.0), None, face(304.0)]
            .into_iter()
            .zip(0_u8..)
            .map(|(face, i)| Reading {
                at_ms: f64::from(i),
                face,
            })
            .collect();
        let (most, series) = track_jump(&readings).unwrap();
        assert!((most - 1.0).abs() < 1e-6);
        assert_eq!(series.len(), 2);
    }
}
