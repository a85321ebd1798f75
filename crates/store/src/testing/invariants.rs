//! What holds of money and holds in every state, looked at over all rows.

use std::collections::BTreeMap;

use super::snapshot::{Line, Snapshot};

/// The parts of a balance.
const PARTS: [&str; 3] = ["available_fen", "frozen_fen", "spent_fen"];

macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}

/// I1: available + frozen + spent = recharged; each account equals its entries and its holds.
/// What is wrong, in words, otherwise.
pub fn money(now: &Snapshot) -> Result<(), String> {
    let mut entries: BTreeMap<&str, [i64; 3]> = BTreeMap::new();
    let mut recharged: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in now.rows("ledger_entries") {
        let account = entry.text("account_id");
        let sums = entries.entry(account).or_default();
        for (sum, part) in sums.iter_mut().zip(PARTS) {
            *sum += entry.int(part);
        }
        if entry.text("kind") == "recharge" {
            *recharged.entry(account).or_default() += entry.int("available_fen");
        }
    }
    let mut frozen: BTreeMap<&str, i64> = BTreeMap::new();
    for hold in now.rows("holds") {
        if hold.text("state") == "frozen" {
            *frozen.entry(hold.text("account_id")).or_default() += hold.int("amount_fen");
        }
    }
    for account in now.rows("accounts") {
        let id = account.text("id");
        let row = PARTS.map(|part| account.int(part));
        let sums = entries.get(id).copied().unwrap_or_default();
        ensure!(
            row == sums,
            "I1: {id} has {row:?}, its entries say {sums:?}"
        );
        let given = recharged.get(id).copied().unwrap_or_default();
        ensure!(
            row.iter().sum::<i64>() == given,
            "I1: {id} has {row:?} and was given {given}"
        );
        let held = frozen.get(id).copied().unwrap_or_default();
        ensure!(
            account.int("frozen_fen") == held,
            "I1: {id} has {row:?} and holds of {held}"
        );
    }
    Ok(())
}

/// I2: every verification has one hold, frozen exactly while it is not closed, and paid exactly
/// when that was billable. What is wrong, in words, otherwise.
pub fn holds(now: &Snapshot) -> Result<(), String> {
    let mut holds: BTreeMap<&str, Vec<Line<'_>>> = BTreeMap::new();
    for hold in now.rows("holds") {
        let id = hold.text("verification_id");
        holds.entry(id).or_default().push(hold);
    }
    for verification in now.rows("verifications") {
        let id = verification.text("id");
        let of = holds.remove(id).unwrap_or_default();
        let [hold] = of.as_slice() else {
            return Err(format!("I2: {id} has {} holds", of.len()));
        };
        let wanted = match (verification.text("state"), verification.get("billable")) {
            ("closed", Some("1")) => "settled",
            ("closed", Some("0")) => "released",
            ("closed", _) => return Err(format!("I2: {id} is closed and was not billed")),
            _ => "frozen",
        };
        let state = hold.text("state");
        ensure!(
            state == wanted,
            "I2: the hold of {id} is {state} and not {wanted}"
        );
        if wanted != "frozen" {
            let (paid, billed) = (hold.int("settled_fen"), verification.int("settled_fen"));
            ensure!(paid == billed, "I2: {id} says {billed} and its hold {paid}");
        }
    }
    ensure!(holds.is_empty(), "I2: holds of nothing: {holds:?}");
    resolutions(now)
}

/// I2: a resolved hold has one entry that resolved it, a frozen one has none.
fn resolutions(now: &Snapshot) -> Result<(), String> {
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in now.rows("ledger_entries") {
        if let Some(hold) = entry.get("verification_id") {
            kinds.entry(hold).or_default().push(entry.text("kind"));
        }
    }
    for hold in now.rows("holds") {
        let id = hold.text("verification_id");
        let mut found = kinds.remove(id).unwrap_or_default();
        found.sort_unstable();
        let wanted: &[&str] = match hold.text("state") {
            "settled" => &["freeze", "settle"],
            "released" => &["freeze", "release"],
            _ => &["freeze"],
        };
        ensure!(
            found == wanted,
            "I2: the hold of {id} has entries {found:?}"
        );
    }
    ensure!(kinds.is_empty(), "I2: entries of no hold: {kinds:?}");
    Ok(())
}

/// I9: what was counted beside a verification was counted once: the days of an account add up to
/// its questions and to what it spent, and a quota to the questions of its app. What is wrong, in
/// words, otherwise.
pub fn counts(now: &Snapshot) -> Result<(), String> {
    let mut asked: BTreeMap<&str, i64> = BTreeMap::new();
    let mut asked_by_app: BTreeMap<&str, i64> = BTreeMap::new();
    for verification in now.rows("verifications") {
        *asked.entry(verification.text("account_id")).or_default() += 1;
        *asked_by_app.entry(verification.text("app_id")).or_default() += 1;
    }
    let mut days: BTreeMap<&str, [i64; 2]> = BTreeMap::new();
    for day in now.rows("daily_usage") {
        let sums = days.entry(day.text("account_id")).or_default();
        for (sum, column) in sums.iter_mut().zip(["requests_count", "billed_fen"]) {
            *sum += day.int(column);
        }
    }
    for account in now.rows("accounts") {
        let id = account.text("id");
        let wanted = [
            asked.get(id).copied().unwrap_or_default(),
            account.int("spent_fen"),
        ];
        let counted = days.get(id).copied().unwrap_or_default();
        ensure!(
            counted == wanted,
            "I9: the days of {id} add up to {counted:?} and not to {wanted:?}"
        );
    }
    for app in now.rows("apps") {
        let id = app.text("id");
        let (counted, asked) = (
            app.int("calls_count"),
            asked_by_app.get(id).copied().unwrap_or_default(),
        );
        ensure!(
            app.get("calls_quota").is_none() || counted == asked,
            "I9: {id} counted {counted} calls and asked {asked} times"
        );
    }
    Ok(())
}
