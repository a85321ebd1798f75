//! `zhenren compare`: the score of two photographs and what it is worth.

use std::path::Path;

use anyhow::Result;
use serde_json::json;
use zhenren_usecases::analysis::{Analyzer, Template};

use super::verify::{PHOTO_BYTES_MAX, photo_sentence, read_limited};
use crate::cli::CompareArgs;
use crate::config::Config;
use crate::exit::{Exit, sentence};
use crate::progress::Progress;
use crate::wiring;

/// Runs the command.
pub(crate) fn run(config: &Config, args: &CompareArgs) -> Result<Exit> {
    let fmr_max = args.fmr.unwrap_or(config.verification.fmr_max);
    if !(1e-6..=1e-2).contains(&fmr_max) {
        return Err(sentence(
            Exit::Usage,
            "--fmr must be a rate from 0.000001 to 0.01",
        ));
    }
    let progress = Progress::start("comparing the photos");
    let analyzer = wiring::analyzer(config)?;
    let first = template(analyzer.as_ref(), &args.first)?;
    let second = template(analyzer.as_ref(), &args.second)?;
    let comparison = zhenren_usecases::analysis::engine::compare(&first, &second)
        .ok_or_else(|| sentence(Exit::Failure, "the photos were read by different models"))?;
    drop(progress);
    let group = args.group;
    let fmr = comparison
        .fmr
        .iter()
        .find(|(known, _)| *known == group)
        .map_or(1.0, |(_, fmr)| *fmr);
    let is_match = fmr <= fmr_max;
    if args.json {
        let groups: serde_json::Map<String, serde_json::Value> = comparison
            .fmr
            .iter()
            .map(|(group, fmr)| (String::from(group.name()), json!(fmr)))
            .collect();
        let answer = json!({
            "decision": if is_match { "match" } else { "non_match" },
            "comparison_score": comparison.score,
            "features_model": first.model,
            "fmr": fmr,
            "group": group.name(),
            "fmr_of_group": groups,
            "fmr_max": fmr_max,
        });
        println!("{answer:#}");
    } else {
        println!(
            "decision   {}",
            if is_match { "match" } else { "non_match" }
        );
        println!(
            "score      {:.4} (cosine, 1 is the same picture)",
            comparison.score
        );
        println!("model      {}", first.model);
        println!(
            "fmr        {fmr:.2e} at this score ({}); asked for: {fmr_max:.2e}",
            group.name()
        );
        for (group, fmr) in &comparison.fmr {
            println!("           {fmr:.2e} in the table \"{}\"", group.name());
        }
    }
    Ok(if is_match { Exit::Good } else { Exit::Negative })
}

fn template(analyzer: &dyn Analyzer, path: &Path) -> Result<Template> {
    let bytes = read_limited(path, PHOTO_BYTES_MAX)?;
    let portrait = analyzer
        .read_photo(&bytes)
        .map_err(|refused| photo_sentence(path, &refused))?;
    Ok(portrait.template)
}
