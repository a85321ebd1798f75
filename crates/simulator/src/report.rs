//! What the simulator prints. The only place of this crate that writes to the terminal.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the output of a command"
)]

use std::collections::BTreeMap;

use crate::drive::Run;
use crate::take::SubjectKind;

/// One line of plain output.
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// Tells that one more run is over, beside the output proper.
pub(crate) fn progress(run: &Run) {
    let challenge = run.challenge.join(",");
    let end = run
        .fault
        .as_deref()
        .or(run.outcome.as_deref())
        .unwrap_or("no outcome");
    let code = run
        .identify_ret
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    eprintln!(
        "{} [{challenge}]: {end}{code} in {} ms",
        run.subject, run.total_ms
    );
}

/// Every run as JSON.
pub(crate) fn json(runs: &[Run]) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(runs)?);
    Ok(())
}

/// The table of outcomes.
pub(crate) fn table(runs: &[Run]) {
    for row in rows(runs) {
        println!("{row}");
    }
}

fn rows(runs: &[Run]) -> Vec<String> {
    let mut rows = vec![format!(
        "{:<13} {:>4} {:>9} {:>9} {:>13} {:>7} {:>10} {:>9}  {:<24} {}",
        "subject",
        "n",
        "accepted",
        "rejected",
        "inconclusive",
        "failed",
        "answer s",
        "total s",
        "identify_ret",
        "as expected"
    )];
    for kind in SubjectKind::ALL {
        let own: Vec<&Run> = runs
            .iter()
            .filter(|run| run.subject == kind.name())
            .collect();
        if own.is_empty() {
            continue;
        }
        let count = |outcome: &str| {
            own.iter()
                .filter(|run| run.outcome.as_deref() == Some(outcome))
                .count()
        };
        let failed = own.iter().filter(|run| run.fault.is_some()).count();
        let expected = own.iter().filter(|run| run.as_expected).count();
        rows.push(format!(
            "{:<13} {:>4} {:>9} {:>9} {:>13} {:>7} {:>10} {:>9}  {:<24} {}",
            kind.name(),
            own.len(),
            count("accepted"),
            count("rejected"),
            count("inconclusive"),
            failed,
            mean_s(&own, |run| run.answer_ms),
            mean_s(&own, |run| run.total_ms),
            codes(&own),
            if expected == own.len() {
                "yes".to_owned()
            } else {
                format!("NO ({expected} of {})", own.len())
            },
        ));
    }
    for run in runs.iter().filter(|run| !run.as_expected) {
        let end = run
            .fault
            .as_deref()
            .or(run.outcome.as_deref())
            .unwrap_or("no outcome");
        rows.push(format!(
            "  {} with behaviour {}: {end}, hint {}, challenge {}, digests {}",
            run.subject,
            run.behaviour,
            run.hint.as_deref().unwrap_or("none"),
            run.challenge.join(","),
            run.digests_match.map_or("not seen", |same| if same {
                "match"
            } else {
                "do not match"
            }),
        ));
    }
    rows
}

/// Codes with how often each came, as `0x3 10004x1`.
fn codes(runs: &[&Run]) -> String {
    let mut counts = BTreeMap::new();
    for code in runs.iter().filter_map(|run| run.identify_ret) {
        *counts.entry(code).or_insert(0_u32) += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(code, count)| format!("{code}x{count}"))
        .collect();
    if parts.is_empty() {
        "-".to_owned()
    } else {
        parts.join(" ")
    }
}

fn mean_s(runs: &[&Run], of: impl Fn(&Run) -> u64) -> String {
    let count = u64::try_from(runs.len()).unwrap_or(u64::MAX).max(1);
    let mean_ms = runs.iter().map(|run| of(run)).sum::<u64>() / count;
    format!("{}.{}", mean_ms / 1_000, mean_ms % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_count_outcomes_and_name_what_was_not_expected() {
        let run = |subject, outcome: &str, code, as_expected| Run {
            subject,
            behaviour: 7,
            outcome: Some(outcome.to_owned()),
            hint: None,
            identify_ret: Some(code),
            digests_match: Some(true),
            challenge: vec!["blink"],
            clip_bytes: 1,
            answer_ms: 1_250,
            total_ms: 9_900,
            as_expected,
            fault: None,
        };
        let rows = rows(&[
            run("bona-fide", "accepted", 0, true),
            run("bona-fide", "rejected", 10_003, false),
            run("print", "rejected", 10_003, true),
        ]);
        assert_eq!(rows.len(), 4);
        let words: Vec<&str> = rows[1].split_whitespace().collect();
        assert_eq!(
            words,
            [
                "bona-fide",
                "2",
                "1",
                "1",
                "0",
                "0",
                "1.2",
                "9.9",
                "0x1",
                "10003x1",
                "NO",
                "(1",
                "of",
                "2)"
            ]
        );
        assert!(rows[2].ends_with("yes"));
        assert!(rows[3].contains("behaviour 7"));
    }
}
