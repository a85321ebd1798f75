//! Holds and the immutable entries of the ledger.
//!
//! Invariants: I1 money is conserved, I2 every hold resolves once. One statement names the state
//! it expects; nothing is read, added to in memory, and written back without that.

use jiff::Timestamp;
use zhenren_domain::agreement::Agreement;
use zhenren_domain::ids::{AccountId, EntryId, HoldId, VerificationId};
use zhenren_domain::ledger::{self, Balance, HoldState, Settlement};
use zhenren_domain::money::Fen;

use crate::accounts;
use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Whose money.
    pub account_id: AccountId,
    /// What for.
    pub verification_id: VerificationId,
    /// Reserved, paid or returned.
    pub state: HoldState,
    /// How much was reserved.
    pub amount: Fen,
    /// How much of it was paid, once settled.
    pub settled: Option<Fen>,
}

/// What to reserve money for.
#[derive(Clone, Debug)]
pub struct Freeze<'a> {
    /// Id of the new hold.
    pub hold_id: &'a HoldId,
    /// Id of the new ledger entry.
    pub entry_id: &'a EntryId,
    /// Whose money.
    pub account_id: &'a AccountId,
    /// What for.
    pub verification_id: &'a VerificationId,
    /// When; decides the agreement year and with it the price.
    pub at: Timestamp,
}

/// What became of a wish to reserve money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freezing {
    /// Reserved at this price.
    Frozen(Fen),
    /// Not enough is available; nothing changed.
    Insufficient,
}

/// Money comes in. `false` when this entry was booked before: nothing changed.
pub async fn recharge(
    tx: &mut Transaction,
    entry_id: &EntryId,
    account_id: &AccountId,
    amount: Fen,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let entry = Entry {
        id: entry_id,
        account_id,
        hold_id: None,
        kind: "recharge",
        at,
    };
    let moved = Moved {
        available: amount.get(),
        frozen: 0,
        spent: 0,
    };
    if !write_entry(tx, &entry, &moved).await? {
        return Ok(false);
    }
    let sql = "UPDATE accounts
        SET available_fen = available_fen + $2
        WHERE id = $1";
    tx.change_one("accounts", sql, values![account_id, amount])
        .await?;
    Ok(true)
}

/// Reserves the price of the account's next call.
pub async fn freeze(tx: &mut Transaction, wish: &Freeze<'_>) -> Result<Freezing, StoreError> {
    let account = accounts::find(tx, wish.account_id)
        .await?
        .ok_or(StoreError::Conflict { table: "accounts" })?;
    let price = account.agreement.next_price(wish.at);
    if account.balance.available < price {
        return Ok(Freezing::Insufficient);
    }
    // The statement refuses by itself; what was read above only chose price and answer.
    let sql = "UPDATE accounts
        SET available_fen = available_fen - $2, frozen_fen = frozen_fen + $2
        WHERE id = $1 AND available_fen >= $2 AND calls_count = $3";
    let calls_count = account.agreement.calls_count;
    if tx
        .execute(sql, values![wish.account_id, price, calls_count])
        .await?
        != 1
    {
        return Err(StoreError::Busy);
    }
    let sql = "INSERT INTO holds (id, account_id, verification_id, state, amount_fen, created_at)
        VALUES ($1, $2, $3, 'frozen', $4, $5)";
    let values = values![
        wish.hold_id,
        wish.account_id,
        wish.verification_id,
        price,
        wish.at
    ];
    tx.execute(sql, values).await?;
    let entry = Entry {
        id: wish.entry_id,
        account_id: wish.account_id,
        hold_id: Some(wish.hold_id),
        kind: "freeze",
        at: wish.at,
    };
    let moved = Moved {
        available: -price.get(),
        frozen: price.get(),
        spent: 0,
    };
    write_entry(tx, &entry, &moved).await?;
    Ok(Freezing::Frozen(price))
}

/// Pays a hold at the tier of this moment and counts the call. `Conflict` when it was resolved.
pub async fn settle(
    tx: &mut Transaction,
    hold: &Hold,
    entry_id: &EntryId,
    at: Timestamp,
) -> Result<Settlement, StoreError> {
    let account = accounts::find(tx, &hold.account_id)
        .await?
        .ok_or(StoreError::Conflict { table: "accounts" })?;
    let settlement = ledger::settlement(account.agreement, hold.amount, at);
    resolve(tx, hold, HoldState::Settled, settlement, at).await?;
    move_settled(tx, hold, settlement).await?;
    count_call(tx, &hold.account_id, account.agreement, at).await?;
    let moved = Moved {
        available: settlement.returned.get(),
        frozen: -hold.amount.get(),
        spent: settlement.settled.get(),
    };
    let account_id = &hold.account_id;
    let entry = Entry {
        id: entry_id,
        account_id,
        hold_id: Some(&hold.id),
        kind: "settle",
        at,
    };
    write_entry(tx, &entry, &moved).await?;
    Ok(settlement)
}

