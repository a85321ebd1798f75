//! Comparing features, and what a comparison score means.
//!
//! A score alone means nothing: every features model has its own scale, and every group of people
//! its own error rates at one threshold. So a score travels with a calibration table, measured on
//! pairs of different people (non-mated pairs), and policy speaks in false match rates (FMR).

use std::borrow::Cow;

use crate::features::Features;

/// Similarity of two faces, the cosine of their features, −1..=1; higher is more similar. Features
/// of different models (different lengths) have no similarity: −1.
pub fn compare(a: &Features, b: &Features) -> f64 {
    if a.values().len() != b.values().len() {
        return -1.0;
    }
    let dot: f64 = a
        .values()
        .iter()
        .zip(b.values())
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum();
    dot.clamp(-1.0, 1.0)
}

/// Whose pairs a table was measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// A mixed population.
    General,
    /// The group with the highest error rate among those measured. Operating points that must
    /// hold for everyone come from here.
    Hardest,
}

impl Group {
    /// Both groups.
    pub const ALL: [Self; 2] = [Self::General, Self::Hardest];

    /// The name in configuration and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Hardest => "hardest",
        }
    }

    /// The group with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }
}

/// How often different people reach a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The features model.
    pub model_id: Cow<'static, str>,
    /// Whose pairs.
    pub group: Group,
    /// Where the numbers come from, in a sentence.
    pub source: Cow<'static, str>,
    /// Non-mated pairs behind the table.
    pub pairs_count: u32,
    /// Score and FMR at that threshold, scores rising, rates falling.
    pub points: Cow<'static, [(f64, f64)]>,
}

impl Calibration {
    /// The FMR at which this score would be the threshold, `rate_min`..=1.
    ///
    /// Between the points the logarithm of the rate is interpolated; above the last one the last
    /// slope goes on, no further than the data can carry.
    pub fn fmr_of(&self, score: f64) -> f64 {
        if score.is_nan() {
            return 1.0;
        }
        let Some(((s0, f0), (s1, f1))) = self.segment(|(s, _)| score <= s) else {
            return 1.0;
        };
        let part = (score - s0) / (s1 - s0);
        let log = f0.ln() + (f1.ln() - f0.ln()) * part;
        log.exp().clamp(self.rate_min(), 1.0)
    }

    /// The score at which this FMR is reached; rates the data cannot carry give the score of the
    /// smallest one it can.
    pub fn threshold_of(&self, fmr: f64) -> f64 {
        let fmr = fmr.clamp(self.rate_min(), 1.0);
        let Some(((s0, f0), (s1, f1))) = self.segment(|(_, f)| fmr >= f) else {
            return 1.0;
        };
        let part = (fmr.ln() - f0.ln()) / (f1.ln() - f0.ln());
        s0 + (s1 - s0) * part
    }

    /// Whether there are at least two points, scores rise, rates fall and are rates.
    pub fn is_sound(&self) -> bool {
        let is_rate = |rate: f64| rate > 0.0 && rate <= 1.0;
        self.points.len() >= 2
            && self.pairs_count > 0
            && self
                .points
                .iter()
                .all(|(score, rate)| score.is_finite() && is_rate(*rate))
            && self
                .points
                .windows(2)
                .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 > pair[1].1)
    }

    /// The smallest rate worth stating: one event among the pairs.
    pub fn rate_min(&self) -> f64 {
        1.0 / f64::from(self.pairs_count.max(1))
    }

    /// The first segment whose end satisfies the question, or the last segment.
    fn segment(&self, reached: impl Fn((f64, f64)) -> bool) -> Option<((f64, f64), (f64, f64))> {
        let pairs = || self.points.iter().zip(self.points.iter().skip(1));
        let found = pairs()
            .find(|(_, end)| reached(**end))
            .or_else(|| pairs().next_back());
        found.map(|(start, end)| (*start, *end))
    }
}

/// The table of the default features for a group.
pub fn calibration(group: Group) -> &'static Calibration {
    match group {
        Group::General => &crate::calibration::DLIB_GENERAL,
        Group::Hardest => &crate::calibration::DLIB_HARDEST,
    }
}

/// The FMR at which this score of the default features would be the threshold.
pub fn fmr_of(score: f64, group: Group) -> f64 {
    calibration(group).fmr_of(score)
}

/// The score of the default features at which this FMR is reached.
pub fn threshold_of(fmr: f64, group: Group) -> f64 {
    calibration(group).threshold_of(fmr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_faces_have_similarity_one() {
        let a = Features::from_values(vec![1.0, 2.0, 3.0]).unwrap();
        let b = Features::from_values(vec![-1.0, -2.0, -3.0]).unwrap();
        assert!((compare(&a, &a) - 1.0).abs() < 1e-6);
        assert!((compare(&a, &b) + 1.0).abs() < 1e-6);
        let short = Features::from_values(vec![1.0]).unwrap();
        assert!((compare(&a, &short) + 1.0).abs() < 1e-12);
    }

    #[test]
    fn tables_rise_and_fall() {
        for group in Group::ALL {
            let table = calibration(group);
            assert!(table.is_sound(), "{group:?}");
            let mut upside_down = table.clone();
            upside_down.points.to_mut().reverse();
            assert!(!upside_down.is_sound());
        }
        for table in crate::calibration::fused_tables() {
            assert!(table.is_sound(), "{:?}", table.group);
        }
    }

    #[test]
    fn the_rate_falls_as_the_score_rises() {
        for group in Group::ALL {
            let rates: Vec<_> = (0..=400)
                .map(|i| fmr_of(f64::from(i) / 400.0, group))
                .collect();
            assert!(rates.windows(2).all(|pair| pair[0] >= pair[1]), "{group:?}");
            assert!((rates[0] - 1.0).abs() < 1e-12);
            assert!(rates[400] <= 1.1 * calibration(group).rate_min());
            assert!((fmr_of(f64::NAN, group) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn threshold_and_rate_are_each_others_inverse() {
        for group in Group::ALL {
            for rate in [3e-1, 1e-2, 3e-3, 1e-3, 3e-4] {
                let back = fmr_of(threshold_of(rate, group), group);
                assert!((back / rate - 1.0).abs() < 1e-6, "{group:?} {rate} {back}");
            }
            let floor = calibration(group).rate_min();
            assert!((threshold_of(0.0, group) - threshold_of(floor, group)).abs() < 1e-12);
        }
    }

    #[test]
    fn the_hardest_group_asks_for_more() {
        for rate in [1e-2, 1e-3, 1e-4] {
            assert!(threshold_of(rate, Group::Hardest) > threshold_of(rate, Group::General));
        }
    }
}
