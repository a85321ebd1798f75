//! Verifications: the paid questions. Transitions are made in `domain` and written here by a
//! conditional statement that names the state they came from.

use jiff::Timestamp;
use zhenren_domain::billing::{Billing, BillingReason};
use zhenren_domain::ids::{AccountId, AppId, EvidenceId, VerificationId};
use zhenren_domain::mode::Mode;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_domain::verification::{Closing, State, Verification};
use zhenren_domain::wish::Wish;
use zhenren_vault::{IndexPurpose, Place, SecretText, Vault};

use crate::codec;
use crate::error::StoreError;
use crate::idempotency::Key;
use crate::sql::{Row, Transaction};
use crate::value::{Value, values};

const TABLE: &str = "verifications";

/// Through which dialect it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// WeChat 1.0.
    Wechat,
    /// uniCloud.
    Unicloud,
    /// `/v1`.
    V1,
}

impl Door {
    /// Every door.
    pub const ALL: [Self; 3] = [Self::Wechat, Self::Unicloud, Self::V1];

    /// The name in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wechat => "wechat",
            Self::Unicloud => "unicloud",
            Self::V1 => "v1",
        }
    }

    /// The door with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|door| door.name() == name)
    }
}

/// Where the reference comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceSource {
    /// A person enrolled by the tenant, found by number.
    Enrolled,
    /// A photograph that came with the question.
    CallerPhoto(EvidenceId),
}

/// Everything personal about a question. Wiped when dropped; `Debug` prints none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The name that was asked about.
    pub name: Option<SecretText>,
    /// The normalised identity number that was asked about.
    pub number: Option<SecretText>,
    /// The tenant's own id of the person: `user_id`, `userId` or `openid`.
    pub tenant_reference: Option<SecretText>,
    /// The `user_id_key` of the WeChat door.
    pub identity_key: Option<SecretText>,
}

/// A verification and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The state machine.
    pub verification: Verification,
    /// The app that asked.
    pub app_id: AppId,
    /// Who pays.
    pub account_id: AccountId,
    /// Through which dialect.
    pub door: Door,
    /// Which policy it is decided by.
    pub policy_version: u32,
    /// What its challenges are narrowed to.
    pub challenge: Wish,
    /// Where the reference comes from.
    pub reference: ReferenceSource,
    /// The person.
    pub subject: Subject,
    /// Hash of its `user_id_key`, when it was started with one.
    pub identity_key_hash: Option<String>,
    /// Hash of the `verify_result` that a back end may ask with.
    pub verify_result_hash: Option<String>,
    /// Whether the tenant asked for a picture (uniCloud).
    pub need_picture: bool,
    /// Who paid, once closed.
    pub billing: Option<Billed>,
}

/// How a closed verification was billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billed {
    /// Whether and why.
    pub billing: Billing,
    /// What was paid.
    pub settled: Fen,
}

const INSERT: &str = "INSERT INTO verifications (id, app_id, account_id, door, state,
        attempt_id, attempts_count, attempts_max, created_at, startable_until, expires_at,
        due_at, policy_version, challenge_kind, challenge_actions, reference_source,
        reference_evidence_id, name_sealed, number_sealed, number_index,
        tenant_reference_sealed, tenant_reference_index, identity_key_sealed, identity_key_hash,
        verify_result_hash, need_picture, idempotency_hash, request_hash, challenge_terms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15, $16, $17, $18,
        $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)
    ON CONFLICT (idempotency_hash) WHERE idempotency_hash IS NOT NULL DO NOTHING";

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT id, app_id, account_id, door, state, attempt_id, attempts_count, attempts_max,
                last_reason, outcome, reason, created_at, startable_until, expires_at, closed_at,
                policy_version, challenge_kind, challenge_actions, challenge_terms,
                reference_source, reference_evidence_id, name_sealed, number_sealed,
                tenant_reference_sealed, identity_key_sealed, identity_key_hash,
                verify_result_hash, need_picture, billable, billing_reason, settled_fen
            FROM verifications ",
            $where
        )
    };
}

