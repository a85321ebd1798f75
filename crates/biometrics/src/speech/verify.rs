//! Was this string said? A comparison with everything it could be taken for, not a dictation.

use std::collections::BTreeSet;

use super::ctc::{OTHER, SYMBOLS, beam, log_probability, symbol};

/// Where a score ends: nothing is gained by telling apart what is this unlikely.
pub const SCORE_MIN: f64 = -60.0;
/// Digits of a string a score is made for.
const LENGTH_MAX: usize = 12;

/// What was heard, and how well what was asked for explains it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scored {
    /// Likeliest digits.
    pub(crate) digits: String,
    /// `log P(expected) - log Σ P(candidate)`, at most 0.
    pub(crate) score: f64,
}

/// Scores the expected digits against their one-edit neighbours and the beam's strings.
pub(crate) fn verify(rows: &[[f64; SYMBOLS]], expected: &str) -> Scored {
    let found = beam(rows);
    let digits = found.first().map(|best| text(best)).unwrap_or_default();
    let wanted: Option<Vec<u8>> = expected.chars().map(symbol).collect();
    let score = wanted
        .filter(|wanted| !wanted.is_empty() && wanted.len() <= LENGTH_MAX)
        .map_or(SCORE_MIN, |wanted| score(rows, &wanted, found));
    Scored { digits, score }
}

fn score(rows: &[[f64; SYMBOLS]], wanted: &[u8], found: Vec<Vec<u8>>) -> f64 {
    let own = log_probability(rows, wanted);
    let mut others: BTreeSet<Vec<u8>> = neighbours(wanted);
    others.extend(found);
    others.remove(wanted);
    let logs: Vec<f64> = others
        .iter()
        .map(|other| log_probability(rows, other))
        .chain([own])
        .collect();
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() || !own.is_finite() {
        return SCORE_MIN;
    }
    let sum: f64 = logs.iter().map(|log| (log - top).exp()).sum();
    (own - top - sum.ln()).clamp(SCORE_MIN, 0.0)
}

/// All strings of digits that differ by one digit changed, left out or put in.
fn neighbours(string: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut all = BTreeSet::new();
    for at in 0..=string.len() {
        for digit in 1..OTHER {
            let mut longer = string.to_vec();
            longer.insert(at, digit);
            all.insert(longer);
        }
        if at < string.len() {
            let mut shorter = string.to_vec();
            shorter.remove(at);
            all.insert(shorter);
            for digit in 1..OTHER {
                let mut changed = string.to_vec();
                changed[at] = digit;
                all.insert(changed);
            }
        }
    }
    all
}

/// The digits of a string; speech that is no digit is left out.
fn text(string: &[u8]) -> String {
    string
        .iter()
        .filter(|symbol| **symbol != OTHER)
        .map(|symbol| char::from(b'0' + symbol - 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::ctc::BLANK;

    /// A clip that says these symbols clearly, with blanks between.
    fn said(symbols: &[usize], clear: f64) -> Vec<[f64; SYMBOLS]> {
        let row = |symbol: usize| {
            let mut row = [(1.0 - clear) / 11.0; SYMBOLS];
            row[symbol] = clear;
            row
        };
        let mut rows = vec![row(BLANK); 4];
        for symbol in symbols {
            rows.extend([
                row(*symbol),
                row(*symbol),
                row(BLANK),
                row(BLANK),
                row(BLANK),
            ]);
        }
        rows
    }

    #[test]
    fn what_was_said_scores_near_zero_and_anything_else_far_below() {
        let rows = said(&[4, 8, 1, 6], 0.98);
        let right = verify(&rows, "3705");
        assert_eq!(right.digits, "3705");
        assert!(right.score > -0.5, "{right:?}");
        assert!(verify(&rows, "3704").score < -4.0);
        assert!(verify(&rows, "370").score < -4.0);
        assert!(verify(&rows, "1289").score < -15.0);
    }

    #[test]
    fn doubt_costs_little_and_silence_or_chatter_everything() {
        let doubtful = verify(&said(&[4, 8, 1, 6], 0.5), "3705");
        assert!(doubtful.score > -7.0, "{doubtful:?}");
        let silence = verify(&said(&[], 0.99), "3705");
        assert_eq!(silence.digits, "");
        assert!(silence.score < -15.0, "{silence:?}");
        let chatter = verify(&said(&[11, 11, 11, 11], 0.95), "3705");
        assert_eq!(chatter.digits, "");
        assert!(chatter.score < -10.0, "{chatter:?}");
    }

    #[test]
    fn no_rows_and_odd_strings_score_least() {
        for expected in ["", "12a4", "1234567890123"] {
            let found = verify(&said(&[4], 0.9), expected);
            assert!((found.score - SCORE_MIN).abs() < 1e-12);
        }
        assert!((verify(&[], "3705").score - SCORE_MIN).abs() < 1e-12);
    }
}
