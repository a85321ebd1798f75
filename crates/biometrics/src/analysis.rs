//! The order of it all: one recording, frame by frame, to measurements.
//!
//! Each frame is timed, followed, read, and let go; only the best few are kept. At the end the
//! readings become cues, and the best frames become one probe that is compared with the reference.

use std::sync::Arc;
use std::time::Instant;

use zhenren_domain::challenge::{Challenge, ChallengeKind, ClockLog};
use zhenren_domain::measurements::Measurements;

use crate::best::{BestFrame, BestFrames, Candidate};
use crate::continuity::Continuity;
use crate::cues::{self, Findings};
use crate::engine::{Engine, Timings};
use crate::error::EngineError;
use crate::features::{Features, FeaturesModel};
use crate::image::Image;
use crate::light::LightWatch;
use crate::loops::LoopWatch;
use crate::mesh::Mesh;
use crate::moire::MoireWatch;
use crate::pad::PadWatch;
use crate::perspective::PerspectiveWatch;
use crate::plane::PlaneWatch;
use crate::series::{FRAMES_COUNT_MAX, FaceReading, Reading};
use crate::timing::Timing;
use crate::track::Track;

/// Frames with a colour on the face are neither compared nor sampled below this.
const TRUST_MIN: f64 = 0.5;

/// One recording that is being analysed.
pub struct ClipAnalysis<'a> {
    engine: &'a Engine,
    challenge: Challenge,
    clock: ClockLog,
    timing: Timing,
    track: Track,
    readings: Vec<Reading>,
    faces_counts: Vec<(f64, usize)>,
    best: BestFrames,
    continuity: Continuity,
    pad: PadWatch,
    light: LightWatch,
    moire: MoireWatch,
    plane: PlaneWatch,
    perspective: PerspectiveWatch,
    loops: LoopWatch,
    /// The mesh of the frame before, for those that need none of their own.
    held: Option<Mesh>,
    picture_width: usize,
    timings: Timings,
}

/// What came of a recording.
#[derive(Debug)]
pub struct ClipReport {
    /// Everything measured.
    pub measurements: Measurements,
    /// Features averaged over the best frames; `None` when no frame had a usable face.
    pub probe: Option<Features>,
    /// The best frames, best first.
    pub best_frames: Vec<BestFrame>,
    /// Where the time went.
    pub timings: Timings,
}

impl<'a> ClipAnalysis<'a> {
    pub(crate) fn new(engine: &'a Engine, challenge: Challenge, clock: ClockLog) -> Self {
        Self {
            engine,
            challenge,
            clock,
            timing: Timing::default(),
            track: Track::default(),
            readings: Vec::new(),
            faces_counts: Vec::new(),
            best: BestFrames::default(),
            continuity: Continuity::default(),
            pad: PadWatch::default(),
            light: LightWatch::default(),
            moire: MoireWatch::default(),
            plane: PlaneWatch::default(),
            perspective: PerspectiveWatch::default(),
            loops: LoopWatch::default(),
            held: None,
            picture_width: 0,
            timings: Timings::default(),
        }
    }

    /// Takes the next frame; `pts_us` is its presentation time in microseconds.
    pub fn push_frame(&mut self, pts_us: i64, image: &Image) -> Result<(), EngineError> {
        let started = Instant::now();
        let stages_before = self.timings.total();
        let result = self.look_at(pts_us, image);
        let stages = self.timings.total().saturating_sub(stages_before);
        self.timings.other += started.elapsed().saturating_sub(stages);
        result
    }

