//! Money moves: in, into holds, and out of them. Each move leaves an immutable entry.
//!
//! Invariants: I1 money is conserved, I2 every hold resolves once. One statement names the state
//! it expects; nothing is read, added to in memory, and written back without that.

use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, EntryId, VerificationId};
use zhenren_domain::ledger::{self, Balance, EntryKind, HoldState, Settlement};
use zhenren_domain::money::Fen;

use crate::error::StoreError;
use crate::ledger_entries::{self, Moved, NewEntry};
use crate::payers::{self, Payer};
use crate::sql::{Row, Transaction};
use crate::value::values;

/// One hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What for; no two are for the same.
    pub verification_id: VerificationId,
    /// Whose money.
    pub account_id: AccountId,
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
    /// There is no such account; nothing changed.
    AccountUnknown,
}

/// Money that comes in.
#[derive(Clone, Copy, Debug)]
pub struct Recharge<'a> {
    /// Id of the ledger entry; the same one is booked once.
    pub entry_id: &'a EntryId,
    /// Whose money.
    pub account_id: &'a AccountId,
    /// How much.
    pub amount: Fen,
    /// The caller's own words for it.
    pub reference: &'a str,
    /// Who booked it.
    pub booked_by: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Money comes in. `false` when this entry was booked before: nothing changed.
pub async fn recharge(tx: &mut Transaction, new: &Recharge<'_>) -> Result<bool, StoreError> {
    let moved = Moved {
        available_fen: new.amount.get(),
        ..Moved::default()
    };
    let entry = NewEntry {
        id: new.entry_id,
        account_id: new.account_id,
        kind: EntryKind::Recharge,
        verification_id: None,
        moved,
        forgiven: Fen::ZERO,
        tariff_id: None,
        reference: Some(new.reference),
        booked_by: Some(new.booked_by),
        at: new.at,
    };
    if !ledger_entries::write(tx, &entry).await? {
        return Ok(false);
    }
    let sql = "UPDATE accounts
        SET available_fen = available_fen + $2
        WHERE id = $1";
    tx.change_one("accounts", sql, values![new.account_id, new.amount])
        .await?;
    Ok(true)
}

/// Reserves the price of the account's next call, by the tariff and tier of this moment.
pub async fn freeze(tx: &mut Transaction, wish: &Freeze<'_>) -> Result<Freezing, StoreError> {
    let Some(payer) = payers::find(tx, wish.account_id, wish.at).await? else {
        return Ok(Freezing::AccountUnknown);
    };
    let price = payer.next_price(wish.at);
    if payer.balance.available < price {
        return Ok(Freezing::Insufficient);
    }
    // The statement refuses by itself; what was read above only chose price and answer.
    let sql = "UPDATE accounts
        SET available_fen = available_fen - $2, frozen_fen = frozen_fen + $2
        WHERE id = $1 AND available_fen >= $2 AND calls_count = $3";
    let calls_count = payer.agreement.calls_count;
    let values = values![wish.account_id, price, calls_count];
    tx.enqueue_one(sql, values, StoreError::Busy).await?;
    let sql = "INSERT INTO holds (verification_id, account_id, state, amount_fen, created_at)
        VALUES ($1, $2, 'frozen', $3, $4)";
    let values = values![wish.verification_id, wish.account_id, price, wish.at];
    tx.enqueue(sql, values).await?;
    let moved = Moved {
        available_fen: -price.get(),
        frozen_fen: price.get(),
        spent_fen: 0,
    };
    let entry = NewEntry {
        id: wish.entry_id,
        account_id: wish.account_id,
        kind: EntryKind::Freeze,
        verification_id: Some(wish.verification_id),
        moved,
        forgiven: Fen::ZERO,
        tariff_id: payer.tariff_id.as_ref(),
        reference: None,
        booked_by: None,
        at: wish.at,
    };
    ledger_entries::write_new(tx, &entry).await?;
    Ok(Freezing::Frozen(price))
}

