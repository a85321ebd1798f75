//! How likely a string of digits is, given what the recogniser said of every moment.
//!
//! Connectionist temporal classification: a string is said by every sequence of symbols that gives
//! it once repeats and blanks are taken out. Also finds the likeliest strings (beam) and where the
//! digits of a given string lie (alignment). Knows no sound and no model.

use std::collections::BTreeMap;

/// Symbols of a moment: blank, the digits 0–9, and speech that is no digit.
pub const SYMBOLS: usize = 12;
/// Nothing new is said.
pub(crate) const BLANK: usize = 0;
/// A syllable that is no digit.
pub(crate) const OTHER: u8 = 11;

/// Strings the beam keeps at every moment.
const BEAM_WIDTH: usize = 24;
/// Symbols less likely than this are not followed.
const SYMBOL_MIN: f64 = 1e-4;
/// Nothing is impossible: keeps the alignment defined whatever was said.
const ALIGN_FLOOR: f64 = 1e-9;

/// Probabilities of the symbols at every moment; each row sums to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Posteriors {
    /// Blank first, then 0–9, then everything else.
    pub rows: Vec<[f64; SYMBOLS]>,
    /// Middle of the first row, milliseconds after the first sample.
    pub first_ms: f64,
    /// From row to row.
    pub step_ms: f64,
}

/// Symbol of a digit; `None` for any other character.
pub(crate) fn symbol(digit: char) -> Option<u8> {
    let value = digit.to_digit(10)?;
    u8::try_from(value + 1).ok()
}

/// Natural logarithm of the probability that exactly this string was said; `-inf` when it cannot
/// have been.
pub(crate) fn log_probability(rows: &[[f64; SYMBOLS]], string: &[u8]) -> f64 {
    let states = string.len() * 2 + 1;
    let at = |state: usize| {
        if state.is_multiple_of(2) {
            BLANK
        } else {
            usize::from(string[state / 2])
        }
    };
    let mut now = vec![0.0_f64; states];
    now[0] = 1.0;
    let mut log = 0.0;
    // Before the first row nothing was said: entering at state 0 or 1 is the same as coming from
    // a blank that was there before.
    for row in rows {
        let before = now.clone();
        let mut sum = 0.0;
        for (state, value) in now.iter_mut().enumerate() {
            let mut ways = before[state];
            if state > 0 {
                ways += before[state - 1];
            }
            if state > 1 && state % 2 == 1 && at(state) != at(state - 2) {
                ways += before[state - 2];
            }
            *value = ways * row[at(state)];
            sum += *value;
        }
        if sum <= 0.0 {
            return f64::NEG_INFINITY;
        }
        for value in &mut now {
            *value /= sum;
        }
        log += sum.ln();
    }
    let end = now[states - 1] + if states > 1 { now[states - 2] } else { 0.0 };
    log + end.ln()
}

/// The likeliest strings, best first, over digits and [`OTHER`].
pub(crate) fn beam(rows: &[[f64; SYMBOLS]]) -> Vec<Vec<u8>> {
    // Of every string: probability to stand on a blank, and on its last symbol.
    let mut kept: Vec<(Vec<u8>, (f64, f64))> = vec![(Vec::new(), (1.0, 0.0))];
    for row in rows {
        let mut next: BTreeMap<Vec<u8>, (f64, f64)> = BTreeMap::new();
        for (string, (blank, symbol)) in &kept {
            let both = blank + symbol;
            let stay = next.entry(string.clone()).or_default();
            stay.0 += both * row[BLANK];
            if let Some(last) = string.last() {
                stay.1 += symbol * row[usize::from(*last)];
            }
            for said in 1..=OTHER {
                let probability = row[usize::from(said)];
                if probability < SYMBOL_MIN {
                    continue;
                }
                // A repeat is a new symbol only after a blank.
                let from = if string.last() == Some(&said) {
                    *blank
                } else {
                    both
                };
                if from > 0.0 {
                    let mut longer = string.clone();
                    longer.push(said);
                    next.entry(longer).or_default().1 += from * probability;
                }
            }
        }
        kept = next.into_iter().collect();
        kept.sort_by(|a, b| total(b).total_cmp(&total(a)));
        kept.truncate(BEAM_WIDTH);
        let top = kept.first().map_or(0.0, total);
        if top <= 0.0 {
            return vec![Vec::new()];
        }
        for (_, (blank, symbol)) in &mut kept {
            *blank /= top;
            *symbol /= top;
        }
    }
    kept.into_iter().map(|(string, _)| string).collect()
}

fn total(entry: &(Vec<u8>, (f64, f64))) -> f64 {
    entry.1.0 + entry.1.1
}

