//! The scripted analyzer behind a decoder that can be made to crash, to lie, or to take the
//! machine with it, once.

use std::sync::Mutex;

use zhenren_usecases::analysis::scripted::ScriptedAnalyzer;
use zhenren_usecases::analysis::{Analyzer, ClipError, Measured, PhotoRefused, Portrait, Question};
use zhenren_usecases::fault::Fault;

use crate::op::Trouble;

/// An analyzer in trouble.
#[derive(Debug, Default)]
pub(crate) struct TroubledAnalyzer {
    next: Mutex<Option<Trouble>>,
}

impl TroubledAnalyzer {
    /// What will happen at the next recording.
    pub(crate) fn expect(&self, trouble: Trouble) {
        *self.next.lock().unwrap() = Some(trouble);
    }
}

impl Analyzer for TroubledAnalyzer {
    fn features_model(&self) -> &str {
        ScriptedAnalyzer.features_model()
    }

    fn hears_digits(&self) -> bool {
        ScriptedAnalyzer.hears_digits()
    }

    fn read_photo(&self, photo: &[u8]) -> Result<Portrait, PhotoRefused> {
        ScriptedAnalyzer.read_photo(photo)
    }

    fn measure_clip(&self, clip: &[u8], question: &Question<'_>) -> Result<Measured, ClipError> {
        let trouble = self.next.lock().unwrap().take();
        match trouble {
            None => ScriptedAnalyzer.measure_clip(clip, question),
            Some(Trouble::Crashes) => Err(ClipError::Unreadable(String::from("decoder died"))),
            Some(Trouble::Breaks) => Err(Fault::new("measuring", "the machine failed").into()),
            // Numbers that no frames give: they must never make a pass.
            Some(Trouble::Lies) => {
                let mut measured = ScriptedAnalyzer.measure_clip(clip, question)?;
                for cue in &mut measured.measurements.cues {
                    cue.value = f64::NAN;
                }
                for action in &mut measured.measurements.actions {
                    action.amplitude = f64::INFINITY;
                    action.at_ms = None;
                }
                Ok(measured)
            }
        }
    }
}