/// Returns a hold whole. `Conflict` when it was resolved.
pub async fn release(
    tx: &mut Transaction,
    hold: &Hold,
    entry_id: &EntryId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let settlement = Settlement {
        settled: Fen::ZERO,
        returned: hold.amount,
    };
    resolve(tx, hold, HoldState::Released, settlement, at).await?;
    move_settled(tx, hold, settlement).await?;
    let moved = Moved {
        available: hold.amount.get(),
        frozen: -hold.amount.get(),
        spent: 0,
    };
    let account_id = &hold.account_id;
    let entry = Entry {
        id: entry_id,
        account_id,
        hold_id: Some(&hold.id),
        kind: "release",
        at,
    };
    write_entry(tx, &entry, &moved).await?;
    Ok(())
}

/// The hold of a verification.
pub async fn hold_of(
    tx: &mut Transaction,
    verification_id: &VerificationId,
) -> Result<Option<Hold>, StoreError> {
    let sql = "SELECT id, account_id, verification_id, state, amount_fen, settled_fen
        FROM holds
        WHERE verification_id = $1";
    let row = tx
        .fetch_optional("holds", sql, values![verification_id])
        .await?;
    row.map(|row| read_hold(&row)).transpose()
}

/// What the immutable entries of an account add up to. Equal to the account's own balance, or the
/// books are wrong.
pub async fn books(tx: &mut Transaction, account_id: &AccountId) -> Result<Balance, StoreError> {
    // Sums of BIGINT are NUMERIC on PostgreSQL; the cast brings back the one type there is.
    let sql = "SELECT
            CAST(COALESCE(SUM(available_fen), 0) AS BIGINT) AS available_fen,
            CAST(COALESCE(SUM(frozen_fen), 0) AS BIGINT) AS frozen_fen,
            CAST(COALESCE(SUM(spent_fen), 0) AS BIGINT) AS spent_fen
        FROM ledger_entries
        WHERE account_id = $1";
    let row = tx
        .fetch_optional("ledger_entries", sql, values![account_id])
        .await?
        .ok_or(StoreError::Conflict {
            table: "ledger_entries",
        })?;
    Ok(Balance {
        available: row.fen("available_fen")?,
        frozen: row.fen("frozen_fen")?,
        spent: row.fen("spent_fen")?,
    })
}

async fn resolve(
    tx: &mut Transaction,
    hold: &Hold,
    state: HoldState,
    settlement: Settlement,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE holds
        SET state = $2, settled_fen = $3, resolved_at = $4
        WHERE id = $1 AND state = 'frozen' AND amount_fen = $5";
    let values = values![&hold.id, state.name(), settlement.settled, at, hold.amount];
    tx.change_one("holds", sql, values).await
}

async fn move_settled(
    tx: &mut Transaction,
    hold: &Hold,
    settlement: Settlement,
) -> Result<(), StoreError> {
    let sql = "UPDATE accounts
        SET available_fen = available_fen + $2, frozen_fen = frozen_fen - $3,
            spent_fen = spent_fen + $4
        WHERE id = $1 AND frozen_fen >= $3";
    let values = values![
        &hold.account_id,
        settlement.returned,
        hold.amount,
        settlement.settled
    ];
    tx.change_one("accounts", sql, values).await
}

async fn count_call(
    tx: &mut Transaction,
    account_id: &AccountId,
    before: Agreement,
    at: Timestamp,
) -> Result<(), StoreError> {
    let after = before.count_call(at);
    let sql = "UPDATE accounts
        SET calls_count = $2, year_started_on = $3
        WHERE id = $1 AND calls_count = $4 AND year_started_on = $5";
    let values = values![
        account_id,
        after.calls_count,
        after.year_started_on.to_string(),
        before.calls_count,
        before.year_started_on.to_string(),
    ];
    tx.change_one("accounts", sql, values).await
}

struct Entry<'a> {
    id: &'a EntryId,
    account_id: &'a AccountId,
    hold_id: Option<&'a HoldId>,
    kind: &'static str,
    at: Timestamp,
}

/// What an entry adds to each part of the balance, in fen.
struct Moved {
    available: i64,
    frozen: i64,
    spent: i64,
}

async fn write_entry(
    tx: &mut Transaction,
    entry: &Entry<'_>,
    moved: &Moved,
) -> Result<bool, StoreError> {
    let sql = "INSERT INTO ledger_entries (id, account_id, hold_id, kind,
            available_fen, frozen_fen, spent_fen, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id) DO NOTHING";
    let values = values![
        entry.id,
        entry.account_id,
        entry.hold_id,
        entry.kind,
        moved.available,
        moved.frozen,
        moved.spent,
        entry.at,
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

fn read_hold(row: &Row) -> Result<Hold, StoreError> {
    Ok(Hold {
        id: row.id("id")?,
        account_id: row.id("account_id")?,
        verification_id: row.id("verification_id")?,
        state: row.parsed("state", HoldState::from_name)?,
        amount: row.fen("amount_fen")?,
        settled: row
            .opt_int("settled_fen")?
            .map(|fen| Fen::new(fen).map_err(|_| row.corrupt("settled_fen")))
            .transpose()?,
    })
}
