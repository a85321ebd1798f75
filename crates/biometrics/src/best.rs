//! The few frames worth keeping: sharp, well lit, looking ahead with open eyes.
//!
//! Only these keep their picture, so memory does not grow with the clip. They are chosen apart in
//! time: five pictures of one moment say no more than one.

use crate::align::chip;
use crate::image::Image;
use crate::mesh::Mesh;
use crate::quality::{Texture, texture};
use crate::series::{FaceReading, quantile};

/// Limit: frames kept; more than five add nothing to the averaged features.
pub const BEST_COUNT_MAX: usize = 5;

/// Two kept frames are at least this far apart.
const APART_MS: f64 = 250.0;

/// Falls to 1/e at these deviations from straight ahead and from the subject's own pitch.
const YAW_DEGREES: f64 = 12.0;
const PITCH_DEGREES: f64 = 10.0;

/// Sharpness at which half of the possible credit is given.
const SHARPNESS_HALF: f64 = 40.0;

/// Inter-eye distance in pixels from which a larger face is no better.
const INTER_EYE_ENOUGH: f64 = 60.0;

/// A frame in another colour is kept only when there is no other.
const TRUST_LEAST: f64 = 1e-3;

/// One kept frame.
#[derive(Clone, Debug)]
pub struct BestFrame {
    /// Presentation time in microseconds.
    pub pts_us: i64,
    /// Milliseconds after the first frame.
    pub at_ms: f64,
    /// The whole frame.
    pub image: Image,
    /// Its aligned face.
    pub chip: Image,
    /// Its mesh.
    pub mesh: Mesh,
    /// How good it is among the frames of this clip, 0..=1.
    pub score: f64,
}

/// Collects the best frames of a clip.
#[derive(Default)]
pub(crate) struct BestFrames {
    kept: Vec<BestFrame>,
    eyes: Vec<f64>,
    pitches: Vec<f64>,
}

/// A frame that may be kept.
pub(crate) struct Candidate<'a> {
    pub(crate) pts_us: i64,
    pub(crate) at_ms: f64,
    pub(crate) image: &'a Image,
    pub(crate) mesh: &'a Mesh,
    pub(crate) face: &'a FaceReading,
    /// How far the face shows its own colour and not that of a screen, 0..=1.
    pub(crate) trust: f64,
}

impl BestFrames {
    /// Looks at one frame and keeps it if it is among the best.
    pub(crate) fn offer(&mut self, frame: &Candidate<'_>) {
        self.eyes.push(frame.face.expression.eye);
        self.pitches.push(frame.face.pose.pitch);
        let posture = self.posture(frame.face) * frame.trust.max(TRUST_LEAST);
        // Texture can only lower the score, so most frames need no chip.
        let Some(place) = self.place(frame.at_ms, posture) else {
            return;
        };
        let Some(chip) = chip(frame.image, frame.mesh) else {
            return;
        };
        let score = posture * credit(&texture(&chip));
        if !self
            .place(frame.at_ms, score)
            .is_some_and(|again| again == place)
        {
            return;
        }
        let best = BestFrame {
            pts_us: frame.pts_us,
            at_ms: frame.at_ms,
            image: frame.image.clone(),
            chip,
            mesh: frame.mesh.clone(),
            score,
        };
        match place {
            Place::Free => self.kept.push(best),
            Place::Instead(index) => self.kept[index] = best,
        }
    }

    /// The kept frames, best first.
    pub(crate) fn finish(mut self) -> Vec<BestFrame> {
        self.kept.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.kept
    }

    /// Where a frame of this score would go; `None` when it is not good enough.
    fn place(&self, at_ms: f64, score: f64) -> Option<Place> {
        let near = self
            .kept
            .iter()
            .position(|kept| (kept.at_ms - at_ms).abs() < APART_MS);
        let index = match near {
            Some(index) => index,
            None if self.kept.len() < BEST_COUNT_MAX => return Some(Place::Free),
            None => {
                let scores = self.kept.iter().enumerate();
                scores
                    .min_by(|(_, a), (_, b)| a.score.total_cmp(&b.score))?
                    .0
            }
        };
        (score > self.kept[index].score).then_some(Place::Instead(index))
    }

