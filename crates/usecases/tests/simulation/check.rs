//! The invariants, looked at from outside: over all rows, after every operation.

use std::collections::BTreeMap;

use jiff::Timestamp;
use zhenren_domain::ids::AccountId;
use zhenren_domain::ledger::Balance;
use zhenren_store::testing::{Line, Snapshot, invariants};
use zhenren_store::{accounts, audit, evidence, ledger};

use crate::memory::Memory;
use crate::world::World;

/// What is wrong, in words.
pub(crate) type Wrong = String;

macro_rules! ensure {
    ($holds:expr, $($text:tt)+) => {
        if !$holds {
            return Err(format!($($text)+));
        }
    };
}
pub(crate) use ensure;

/// Tables whose rows, once written, stay as they are.
const IMMUTABLE: [&str; 2] = ["ledger_entries", "audit_log"];
/// Columns of a closed verification that only forgetting the person may empty.
const PERSONAL: [&str; 6] = [
    "name_sealed",
    "number_sealed",
    "number_index",
    "tenant_reference_sealed",
    "tenant_reference_index",
    "identity_key_sealed",
];
/// Columns that say how it closed.
const ANSWER: [&str; 9] = [
    "state",
    "attempt_id",
    "attempts_count",
    "outcome",
    "reason",
    "closed_at",
    "billable",
    "billing_reason",
    "settled_fen",
];

/// What holds of every state, and of every state after the one before it.
pub(crate) fn rows(before: &Snapshot, now: &Snapshot) -> Result<(), Wrong> {
    invariants::money(now)?;
    invariants::holds(now)?;
    invariants::counts(now)?;
    jobs(now)?;
    closed_stays_closed(before, now)?;
    resolved_stays_resolved(before, now)?;
    for table in IMMUTABLE {
        let texts = |of: &Snapshot| of.rows(table).map(|row| format!("{row:?}")).collect();
        let (earlier, later): (std::collections::BTreeSet<String>, _) = (texts(before), texts(now));
        let gone: Vec<&String> = earlier.difference(&later).collect();
        ensure!(gone.is_empty(), "I2: rows of {table} changed: {gone:?}");
    }
    Ok(())
}

/// I9: what was booked under each reference is there once, whatever was repeated.
pub(crate) fn booked(now: &Snapshot, memory: &Memory) -> Result<(), Wrong> {
    let mut booked: BTreeMap<&str, i64> = BTreeMap::new();
    for ((account_id, _), amount) in &memory.booked {
        *booked.entry(account_id.as_str()).or_default() += amount.get();
    }
    let mut entries: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in now.rows("ledger_entries") {
        if entry.text("kind") == "recharge" {
            *entries.entry(entry.text("account_id")).or_default() += entry.int("available_fen");
        }
    }
    ensure!(
        entries == booked,
        "I9: recharged were {entries:?}, booked {booked:?}"
    );
    Ok(())
}

/// Only measuring may fail here, and each closed verification has nothing left to start.
fn jobs(now: &Snapshot) -> Result<(), Wrong> {
    for job in now.rows("jobs") {
        let failed = job.get("last_error") == Some("failed") && job.text("kind") != "analyse";
        ensure!(!failed, "a job failed: {job:?}");
    }
    Ok(())
}

fn by_id<'a>(of: &'a Snapshot, table: &str) -> BTreeMap<&'a str, Line<'a>> {
    of.rows(table).map(|row| (row.text("id"), row)).collect()
}

fn closed_stays_closed(before: &Snapshot, now: &Snapshot) -> Result<(), Wrong> {
    let later = by_id(now, "verifications");
    for old in before
        .rows("verifications")
        .filter(|row| row.text("state") == "closed")
    {
        let id = old.text("id");
        let new = later.get(id).ok_or_else(|| format!("I2: {id} is gone"))?;
        for column in ANSWER {
            let (was, is) = (old.get(column), new.get(column));
            ensure!(
                was == is,
                "I2: {column} of closed {id} was {was:?} and is {is:?}"
            );
        }
        let is_forgotten = new.get("forgotten_at").is_some();
        for column in PERSONAL {
            let (was, is) = (old.get(column), new.get(column));
            let is_kept = if is_forgotten {
                is.is_none()
            } else {
                was == is
            };
            ensure!(
                is_kept,
                "I2: {column} of closed {id} was {was:?} and is {is:?}"
            );
        }
    }
    Ok(())
}

