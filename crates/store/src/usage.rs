//! What a day added up to, for each app: counted in the transactions that open and close a
//! verification, so that a statistic is read and never computed over all rows.

use jiff::civil::Date;
use zhenren_domain::billing::{Billing, BillingReason};
use zhenren_domain::days::{self, DayRange};
use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::money::{Fen, FenError};
use zhenren_domain::outcome::Outcome;

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "daily_usage";

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Verifications opened.
    pub requests_count: u64,
    /// Verifications closed for which a comparison ran: the successful calls of the product rules.
    pub compared_count: u64,
    /// Verifications closed that were billed.
    pub billed_count: u64,
    /// Closed as accepted.
    pub accepted_count: u64,
    /// Closed as rejected.
    pub rejected_count: u64,
    /// Closed as inconclusive.
    pub inconclusive_count: u64,
    /// What was paid for those that were billed.
    pub billed: Fen,
}

impl Usage {
    /// One verification that was opened.
    pub fn request() -> Self {
        Self {
            requests_count: 1,
            ..Self::default()
        }
    }

    /// One verification that was closed.
    pub fn closing(outcome: Outcome, billing: Billing, settled: Fen) -> Self {
        let is = |outcome_counted| u64::from(outcome == outcome_counted);
        Self {
            requests_count: 0,
            compared_count: u64::from(billing.reason == BillingReason::Compared),
            billed_count: u64::from(billing.billable),
            accepted_count: is(Outcome::Accepted),
            rejected_count: is(Outcome::Rejected),
            inconclusive_count: is(Outcome::Inconclusive),
            billed: settled,
        }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Result<Self, FenError> {
        Ok(Self {
            requests_count: self.requests_count + other.requests_count,
            compared_count: self.compared_count + other.compared_count,
            billed_count: self.billed_count + other.billed_count,
            accepted_count: self.accepted_count + other.accepted_count,
            rejected_count: self.rejected_count + other.rejected_count,
            inconclusive_count: self.inconclusive_count + other.inconclusive_count,
            billed: self.billed.plus(other.billed)?,
        })
    }
}

/// Adds to the day of an app.
pub async fn add(
    tx: &mut Transaction,
    account_id: &AccountId,
    app_id: &AppId,
    day: Date,
    usage: &Usage,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO daily_usage (account_id, app_id, day, requests_count, compared_count,
            billed_count, accepted_count, rejected_count, inconclusive_count, billed_fen)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (account_id, day, app_id) DO UPDATE
        SET requests_count = daily_usage.requests_count + excluded.requests_count,
            compared_count = daily_usage.compared_count + excluded.compared_count,
            billed_count = daily_usage.billed_count + excluded.billed_count,
            accepted_count = daily_usage.accepted_count + excluded.accepted_count,
            rejected_count = daily_usage.rejected_count + excluded.rejected_count,
            inconclusive_count = daily_usage.inconclusive_count + excluded.inconclusive_count,
            billed_fen = daily_usage.billed_fen + excluded.billed_fen";
    let values = values![
        account_id,
        app_id,
        days::number_of(day),
        usage.requests_count,
        usage.compared_count,
        usage.billed_count,
        usage.accepted_count,
        usage.rejected_count,
        usage.inconclusive_count,
        usage.billed,
    ];
    tx.enqueue(sql, values).await
}

/// The days on which something was counted, in order: of one app, or of all apps together.
pub async fn by_day(
    tx: &mut Transaction,
    account_id: &AccountId,
    app_id: Option<&AppId>,
    range: DayRange,
) -> Result<Vec<(Date, Usage)>, StoreError> {
    // Sums of BIGINT are NUMERIC on PostgreSQL; the casts bring back the one type there is.
    let sql = "SELECT day,
            CAST(SUM(requests_count) AS BIGINT) AS requests_count,
            CAST(SUM(compared_count) AS BIGINT) AS compared_count,
            CAST(SUM(billed_count) AS BIGINT) AS billed_count,
            CAST(SUM(accepted_count) AS BIGINT) AS accepted_count,
            CAST(SUM(rejected_count) AS BIGINT) AS rejected_count,
            CAST(SUM(inconclusive_count) AS BIGINT) AS inconclusive_count,
            CAST(SUM(billed_fen) AS BIGINT) AS billed_fen
        FROM daily_usage
        WHERE account_id = $1 AND day >= $2 AND day <= $3 AND ($4 = '' OR app_id = $4)
        GROUP BY day
        ORDER BY day";
    let values = values![
        account_id,
        days::number_of(range.first),
        days::number_of(range.last),
        app_id.map_or("", AppId::as_str),
    ];
    let rows = tx.fetch_all(TABLE, sql, values).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<(Date, Usage), StoreError> {
    let day = days::of_number(row.int("day")?).ok_or_else(|| row.corrupt("day"))?;
    let usage = Usage {
        requests_count: row.size("requests_count")?,
        compared_count: row.size("compared_count")?,
        billed_count: row.size("billed_count")?,
        accepted_count: row.size("accepted_count")?,
        rejected_count: row.size("rejected_count")?,
        inconclusive_count: row.size("inconclusive_count")?,
        billed: row.fen("billed_fen")?,
    };
    Ok((day, usage))
}
