//! What a price needs to know of an account, in one statement: money, agreement, and the tariff
//! that is valid for it at a moment.
//!
//! An account's own tariff goes before one for all, then the one that began last; where none is
//! valid the built-in one holds. Tariffs may overlap: this order decides.

use jiff::Timestamp;
use jiff::civil::Date;
use zhenren_domain::agreement::Agreement;
use zhenren_domain::billing::BillingRules;
use zhenren_domain::ids::{AccountId, TariffId};
use zhenren_domain::ledger::Balance;
use zhenren_domain::money::Fen;
use zhenren_domain::tariff::Tariff;

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

/// One account as the payer of its next call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// Its money.
    pub balance: Balance,
    /// Its agreement as it was last written; ask [`Agreement::at`] for now.
    pub agreement: Agreement,
    /// Which tariff is valid; `None` for the built-in one.
    pub tariff_id: Option<TariffId>,
    /// The prices.
    pub tariff: Tariff,
    /// What it agreed to be billed for.
    pub rules: BillingRules,
}

impl Payer {
    /// The price of its next call at that moment.
    pub fn next_price(&self, at: Timestamp) -> Fen {
        self.agreement.next_price(&self.tariff, at)
    }
}

/// The account with this id, with the tariff that is valid for it at that moment. A tariff that
/// does not parse is `Corrupt` in table `tariffs`.
pub async fn find(
    tx: &mut Transaction,
    id: &AccountId,
    at: Timestamp,
) -> Result<Option<Payer>, StoreError> {
    let sql = "SELECT accounts.id, available_fen, frozen_fen, spent_fen, started_on,
            year_started_on, calls_count, bills_attacks, tariffs.id AS tariff_id, tariffs.tiers
        FROM accounts
        LEFT JOIN tariffs ON tariffs.id = (
            SELECT valid.id
            FROM tariffs AS valid
            WHERE (valid.account_id = accounts.id OR valid.account_id IS NULL)
                AND valid.valid_from <= $2
                AND (valid.valid_until IS NULL OR valid.valid_until > $2)
            ORDER BY CASE WHEN valid.account_id IS NULL THEN 1 ELSE 0 END,
                valid.valid_from DESC, valid.id DESC
            LIMIT 1)
        WHERE accounts.id = $1";
    tx.fetch_optional("accounts", sql, values![id, at])
        .await?
        .map(|row| read(&row))
        .transpose()
}

/// What an account agreed to be billed for; the default for an account that is not there.
pub async fn rules(tx: &mut Transaction, id: &AccountId) -> Result<BillingRules, StoreError> {
    let sql = "SELECT id, bills_attacks FROM accounts WHERE id = $1";
    let row = tx.fetch_optional("accounts", sql, values![id]).await?;
    row.map_or(Ok(BillingRules::default()), |row| read_rules(&row))
}

/// Writes what an account agreed to be billed for; `false` when it is not there.
pub async fn set_rules(
    tx: &mut Transaction,
    id: &AccountId,
    rules: BillingRules,
) -> Result<bool, StoreError> {
    let sql = "UPDATE accounts
        SET bills_attacks = $2
        WHERE id = $1";
    Ok(tx.execute(sql, values![id, rules.bills_attacks]).await? == 1)
}

fn read(row: &Row) -> Result<Payer, StoreError> {
    let date = |column| row.parsed(column, |text| text.parse::<Date>().ok());
    let tariff_id: Option<TariffId> = row.opt_id("tariff_id")?;
    let tariff = match &tariff_id {
        None => Tariff::standard(),
        Some(id) => Tariff::parse(&row.text("tiers")?).map_err(|_| StoreError::Corrupt {
            table: "tariffs",
            column: "tiers",
            row: id.to_string(),
        })?,
    };
    Ok(Payer {
        balance: Balance {
            available: row.fen("available_fen")?,
            frozen: row.fen("frozen_fen")?,
            spent: row.fen("spent_fen")?,
        },
        agreement: Agreement {
            started_on: date("started_on")?,
            year_started_on: date("year_started_on")?,
            calls_count: row.size("calls_count")?,
        },
        tariff_id,
        tariff,
        rules: read_rules(row)?,
    })
}

fn read_rules(row: &Row) -> Result<BillingRules, StoreError> {
    Ok(BillingRules {
        bills_attacks: row.is_set("bills_attacks")?,
    })
}
