//! Comparison: false match and false non-match rates, thresholds, the equal error rate.
//!
//! A pair matches when its score is at least the threshold. Pairs with a picture from which nothing
//! could be acquired take no part in the rates and are counted apart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::page;
use crate::plot;
use crate::rate::Rate;

/// The rates at which thresholds are given.
pub const FMR_POINTS: [f64; 5] = [1e-2, 3e-3, 1e-3, 1e-4, 1e-5];

/// A compared pair.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// Similarity, higher is more similar.
    pub score: f64,
    /// Whether both pictures show one person.
    pub mated: bool,
    /// Whose pair it is, empty for nobody's.
    pub group: String,
}

/// What was measured, apart from the scores.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The features model.
    pub model: String,
    /// Where the pairs come from.
    pub list: String,
    /// Pictures that were looked at.
    pub pictures: u64,
    /// Pictures that gave nothing, and why.
    pub refused: Vec<(String, String)>,
    /// Pairs that could not be compared for that: mated, non-mated.
    pub lost: (u64, u64),
    /// For whom the model is not good enough.
    pub notice: Option<String>,
    /// Thresholds of the tables in use: name, asked rate, threshold.
    pub tables: Vec<(String, f64, f64)>,
}

/// Rates at one threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The rate that was asked for.
    pub fmr_wanted: f64,
    /// Pairs match from this score on.
    pub threshold: f64,
    /// Non-mated pairs that match.
    pub fmr: Rate,
    /// Mated pairs that do not match.
    pub fnmr: Rate,
    /// Whether there are enough pairs to see this rate at all.
    pub carried: bool,
}

/// Sorted scores.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    mated: Vec<f64>,
    non_mated: Vec<f64>,
}