fn resolved_stays_resolved(before: &Snapshot, now: &Snapshot) -> Result<(), Wrong> {
    let of = |row: Line<'_>| row.text("verification_id").to_owned();
    let later: BTreeMap<String, Line<'_>> = now.rows("holds").map(|row| (of(row), row)).collect();
    for old in before.rows("holds") {
        let id = &of(old);
        let new = later
            .get(id)
            .ok_or_else(|| format!("I2: the hold of {id} is gone"))?;
        let is_same = format!("{old:?}") == format!("{new:?}");
        ensure!(
            is_same || old.text("state") == "frozen",
            "I2: the resolved hold of {id} was {old:?} and is {new:?}"
        );
    }
    Ok(())
}

/// I1 again, as the store itself adds up.
pub(crate) async fn books(world: &World, memory: &Memory) -> Result<(), Wrong> {
    let mut tx = world.context.pool().read().await.unwrap();
    for tenant in &memory.tenants {
        let id: &AccountId = &tenant.account_id;
        let books: Balance = ledger::books(&mut tx, id).await.unwrap();
        let account = accounts::find(&mut tx, id).await.unwrap().unwrap();
        ensure!(
            books == account.balance,
            "I1 on {}: {id} has {:?} and its books say {books:?}",
            world.name,
            account.balance
        );
    }
    Ok(())
}

/// I4, after retention ran: nothing past its deadline has a key or bytes. What a dead worker still
/// leases is excused until its lease lapses.
pub(crate) async fn evidence(world: &World, now: &Snapshot) -> Result<(), Wrong> {
    let at = world.clock.now();
    let leased: Vec<&str> = now
        .rows("jobs")
        .filter(|job| job.text("state") == "leased" && time(job, "lease_until") > Some(at))
        .map(|job| job.text("subject"))
        .collect();
    for object in now.rows("evidence_objects") {
        let id = object.text("id");
        let is_due = time(&object, "deadline_at").is_some_and(|deadline| deadline <= at);
        if !is_due || leased.contains(&id) {
            continue;
        }
        ensure!(object.get("key_sealed").is_none(), "I4: {id} kept its key");
        ensure!(
            object.get("destroyed_at").is_some(),
            "I4: {id} was not destroyed"
        );
        let files_count = world.files_count(id);
        ensure!(files_count == 0, "I4: {id} still has {files_count} files");
        let mut tx = world.context.pool().read().await.unwrap();
        let id = id.parse().unwrap();
        let key = evidence::open_key(&mut tx, world.context.vault(), &id).await;
        ensure!(key.unwrap().is_none(), "I4: the key of {id} still opens");
    }
    Ok(())
}

/// I3, when all is over: nothing is open, leased or frozen, and nothing waits but the sweep.
pub(crate) async fn the_end(world: &World, now: &Snapshot, memory: &Memory) -> Result<(), Wrong> {
    let open: Vec<&str> = now
        .rows("verifications")
        .filter(|row| row.text("state") != "closed")
        .map(|row| row.text("id"))
        .collect();
    ensure!(open.is_empty(), "I3: still open: {open:?}");
    let waiting: Vec<Line<'_>> = pending_jobs(now).collect();
    ensure!(waiting.is_empty(), "I3: still to do: {waiting:?}");
    let due: Vec<Timestamp> = due_verifications(now).collect();
    ensure!(due.is_empty(), "I3: still to be looked after: {due:?}");
    for attempt in now.rows("capture_attempts") {
        let is_over = ["done", "cancelled", "expired"].contains(&attempt.text("state"));
        ensure!(is_over, "I3: an attempt goes on: {attempt:?}");
    }
    for account in now.rows("accounts") {
        ensure!(
            account.int("frozen_fen") == 0,
            "I3: still frozen: {account:?}"
        );
    }
    evidence(world, now).await?;
    let mut tx = world.context.pool().read().await.unwrap();
    for tenant in &memory.tenants {
        let chain = tenant.account_id.as_str();
        let broken = audit::first_broken(&mut tx, chain).await.unwrap();
        ensure!(
            broken.is_none(),
            "the audit chain of {chain} breaks at {broken:?}"
        );
    }
    Ok(())
}

/// Jobs that wait or are leased, but for the sweep, which plans itself for ever.
pub(crate) fn pending_jobs(now: &Snapshot) -> impl Iterator<Item = Line<'_>> {
    now.rows("jobs").filter(|job| {
        ["ready", "leased"].contains(&job.text("state")) && job.text("kind") != "sweep"
    })
}

/// When verifications must be looked after again.
pub(crate) fn due_verifications(now: &Snapshot) -> impl Iterator<Item = Timestamp> {
    now.rows("verifications")
        .filter_map(|row| time(&row, "due_at"))
}

/// A time in a row.
pub(crate) fn time(row: &Line<'_>, column: &str) -> Option<Timestamp> {
    let micros = row.get(column)?.parse().unwrap();
    Some(Timestamp::from_microsecond(micros).unwrap())
}
