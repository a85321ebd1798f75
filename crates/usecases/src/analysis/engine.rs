//! The real analyzer: the jailed decoder in front of the measuring engine.
//!
//! Frames are measured as they arrive, so that one recording is never in memory as pixels.

use std::sync::Arc;

use zhenren_biometrics::{Calibration, Engine, Features, Group, Image, PhotoRefusal, Timings};
use zhenren_media::{ClipLimits, Decoder, Frame, MediaError, Record, StillLimits};

use super::{Analyzer, ClipError, Measured, PhotoRefused, Portrait, Question, Template};
use crate::fault::Fault;
use crate::stopwatch::Stopwatch;

/// Decoder and engine, ready to work.
#[derive(Clone)]
pub struct EngineAnalyzer {
    decoder: Decoder,
    engine: Arc<Engine>,
}

impl std::fmt::Debug for EngineAnalyzer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("EngineAnalyzer")
            .finish_non_exhaustive()
    }
}

impl EngineAnalyzer {
    /// An analyzer over a started decoder and a loaded engine.
    pub const fn new(decoder: Decoder, engine: Arc<Engine>) -> Self {
        Self { decoder, engine }
    }

    /// What a score means for a group; see [`Engine::calibration`].
    pub fn calibration(&self, group: Group) -> Option<&Calibration> {
        self.engine.calibration(group)
    }

    /// Compares two templates; nothing when they are not of this engine's model.
    pub fn compare(&self, first: &Template, second: &Template) -> Option<Comparison> {
        let score = zhenren_biometrics::compare(&self.features(first)?, &self.features(second)?);
        let rate = |group| {
            let table = self.engine.calibration(group);
            table.map_or(1.0, |table| table.fmr_of(score))
        };
        let fmr = Group::ALL.map(|group| (group, rate(group)));
        Some(Comparison { score, fmr })
    }

    /// Features of this engine's model; a template of another model cannot be compared.
    fn features(&self, template: &Template) -> Option<Features> {
        if template.model == self.engine.features_model() {
            Features::from_values(template.values.clone())
        } else {
            None
        }
    }

    fn portrait(&self, photo: &[u8]) -> Result<Portrait, PhotoRefused> {
        let still = self
            .decoder
            .decode_still(photo, &StillLimits::default())
            .map_err(photo_error)?;
        let image = image(still.frame);
        let portrait = self.engine.analyse_photo(&image).map_err(photo_refusal)?;
        Ok(Portrait {
            template: Template {
                model: portrait.model_id,
                values: portrait.features.values().to_vec(),
            },
        })
    }
}

impl Analyzer for EngineAnalyzer {
    fn features_model(&self) -> &str {
        self.engine.features_model()
    }

    fn hears_digits(&self) -> bool {
        // No recogniser can be loaded yet.
        false
    }

    fn read_photo(&self, photo: &[u8]) -> Result<Portrait, PhotoRefused> {
        self.portrait(photo)
    }

    fn measure_clip(&self, clip: &[u8], question: &Question<'_>) -> Result<Measured, ClipError> {
        let mut watch = Stopwatch::start();
        let reference = question
            .reference
            .and_then(|template| self.features(template));
        let stream = self
            .decoder
            .decode_clip(clip, &ClipLimits::default())
            .map_err(clip_error)?;
        let mut analysis = self
            .engine
            .begin_clip(question.challenge, question.clock.clone());
        for record in stream {
            match record.map_err(clip_error)? {
                Record::Frame(frame) => {
                    let pts_us = frame.pts_us;
                    analysis
                        .push_frame(pts_us, &image(frame))
                        .map_err(|error| Fault::new("measuring a frame", error))?;
                }
                Record::Described(_) | Record::Pcm(_) | Record::End(_) => {}
            }
        }
        let report = analysis
            .finish(reference.as_ref())
            .map_err(|error| Fault::new("finishing the analysis", error))?;
        let timings_ms = timings(&report.timings, watch.lap_ms());
        Ok(Measured {
            measurements: report.measurements,
            timings_ms,
        })
    }
}

/// The stages in order. What is left of the whole is waiting for the decoder.
fn timings(stages: &Timings, whole_ms: f64) -> Vec<(String, f64)> {
    let ms = |duration: std::time::Duration| duration.as_secs_f64() * 1000.0;
    let decode_ms = (whole_ms - ms(stages.total())).max(0.0);
    [
        ("decode", decode_ms),
        ("detect", ms(stages.detect)),
        ("mesh", ms(stages.mesh)),
        ("features", ms(stages.features)),
        ("cues", ms(stages.other)),
    ]
    .map(|(stage, ms)| (String::from(stage), ms))
    .to_vec()
}

/// What comparing two templates says.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    /// Similarity, -1 to 1; higher is more similar.
    pub score: f64,
    /// The false match rate at which that score would be the threshold, by group of people.
    pub fmr: [(Group, f64); 2],
}

fn image(frame: Frame) -> Image {
    Image {
        width: usize::from(frame.width),
        height: usize::from(frame.height),
        rgb: frame.rgb,
    }
}

fn photo_refusal(refusal: PhotoRefusal) -> PhotoRefused {
    match refusal {
        PhotoRefusal::NoFace => PhotoRefused::NoFace,
        PhotoRefusal::SeveralFaces { .. } => PhotoRefused::SeveralFaces,
        PhotoRefusal::TooSmall => PhotoRefused::FaceTooSmall,
        PhotoRefusal::BadPicture => PhotoRefused::Unreadable,
        PhotoRefusal::Fault(error) => Fault::new("analysing a photo", error).into(),
    }
}

fn photo_error(error: MediaError) -> PhotoRefused {
    if matches!(
        error,
        MediaError::TooLarge { .. } | MediaError::TooManyPixels
    ) {
        PhotoRefused::TooLarge
    } else if is_ours(&error) {
        Fault::new("decoding a photo", error).into()
    } else {
        PhotoRefused::Unreadable
    }
}

fn clip_error(error: MediaError) -> ClipError {
    if is_ours(&error) {
        Fault::new("decoding a recording", error).into()
    } else {
        ClipError::Unreadable(error.to_string())
    }
}

/// Whether the machine is to blame and not the file. A decoder that died or lied counts as the
/// file's doing: trying again would only let it try again.
const fn is_ours(error: &MediaError) -> bool {
    matches!(
        error,
        MediaError::Spawn { .. } | MediaError::JailTooWeak { .. }
    )
}