/// Row at which each digit of the string first shows, on the likeliest way through it. `None` when
/// there are fewer rows than the string needs.
pub(crate) fn align(rows: &[[f64; SYMBOLS]], string: &[u8]) -> Option<Vec<usize>> {
    let states = string.len() * 2 + 1;
    let cost = |row: &[f64; SYMBOLS], state: usize| {
        let symbol = if state.is_multiple_of(2) {
            BLANK
        } else {
            usize::from(string[state / 2])
        };
        row[symbol].max(ALIGN_FLOOR).ln()
    };
    let mut best = vec![f64::NEG_INFINITY; states];
    best[0] = 0.0;
    let mut steps: Vec<Vec<usize>> = Vec::with_capacity(rows.len());
    for row in rows {
        let before = best.clone();
        let mut chosen = vec![0; states];
        for state in 0..states {
            let skip = state > 1 && state % 2 == 1 && string[state / 2] != string[state / 2 - 1];
            let (mut from, mut value) = (state, before[state]);
            for back in [1, 2] {
                let allowed = back == 1 && state > 0 || back == 2 && skip;
                if allowed && before[state - back] > value {
                    (from, value) = (state - back, before[state - back]);
                }
            }
            best[state] = value + cost(row, state);
            chosen[state] = from;
        }
        steps.push(chosen);
    }
    let mut state = states - 1;
    if states > 1 && best[states - 2] > best[states - 1] {
        state = states - 2;
    }
    if best[state] == f64::NEG_INFINITY || rows.is_empty() {
        return None;
    }
    let mut first = vec![0; string.len()];
    for (row, chosen) in steps.iter().enumerate().rev() {
        if state % 2 == 1 {
            first[state / 2] = row;
        }
        state = chosen[state];
    }
    Some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows over a small alphabet: blank, 0 and 1, pseudo-random.
    fn rows(count: usize, mut seed: u32) -> Vec<[f64; SYMBOLS]> {
        (0..count)
            .map(|_| {
                let mut row = [0.0; SYMBOLS];
                for value in row.iter_mut().take(3) {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    *value = f64::from(seed >> 16) + 1.0;
                }
                let sum: f64 = row.iter().sum();
                row.map(|value| value / sum)
            })
            .collect()
    }

    fn strings(length_max: usize) -> Vec<Vec<u8>> {
        let mut all = vec![Vec::new()];
        let mut last = all.clone();
        for _ in 0..length_max {
            last = last
                .iter()
                .flat_map(|string: &Vec<u8>| {
                    [1, 2].map(|symbol| {
                        let mut longer = string.clone();
                        longer.push(symbol);
                        longer
                    })
                })
                .collect();
            all.extend(last.clone());
        }
        all
    }

    #[test]
    fn the_probabilities_of_all_strings_sum_to_one() {
        for seed in 0..20 {
            let rows = rows(5, seed);
            let sum: f64 = strings(5)
                .iter()
                .map(|string| log_probability(&rows, string).exp())
                .sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
            let shorter: f64 = strings(2)
                .iter()
                .map(|string| log_probability(&rows, string).exp())
                .sum();
            assert!(shorter < 1.0);
        }
    }

    #[test]
    fn a_clearer_digit_makes_its_string_likelier() {
        for seed in 0..20 {
            let dull = rows(6, seed);
            let mut clear = dull.clone();
            // The share of the digit 0 grows at one moment, the others keep their proportions.
            let grown = f64::midpoint(clear[2][1], 1.0);
            let rest = (1.0 - grown) / (1.0 - clear[2][1]);
            for (symbol, value) in clear[2].iter_mut().enumerate() {
                *value = if symbol == 1 { grown } else { *value * rest };
            }
            let of = |rows: &[[f64; SYMBOLS]]| -> f64 {
                strings(6)
                    .iter()
                    .filter(|string| string.contains(&1))
                    .map(|string| log_probability(rows, string).exp())
                    .sum()
            };
            assert!(of(&clear) >= of(&dull) - 1e-12);
        }
    }

    #[test]
    fn the_beam_finds_the_likeliest_string() {
        for seed in 0..20 {
            let rows = rows(5, seed);
            let best = strings(5)
                .into_iter()
                .max_by(|a, b| log_probability(&rows, a).total_cmp(&log_probability(&rows, b)))
                .unwrap();
            assert_eq!(beam(&rows)[0], best, "seed {seed}");
        }
        assert_eq!(beam(&[]), vec![Vec::<u8>::new()]);
    }

    #[test]
    fn the_alignment_finds_the_moments() {
        let mut rows = vec![[0.001; SYMBOLS]; 30];
        for (at, row) in rows.iter_mut().enumerate() {
            let symbol = match at {
                4..=6 => 3,
                12 | 20..=21 => 8,
                _ => BLANK,
            };
            row[symbol] = 1.0 - 0.001 * 11.0;
        }
        assert_eq!(align(&rows, &[3, 8, 8]), Some(vec![4, 12, 20]));
        assert_eq!(align(&rows[..2], &[3, 8, 8]), None);
        assert_eq!(align(&[], &[3]), None);
    }

    #[test]
    fn too_few_rows_say_nothing() {
        let nothing = log_probability(&rows(1, 1), &[1, 2]);
        assert!(nothing.is_infinite() && nothing < 0.0);
        assert!((log_probability(&[], &[]) - 0.0).abs() < 1e-12);
    }
}
