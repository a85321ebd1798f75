//! How often something happened within a window of time.
//!
//! No counter ever exceeds the limit it is counted under, whoever counts at the same time. Knows
//! no person: subjects are keyed hashes or app ids.

use jiff::Timestamp;
use zhenren_domain::limits::{LimitKind, Window, last_block};

use crate::error::StoreError;
use crate::sql::Transaction;
use crate::value::{Value, values};

const TABLE: &str = "limit_counters";

/// Limit: counters that one statement takes.
pub const TALLIES_COUNT_MAX: usize = 4;
/// Parameters of one of them.
const PLACE_VALUES_COUNT: usize = 5;

/// One thing to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// What is counted.
    pub kind: LimitKind,
    /// For whom: a keyed hash or an app id.
    pub subject: String,
    /// When.
    pub window: Window,
    /// How often it may happen within the window; at least one.
    pub max: u64,
}

/// What became of counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Counting {
    /// Everything was counted.
    Counted,
    /// This one is full. The transaction must not be committed: the others may have been counted.
    Full(LimitKind),
}

/// Counts one for each of at most [`TALLIES_COUNT_MAX`] different kinds, in one statement.
pub async fn count(tx: &mut Transaction, tallies: &[Tally]) -> Result<Counting, StoreError> {
    if tallies.is_empty() {
        return Ok(Counting::Counted);
    }
    let counted = add(tx, tallies, 1).await?;
    let full = tallies.iter().find(|tally| !counted.contains(&tally.kind));
    Ok(full.map_or(Counting::Counted, |tally| Counting::Full(tally.kind)))
}

/// Takes `block` out of a window for later, or less when that does not fit; answers how many.
pub async fn reserve(tx: &mut Transaction, tally: &Tally, block: u64) -> Result<u64, StoreError> {
    let one = std::slice::from_ref(tally);
    if !add(tx, one, block).await?.is_empty() {
        return Ok(block);
    }
    let used = used(tx, tally.kind, &tally.subject, tally.window).await?;
    let smaller = last_block(tally.max.saturating_sub(used)).min(block);
    if smaller > 0 && !add(tx, one, smaller).await?.is_empty() {
        return Ok(smaller);
    }
    Ok(0)
}

/// Puts back what was reserved and not used. A window that was forgotten stays forgotten.
pub async fn give_back(
    tx: &mut Transaction,
    kind: LimitKind,
    subject: &str,
    window: Window,
    count: u64,
) -> Result<(), StoreError> {
    let sql = "UPDATE limit_counters
        SET used_count = used_count - $4
        WHERE kind = $1 AND subject = $2 AND window_until = $3 AND used_count >= $4";
    tx.execute(sql, values![kind.name(), subject, window.until, count])
        .await?;
    Ok(())
}

/// How often it happened within a window, reservations included.
pub async fn used(
    tx: &mut Transaction,
    kind: LimitKind,
    subject: &str,
    window: Window,
) -> Result<u64, StoreError> {
    let sql = "SELECT used_count
        FROM limit_counters
        WHERE kind = $1 AND subject = $2 AND window_until = $3";
    let row = tx
        .fetch_optional(TABLE, sql, values![kind.name(), subject, window.until])
        .await?;
    row.map_or(Ok(0), |row| row.size("used_count"))
}

/// Forgets windows that ended before this moment.
pub async fn sweep(tx: &mut Transaction, before: Timestamp) -> Result<u64, StoreError> {
    tx.execute(
        "DELETE FROM limit_counters WHERE window_until <= $1",
        values![before],
    )
    .await
}

/// Adds to each counter that stays within its limit; answers their kinds.
async fn add(
    tx: &mut Transaction,
    tallies: &[Tally],
    count: u64,
) -> Result<Vec<LimitKind>, StoreError> {
    assert!(
        tallies.len() <= TALLIES_COUNT_MAX,
        "one statement counts {TALLIES_COUNT_MAX} kinds"
    );
    if let [tally] = tallies {
        let is_counted = add_one(tx, tally, count).await?;
        return Ok(is_counted.then_some(tally.kind).into_iter().collect());
    }
    // Empty places of the fixed statement are filtered out. Rows are locked in the order of their
    // kinds, the same for everybody, so that nobody waits for anybody in a circle.
    let sql = "INSERT INTO limit_counters (kind, subject, window_until, used_count, max_count)
        SELECT column1, column2, column3, column4, column5
        FROM (VALUES ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10), ($11, $12, $13, $14, $15),
            ($16, $17, $18, $19, $20)) AS asked
        WHERE column1 <> '' AND column4 <= column5
        ORDER BY column1
        ON CONFLICT (window_until, kind, subject) DO UPDATE
        SET used_count = limit_counters.used_count + excluded.used_count,
            max_count = excluded.max_count
        WHERE limit_counters.used_count + excluded.used_count <= excluded.max_count
        RETURNING kind";
    let mut values: Vec<Value> = Vec::with_capacity(PLACE_VALUES_COUNT * TALLIES_COUNT_MAX);
    for place in 0..TALLIES_COUNT_MAX {
        values.extend(place_values(tallies.get(place), count));
    }
    tx.fetch_all(TABLE, sql, &values)
        .await?
        .iter()
        .map(|row| row.parsed("kind", LimitKind::from_name))
        .collect()
}

/// The same for one counter, as most requests ask: a quarter of the work.
async fn add_one(tx: &mut Transaction, tally: &Tally, count: u64) -> Result<bool, StoreError> {
    if count > tally.max {
        return Ok(false);
    }
    let sql = "INSERT INTO limit_counters (kind, subject, window_until, used_count, max_count)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (window_until, kind, subject) DO UPDATE
        SET used_count = limit_counters.used_count + excluded.used_count,
            max_count = excluded.max_count
        WHERE limit_counters.used_count + excluded.used_count <= excluded.max_count";
    Ok(tx.execute(sql, &place_values(Some(tally), count)).await? == 1)
}

/// The parameters of one place.
fn place_values(tally: Option<&Tally>, count: u64) -> [Value; PLACE_VALUES_COUNT] {
    let Some(tally) = tally else {
        let nothing = || Value::from(0_u64);
        return [
            Value::from(""),
            Value::from(""),
            nothing(),
            nothing(),
            nothing(),
        ];
    };
    [
        Value::from(tally.kind.name()),
        Value::from(tally.subject.as_str()),
        Value::from(tally.window.until),
        Value::from(count),
        Value::from(tally.max),
    ]
}
