//! What a recogniser says of every moment of a clip: the built-in net, or a Mandarin model of a
//! pack. Both give the same twelve symbols, so that nothing above knows which one listens.

use std::path::Path;

use super::asr::Asr;
use super::ctc::{Posteriors, SYMBOLS};
use super::mel::{BANDS, HOP_MS, LogMel};
use crate::error::EngineError;
use crate::session::{SequenceModel, Source, Tensor, Values};

/// Name of the built-in recogniser, for reports.
pub const BUILT_IN: &str = "digits-tiny (built in)";

/// The net of `training/digits`; its card lies beside it.
static TINY: &[u8] = include_bytes!("../../models/digits_tiny/digits_tiny.onnx");

/// Labels of the net: blank, 0–9, yao (another word for 1), English 0–9, other syllables.
const TINY_LABELS: usize = 23;
const TINY_YAO: usize = 11;
const TINY_ENGLISH: usize = 12;
/// Input frames of one output row.
const TINY_STRIDE: f64 = 3.0;

/// Something that hears digits.
pub struct SpeechModel {
    id: String,
    kind: Kind,
}

enum Kind {
    Tiny(SequenceModel),
    Asr(Box<Asr>),
}

// One model is shared between the threads of a process; this does not compile if it cannot be.
const _: fn() = || {
    const fn shared<T: Send + Sync>() {}
    shared::<SpeechModel>();
};

impl SpeechModel {
    /// The recogniser inside this program; only the inference library is read from `library_dir`.
    pub fn built_in(library_dir: &Path, threads: usize) -> Result<Self, EngineError> {
        let model = SequenceModel::open(library_dir, "digits_tiny", Source::Bytes(TINY), threads)?;
        let fits = model.inputs().len() == 1
            && model.outputs().len() == 1
            && model.inputs()[0].shape.last() == Some(&(BANDS as i64))
            && model.outputs()[0].shape.last() == Some(&(TINY_LABELS as i64));
        if !fits {
            return Err(model.mismatch("it is not the digits net of this build"));
        }
        Ok(Self {
            id: BUILT_IN.to_owned(),
            kind: Kind::Tiny(model),
        })
    }

    /// A Mandarin CTC model of a pack: the ONNX file and its list of tokens; the contract is in
    /// `asr`. A model that lacks a token for a digit is refused.
    pub fn asr(
        library_dir: &Path,
        id: &str,
        file: &Path,
        tokens: &Path,
        threads: usize,
    ) -> Result<Self, EngineError> {
        Ok(Self {
            id: id.to_owned(),
            kind: Kind::Asr(Box::new(Asr::open(library_dir, file, tokens, threads)?)),
        })
    }

    /// Name for reports.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is said at every moment. `mel` is that of `samples`.
    pub(crate) fn listen(&self, samples: &[f32], mel: &LogMel) -> Result<Posteriors, EngineError> {
        match &self.kind {
            Kind::Tiny(model) => tiny(model, mel.clone().normalised()),
            Kind::Asr(model) => model.listen(samples),
        }
    }
}

fn tiny(model: &SequenceModel, mel: LogMel) -> Result<Posteriors, EngineError> {
    let frames = mel.frames_count();
    let mut rows = Vec::new();
    if frames > 0 {
        let input = Tensor {
            shape: vec![1, frames as i64, BANDS as i64],
            values: Values::Float(mel.values),
        };
        let outputs = model.run(vec![("features", input)])?;
        let Some(Values::Float(logs)) = outputs.first().map(|output| &output.values) else {
            return Err(model.mismatch("it gave no probabilities"));
        };
        rows = logs.chunks_exact(TINY_LABELS).map(folded).collect();
    }
    Ok(Posteriors {
        rows,
        first_ms: super::level::FIRST_MS,
        step_ms: TINY_STRIDE * HOP_MS,
    })
}

/// Both languages, and both words for 1, say the same digit.
fn folded(logs: &[f32]) -> [f64; SYMBOLS] {
    let p = |label: usize| f64::from(logs[label]).exp();
    let mut row = [0.0; SYMBOLS];
    row[0] = p(0);
    for digit in 0..10 {
        row[1 + digit] = p(1 + digit) + p(TINY_ENGLISH + digit);
    }
    row[2] += p(TINY_YAO);
    row[SYMBOLS - 1] = p(TINY_LABELS - 1);
    normalised(row)
}

/// A row that sums to 1, whatever rounding or a broken model did.
pub(super) fn normalised(row: [f64; SYMBOLS]) -> [f64; SYMBOLS] {
    let sum: f64 = row.iter().sum();
    if sum.is_finite() && sum > 0.0 {
        row.map(|p| p / sum)
    } else {
        [1.0 / SYMBOLS as f64; SYMBOLS]
    }
}