impl Scores {
    /// Sorts the scores of some pairs; what is no number takes no part.
    pub fn of<'a>(pairs: impl IntoIterator<Item = &'a Scored>) -> Self {
        let mut scores = Self::default();
        for pair in pairs.into_iter().filter(|pair| pair.score.is_finite()) {
            if pair.mated {
                scores.mated.push(pair.score);
            } else {
                scores.non_mated.push(pair.score);
            }
        }
        scores.mated.sort_by(f64::total_cmp);
        scores.non_mated.sort_by(f64::total_cmp);
        scores
    }

    /// Mated scores, rising.
    pub fn mated(&self) -> &[f64] {
        &self.mated
    }

    /// Non-mated scores, rising.
    pub fn non_mated(&self) -> &[f64] {
        &self.non_mated
    }

    /// Non-mated pairs that match at a threshold.
    pub fn fmr(&self, threshold: f64) -> Rate {
        let count = self.non_mated.len() as u64;
        let below = self.non_mated.partition_point(|score| *score < threshold) as u64;
        Rate::new(count - below, count)
    }

    /// Mated pairs that do not match at a threshold.
    pub fn fnmr(&self, threshold: f64) -> Rate {
        let below = self.mated.partition_point(|score| *score < threshold) as u64;
        Rate::new(below, self.mated.len() as u64)
    }

    /// The least threshold at which no larger share of the non-mated pairs matches.
    pub fn threshold(&self, fmr: f64) -> f64 {
        let count = self.non_mated.len();
        // A hair more than the product, which may lie a rounding below a whole number.
        let allowed = (fmr * count as f64 * (1.0 + 1e-12)) as usize;
        let index = count.checked_sub(allowed + 1);
        index
            .and_then(|index| self.non_mated.get(index))
            .map_or(f64::NEG_INFINITY, |score| score.next_up())
    }

    /// Rates at the threshold for a false match rate.
    pub fn point(&self, fmr: f64) -> Point {
        let threshold = self.threshold(fmr);
        Point {
            fmr_wanted: fmr,
            threshold,
            fmr: self.fmr(threshold),
            fnmr: self.fnmr(threshold),
            carried: fmr * self.non_mated.len() as f64 >= 1.0 - 1e-9,
        }
    }

    /// The rate at which both kinds of error are equally frequent, and its threshold; `None`
    /// without pairs of both kinds.
    pub fn equal_error(&self) -> Option<(f64, f64)> {
        if self.mated.is_empty() || self.non_mated.is_empty() {
            return None;
        }
        let mut best: Option<(f64, f64, f64)> = None;
        for threshold in self.mated.iter().chain(&self.non_mated) {
            for threshold in [*threshold, threshold.next_up()] {
                let fmr = self.fmr(threshold).value().unwrap_or_default();
                let fnmr = self.fnmr(threshold).value().unwrap_or_default();
                let apart = (fmr - fnmr).abs();
                if best.is_none_or(|(least, _, _)| apart < least) {
                    best = Some((apart, f64::midpoint(fmr, fnmr), threshold));
                }
            }
        }
        best.map(|(_, rate, threshold)| (rate, threshold))
    }

    /// Mean and standard deviation of the non-mated scores.
    pub fn non_mated_spread(&self) -> Option<(f64, f64)> {
        let count = self.non_mated.len() as f64;
        if count < 2.0 {
            return None;
        }
        let mean = self.non_mated.iter().sum::<f64>() / count;
        let squares: f64 = self.non_mated.iter().map(|s| (s - mean).powi(2)).sum();
        Some((mean, (squares / (count - 1.0)).sqrt()))
    }

    /// FMR and FNMR along the thresholds, for the DET plot: at most a few hundred points.
    pub fn det(&self) -> Vec<(f64, f64)> {
        const POINTS: usize = 400;
        let mut thresholds: Vec<f64> = Vec::new();
        for scores in [&self.mated, &self.non_mated] {
            let step = (scores.len() / POINTS).max(1);
            thresholds.extend(scores.iter().step_by(step));
            // The rare ends are what the plot is for.
            thresholds.extend(scores.iter().take(POINTS / 4));
            thresholds.extend(scores.iter().rev().take(POINTS / 4));
        }
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        let rates = thresholds.iter().map(|threshold| {
            let fmr = self.fmr(*threshold).value().unwrap_or_default();
            (fmr, self.fnmr(*threshold).value().unwrap_or_default())
        });
        rates.collect()
    }

    /// A calibration table: score and rate at falling rates, as far as the pairs carry; empty
    /// below a hundred pairs.
    pub fn table(&self) -> Vec<(f64, f64)> {
        const RATES: [f64; 14] = [
            0.3, 0.1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7, 1e-7,
        ];
        let count = self.non_mated.len() as f64;
        let Some(least) = self.non_mated.first().filter(|_| count >= 100.0) else {
            return Vec::new();
        };
        let mut table = vec![(*least, 1.0)];
        for rate in RATES.into_iter().filter(|rate| rate * count >= 1.0) {
            let score = self.threshold(rate);
            if table.last().is_some_and(|(before, _)| score > *before) {
                table.push((score, rate));
            }
        }
        table
    }
}

/// A finished measurement.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was measured.
    pub about: About,
    /// Everybody's scores.
    pub all: Scores,
    /// Scores by group, where the list names groups.
    pub groups: BTreeMap<String, Scores>,
}

