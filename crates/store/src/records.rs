//! Call records: what an account asked on a day, newest first, by pages. Names no person; the
//! columns that do are never read here.

use jiff::Timestamp;
use zhenren_domain::billing::BillingReason;
use zhenren_domain::ids::{AccountId, AppId, VerificationId};
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::{Value, values};
use crate::verifications::Door;

/// The states a verification may be in, as rows name them.
pub const STATES: [&str; 4] = ["open", "capturing", "analyzing", "closed"];

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// The verification.
    pub id: VerificationId,
    /// The app that asked.
    pub app_id: AppId,
    /// Through which dialect.
    pub door: Door,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it was answered.
    pub closed_at: Option<Timestamp>,
    /// Where it stands: one of [`STATES`].
    pub state: &'static str,
    /// The answer.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<Reason>,
    /// How many attempts began.
    pub attempts_count: u32,
    /// Whether it was billed; `None` before it closed.
    pub billable: Option<bool>,
    /// Why.
    pub billing_reason: Option<BillingReason>,
    /// What was reserved when it was asked.
    pub frozen: Fen,
    /// What was paid; `None` before it closed.
    pub settled: Option<Fen>,
}

/// Which calls.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Asked from this moment.
    pub from: Timestamp,
    /// Asked until before this moment.
    pub until: Timestamp,
    /// By this app only.
    pub app_id: Option<AppId>,
    /// Through this dialect only.
    pub door: Option<Door>,
    /// In this state only.
    pub state: Option<&'static str>,
    /// With this answer only.
    pub outcome: Option<Outcome>,
    /// Billed or not billed only.
    pub billable: Option<bool>,
}

macro_rules! list_sql {
    ($start:literal) => {
        concat!(
            $start,
            "SELECT verifications.id, app_id, door, verifications.created_at, closed_at,
                verifications.state, outcome, reason, attempts_count, billable, billing_reason,
                amount_fen, verifications.settled_fen
            FROM verifications
            LEFT JOIN holds ON holds.verification_id = verifications.id
            WHERE verifications.account_id = $1
                AND verifications.created_at >= $2 AND verifications.created_at < $3
                AND verifications.created_at <= $4
                AND (verifications.created_at < $4 OR verifications.id < $5)
                AND ($6 = '' OR app_id = $6)
                AND ($7 = '' OR door = $7)
                AND ($8 = '' OR verifications.state = $8)
                AND ($9 = '' OR outcome = $9)
                AND ($10 < 0 OR billable = $10)
            ORDER BY verifications.created_at DESC, verifications.id DESC
            LIMIT $11"
        )
    };
}

/// The index finds the day, the filters choose within it: a day is the most that is looked through.
const LIST: &str = list_sql!("");

/// Calls of an account, newest first, that come after `before` in that order.
pub async fn list(
    tx: &mut Transaction,
    account_id: &AccountId,
    filter: &Filter,
    before: Option<(Timestamp, &VerificationId)>,
    count_max: u32,
) -> Result<Vec<CallRecord>, StoreError> {
    let values = parameters(account_id, filter, before, count_max);
    let rows = tx.fetch_all("verifications", LIST, &values).await?;
    rows.iter().map(read).collect()
}

fn parameters(
    account_id: &AccountId,
    filter: &Filter,
    before: Option<(Timestamp, &VerificationId)>,
    count_max: u32,
) -> Vec<Value> {
    let (at, id) = before.map_or((Timestamp::MAX, ""), |(at, id)| (at, id.as_str()));
    values![
        account_id,
        filter.from,
        filter.until,
        at,
        id,
        filter.app_id.as_ref().map_or("", AppId::as_str),
        filter.door.map_or("", Door::name),
        filter.state.unwrap_or(""),
        filter.outcome.map_or("", Outcome::name),
        filter.billable.map_or(-1, i64::from),
        count_max,
    ]
    .to_vec()
}

/// How the database goes about the first page, in its own words.
#[cfg(test)]
pub(crate) async fn plan(
    pool: &crate::sql::Pool,
    account_id: &AccountId,
    filter: &Filter,
) -> Result<String, StoreError> {
    use crate::dialect::Dialect;
    let values = parameters(account_id, filter, None, 50);
    let mut tx = pool.begin().await?;
    let (sql, column) = match pool.dialect() {
        Dialect::Sqlite => (list_sql!("EXPLAIN QUERY PLAN "), "detail"),
        Dialect::Postgres => {
            // Of six rows it would rather read all; whether it can do without is the question.
            let sql = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off;
                SET LOCAL enable_bitmapscan = off";
            tx.run_script(sql.to_owned()).await?;
            (list_sql!("EXPLAIN "), "QUERY PLAN")
        }
    };
    let rows = tx.fetch_all("plan", sql, &values).await?;
    let lines: Result<Vec<String>, StoreError> = rows.iter().map(|row| row.text(column)).collect();
    Ok(lines?.join("\n"))
}

fn read(row: &Row) -> Result<CallRecord, StoreError> {
    let state = |text: &str| STATES.into_iter().find(|state| *state == text);
    let settled = row.opt_int("settled_fen")?;
    Ok(CallRecord {
        id: row.id("id")?,
        app_id: row.id("app_id")?,
        door: row.parsed("door", Door::from_name)?,
        created_at: row.time("created_at")?,
        closed_at: row.opt_time("closed_at")?,
        state: row.parsed("state", state)?,
        outcome: row.opt_parsed("outcome", Outcome::from_name)?,
        reason: row.opt_parsed("reason", Reason::from_name)?,
        attempts_count: row.count("attempts_count")?,
        billable: row.opt_int("billable")?.map(|billable| billable != 0),
        billing_reason: row.opt_parsed("billing_reason", BillingReason::from_name)?,
        frozen: row.opt_int("amount_fen")?.map_or(Ok(Fen::ZERO), |fen| {
            Fen::new(fen).map_err(|_| row.corrupt("amount_fen"))
        })?,
        settled: settled
            .map(|fen| Fen::new(fen).map_err(|_| row.corrupt("settled_fen")))
            .transpose()?,
    })
}
