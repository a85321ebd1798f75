//! Accounts: the organisations that ask and pay, and who really holds them. Money moves in `ledger`
//! only, and an account opens only together with an acceptance in `agreements`.

use jiff::Timestamp;
use jiff::civil::Date;
use zhenren_domain::agreement::Agreement;
use zhenren_domain::holder::HolderKind;
use zhenren_domain::ids::AccountId;
use zhenren_domain::ledger::Balance;
use zhenren_vault::{Place, SecretText, Vault};

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
    /// Since when the service is open to it; not before an agreement was accepted.
    pub opened_at: Option<Timestamp>,
    /// When the real name of its holder was recorded last.
    pub real_name_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Who really holds an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// A person or an organisation.
    pub kind: HolderKind,
    /// The legal name.
    pub name: SecretText,
    /// Identity number or unified social credit code.
    pub number: SecretText,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// By whom.
    pub recorded_by: String,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, available_fen, frozen_fen, spent_fen,
                started_on, year_started_on, calls_count, opened_at, real_name_at, created_at
            FROM accounts ",
            $rest
        )
    };
}

/// Makes an account without money that is not open yet. Until it is opened, its agreement counts
/// from today. `false` when the id is taken.
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
    let sql = select!("WHERE id = $1");
    tx.fetch_optional(TABLE, sql, values![id])
        .await?
        .map(|row| read(&row))
        .transpose()
}

/// Accounts after this id, by id.
pub async fn list(
    tx: &mut Transaction,
    after: &str,
    count_max: u32,
) -> Result<Vec<Account>, StoreError> {
    let sql = select!("WHERE id > $1 ORDER BY id LIMIT $2");
    let rows = tx.fetch_all(TABLE, sql, values![after, count_max]).await?;
    rows.iter().map(read).collect()
}

/// Calls an account something else.
pub async fn rename(tx: &mut Transaction, id: &AccountId, name: &str) -> Result<(), StoreError> {
    let sql = "UPDATE accounts SET name = $2 WHERE id = $1";
    tx.change_one(TABLE, sql, values![id, name]).await
}

/// Records who holds an account; what was recorded before is replaced.
pub async fn record_holder(
    tx: &mut Transaction,
    vault: &Vault,
    id: &AccountId,
    holder: &Holder,
) -> Result<(), StoreError> {
    let seal = |column, text: &SecretText| {
        vault.seal(
            &Place::new(TABLE, id.as_str(), column),
            text.reveal().as_bytes(),
        )
    };
    let sql = "UPDATE accounts
        SET holder_kind = $2, holder_name_sealed = $3, holder_number_sealed = $4,
            real_name_at = $5, real_name_by = $6
        WHERE id = $1";
    let values = values![
        id,
        holder.kind.name(),
        seal("holder_name_sealed", &holder.name)?,
        seal("holder_number_sealed", &holder.number)?,
        holder.recorded_at,
        holder.recorded_by.as_str(),
    ];
    tx.change_one(TABLE, sql, values).await
}

/// Who holds an account, if it was recorded.
pub async fn holder(
    tx: &mut Transaction,
    vault: &Vault,
    id: &AccountId,
) -> Result<Option<Holder>, StoreError> {
    let sql = "SELECT id, holder_kind, holder_name_sealed, holder_number_sealed, real_name_at,
            real_name_by
        FROM accounts
        WHERE id = $1 AND real_name_at IS NOT NULL";
    let Some(row) = tx.fetch_optional(TABLE, sql, values![id]).await? else {
        return Ok(None);
    };
    let open = |column| -> Result<SecretText, StoreError> {
        let place = Place::new(TABLE, id.as_str(), column);
        Ok(vault.open_text(&place, &row.bytes(column)?)?)
    };
    Ok(Some(Holder {
        kind: row.parsed("holder_kind", HolderKind::from_name)?,
        name: open("holder_name_sealed")?,
        number: open("holder_number_sealed")?,
        recorded_at: row.time("real_name_at")?,
        recorded_by: row.text("real_name_by")?,
    }))
}

/// Opens an account whose holder is known: its agreement starts now. `false` when it is open
/// already or nobody has recorded who holds it: nothing changed.
pub async fn open(tx: &mut Transaction, id: &AccountId, at: Timestamp) -> Result<bool, StoreError> {
    let agreement = Agreement::start(at);
    let sql = "UPDATE accounts
        SET opened_at = $2, started_on = $3, year_started_on = $4, calls_count = 0
        WHERE id = $1 AND opened_at IS NULL AND real_name_at IS NOT NULL";
    let started_on = agreement.started_on.to_string();
    let year_started_on = agreement.year_started_on.to_string();
    let values = values![id, at, started_on, year_started_on];
    Ok(tx.execute(sql, values).await? == 1)
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
        opened_at: row.opt_time("opened_at")?,
        real_name_at: row.opt_time("real_name_at")?,
        created_at: row.time("created_at")?,
    })
}