/// Keeps a new verification, and looks after it when it expires. Its state is written as it is
/// given.
pub async fn insert(
    tx: &mut Transaction,
    vault: &Vault,
    record: &Record,
) -> Result<(), StoreError> {
    tx.enqueue(INSERT, &values_of(vault, record, None)?).await
}

/// Keeps a new verification under a key. `false` when one is remembered under it: recall it.
pub async fn insert_once(
    tx: &mut Transaction,
    vault: &Vault,
    record: &Record,
    key: &Key<'_>,
) -> Result<bool, StoreError> {
    let values = values_of(vault, record, Some(key))?;
    Ok(tx.execute(INSERT, &values).await? == 1)
}

fn values_of(
    vault: &Vault,
    record: &Record,
    key: Option<&Key<'_>>,
) -> Result<Vec<Value>, StoreError> {
    let it = &record.verification;
    let seal = |column, text: Option<&SecretText>| {
        text.map(|text| {
            vault.seal(
                &Place::new(TABLE, it.id.as_str(), column),
                text.reveal().as_bytes(),
            )
        })
        .transpose()
    };
    let index = |purpose, text: Option<&SecretText>| {
        text.map(|text| vault.blind_index(purpose, text.reveal()))
    };
    let subject = &record.subject;
    let (source, evidence_id) = match &record.reference {
        ReferenceSource::Enrolled => ("enrolled", None),
        ReferenceSource::CallerPhoto(evidence_id) => ("caller_photo", Some(evidence_id)),
    };
    let values = values![
        &it.id,
        &record.app_id,
        &record.account_id,
        record.door.name(),
        it.state.name(),
        it.state.attempt_id(),
        it.attempts_count,
        it.attempts_max,
        it.created_at,
        it.startable_until,
        it.expires_at,
        record.policy_version,
        record.challenge.mode.map(Mode::name),
        codec::actions_text(&record.challenge.actions),
        source,
        evidence_id,
        seal("name_sealed", subject.name.as_ref())?,
        seal("number_sealed", subject.number.as_ref())?,
        index(IndexPurpose::IdentityNumber, subject.number.as_ref()),
        seal("tenant_reference_sealed", subject.tenant_reference.as_ref())?,
        index(
            IndexPurpose::TenantReference,
            subject.tenant_reference.as_ref()
        ),
        seal("identity_key_sealed", subject.identity_key.as_ref())?,
        record.identity_key_hash.as_deref(),
        record.verify_result_hash.as_deref(),
        record.need_picture,
        key.map(|key| key.hash),
        key.map(|key| key.request_hash),
        codec::terms_text(&record.challenge),
    ];
    Ok(values.to_vec())
}

/// Looks after a verification again at that moment.
pub async fn set_due(
    tx: &mut Transaction,
    id: &VerificationId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "UPDATE verifications
        SET due_at = $2
        WHERE id = $1";
    tx.change_one(TABLE, sql, values![id, at]).await
}

/// Takes verifications that must be looked after by now, those that wait longest first. Whoever
/// takes them sees to it in the same transaction; nobody else is told of them.
pub async fn take_due(
    tx: &mut Transaction,
    at: Timestamp,
    count_max: u32,
) -> Result<Vec<(VerificationId, Timestamp)>, StoreError> {
    let sql = "SELECT id, due_at
        FROM verifications
        WHERE due_at <= $1
        ORDER BY due_at, id
        LIMIT $2";
    let rows = tx.fetch_all(TABLE, sql, values![at, count_max]).await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, due_at) = (row.id("id")?, row.time("due_at")?);
        let sql = "UPDATE verifications
            SET due_at = NULL
            WHERE id = $1 AND due_at = $2";
        let taken = StoreError::Busy;
        tx.enqueue_one(sql, values![&id, due_at], taken).await?;
        due.push((id, due_at));
    }
    Ok(due)
}

/// The verification with this id, whoever asks: for the platform's own work.
pub async fn find(
    tx: &mut Transaction,
    vault: &Vault,
    id: &VerificationId,
) -> Result<Option<Record>, StoreError> {
    let sql = select!("WHERE id = $1");
    let row = tx.fetch_optional(TABLE, sql, values![id]).await?;
    row.map(|row| read(vault, &row)).transpose()
}

