//! Presentation attack detection, in the words of ISO/IEC 30107-3.
//!
//! A presentation is classified as an attack when its score is below the threshold. One without a
//! score is a non-response and takes no part in the classification error rates. APCER is given for
//! each species of attack, never as a mean over them; the worst is what a system answers for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::page;
use crate::plot;
use crate::rate::Rate;

/// The APCER at which BPCER is given as well.
pub const APCER_POINTS: [f64; 3] = [0.10, 0.05, 0.01];

/// A presentation with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The species of the attack; `None` for a bona fide presentation.
    pub species: Option<String>,
    /// The score, higher is more bona fide; `None` is a non-response.
    pub score: Option<f64>,
}

/// What was measured, apart from the scores.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The models.
    pub models: String,
    /// Where the presentations come from.
    pub list: String,
    /// Below this score a presentation is classified as an attack.
    pub threshold: f64,
    /// Presentations without a score, and why.
    pub refused: Vec<(String, String)>,
}

/// Scores of one kind of presentation.
#[derive(Clone, Debug, Default)]
pub struct Kind {
    scores: Vec<f64>,
    silent: u64,
}

impl Kind {
    fn add(&mut self, score: Option<f64>) {
        match score.filter(|score| score.is_finite()) {
            Some(score) => self.scores.push(score),
            None => self.silent += 1,
        }
    }

    /// Presentations without an answer.
    pub fn non_response(&self) -> Rate {
        Rate::new(self.silent, self.silent + self.scores.len() as u64)
    }

    /// Answered presentations that are taken for bona fide.
    pub fn accepted(&self, threshold: f64) -> Rate {
        Rate::of(&self.scores, |score| *score >= threshold)
    }

    /// Answered presentations that are taken for an attack.
    pub fn refused(&self, threshold: f64) -> Rate {
        Rate::of(&self.scores, |score| *score < threshold)
    }
}

/// A finished measurement.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was measured.
    pub about: About,
    /// Bona fide presentations.
    pub bona_fide: Kind,
    /// Attacks by species.
    pub species: BTreeMap<String, Kind>,
}

impl Report {
    /// From classified presentations.
    pub fn new(about: About, presentations: &[Classified]) -> Self {
        let mut bona_fide = Kind::default();
        let mut species: BTreeMap<String, Kind> = BTreeMap::new();
        for presentation in presentations {
            match &presentation.species {
                None => bona_fide.add(presentation.score),
                Some(name) => species
                    .entry(name.clone())
                    .or_default()
                    .add(presentation.score),
            }
        }
        Self {
            about,
            bona_fide,
            species,
        }
    }

    /// Attack presentation classification error rate of the worst species at a threshold, with its
    /// name; `None` without answered attacks.
    pub fn worst(&self, threshold: f64) -> Option<(&str, Rate)> {
        self.species
            .iter()
            .map(|(name, kind)| (name.as_str(), kind.accepted(threshold)))
            .filter(|(_, rate)| rate.trials > 0)
            .max_by(|a, b| {
                let value = |rate: &Rate| rate.value().unwrap_or_default();
                value(&a.1).total_cmp(&value(&b.1))
            })
    }

    /// The least threshold at which no species has a larger APCER, and the BPCER there.
    pub fn at_apcer(&self, apcer: f64) -> Option<(f64, Rate)> {
        self.worst(0.0)?;
        let mut thresholds: Vec<f64> = self
            .species
            .values()
            .flat_map(|kind| kind.scores.iter().map(|score| score.next_up()))
            .chain([0.0])
            .collect();
        thresholds.sort_by(f64::total_cmp);
        let fits = |threshold: &f64| {
            let worst = self.worst(*threshold).and_then(|(_, rate)| rate.value());
            worst.is_some_and(|rate| rate <= apcer + 1e-12)
        };
        let threshold = thresholds.into_iter().find(fits)?;
        Some((threshold, self.bona_fide.refused(threshold)))
    }