    fn look_at(&mut self, pts_us: i64, image: &Image) -> Result<(), EngineError> {
        if !image.is_sound() {
            return Err(EngineError::BadPicture);
        }
        let tick = self.timing.push(pts_us, image);
        if self.readings.len() >= FRAMES_COUNT_MAX {
            return Ok(());
        }
        self.timings.frames_count += 1;
        let at_ms = tick.at_ms;
        if let (true, Some(before)) = (tick.is_repeat, self.readings.last()) {
            let face = before.face.clone();
            self.readings.push(Reading { at_ms, face });
            return Ok(());
        }
        self.loops.push(at_ms, image);
        self.picture_width = image.width;
        if let Some(mesh) = self.held.take() {
            self.light.push(at_ms, image, &mesh);
            let face = Some(FaceReading::new(&mesh));
            self.readings.push(Reading { at_ms, face });
            return Ok(());
        }
        let tracked = self
            .track
            .follow(self.engine, at_ms, image, &mut self.timings)?;
        self.faces_counts
            .extend(tracked.faces_count.map(|count| (at_ms, count)));
        let face = tracked.mesh.as_ref().map(FaceReading::new);
        if let (Some(mesh), Some(face)) = (&tracked.mesh, &face) {
            let trust = self.watch(at_ms, image, mesh);
            if trust >= TRUST_MIN {
                self.sample(at_ms, image, mesh, face)?;
            }
            self.pad.offer(&self.engine.pad, at_ms, image, mesh)?;
            self.best.offer(&Candidate {
                pts_us,
                at_ms,
                image,
                mesh,
                face,
                trust,
            });
        } else {
            self.plane.lose();
        }
        self.readings.push(Reading { at_ms, face });
        // A face that only has to look is where it was a moment ago: every second frame is enough.
        if self.challenge.kind == ChallengeKind::ScreenFlash {
            self.held = tracked.mesh;
        }
        Ok(())
    }

    /// What this kind of challenge looks at besides the face; says how far the face shows its own
    /// colour, 0..=1.
    fn watch(&mut self, at_ms: f64, image: &Image, mesh: &Mesh) -> f64 {
        self.moire.offer(at_ms, image, mesh);
        match self.challenge.kind {
            ChallengeKind::ScreenFlash => return self.light.push(at_ms, image, mesh),
            ChallengeKind::SingleAction | ChallengeKind::MultiAction => {
                self.plane.push(at_ms, image, mesh);
            }
            ChallengeKind::NearFar => self.perspective.offer(at_ms, image, mesh),
            ChallengeKind::ReadDigits | ChallengeKind::Silent => {}
        }
        1.0
    }

    fn sample(
        &mut self,
        at_ms: f64,
        image: &Image,
        mesh: &Mesh,
        face: &FaceReading,
    ) -> Result<(), EngineError> {
        if !self.continuity.is_due(at_ms, face, &self.readings) {
            return Ok(());
        }
        let started = Instant::now();
        if let Some(features) = self.engine.watch.quick(image, mesh)? {
            self.continuity.push(at_ms, features);
        }
        self.timings.features += started.elapsed();
        Ok(())
    }

    /// Ends the recording; `reference` is who the subject should be, when there is one.
    pub fn finish(self, reference: Option<&Features>) -> Result<ClipReport, EngineError> {
        let mut timings = self.timings;
        let best_frames = self.best.finish();
        let started = Instant::now();
        let watched = best_features(&self.engine.watch, &best_frames)?;
        let probe = if Arc::ptr_eq(&self.engine.watch, &self.engine.features) {
            mean(&watched)
        } else {
            mean(&best_features(&self.engine.features, &best_frames)?)
        };
        timings.features += started.elapsed();
        let started = Instant::now();
        let findings = Findings {
            challenge: &self.challenge,
            clock: &self.clock,
            timing: self.timing.finish(),
            readings: &self.readings,
            faces_counts: &self.faces_counts,
            best: best_frames.first(),
            continuity: self.continuity.finish(&watched),
            pad: self.pad.finish(),
            light: self.light.finish(),
            moire: self.moire.finish(),
            plane: self.plane.finish(),
            perspective: self.perspective.finish(),
            loops: self.loops.finish(),
            picture_width: self.picture_width,
            probe: probe.as_ref(),
            reference,
            features_model: self.engine.features.id(),
            calibration: self.engine.calibration(self.engine.group),
        };
        let measurements = cues::measurements(&findings);
        timings.other += started.elapsed();
        Ok(ClipReport {
            measurements,
            probe,
            best_frames,
            timings,
        })
    }

    /// Frames taken so far.
    pub const fn frames_count(&self) -> usize {
        self.timing.frames_count()
    }
}

/// Features of the best frames, each with its time.
fn best_features(
    model: &FeaturesModel,
    frames: &[BestFrame],
) -> Result<Vec<(f64, Features)>, EngineError> {
    let mut all = Vec::with_capacity(frames.len());
    for frame in frames {
        let features = model.of_face(&frame.image, &frame.mesh)?;
        all.extend(features.map(|features| (frame.at_ms, features)));
    }
    Ok(all)
}

fn mean(features: &[(f64, Features)]) -> Option<Features> {
    Features::mean(features.iter().map(|(_, features)| features))
}