/// The verification with this id, if this app asked it (invariant I11).
pub async fn find_of_app(
    tx: &mut Transaction,
    vault: &Vault,
    app_id: &AppId,
    id: &VerificationId,
) -> Result<Option<Record>, StoreError> {
    let sql = select!("WHERE id = $1 AND app_id = $2");
    let row = tx.fetch_optional(TABLE, sql, values![id, app_id]).await?;
    row.map(|row| read(vault, &row)).transpose()
}

/// The verification that a `verify_result` of this app stands for.
pub async fn find_by_result(
    tx: &mut Transaction,
    vault: &Vault,
    app_id: &AppId,
    verify_result_hash: &str,
) -> Result<Option<Record>, StoreError> {
    let sql = select!("WHERE verify_result_hash = $1 AND app_id = $2");
    let row = tx
        .fetch_optional(TABLE, sql, values![verify_result_hash, app_id])
        .await?;
    row.map(|row| read(vault, &row)).transpose()
}

/// Every verification that was started with a `user_id_key`, newest first.
pub async fn of_identity_key(
    tx: &mut Transaction,
    vault: &Vault,
    app_id: &AppId,
    identity_key_hash: &str,
) -> Result<Vec<Record>, StoreError> {
    let sql = select!(
        "WHERE identity_key_hash = $1 AND app_id = $2 ORDER BY created_at DESC, id DESC LIMIT 100"
    );
    let rows = tx
        .fetch_all(TABLE, sql, values![identity_key_hash, app_id])
        .await?;
    rows.iter().map(|row| read(vault, row)).collect()
}

/// Verifications of an app, newest first, that come after `before` in that order.
pub async fn list(
    tx: &mut Transaction,
    vault: &Vault,
    app_id: &AppId,
    before: Option<(Timestamp, &VerificationId)>,
    count_max: u32,
) -> Result<Vec<Record>, StoreError> {
    let sql = select!(
        "WHERE app_id = $1 AND (created_at < $2 OR (created_at = $2 AND id < $3))
        ORDER BY created_at DESC, id DESC
        LIMIT $4"
    );
    let (at, id) = before.map_or((Timestamp::MAX, ""), |(at, id)| (at, id.as_str()));
    let rows = tx
        .fetch_all(TABLE, sql, values![app_id, at, id, count_max])
        .await?;
    rows.iter().map(|row| read(vault, row)).collect()
}

/// Writes a transition. `Conflict` when the row is no longer as `before` says: someone else was
/// first, and nothing changes.
pub async fn advance(
    tx: &mut Transaction,
    before: &Verification,
    after: &Verification,
) -> Result<(), StoreError> {
    let sql = "UPDATE verifications
        SET state = $2, attempt_id = $3, attempts_count = $4, last_reason = $5, outcome = $6,
            reason = $7, closed_at = $8
        WHERE id = $1 AND state = $9 AND COALESCE(attempt_id, '') = $10 AND attempts_count = $11";
    let closing = after.closing();
    let values = values![
        &before.id,
        after.state.name(),
        after.state.attempt_id(),
        after.attempts_count,
        after.last_reason.map(Reason::name),
        closing.map(|closing| closing.outcome.name()),
        closing.map(|closing| closing.reason.name()),
        closing.map(|closing| closing.at),
        before.state.name(),
        before.state.attempt_id().map_or("", |id| id.as_str()),
        before.attempts_count,
    ];
    tx.change_one(TABLE, sql, values).await
}

/// Changes what the next attempt asks for. A closed one stays as it was answered.
pub async fn set_mode(
    tx: &mut Transaction,
    id: &VerificationId,
    mode: Mode,
) -> Result<(), StoreError> {
    let sql = "UPDATE verifications SET challenge_kind = $2 WHERE id = $1 AND state <> 'closed'";
    tx.change_one(TABLE, sql, values![id, mode.name()]).await
}

