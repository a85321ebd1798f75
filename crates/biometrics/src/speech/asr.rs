//! The contract of Mandarin CTC models, as icefall exports them and sherpa-onnx runs them.
//!
//! - A list of tokens beside the model: `TOKEN NUMBER` on each line, a blank among them.
//! - Input `[1, frames, 80]`: Kaldi's filter bank (`fbank`), sound in −1…1.
//! - Perhaps the number of frames `[1]`, int64, with `len` in its name.
//! - Perhaps memory: every input `X` for which there is an output `new_X` begins at zero and is
//!   handed on; then the number of frames is fixed and `decode_chunk_len` in the file says how
//!   many of them are new each time.
//! - First output of three axes: log-probabilities (or logits) `[1, steps, tokens]`.
//!
//! Of all the tokens only digits, their homophones, the blank, and the sum of the rest are used.

use std::collections::BTreeMap;
use std::path::Path;

use super::ctc::{BLANK, OTHER, Posteriors, SYMBOLS};
use super::fbank::{self, FBANK_BANDS};
use super::recogniser::normalised;
use crate::error::EngineError;
use crate::session::{Port, SequenceModel, Source, Tensor, Values};

/// Of each digit: a token that must be there, and others that sound like it. Tones are told apart
/// by context in such models, and single digits have none.
const WORDS: [(&str, &str); 10] = [
    ("零", "〇铃玲凌灵龄陵伶羚"),
    ("一", "幺壹衣医依伊吆妖邀"),
    ("二", "贰两俩"),
    ("三", "叁"),
    ("四", "肆"),
    ("五", "伍武舞午"),
    ("六", "陆溜"),
    ("七", "柒漆妻戚"),
    ("八", "捌巴叭扒"),
    ("九", "玖酒久"),
];
const BLANKS: [&str; 4] = ["<blk>", "<blank>", "<eps>", "<b>"];
/// What such models take for one run at most: the sound is bounded before.
const RUNS_MAX: usize = 400;
/// log of no energy, what a model hears after the end.
const SILENCE: f32 = -15.942_385;

pub(super) struct Asr {
    model: SequenceModel,
    features: Port,
    length: Option<Port>,
    memory: Vec<(Port, usize)>,
    output: usize,
    /// Frames of a run and new frames of a run; `None` when all go in at once.
    chunk: Option<(usize, usize)>,
    /// Symbol of every token.
    symbols: Vec<usize>,
}

impl Asr {
    pub(super) fn open(
        library_dir: &Path,
        file: &Path,
        tokens: &Path,
        threads: usize,
    ) -> Result<Self, EngineError> {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let text = std::fs::read_to_string(tokens).map_err(|error| EngineError::Model {
            name: name.clone().into_owned(),
            detail: format!(
                "its list of tokens {} cannot be read: {error}",
                tokens.display()
            ),
        })?;
        let model = SequenceModel::open(library_dir, &name, Source::File(file), threads)?;
        let symbols = symbols(&text).map_err(|detail| model.mismatch(detail))?;
        let is_features = |port: &&Port| {
            !port.is_whole && port.shape.len() == 3 && port.shape[2] == FBANK_BANDS as i64
        };
        let Some(features) = model.inputs().iter().find(is_features).cloned() else {
            return Err(model.mismatch("none of its inputs takes frames of 80 bands"));
        };
        let mut length = None;
        let mut memory = Vec::new();
        for port in model.inputs().iter().filter(|port| **port != features) {
            let handed_on = format!("new_{}", port.name);
            let after = model.outputs().iter().position(|out| out.name == handed_on);
            match after {
                Some(output) => memory.push((port.clone(), output)),
                None if port.is_whole && port.name.contains("len") => length = Some(port.clone()),
                None => {
                    return Err(
                        model.mismatch(format!("nothing is known about its input {}", port.name))
                    );
                }
            }
        }
        let tokens_count = symbols.len() as i64;
        let is_scores = |port: &Port| {
            !port.is_whole
                && port.shape.len() == 3
                && !port.name.starts_with("new_")
                && (port.shape[2] == tokens_count || port.shape[2] == -1)
        };
        let Some(output) = model.outputs().iter().position(is_scores) else {
            return Err(model.mismatch(format!(
                "no output gives one number for each of its {tokens_count} tokens"
            )));
        };
        let chunk = if memory.is_empty() {
            None
        } else {
            Some(chunk(&model, &features)?)
        };
        Ok(Self {
            model,
            features,
            length,
            memory,
            output,
            chunk,
            symbols,
        })
    }

    pub(super) fn listen(&self, samples: &[f32]) -> Result<Posteriors, EngineError> {
        let frames = fbank::fbank(samples);
        let count = frames.len() / FBANK_BANDS;
        let mut rows = Vec::new();
        if count == 0 {
            return Ok(posteriors(rows, 1.0));
        }
        let mut memory: Vec<Tensor> = self.memory.iter().map(|(port, _)| zeros(port)).collect();
        let (size, new) = self.chunk.unwrap_or((count, count));
        let mut step_frames = 1.0;
        for start in (0..count).step_by(new).take(RUNS_MAX) {
            let mut piece: Vec<f32> =
                frames[start * FBANK_BANDS..(start + size).min(count) * FBANK_BANDS].to_vec();
            piece.resize(size * FBANK_BANDS, SILENCE);
            let outputs = self.run(piece, size, &memory)?;
            let Some(Tensor {
                values: Values::Float(scores),
                ..
            }) = outputs.get(self.output)
            else {
                return Err(self.model.mismatch("it gave no probabilities"));
            };
            let steps = scores.len() / self.symbols.len();
            if steps == 0 || steps > size {
                return Err(self
                    .model
                    .mismatch(format!("{steps} steps for {size} frames")));
            }
            step_frames = new as f64 / steps as f64;
            rows.extend(
                scores
                    .chunks_exact(self.symbols.len())
                    .map(|scores| self.row(scores)),
            );
            memory = self
                .memory
                .iter()
                .filter_map(|(_, output)| outputs.get(*output).cloned())
                .collect();
        }
        Ok(posteriors(rows, step_frames))
    }

