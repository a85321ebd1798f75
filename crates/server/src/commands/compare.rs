//! `zhenren compare`: the score of two photographs and what it is worth.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};
use zhenren_biometrics::{Calibration, Group};
use zhenren_usecases::analysis::engine::Comparison;
use zhenren_usecases::analysis::report;
use zhenren_usecases::analysis::{Analyzer, Template};

use super::verify::{PHOTO_BYTES_MAX, photo_sentence, read_limited};
use crate::cli::CompareArgs;
use crate::config::{Config, RATE_MAX, RATE_MIN};
use crate::exit::{Exit, sentence};
use crate::progress::Progress;
use crate::wiring;

/// Runs the command.
pub(crate) fn run(config: &Config, args: &CompareArgs) -> Result<Exit> {
    let fmr_max = args.fmr.unwrap_or(config.verification.fmr_max);
    if !(RATE_MIN..=RATE_MAX).contains(&fmr_max) {
        return Err(sentence(
            Exit::Usage,
            format!("--fmr must be a rate from {RATE_MIN} to {RATE_MAX}"),
        ));
    }
    let progress = Progress::start("comparing the photos");
    let analyzer = wiring::engine_analyzer(config)?;
    let first = template(&analyzer, &args.first)?;
    let second = template(&analyzer, &args.second)?;
    let table = analyzer.calibration(args.group).ok_or_else(|| {
        sentence(
            Exit::Config,
            "the features in use have no calibration table",
        )
    })?;
    let comparison = analyzer
        .compare(&first, &second)
        .ok_or_else(|| sentence(Exit::Failure, "the photos were read by different models"))?;
    drop(progress);
    let report = Report::of(&first.model, &comparison, table, fmr_max);
    if args.json {
        say!("{:#}", report.as_json());
    } else {
        report.print();
    }
    let is_match = report.is_match;
    Ok(if is_match { Exit::Good } else { Exit::Negative })
}

/// What is told of a comparison: the decision, and everything it was made with.
struct Report<'a> {
    is_match: bool,
    model: &'a str,
    comparison: &'a Comparison,
    /// Whose table decided.
    group: Group,
    /// The rate in that table.
    fmr: f64,
    /// The rate that was asked for.
    fmr_max: f64,
    /// The score at which that table reaches it.
    threshold: f64,
    /// The smallest rate that table can state; below it nothing ever matches.
    fmr_min: f64,
}

impl<'a> Report<'a> {
    fn of(model: &'a str, comparison: &'a Comparison, table: &Calibration, fmr_max: f64) -> Self {
        let group = table.group;
        let mut rates = comparison.fmr.iter();
        let fmr = rates
            .find(|(known, _)| *known == group)
            .map_or(1.0, |(_, fmr)| *fmr);
        Self {
            is_match: fmr <= fmr_max,
            model,
            comparison,
            group,
            fmr,
            fmr_max,
            threshold: table.threshold_of(fmr_max),
            fmr_min: table.rate_min(),
        }
    }

    const fn decision(&self) -> &'static str {
        if self.is_match { "match" } else { "non_match" }
    }

    fn as_json(&self) -> Value {
        let groups: serde_json::Map<String, Value> = self
            .comparison
            .fmr
            .iter()
            .map(|(group, fmr)| (String::from(group.name()), json!(fmr)))
            .collect();
        json!({
            "decision": self.decision(),
            "features_model": self.model,
            "comparison_score": self.comparison.score,
            "fmr": self.fmr,
            "fmr_of_group": groups,
            "operating_point": {
                "group": self.group.name(),
                "fmr_max": self.fmr_max,
                "score_min": self.threshold,
            },
            "notice": report::features_notice(self.model),
        })
    }

    fn print(&self) {
        say!("decision   {}", self.decision());
        say!("model      {}", self.model);
        say!(
            "score      {:.4} (cosine, 1 is the same picture)",
            self.comparison.score
        );
        for (group, fmr) in &self.comparison.fmr {
            let name = format!("\"{}\"", group.name());
            say!("fmr        at most {fmr:.2e} in the table {name}");
        }
        say!(
            "decided by fmr at most {:.2e} in the table \"{}\": score at least {:.4}",
            self.fmr_max,
            self.group.name(),
            self.threshold
        );
        if self.fmr_max < self.fmr_min {
            say!(
                "note       this table states no rate below {:.2e}, so nothing matches at {:.2e}",
                self.fmr_min,
                self.fmr_max
            );
        }
        if let Some(notice) = report::features_notice(self.model) {
            say!("note       {notice}");
        }
    }
}

fn template(analyzer: &dyn Analyzer, path: &Path) -> Result<Template> {
    let bytes = read_limited(path, PHOTO_BYTES_MAX)?;
    let portrait = analyzer
        .read_photo(&bytes)
        .map_err(|refused| photo_sentence(path, &refused))?;
    Ok(portrait.template)
}
