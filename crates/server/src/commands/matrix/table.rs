//! Counts of a matrix as tables and as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_simulator::take::SubjectKind;

use super::case::{Case, Cell};
use super::measure::Ending;

/// The normal deviate of a 95 % interval.
const DEVIATE: f64 = 1.96;
/// How many reasons a line names.
const REASONS_SHOWN: usize = 3;

/// What became of the takes of a cell.
#[derive(Debug, Default)]
pub(super) struct Tally {
    accepted: u32,
    rejected: u32,
    inconclusive: u32,
    reasons: BTreeMap<Reason, u32>,
}

impl Tally {
    pub(super) fn count(&mut self, ending: &Ending) {
        self.count_as(ending.decision.outcome, ending.decision.reason);
    }

    fn count_as(&mut self, outcome: Outcome, reason: Reason) {
        match outcome {
            Outcome::Accepted => self.accepted += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::Inconclusive => self.inconclusive += 1,
        }
        if outcome != Outcome::Accepted {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    const fn all(&self) -> u32 {
        self.accepted + self.rejected + self.inconclusive
    }

    /// The reasons, most frequent first.
    fn reasons(&self) -> Vec<(Reason, u32)> {
        let mut reasons: Vec<_> = self.reasons.iter().map(|(r, n)| (*r, *n)).collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        reasons
    }
}

/// A share with its 95 % interval (Wilson), each 0 to 1.
fn share(part: u32, of: u32) -> [f64; 3] {
    if of == 0 {
        return [0.0, 0.0, 1.0];
    }
    let (part, of) = (f64::from(part), f64::from(of));
    let rate = part / of;
    let squared = DEVIATE * DEVIATE;
    let middle = rate + squared / (2.0 * of);
    let reach = DEVIATE * (rate * (1.0 - rate) / of + squared / (4.0 * of * of)).sqrt();
    let scale = 1.0 + squared / of;
    [
        rate,
        ((middle - reach) / scale).max(0.0),
        ((middle + reach) / scale).min(1.0),
    ]
}

fn percent([rate, low, high]: [f64; 3]) -> String {
    format!(
        "{:.1} ({:.1}–{:.1})",
        rate * 100.0,
        low * 100.0,
        high * 100.0
    )
}

/// Both tables in Markdown: attacks, then honest subjects.
pub(super) fn lines(tallies: &BTreeMap<Cell, Tally>) -> Vec<String> {
    let is_honest = |cell: &Cell| cell.species == SubjectKind::BonaFide;
    let mut lines = Vec::new();
    if tallies.keys().any(|cell| !is_honest(cell)) {
        lines.push(String::from(
            "| challenge | species | n | accepted | rejected | inconclusive | APCER % (95 %) | reasons |",
        ));
        lines.push(String::from("|---|---|---|---|---|---|---|---|"));
    }
    for (cell, tally) in tallies.iter().filter(|(cell, _)| !is_honest(cell)) {
        let rate = percent(share(tally.accepted, tally.all()));
        lines.push(line(*cell, cell.species.name(), tally, &rate));
    }
    if tallies.keys().any(is_honest) {
        lines.push(String::new());
        lines.push(String::from(
            "| challenge | condition | n | accepted | rejected | inconclusive | BPCER % (95 %); non-response % | reasons |",
        ));
        lines.push(String::from("|---|---|---|---|---|---|---|---|"));
    }
    for (cell, tally) in tallies.iter().filter(|(cell, _)| is_honest(cell)) {
        let rate = percent(share(tally.rejected, tally.all()));
        let [silent, ..] = share(tally.inconclusive, tally.all());
        let rates = format!("{rate}; {:.1}", silent * 100.0);
        lines.push(line(*cell, cell.condition.name(), tally, &rates));
    }
    lines
}

fn line(cell: Cell, of: &str, tally: &Tally, rates: &str) -> String {
    let reasons: Vec<String> = tally
        .reasons()
        .iter()
        .take(REASONS_SHOWN)
        .map(|(reason, count)| format!("{} {count}", reason.name()))
        .collect();
    format!(
        "| {} | {of} | {} | {} | {} | {} | {rates} | {} |",
        cell.challenge.name(),
        tally.all(),
        tally.accepted,
        tally.rejected,
        tally.inconclusive,
        reasons.join(", ")
    )
}

/// The same for programs.
pub(super) fn json(tallies: &BTreeMap<Cell, Tally>, policy_version: u32) -> Value {
    let cells: Vec<Value> = tallies
        .iter()
        .map(|(cell, tally)| {
            let reasons: BTreeMap<&str, u32> = tally
                .reasons
                .iter()
                .map(|(reason, count)| (reason.name(), *count))
                .collect();
            json!({
                "challenge": cell.challenge.name(),
                "species": cell.species.name(),
                "condition": cell.condition.name(),
                "count": tally.all(),
                "accepted": tally.accepted,
                "rejected": tally.rejected,
                "inconclusive": tally.inconclusive,
                "accepted_share": share(tally.accepted, tally.all()),
                "rejected_share": share(tally.rejected, tally.all()),
                "reasons": reasons,
            })
        })
        .collect();
    json!({ "policy_version": policy_version, "cells": cells })
}

/// One take with everything measured.
pub(super) fn take(case: &Case, ending: &Ending) -> Value {
    let cues: BTreeMap<&str, f64> = ending
        .measurements
        .cues
        .iter()
        .map(|cue| (cue.kind.name(), cue.value))
        .collect();
    json!({
        "challenge": case.cell.challenge.name(),
        "species": case.cell.species.name(),
        "condition": case.cell.condition.name(),
        "enrolled": case.cast.enrolled,
        "behaviour": case.cast.behaviour,
        "outcome": ending.decision.outcome.name(),
        "reason": ending.decision.reason.name(),
        "heard_digits": ending.measurements.heard_digits,
        "cues": cues,
    })
}

#[cfg(test)]
mod tests {
    use zhenren_domain::challenge::ChallengeKind;
    use zhenren_simulator::condition::Condition;

    use super::*;

    #[test]
    fn intervals_are_wilsons() {
        let [rate, low, high] = share(0, 100);
        assert!(rate.abs() < 1e-9 && low.abs() < 1e-9 && (high - 0.037).abs() < 1e-3);
        let [_, low, high] = share(5, 10);
        assert!((low - 0.2366).abs() < 1e-3 && (high - 0.7634).abs() < 1e-3);
    }

    #[test]
    fn attacks_and_honest_subjects_have_their_own_tables() {
        let cell = |species| Cell {
            challenge: ChallengeKind::ScreenFlash,
            species,
            condition: Condition::Usual,
        };
        let mut tallies: BTreeMap<Cell, Tally> = BTreeMap::new();
        let mask = tallies.entry(cell(SubjectKind::Mask)).or_default();
        mask.count_as(Outcome::Accepted, Reason::Passed);
        mask.count_as(Outcome::Rejected, Reason::StillFace);
        let honest = tallies.entry(cell(SubjectKind::BonaFide)).or_default();
        honest.count_as(Outcome::Inconclusive, Reason::TooDark);
        let text = lines(&tallies).join("\n");
        assert!(
            text.contains("| screen_flash | mask | 2 | 1 | 1 | 0 | 50.0 (9.5–90.5)"),
            "{text}"
        );
        assert!(
            text.contains("| screen_flash | usual | 1 | 0 | 0 | 1 | 0.0"),
            "{text}"
        );
        assert_eq!(
            json(&tallies, 2)["cells"].as_array().expect("cells").len(),
            2
        );
    }
}
