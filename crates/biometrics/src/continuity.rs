//! Is it one and the same face from the first frame to the last?
//!
//! Features of a frame every half second, chosen by the clock and not by quality, so that nobody
//! can show one face for the comparison and another one for the challenge; and jumps of the
//! tracked face. Features of a turned, speaking or blinking face say more about the movement than
//! about the person, so a sample waits until the subject looks as usual.

use zhenren_domain::measurements::Sample;

use crate::compare::compare;
use crate::features::Features;
use crate::series::{FaceReading, Reading, quantile};

/// One frame in this time is sampled.
const SAMPLE_EVERY_MS: f64 = 500.0;

/// How far from usual a sampled face may be: degrees, degrees, share of the open eye, mouth height
/// over width.
const YAW_MAX: f64 = 8.0;
const PITCH_MAX: f64 = 5.0;
const EYE_MIN: f64 = 0.8;
const MOUTH_MAX: f64 = 0.06;

/// Limit: samples of one clip; half a minute's worth, later frames add none.
const SAMPLES_COUNT_MAX: usize = 64;

/// Collects sampled features.
#[derive(Default)]
pub(crate) struct Continuity {
    samples: Vec<(f64, Features)>,
    next_ms: f64,
}

impl Continuity {
    /// Whether this frame is to be sampled, given the frames before it.
    pub(crate) fn is_due(&self, at_ms: f64, face: &FaceReading, before: &[Reading]) -> bool {
        at_ms >= self.next_ms && self.samples.len() < SAMPLES_COUNT_MAX && is_usual(face, before)
    }

    /// Takes the features of a frame.
    pub(crate) fn push(&mut self, at_ms: f64, features: Features) {
        self.samples.push((at_ms, features));
        self.next_ms = at_ms + SAMPLE_EVERY_MS;
    }

    /// Lowest similarity of any two samples, the best frames among them, and for each sample its
    /// lowest one; `None` with fewer than two.
    pub(crate) fn finish(&self, best: &[(f64, Features)]) -> Option<(f64, Vec<Sample>)> {
        let mut all: Vec<&(f64, Features)> = self.samples.iter().chain(best).collect();
        if all.len() < 2 {
            return None;
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let lowest = |features: &Features| {
            all.iter()
                .map(|(_, other)| compare(features, other))
                .fold(1.0, f64::min)
        };
        let series: Vec<Sample> = all
            .iter()
            .map(|(at_ms, features)| Sample {
                at_ms: *at_ms,
                value: lowest(features),
            })
            .collect();
        let least = series.iter().map(|sample| sample.value).fold(1.0, f64::min);
        Some((least, series))
    }
}

/// Whether the face looks as it did in most frames before.
fn is_usual(face: &FaceReading, before: &[Reading]) -> bool {
    let usual = |share: f64, pick: fn(&FaceReading) -> f64| {
        let faces = before.iter().filter_map(|reading| reading.face.as_ref());
        quantile(faces.map(pick), share).unwrap_or_else(|| pick(face))
    };
    let yaw = face.pose.yaw - usual(0.5, |face| face.pose.yaw);
    let pitch = face.pose.pitch - usual(0.5, |face| face.pose.pitch);
    let mouth = face.expression.mouth - usual(0.3, |face| face.expression.mouth);
    yaw.abs() <= YAW_MAX
        && pitch.abs() <= PITCH_MAX
        && mouth <= MOUTH_MAX
        && face.expression.eye >= usual(0.7, |face| face.expression.eye) * EYE_MIN
}

/// Largest move of the face's middle between two frames that both have one, in face widths.
pub(crate) fn track_jump(readings: &[Reading]) -> Option<(f64, Vec<Sample>)> {
    let mut series = Vec::new();
    let mut before: Option<&FaceReading> = None;
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
    fn frames_are_sampled_twice_a_second_when_the_face_looks_as_usual() {
        let usual = FaceReading::new(&synthetic::mesh(2.0, 0.0, 0.0));
        let turned = FaceReading::new(&synthetic::mesh(22.0, 0.0, 0.0));
        let before: Vec<_> = (0..9_u8)
            .map(|i| Reading {
                at_ms: f64::from(i),
                face: Some(usual.clone()),
            })
            .collect();
        let mut continuity = Continuity::default();
        assert!(continuity.is_due(0.0, &usual, &[]));
        assert!(!continuity.is_due(0.0, &turned, &before));
        continuity.push(0.0, features(1.0, 0.0));
        assert!(!continuity.is_due(300.0, &usual, &before));
        assert!(continuity.is_due(500.0, &usual, &before));
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
