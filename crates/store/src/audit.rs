//! The audit log: append-only, each line bound to the one before it by a hash.
//!
//! One chain per tenant and one for the system, so that tenants do not wait for each other.
//! Names no person: subjects are ids, and details are codes.

use jiff::Timestamp;
use zhenren_vault::sha256_hex;

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

/// The chain of what belongs to no tenant.
pub const SYSTEM_CHAIN: &str = "system";
/// What the first line of a chain is bound to.
const START: &str = "";

/// What happened.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Which chain: an account id or [`SYSTEM_CHAIN`].
    pub chain: &'a str,
    /// When.
    pub at: Timestamp,
    /// Who: the id of an operator or an account token, `command_line`, an app id, `worker`,
    /// `capture_subject`.
    pub actor: &'a str,
    /// What was done, for instance `verification.open`.
    pub action: &'a str,
    /// To what: an id.
    pub subject: &'a str,
    /// Codes that tell more; never anything personal.
    pub detail: &'a str,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Position in the chain, from 1.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Codes that tell more.
    pub detail: String,
    /// Hash of the line before.
    pub former_hash: String,
    /// Hash of this line.
    pub hash: String,
}

/// Adds a line.
pub async fn append(tx: &mut Transaction, event: &Event<'_>) -> Result<(), StoreError> {
    let (former_sequence, former_hash) = head(tx, event.chain).await?;
    let line = Line {
        sequence: former_sequence + 1,
        at: event.at,
        actor: event.actor.to_owned(),
        action: event.action.to_owned(),
        subject: event.subject.to_owned(),
        detail: event.detail.to_owned(),
        hash: String::new(),
        former_hash,
    };
    let hash = hash_of(event.chain, &line);
    // The head first: two writers meet there and the later one is told that it is busy, where the
    // log's own key would only say that the position is taken.
    let sql = "INSERT INTO audit_heads (chain, sequence, hash)
        VALUES ($1, $2, $3)
        ON CONFLICT (chain) DO UPDATE
        SET sequence = excluded.sequence, hash = excluded.hash
        WHERE audit_heads.sequence = $4";
    let values = values![event.chain, line.sequence, hash.as_str(), former_sequence];
    let taken = StoreError::Conflict {
        table: "audit_heads",
    };
    tx.enqueue_one(sql, values, taken).await?;
    let sql = "INSERT INTO audit_log (chain, sequence, at, actor, action, subject, detail,
            former_hash, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = values![
        event.chain,
        line.sequence,
        line.at,
        event.actor,
        event.action,
        event.subject,
        event.detail,
        line.former_hash.as_str(),
        hash.as_str(),
    ];
    tx.enqueue(sql, values).await
}

/// Lines of a chain after a position, in order.
pub async fn list(
    tx: &mut Transaction,
    chain: &str,
    after: i64,
    count_max: u32,
) -> Result<Vec<Line>, StoreError> {
    let sql = "SELECT sequence, at, actor, action, subject, detail, former_hash, hash
        FROM audit_log
        WHERE chain = $1 AND sequence > $2
        ORDER BY sequence
        LIMIT $3";
    let rows = tx
        .fetch_all("audit_log", sql, values![chain, after, count_max])
        .await?;
    rows.iter().map(read).collect()
}

/// The chains there are, by name, after one of them; also those that lost their lines or their
/// head.
pub async fn chains(
    tx: &mut Transaction,
    after: &str,
    count_max: u32,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT chain FROM audit_heads WHERE chain > $1
        UNION
        SELECT chain FROM audit_log WHERE chain > $1
        ORDER BY chain
        LIMIT $2";
    tx.fetch_all("audit_heads", sql, values![after, count_max])
        .await?
        .iter()
        .map(|row| row.text("chain"))
        .collect()
}

/// Checks a whole chain. Answers the position of the first line that does not fit, if any; a chain
/// that was cut short does not fit at the position where it should go on.
pub async fn first_broken(tx: &mut Transaction, chain: &str) -> Result<Option<i64>, StoreError> {
    const PAGE: u32 = 1000;
    let mut former = (0, START.to_owned());
    loop {
        let lines = list(tx, chain, former.0, PAGE).await?;
        if lines.is_empty() {
            break;
        }
        for line in lines {
            let expected = former.0 + 1;
            let fits = line.sequence == expected
                && line.former_hash == former.1
                && line.hash == hash_of(chain, &line);
            if !fits {
                return Ok(Some(expected));
            }
            former = (line.sequence, line.hash);
        }
    }
    Ok((head(tx, chain).await? != former).then_some(former.0 + 1))
}

/// Position and hash of the last line of a chain; 0 and nothing when it has none. Kept somewhere
/// else, it shows later that nothing was cut off and written anew.
pub async fn head(tx: &mut Transaction, chain: &str) -> Result<(i64, String), StoreError> {
    let sql = "SELECT sequence, hash FROM audit_heads WHERE chain = $1";
    match tx
        .fetch_optional("audit_heads", sql, values![chain])
        .await?
    {
        Some(row) => Ok((row.int("sequence")?, row.text("hash")?)),
        None => Ok((0, START.to_owned())),
    }
}

/// Every field with its length in front, so that no two lines have the same text.
fn hash_of(chain: &str, line: &Line) -> String {
    let sequence = line.sequence.to_string();
    let at = line.at.as_microsecond().to_string();
    let fields = [
        chain,
        &sequence,
        &at,
        &line.actor,
        &line.action,
        &line.subject,
        &line.detail,
        &line.former_hash,
    ];
    let mut text = String::new();
    for field in fields {
        text.push_str(&field.len().to_string());
        text.push(':');
        text.push_str(field);
    }
    sha256_hex(text.as_bytes())
}

fn read(row: &Row) -> Result<Line, StoreError> {
    Ok(Line {
        sequence: row.int("sequence")?,
        at: row.time("at")?,
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        detail: row.text("detail")?,
        former_hash: row.text("former_hash")?,
        hash: row.text("hash")?,
    })
}