/// Writes who paid, once, after it closed.
pub async fn record_billing(
    tx: &mut Transaction,
    id: &VerificationId,
    billed: &Billed,
) -> Result<(), StoreError> {
    let sql = "UPDATE verifications
        SET billable = $2, billing_reason = $3, settled_fen = $4
        WHERE id = $1 AND state = 'closed' AND billable IS NULL";
    let Billed { billing, settled } = *billed;
    tx.change_one(
        TABLE,
        sql,
        values![id, billing.billable, billing.reason.name(), settled],
    )
    .await
}

/// Erases everything personal, what its devices said about themselves included; the row stays as
/// a tombstone.
pub async fn forget(
    tx: &mut Transaction,
    id: &VerificationId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "UPDATE verifications
        SET name_sealed = NULL, number_sealed = NULL, number_index = NULL,
            tenant_reference_sealed = NULL, tenant_reference_index = NULL,
            identity_key_sealed = NULL, idempotency_hash = NULL, request_hash = NULL,
            forgotten_at = $2
        WHERE id = $1 AND state = 'closed' AND forgotten_at IS NULL";
    if tx.execute(sql, values![id, at]).await? != 1 {
        return Ok(false);
    }
    let sql = "UPDATE capture_attempts
        SET client_sealed = $2
        WHERE verification_id = $1";
    tx.execute(sql, values![id, Vec::<u8>::new()]).await?;
    Ok(true)
}

fn read(vault: &Vault, row: &Row) -> Result<Record, StoreError> {
    let verification = read_verification(row)?;
    let open = |column| -> Result<Option<SecretText>, StoreError> {
        let place = Place::new(TABLE, verification.id.as_str(), column);
        let sealed = row.opt_bytes(column)?;
        Ok(sealed
            .map(|sealed| vault.open_text(&place, &sealed))
            .transpose()?)
    };
    let subject = Subject {
        name: open("name_sealed")?,
        number: open("number_sealed")?,
        tenant_reference: open("tenant_reference_sealed")?,
        identity_key: open("identity_key_sealed")?,
    };
    let reference = match row.text("reference_source")?.as_str() {
        "enrolled" => ReferenceSource::Enrolled,
        "caller_photo" => ReferenceSource::CallerPhoto(row.id("reference_evidence_id")?),
        _ => return Err(row.corrupt("reference_source")),
    };
    Ok(Record {
        app_id: row.id("app_id")?,
        account_id: row.id("account_id")?,
        door: row.parsed("door", Door::from_name)?,
        policy_version: row.count("policy_version")?,
        challenge: codec::read_wish(row)?,
        reference,
        subject,
        identity_key_hash: row.opt_text("identity_key_hash")?,
        verify_result_hash: row.opt_text("verify_result_hash")?,
        need_picture: row.is_set("need_picture")?,
        billing: read_billing(row)?,
        verification,
    })
}

fn read_verification(row: &Row) -> Result<Verification, StoreError> {
    let state = match row.text("state")?.as_str() {
        "open" => State::Open,
        "capturing" => State::Capturing {
            attempt_id: row.id("attempt_id")?,
        },
        "analyzing" => State::Analyzing {
            attempt_id: row.id("attempt_id")?,
        },
        "closed" => State::Closed(Closing {
            outcome: row.parsed("outcome", Outcome::from_name)?,
            reason: row.parsed("reason", Reason::from_name)?,
            at: row.time("closed_at")?,
        }),
        _ => return Err(row.corrupt("state")),
    };
    Ok(Verification {
        id: row.id("id")?,
        created_at: row.time("created_at")?,
        startable_until: row.time("startable_until")?,
        expires_at: row.time("expires_at")?,
        attempts_max: row.count("attempts_max")?,
        attempts_count: row.count("attempts_count")?,
        last_reason: row.opt_parsed("last_reason", Reason::from_name)?,
        state,
    })
}

fn read_billing(row: &Row) -> Result<Option<Billed>, StoreError> {
    let Some(billable) = row.opt_int("billable")? else {
        return Ok(None);
    };
    let reason = row.parsed("billing_reason", BillingReason::from_name)?;
    let billing = Billing {
        billable: billable != 0,
        reason,
    };
    Ok(Some(Billed {
        billing,
        settled: row.fen("settled_fen")?,
    }))
}
