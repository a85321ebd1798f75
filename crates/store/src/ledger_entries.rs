//! The immutable lines of the ledger: written once, with the change they tell of, and read by
//! pages. A trigger on both databases refuses to change or remove one.

use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, EntryId, HoldId, TariffId, VerificationId};
use zhenren_domain::ledger::EntryKind;
use zhenren_domain::money::Fen;

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::{Value, values};

const TABLE: &str = "ledger_entries";

/// What an entry adds to each part of the balance, in fen; may be below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// To what is available.
    pub available_fen: i64,
    /// To what is frozen.
    pub frozen_fen: i64,
    /// To what was spent.
    pub spent_fen: i64,
}

/// A line to write.
#[derive(Clone, Debug)]
pub(crate) struct NewEntry<'a> {
    pub(crate) id: &'a EntryId,
    pub(crate) account_id: &'a AccountId,
    pub(crate) kind: EntryKind,
    pub(crate) verification_id: Option<&'a VerificationId>,
    pub(crate) moved: Moved,
    pub(crate) forgiven: Fen,
    pub(crate) tariff_id: Option<&'a TariffId>,
    pub(crate) reference: Option<&'a str>,
    pub(crate) booked_by: Option<&'a str>,
    pub(crate) at: Timestamp,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// Whose money.
    pub account_id: AccountId,
    /// What it is about.
    pub kind: EntryKind,
    /// The hold it makes or resolves; `None` for a recharge.
    pub hold_id: Option<HoldId>,
    /// What the hold is for.
    pub verification_id: Option<VerificationId>,
    /// What it adds to the balance.
    pub moved: Moved,
    /// What of the price nobody paid, when a hold was settled.
    pub forgiven: Fen,
    /// Which tariff gave the price; `None` for the built-in one.
    pub tariff_id: Option<TariffId>,
    /// The caller's own words for a recharge.
    pub reference: Option<String>,
    /// Who booked a recharge.
    pub booked_by: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Which lines.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    /// From this moment.
    pub from: Timestamp,
    /// Until before this moment.
    pub until: Timestamp,
    /// Of this kind only.
    pub kind: Option<EntryKind>,
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT id, account_id, kind, verification_id, available_fen, frozen_fen, spent_fen,
                forgiven_fen, tariff_id, reference, booked_by, at
            FROM ledger_entries ",
            $where
        )
    };
}

macro_rules! insert {
    ($conflict:literal) => {
        concat!(
            "INSERT INTO ledger_entries (id, account_id, verification_id, kind, available_fen,
                frozen_fen, spent_fen, at, forgiven_fen, tariff_id, reference, booked_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            $conflict
        )
    };
}

/// Writes a line of no hold; `false` when there is one with this id.
pub(crate) async fn write(tx: &mut Transaction, new: &NewEntry<'_>) -> Result<bool, StoreError> {
    let sql = insert!(" ON CONFLICT (id) WHERE verification_id IS NULL DO NOTHING");
    Ok(tx.execute(sql, &values_of(new)).await? == 1)
}

/// Writes a line of a hold, under an id that is new, and waits for no answer.
pub(crate) async fn write_new(tx: &mut Transaction, new: &NewEntry<'_>) -> Result<(), StoreError> {
    tx.enqueue(insert!(""), &values_of(new)).await
}

fn values_of(new: &NewEntry<'_>) -> [Value; 12] {
    [
        Value::from(new.id),
        Value::from(new.account_id),
        Value::from(new.verification_id),
        Value::from(new.kind.name()),
        Value::from(new.moved.available_fen),
        Value::from(new.moved.frozen_fen),
        Value::from(new.moved.spent_fen),
        Value::from(new.at),
        Value::from(new.forgiven),
        Value::from(new.tariff_id),
        Value::from(new.reference),
        Value::from(new.booked_by),
    ]
}

/// The line of an account with this id, if it is of no hold.
pub async fn find(
    tx: &mut Transaction,
    account_id: &AccountId,
    id: &EntryId,
) -> Result<Option<Entry>, StoreError> {
    let sql = select!("WHERE id = $1 AND account_id = $2 AND verification_id IS NULL");
    let row = tx
        .fetch_optional(TABLE, sql, values![id, account_id])
        .await?;
    row.map(|row| read(&row)).transpose()
}

/// Lines of an account, newest first, that come after `before` in that order.
pub async fn list(
    tx: &mut Transaction,
    account_id: &AccountId,
    filter: &Filter,
    before: Option<(Timestamp, &EntryId)>,
    count_max: u32,
) -> Result<Vec<Entry>, StoreError> {
    let sql = select!(
        "WHERE account_id = $1 AND at >= $2 AND at < $3
            AND at <= $4 AND (at < $4 OR id < $5)
            AND ($6 = '' OR kind = $6)
        ORDER BY at DESC, id DESC
        LIMIT $7"
    );
    let (at, id) = before.map_or((Timestamp::MAX, ""), |(at, id)| (at, id.as_str()));
    let kind = filter.kind.map_or("", EntryKind::name);
    let values = values![
        account_id,
        filter.from,
        filter.until,
        at,
        id,
        kind,
        count_max
    ];
    let rows = tx.fetch_all(TABLE, sql, values).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Entry, StoreError> {
    let verification_id: Option<VerificationId> = row.opt_id("verification_id")?;
    Ok(Entry {
        id: row.id("id")?,
        account_id: row.id("account_id")?,
        kind: row.parsed("kind", EntryKind::from_name)?,
        hold_id: verification_id.as_ref().map(HoldId::of),
        verification_id,
        moved: Moved {
            available_fen: row.int("available_fen")?,
            frozen_fen: row.int("frozen_fen")?,
            spent_fen: row.int("spent_fen")?,
        },
        forgiven: row.fen("forgiven_fen")?,
        tariff_id: row.opt_id("tariff_id")?,
        reference: row.opt_text("reference")?,
        booked_by: row.opt_text("booked_by")?,
        at: row.time("at")?,
    })
}