/// Pays a hold by the tariff and tier of this moment and counts the call. `Conflict` when it was
/// resolved.
pub async fn settle(
    tx: &mut Transaction,
    hold: &Hold,
    entry_id: &EntryId,
    at: Timestamp,
) -> Result<Settlement, StoreError> {
    let payer = payers::find(tx, &hold.account_id, at)
        .await?
        .ok_or(StoreError::Conflict { table: "accounts" })?;
    let settlement = ledger::settlement(payer.next_price(at), hold.amount, payer.balance.available);
    resolve(tx, hold, HoldState::Settled, settlement, at).await?;
    pay(tx, hold, &payer, settlement, at).await?;
    let entry = NewEntry {
        id: entry_id,
        account_id: &hold.account_id,
        kind: EntryKind::Settle,
        verification_id: Some(&hold.verification_id),
        moved: moved(hold, settlement),
        forgiven: settlement.forgiven,
        tariff_id: payer.tariff_id.as_ref(),
        reference: None,
        booked_by: None,
        at,
    };
    ledger_entries::write_new(tx, &entry).await?;
    Ok(settlement)
}

/// Returns a hold whole. `Conflict` when it was resolved.
pub async fn release(
    tx: &mut Transaction,
    hold: &Hold,
    entry_id: &EntryId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let settlement = Settlement::release(hold.amount);
    resolve(tx, hold, HoldState::Released, settlement, at).await?;
    let sql = "UPDATE accounts
        SET available_fen = available_fen + $2, frozen_fen = frozen_fen - $2
        WHERE id = $1 AND frozen_fen >= $2";
    tx.change_one("accounts", sql, values![&hold.account_id, hold.amount])
        .await?;
    let entry = NewEntry {
        id: entry_id,
        account_id: &hold.account_id,
        kind: EntryKind::Release,
        verification_id: Some(&hold.verification_id),
        moved: moved(hold, settlement),
        forgiven: Fen::ZERO,
        tariff_id: None,
        reference: None,
        booked_by: None,
        at,
    };
    ledger_entries::write_new(tx, &entry).await?;
    Ok(())
}

/// The hold of a verification.
pub async fn hold_of(
    tx: &mut Transaction,
    verification_id: &VerificationId,
) -> Result<Option<Hold>, StoreError> {
    let sql = "SELECT verification_id, account_id, state, amount_fen, settled_fen
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
        WHERE verification_id = $1 AND state = 'frozen' AND amount_fen = $5";
    let values = values![
        &hold.verification_id,
        state.name(),
        settlement.settled,
        at,
        hold.amount
    ];
    tx.change_one("holds", sql, values).await
}

/// Moves what a settlement says and counts the call, in one statement.
async fn pay(
    tx: &mut Transaction,
    hold: &Hold,
    payer: &Payer,
    settlement: Settlement,
    at: Timestamp,
) -> Result<(), StoreError> {
    let before = payer.agreement;
    let after = before.count_call(at);
    let sql = "UPDATE accounts
        SET available_fen = available_fen + $2 - $3, frozen_fen = frozen_fen - $4,
            spent_fen = spent_fen + $5, calls_count = $6, year_started_on = $7
        WHERE id = $1 AND frozen_fen >= $4 AND available_fen >= $3
            AND calls_count = $8 AND year_started_on = $9";
    let values = values![
        &hold.account_id,
        settlement.returned,
        settlement.taken,
        hold.amount,
        settlement.settled,
        after.calls_count,
        after.year_started_on.to_string(),
        before.calls_count,
        before.year_started_on.to_string(),
    ];
    tx.change_one("accounts", sql, values).await
}

/// What resolving a hold adds to the parts of the balance. Amounts of money fit 63 bits, and their
/// differences do.
fn moved(hold: &Hold, settlement: Settlement) -> Moved {
    Moved {
        available_fen: settlement.returned.get() - settlement.taken.get(),
        frozen_fen: -hold.amount.get(),
        spent_fen: settlement.settled.get(),
    }
}

fn read_hold(row: &Row) -> Result<Hold, StoreError> {
    Ok(Hold {
        verification_id: row.id("verification_id")?,
        account_id: row.id("account_id")?,
        state: row.parsed("state", HoldState::from_name)?,
        amount: row.fen("amount_fen")?,
        settled: row
            .opt_int("settled_fen")?
            .map(|fen| Fen::new(fen).map_err(|_| row.corrupt("settled_fen")))
            .transpose()?,
    })
}