impl Report {
    /// From compared pairs.
    pub fn new(about: About, pairs: &[Scored]) -> Self {
        let names: BTreeSet<&str> = pairs
            .iter()
            .map(|pair| pair.group.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        let groups = names
            .into_iter()
            .map(|name| {
                let own = pairs.iter().filter(|pair| pair.group == name);
                (name.to_owned(), Scores::of(own))
            })
            .collect();
        Self {
            about,
            all: Scores::of(pairs),
            groups,
        }
    }

    /// The group that needs the highest threshold at this rate, with enough pairs to see it.
    pub fn hardest(&self, fmr: f64) -> Option<(&str, &Scores)> {
        self.groups
            .iter()
            .filter(|(_, scores)| fmr * scores.non_mated.len() as f64 >= 1.0)
            .max_by(|a, b| a.1.threshold(fmr).total_cmp(&b.1.threshold(fmr)))
            .map(|(name, scores)| (name.as_str(), scores))
    }

    /// Pictures from which nothing was acquired.
    pub fn failure_to_acquire(&self) -> Rate {
        Rate::new(self.about.refused.len() as u64, self.about.pictures)
    }

    /// The report for machines.
    pub fn as_json(&self) -> Value {
        let points: Vec<Value> = FMR_POINTS
            .iter()
            .map(|fmr| point_json(&self.all.point(*fmr)))
            .collect();
        let groups: BTreeMap<&str, Value> = self
            .groups
            .iter()
            .map(|(name, scores)| (name.as_str(), self.group_json(scores)))
            .collect();
        let tables: Vec<Value> = self
            .about
            .tables
            .iter()
            .map(|(name, fmr, threshold)| {
                json!({
                    "table": name,
                    "fmr_stated": fmr,
                    "threshold": threshold,
                    "fmr": self.all.fmr(*threshold).as_json(),
                    "fnmr": self.all.fnmr(*threshold).as_json(),
                })
            })
            .collect();
        let refused: Vec<Value> = self
            .about
            .refused
            .iter()
            .map(|(path, why)| json!({ "path": path, "why": why }))
            .collect();
        json!({
            "kind": "match",
            "features_model": self.about.model,
            "list": self.about.list,
            "notice": self.about.notice,
            "mated_count": self.all.mated.len(),
            "non_mated_count": self.all.non_mated.len(),
            "failure_to_acquire": self.failure_to_acquire().as_json(),
            "refused": refused,
            "lost_pairs": { "mated": self.about.lost.0, "non_mated": self.about.lost.1 },
            "equal_error_rate": self.all.equal_error().map(|(rate, _)| rate),
            "equal_error_threshold": self.all.equal_error().map(|(_, threshold)| threshold),
            "non_mated_mean_and_deviation": self.all.non_mated_spread().map(|(m, d)| [m, d]),
            "points": points,
            "tables_in_use": tables,
            "groups": groups,
        })
    }

    fn group_json(&self, scores: &Scores) -> Value {
        let own: Vec<Value> = FMR_POINTS
            .iter()
            .map(|fmr| point_json(&scores.point(*fmr)))
            .collect();
        let common: Vec<Value> = FMR_POINTS
            .iter()
            .map(|fmr| {
                let threshold = self.all.threshold(*fmr);
                json!({
                    "threshold_of_all_at_fmr": fmr,
                    "threshold": finite(threshold),
                    "fmr": scores.fmr(threshold).as_json(),
                    "fnmr": scores.fnmr(threshold).as_json(),
                })
            })
            .collect();
        json!({
            "mated_count": scores.mated.len(),
            "non_mated_count": scores.non_mated.len(),
            "own_thresholds": own,
            "at_the_thresholds_of_all": common,
        })
    }

    /// Calibration tables as TOML, for `zhenren pack use --calibration`: everybody's, and the
    /// hardest group's where groups are named.
    pub fn calibration(&self) -> Option<String> {
        let mut text = table_toml("general", &self.about.list, &self.all)?;
        if let Some((name, scores)) = self.hardest(1e-3).or_else(|| self.hardest(1e-2)) {
            let source = format!("{}, group {name}", self.about.list);
            text.push_str(&table_toml("hardest", &source, scores)?);
        }
        Some(text)
    }

    /// The report for people: one page that needs nothing else.
    pub fn as_html(&self) -> String {
        page::matching(self, &self.det_svg())
    }

    /// The DET plot.
    pub fn det_svg(&self) -> String {
        let mut curves = vec![(String::from("all"), self.all.det())];
        for (name, scores) in &self.groups {
            curves.push((name.clone(), scores.det()));
        }
        plot::det(&curves)
    }
}

fn table_toml(group: &str, source: &str, scores: &Scores) -> Option<String> {
    let table = scores.table();
    if table.len() < 2 {
        return None;
    }
    let points: Vec<String> = table
        .iter()
        .map(|(score, rate)| format!("[{score:.6}, {rate:?}]"))
        .collect();
    Some(format!(
        "[[calibration]]\ngroup = \"{group}\"\nsource = {}\npairs = {}\npoints = [{}]\n\n",
        json!(source),
        scores.non_mated.len(),
        points.join(", ")
    ))
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn point_json(point: &Point) -> Value {
    json!({
        "fmr_wanted": point.fmr_wanted,
        "threshold": finite(point.threshold),
        "enough_pairs": point.carried,
        "fmr": point.fmr.as_json(),
        "fnmr": point.fnmr.as_json(),
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact numbers of a list made for it")]
mod tests;
