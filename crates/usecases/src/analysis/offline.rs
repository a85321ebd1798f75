//! The same answer without a server: a recording, a photograph, a challenge, a decision.

use zhenren_domain::challenge::{Challenge, ClockLog};
use zhenren_domain::decide::{Decision, Reference, decide};
use zhenren_domain::measurements::Measurements;
use zhenren_domain::policy::Policy;

use super::{Analyzer, ClipError, PhotoRefused, Question};
use crate::stopwatch::Stopwatch;

/// What came out.
#[derive(Debug)]
pub struct Verdict {
    /// The answer and each judgement.
    pub decision: Decision,
    /// What it rests on.
    pub measurements: Measurements,
    /// Milliseconds of each stage, in the order they ran.
    pub timings_ms: Vec<(String, f64)>,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The photograph cannot be a reference.
    #[error("reference photo cannot be used")]
    Photo(#[source] PhotoRefused),
    /// The recording cannot be decoded, or the machine failed.
    #[error("recording cannot be measured")]
    Clip(#[source] ClipError),
}

/// Decodes, measures and decides, exactly as a worker does. Blocks.
pub fn verify(
    analyzer: &dyn Analyzer,
    clip: &[u8],
    photo: &[u8],
    challenge: &Challenge,
    policy: &Policy,
) -> Result<Verdict, VerifyError> {
    let mut watch = Stopwatch::start();
    let portrait = analyzer.read_photo(photo).map_err(VerifyError::Photo)?;
    let mut timings_ms = vec![(String::from("reference"), watch.lap_ms())];
    let question = Question {
        challenge,
        clock: &ClockLog::default(),
        reference: Some(&portrait.template),
    };
    let measured = analyzer
        .measure_clip(clip, &question)
        .map_err(VerifyError::Clip)?;
    timings_ms.extend(measured.timings_ms);
    watch.lap_ms();
    let decision = decide(
        policy,
        challenge,
        &measured.measurements,
        Reference::Features,
    );
    timings_ms.push((String::from("decide"), watch.lap_ms()));
    Ok(Verdict {
        decision,
        measurements: measured.measurements,
        timings_ms,
    })
}