    /// The report for machines.
    pub fn as_json(&self) -> Value {
        let threshold = self.about.threshold;
        let species: BTreeMap<&str, Value> = self
            .species
            .iter()
            .map(|(name, kind)| {
                let value = json!({
                    "apcer": kind.accepted(threshold).as_json(),
                    "apnrr": kind.non_response().as_json(),
                });
                (name.as_str(), value)
            })
            .collect();
        let points: Vec<Value> = APCER_POINTS
            .iter()
            .map(|apcer| {
                let found = self.at_apcer(*apcer);
                json!({
                    "apcer_max": apcer,
                    "threshold": found.map(|(threshold, _)| threshold),
                    "bpcer": found.map(|(_, rate)| rate.as_json()),
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
            "kind": "pad",
            "standard": "ISO/IEC 30107-3",
            "models": self.about.models,
            "list": self.about.list,
            "threshold": threshold,
            "bpcer": self.bona_fide.refused(threshold).as_json(),
            "bpnrr": self.bona_fide.non_response().as_json(),
            "apcer_of_the_worst_species": self
                .worst(threshold)
                .map(|(name, rate)| json!({ "species": name, "apcer": rate.as_json() })),
            "species": species,
            "bpcer_at_apcer": points,
            "refused": refused,
        })
    }

    /// APCER of the worst species and BPCER along the thresholds.
    fn det(&self) -> Vec<(f64, f64)> {
        let mut thresholds: Vec<f64> = self
            .species
            .values()
            .chain([&self.bona_fide])
            .flat_map(|kind| kind.scores.iter().copied())
            .collect();
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        let step = (thresholds.len() / 600).max(1);
        let rates = thresholds.iter().step_by(step).map(|threshold| {
            let worst = self.worst(*threshold).and_then(|(_, rate)| rate.value());
            let refused = self.bona_fide.refused(*threshold).value();
            (worst.unwrap_or_default(), refused.unwrap_or_default())
        });
        rates.collect()
    }

    /// The DET plot.
    pub fn det_svg(&self) -> String {
        plot::det_named(
            &[(String::from("worst species"), self.det())],
            "APCER",
            "BPCER",
        )
    }

    /// The report for people: one page that needs nothing else.
    pub fn as_html(&self) -> String {
        page::pad(self, &self.det_svg())
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact numbers of a list made for it")]
mod tests {
    use super::*;

    fn classified(species: Option<&str>, score: Option<f64>) -> Classified {
        Classified {
            species: species.map(str::to_owned),
            score,
        }
    }

    /// Bona fide .3 .6 .8 .9 and one silent; prints .1 .2 .55; screens .4 .7 and two silent.
    fn report() -> Report {
        let mut all = Vec::new();
        for score in [0.3, 0.6, 0.8, 0.9] {
            all.push(classified(None, Some(score)));
        }
        all.push(classified(None, None));
        for score in [0.1, 0.2, 0.55] {
            all.push(classified(Some("print"), Some(score)));
        }
        for score in [Some(0.4), Some(0.7), None, Some(f64::NAN)] {
            all.push(classified(Some("screen"), score));
        }
        let about = About {
            threshold: 0.5,
            ..About::default()
        };
        Report::new(about, &all)
    }

    #[test]
    fn each_species_has_its_own_rate_and_the_worst_counts() {
        let report = report();
        assert_eq!(report.species["print"].accepted(0.5), Rate::new(1, 3));
        assert_eq!(report.species["screen"].accepted(0.5), Rate::new(1, 2));
        assert_eq!(report.worst(0.5), Some(("screen", Rate::new(1, 2))));
        assert_eq!(report.bona_fide.refused(0.5), Rate::new(1, 4));
    }

    #[test]
    fn non_responses_are_counted_apart() {
        let report = report();
        assert_eq!(report.bona_fide.non_response(), Rate::new(1, 5));
        assert_eq!(report.species["screen"].non_response(), Rate::new(2, 4));
        assert_eq!(report.species["print"].non_response(), Rate::new(0, 3));
    }

    #[test]
    fn bpcer_is_given_where_no_species_passes_more() {
        // At 1 % nothing may pass: above .7, where .3 and .6 of four are refused.
        let (threshold, bpcer) = report().at_apcer(0.01).unwrap();
        assert_eq!(threshold, 0.7_f64.next_up());
        assert_eq!(bpcer, Rate::new(2, 4));
        // Half of the screens and a third of the prints may pass: above .4.
        let (threshold, bpcer) = report().at_apcer(0.5).unwrap();
        assert_eq!(threshold, 0.4_f64.next_up());
        assert_eq!(bpcer, Rate::new(1, 4));
        let only_bona_fide = Report::new(About::default(), &[classified(None, Some(0.5))]);
        assert!(only_bona_fide.at_apcer(0.1).is_none());
    }

    #[test]
    fn reports_use_the_words_of_the_standard() {
        let report = report();
        let json = report.as_json();
        assert_eq!(json["bpcer"]["events"], 1);
        assert_eq!(json["apcer_of_the_worst_species"]["species"], "screen");
        assert_eq!(json["species"]["screen"]["apnrr"]["events"], 2);
        let html = report.as_html();
        for word in [
            "APCER",
            "BPCER",
            "APNRR",
            "BPNRR",
            "ISO/IEC 30107-3",
            "<svg",
        ] {
            assert!(html.contains(word), "{word}");
        }
    }
}