    /// Direction, eyes, mouth and size, 0..=1, against what was seen of this subject so far.
    fn posture(&self, face: &FaceReading) -> f64 {
        let open = quantile(self.eyes.iter().copied(), 0.7)
            .unwrap_or_default()
            .max(1e-6);
        let pitch = quantile(self.pitches.iter().copied(), 0.5).unwrap_or_default();
        let yaw = face.pose.yaw / YAW_DEGREES;
        let pitch = (face.pose.pitch - pitch) / PITCH_DEGREES;
        let straight = (-(yaw * yaw + pitch * pitch)).exp();
        let eyes = ((face.expression.eye / open - 0.5) / 0.4).clamp(0.05, 1.0);
        let mouth = 1.0 - (face.expression.mouth - 0.1).clamp(0.0, 0.5);
        let size = (f64::from(face.inter_eye) / INTER_EYE_ENOUGH).clamp(0.1, 1.0);
        straight * eyes * mouth * size
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Free,
    Instead(usize),
}

fn credit(texture: &Texture) -> f64 {
    let sharp = texture.sharpness / (texture.sharpness + SHARPNESS_HALF);
    let lit = (texture.brightness / 60.0)
        .min((255.0 - texture.brightness) / 60.0)
        .clamp(0.05, 1.0);
    sharp * lit * (1.0 - texture.clipped_share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    fn offer(best: &mut BestFrames, at_ms: f64, yaw: f32, eye: f32) {
        offer_lit(best, at_ms, yaw, eye, 1.0);
    }

    fn offer_lit(best: &mut BestFrames, at_ms: f64, yaw: f32, eye: f32, trust: f64) {
        let mut mesh = synthetic::mesh(yaw, 0.0, 0.0);
        synthetic::open_eyes(&mut mesh, eye);
        let rgb = (0..480_usize * 640 * 3)
            .map(|i| ((i * 7919) % 200 + 20) as u8)
            .collect();
        let image = Image {
            width: 480,
            height: 640,
            rgb,
        };
        let face = FaceReading::new(&mesh);
        let pts_us = (at_ms * 1_000.0) as i64;
        best.offer(&Candidate {
            pts_us,
            at_ms,
            image: &image,
            mesh: &mesh,
            face: &face,
            trust,
        });
    }

    #[test]
    fn frames_in_a_colour_of_the_screen_lose() {
        let mut best = BestFrames::default();
        for i in 0..60_u8 {
            let trust = if i < 20 { 1.0 } else { 0.05 };
            offer_lit(&mut best, f64::from(i) * 66.7, 1.0, 0.3, trust);
        }
        let kept = best.finish();
        assert!(kept.iter().take(4).all(|frame| frame.at_ms < 1_334.0));
    }

    #[test]
    fn straight_open_frames_win_and_lie_apart() {
        let mut best = BestFrames::default();
        for i in 0..60_u8 {
            let at_ms = f64::from(i) * 66.7;
            // Turned at first, then straight, with a blink in between.
            let yaw = if i < 20 { 25.0 } else { 1.0 };
            let eye = if (40..43).contains(&i) { 0.05 } else { 0.3 };
            offer(&mut best, at_ms, yaw, eye);
        }
        let kept = best.finish();
        assert_eq!(kept.len(), BEST_COUNT_MAX);
        assert!(kept.windows(2).all(|pair| pair[0].score >= pair[1].score));
        for (i, frame) in kept.iter().enumerate() {
            assert!(frame.at_ms > 1_300.0, "turned frame kept");
            assert!(!(2_660.0..2_830.0).contains(&frame.at_ms), "blink kept");
            for other in &kept[i + 1..] {
                assert!((frame.at_ms - other.at_ms).abs() >= APART_MS - 1.0);
            }
        }
    }
}
