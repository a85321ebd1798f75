//! Accounts: the organisations that ask and pay. Money moves in `ledger` only.

use jiff::Timestamp;
use jiff::civil::Date;
use zhenren_domain::agreement::Agreement;
use zhenren_domain::ids::AccountId;
use zhenren_domain::ledger::Balance;

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "accounts";

/// One account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// Its money.
    pub balance: Balance,
    /// Its agreement as it was last written; ask [`Agreement::at`] for now.
    pub agreement: Agreement,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Makes an account without money whose agreement starts now. `false` when the id is taken.
pub async fn create(
    tx: &mut Transaction,
    id: &AccountId,
    name: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let agreement = Agreement::start(at);
    let sql = "INSERT INTO accounts (id, name, available_fen, frozen_fen, spent_fen,
            started_on, year_started_on, calls_count, created_at)
        VALUES ($1, $2, 0, 0, 0, $3, $4, 0, $5)
        ON CONFLICT (id) DO NOTHING";
    let started_on = agreement.started_on.to_string();
    let year_started_on = agreement.year_started_on.to_string();
    Ok(tx
        .execute(sql, values![id, name, started_on, year_started_on, at])
        .await?
        == 1)
}

/// The account with this id.
pub async fn find(tx: &mut Transaction, id: &AccountId) -> Result<Option<Account>, StoreError> {
    let sql = "SELECT id, name, available_fen, frozen_fen, spent_fen,
            started_on, year_started_on, calls_count, created_at
        FROM accounts
        WHERE id = $1";
    tx.fetch_optional(TABLE, sql, values![id])
        .await?
        .map(|row| read(&row))
        .transpose()
}

fn read(row: &Row) -> Result<Account, StoreError> {
    let date = |column| row.parsed(column, |text| text.parse::<Date>().ok());
    Ok(Account {
        id: row.id("id")?,
        name: row.text("name")?,
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
        created_at: row.time("created_at")?,
    })
}
