//! Tables of prices with the time they are valid. Which one holds for whom is in `payers`.
//!
//! A tariff is added and never changed: a newer one takes its place from the moment it begins.

use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, TariffId};
use zhenren_domain::tariff::Tariff;

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "tariffs";

/// One tariff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its id.
    pub id: TariffId,
    /// For which account; `None` for every account that has none of its own.
    pub account_id: Option<AccountId>,
    /// The prices.
    pub tariff: Tariff,
    /// From when.
    pub valid_from: Timestamp,
    /// Until before when; `None` for no end.
    pub valid_until: Option<Timestamp>,
    /// When it was added.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
}

/// Adds a tariff.
pub async fn add(tx: &mut Transaction, record: &Record) -> Result<(), StoreError> {
    let sql = "INSERT INTO tariffs (id, account_id, tiers, valid_from, valid_until, created_at,
            created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = values![
        &record.id,
        record.account_id.as_ref(),
        record.tariff.to_string(),
        record.valid_from,
        record.valid_until,
        record.created_at,
        record.created_by.as_str(),
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Tariffs for all accounts and those of this one, the one that begins last first, that come after
/// `before` in that order.
pub async fn list(
    tx: &mut Transaction,
    account_id: Option<&AccountId>,
    before: Option<(Timestamp, &TariffId)>,
    count_max: u32,
) -> Result<Vec<Record>, StoreError> {
    let sql = "SELECT id, account_id, tiers, valid_from, valid_until, created_at, created_by
        FROM tariffs
        WHERE (account_id IS NULL OR account_id = $1)
            AND valid_from <= $2 AND (valid_from < $2 OR id < $3)
        ORDER BY valid_from DESC, id DESC
        LIMIT $4";
    let (at, id) = before.map_or((Timestamp::MAX, ""), |(at, id)| (at, id.as_str()));
    let rows = tx
        .fetch_all(TABLE, sql, values![account_id, at, id, count_max])
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Record, StoreError> {
    Ok(Record {
        id: row.id("id")?,
        account_id: row.opt_id("account_id")?,
        tariff: row.parsed("tiers", |text| Tariff::parse(text).ok())?,
        valid_from: row.time("valid_from")?,
        valid_until: row.opt_time("valid_until")?,
        created_at: row.time("created_at")?,
        created_by: row.text("created_by")?,
    })
}
