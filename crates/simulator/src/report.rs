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
    let head = Row {
        subject: "subject",
        cells: [
            "n",
            "accepted",
            "rejected",
            "inconclusive",
            "failed",
            "answer s",
            "total s",
        ]
        .map(str::to_owned),
        codes: "identify_ret".to_owned(),
        expected: "as expected".to_owned(),
    };
    let of_kind = |kind: SubjectKind| {
        let own: Vec<&Run> = runs
            .iter()
            .filter(|run| run.subject == kind.name())
            .collect();
        (!own.is_empty()).then(|| row(kind, &own).to_string())
    };
    let mut rows = vec![head.to_string()];
    rows.extend(SubjectKind::ALL.into_iter().filter_map(of_kind));
    rows.extend(runs.iter().filter(|run| !run.as_expected).map(remark));
    rows
}

/// One row of the table.
struct Row {
    subject: &'static str,
    cells: [String; 7],
    codes: String,
    expected: String,
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:<13}", self.subject)?;
        for cell in &self.cells {
            write!(f, " {cell:>12}")?;
        }
        write!(f, "  {:<20} {}", self.codes, self.expected)
    }
}

fn row(kind: SubjectKind, own: &[&Run]) -> Row {
    let count = |is: &dyn Fn(&Run) -> bool| own.iter().filter(|run| is(run)).count();
    let ended = |outcome: &str| count(&|run| run.outcome.as_deref() == Some(outcome)).to_string();
    let expected = count(&|run| run.as_expected);
    Row {
        subject: kind.name(),
        cells: [
            own.len().to_string(),
            ended("accepted"),
            ended("rejected"),
            ended("inconclusive"),
            count(&|run| run.fault.is_some()).to_string(),
            mean_s(own, |run| run.answer_ms),
            mean_s(own, |run| run.total_ms),
        ],
        codes: codes(own),
        expected: if expected == own.len() {
            "yes".to_owned()
        } else {
            format!("NO ({expected} of {})", own.len())
        },
    }
}

/// What became of a run that did not end as it should.
fn remark(run: &Run) -> String {
    let digests = match run.digests_match {
        None => "not seen",
        Some(true) => "match",
        Some(false) => "do not match",
    };
    format!(
        "  {} with behaviour {}: {}, hint {}, challenge {}, digests {digests}",
        run.subject,
        run.behaviour,
        run.fault
            .as_deref()
            .or(run.outcome.as_deref())
            .unwrap_or("no outcome"),
        run.hint.as_deref().unwrap_or("none"),
        run.challenge.join(","),
    )
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
            challenge: vec![String::from("blink")],
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