    fn run(
        &self,
        piece: Vec<f32>,
        size: usize,
        memory: &[Tensor],
    ) -> Result<Vec<Tensor>, EngineError> {
        let mut inputs = vec![(
            self.features.name.as_str(),
            Tensor {
                shape: vec![1, size as i64, FBANK_BANDS as i64],
                values: Values::Float(piece),
            },
        )];
        if let Some(port) = &self.length {
            let tensor = Tensor {
                shape: vec![1],
                values: Values::Whole(vec![size as i64]),
            };
            inputs.push((port.name.as_str(), tensor));
        }
        for ((port, _), held) in self.memory.iter().zip(memory) {
            inputs.push((port.name.as_str(), held.clone()));
        }
        self.model.run(inputs)
    }

    fn row(&self, scores: &[f32]) -> [f64; SYMBOLS] {
        let top = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut row = [0.0; SYMBOLS];
        for (score, symbol) in scores.iter().zip(&self.symbols) {
            row[*symbol] += f64::from(score - top).exp();
        }
        normalised(row)
    }
}

fn posteriors(rows: Vec<[f64; SYMBOLS]>, step_frames: f64) -> Posteriors {
    Posteriors {
        rows,
        first_ms: step_frames * fbank::HOP_MS / 2.0,
        step_ms: step_frames * fbank::HOP_MS,
    }
}

/// Frames of a run, and how many of them are new.
fn chunk(model: &SequenceModel, features: &Port) -> Result<(usize, usize), EngineError> {
    let size = usize::try_from(features.shape[1]).ok().filter(|n| *n > 0);
    let new = model
        .note("decode_chunk_len")
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|n| *n > 0);
    match (size, new) {
        (Some(size), Some(new)) if new <= size => Ok((size, new)),
        _ => {
            Err(model.mismatch("it has memory, but does not say how many frames it hears at once"))
        }
    }
}

fn zeros(port: &Port) -> Tensor {
    let shape: Vec<i64> = port.shape.iter().map(|size| (*size).max(1)).collect();
    let count = usize::try_from(shape.iter().product::<i64>()).unwrap_or(0);
    let values = if port.is_whole {
        Values::Whole(vec![0; count])
    } else {
        Values::Float(vec![0.0; count])
    };
    Tensor { shape, values }
}

/// Symbol of every token by its number; or what is missing.
fn symbols(text: &str) -> Result<Vec<usize>, String> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (token, number) = line
            .trim_end()
            .rsplit_once([' ', '\t'])
            .ok_or_else(|| format!("{line:?} in its list of tokens is not TOKEN NUMBER"))?;
        let number: usize = number
            .parse()
            .map_err(|_| format!("{line:?} in its list of tokens has no number"))?;
        // Sentence pieces mark the beginning of a word; a digit may be either.
        let plain = token.trim().trim_start_matches('▁').to_owned();
        let known = numbers.entry(plain).or_insert(number);
        *known = number.min(*known);
        let marked = format!("{}#{number}", token.trim().trim_start_matches('▁'));
        numbers.insert(marked, number);
    }
    let count = numbers.values().max().map_or(0, |last| last + 1);
    if numbers
        .values()
        .collect::<std::collections::BTreeSet<_>>()
        .len()
        != count
    {
        return Err("its list of tokens has gaps".to_owned());
    }
    let mut symbols = vec![usize::from(OTHER); count];
    let blank = BLANKS.iter().find_map(|name| numbers.get(*name));
    let Some(blank) = blank else {
        return Err("its list of tokens has no blank".to_owned());
    };
    symbols[*blank] = BLANK;
    for (digit, (word, alike)) in WORDS.iter().enumerate() {
        if !numbers.contains_key(*word) {
            return Err(format!(
                "its list of tokens has no {word}, so that it cannot hear {digit}"
            ));
        }
        for sound in word.chars().chain(alike.chars()) {
            let prefix = format!("{sound}#");
            for (_, number) in numbers
                .range(prefix.clone()..)
                .take_while(|(token, _)| token.starts_with(&prefix))
            {
                symbols[*number] = digit + 1;
            }
        }
    }
    Ok(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "<blk> 0\n<unk> 1\n零 2\n一 3\n幺 4\n二 5\n▁三 6\n四 7\n五 8\n六 9\n七 10\n八 11\n九 12\n三 13\n好 14\n";

    #[test]
    fn tokens_become_digits_with_their_homophones() {
        let found = symbols(LIST).unwrap();
        assert_eq!(found, [0, 11, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 4, 11]);
    }

    #[test]
    fn a_missing_digit_or_blank_is_refused() {
        let without = LIST.replace("七 10", "气 10");
        assert!(symbols(&without).unwrap_err().contains("cannot hear 7"));
        let blank = LIST.replace("<blk>", "<x>");
        assert!(symbols(&blank).unwrap_err().contains("no blank"));
        assert!(symbols("好 1\n").unwrap_err().contains("gaps"));
        assert!(symbols("好").unwrap_err().contains("TOKEN NUMBER"));
        assert!(symbols("").is_err());
    }
}
