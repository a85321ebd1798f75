//! Capture attempts: what a device was asked, what it says it sent, what was measured.
//!
//! Measurements are numbers and stay readable; features never come here. What the device says
//! about itself is sealed: a user agent narrows down who someone is.

use jiff::Timestamp;
use zhenren_domain::attempt::{Attempt, State};
use zhenren_domain::billing::{Billing, BillingReason};
use zhenren_domain::challenge::{Challenge, ClockLog};
use zhenren_domain::decide::Decision;
use zhenren_domain::ids::{AppId, AttemptId, EvidenceId, VerificationId};
use zhenren_domain::measurements::Measurements;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_vault::{Place, SecretText, Vault};

use crate::codec;
use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "capture_attempts";

/// A new attempt and what the device said when it began.
#[derive(Clone, Debug)]
pub struct NewAttempt<'a> {
    /// The state machine, begun.
    pub attempt: &'a Attempt,
    /// What it is a try at.
    pub verification_id: &'a VerificationId,
    /// The app that asked.
    pub app_id: &'a AppId,
    /// Hash of the token the device acts with.
    pub token_hash: &'a str,
    /// Language of the page.
    pub locale: &'a str,
    /// What the device says about itself, as JSON.
    pub client: &'a SecretText,
    /// Version of the consent text that was accepted.
    pub consent_version: &'a str,
}

/// What the device says it sent. Two complete calls are the same when these are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// How many parts.
    pub parts_count: u32,
    /// Size of the whole.
    pub size_bytes: u64,
    /// Lower-case hexadecimal SHA-256 of the whole.
    pub sha256: String,
    /// What it says the container is.
    pub media_type: String,
    /// Its clock.
    pub clock: ClockLog,
}

/// What analysis found.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Everything measured.
    pub measurements: Measurements,
    /// The decision over it.
    pub decision: Decision,
    /// Milliseconds per stage, as a JSON object.
    pub timings_json: String,
}

/// An attempt and what belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The state machine.
    pub attempt: Attempt,
    /// What it is a try at.
    pub verification_id: VerificationId,
    /// The app that asked.
    pub app_id: AppId,
    /// Hash of the token the device acts with.
    pub token_hash: String,
    /// Language of the page.
    pub locale: String,
    /// Version of the consent text that was accepted.
    pub consent_version: String,
    /// The drawn challenge, also after the attempt ended.
    pub challenge: Option<Challenge>,
    /// The recording.
    pub evidence_id: Option<EvidenceId>,
    /// What the device says it sent.
    pub manifest: Option<Manifest>,
    /// What analysis found.
    pub analysis: Option<Analysis>,
    /// Whether it was paid for, once it ended.
    pub billing: Option<Billing>,
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT id, verification_id, app_id, token_hash, state, begun_at, deadline_at,
                challenged_at, completed_at, ended_at, outcome, reason, locale, consent_version,
                challenge, evidence_id, manifest, measurements, decision, timings, billable,
                billing_reason
            FROM capture_attempts ",
            $where
        )
    };
}

/// Keeps a begun attempt.
pub async fn insert(
    tx: &mut Transaction,
    vault: &Vault,
    new: &NewAttempt<'_>,
) -> Result<(), StoreError> {
    let id = &new.attempt.id;
    let place = Place::new(TABLE, id.as_str(), "client_sealed");
    let sql = "INSERT INTO capture_attempts (id, verification_id, app_id, token_hash, state,
            begun_at, deadline_at, locale, client_sealed, consent_version)
        VALUES ($1, $2, $3, $4, 'begun', $5, $6, $7, $8, $9)";
    let values = values![
        id,
        new.verification_id,
        new.app_id,
        new.token_hash,
        new.attempt.begun_at,
        new.attempt.deadline_at,
        new.locale,
        vault.seal(&place, new.client.reveal().as_bytes())?,
        new.consent_version,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// The attempt with this id.
pub async fn find(tx: &mut Transaction, id: &AttemptId) -> Result<Option<Record>, StoreError> {
    let sql = select!("WHERE id = $1");
    tx.fetch_optional(TABLE, sql, values![id])
        .await?
        .map(|row| read(&row))
        .transpose()
}

/// Every attempt of a verification, in the order they began.
pub async fn of_verification(
    tx: &mut Transaction,
    verification_id: &VerificationId,
) -> Result<Vec<Record>, StoreError> {
    let sql = select!("WHERE verification_id = $1 ORDER BY begun_at, id");
    tx.fetch_all(TABLE, sql, values![verification_id])
        .await?
        .iter()
        .map(read)
        .collect()
}

/// What the device said about itself when the attempt began; `None` once that was forgotten.
pub async fn client(
    tx: &mut Transaction,
    vault: &Vault,
    id: &AttemptId,
) -> Result<Option<SecretText>, StoreError> {
    let sql = "SELECT id, client_sealed FROM capture_attempts WHERE id = $1";
    let Some(row) = tx.fetch_optional(TABLE, sql, values![id]).await? else {
        return Ok(None);
    };
    let sealed = row.bytes("client_sealed")?;
    if sealed.is_empty() {
        return Ok(None);
    }
    let place = Place::new(TABLE, id.as_str(), "client_sealed");
    Ok(Some(vault.open_text(&place, &sealed)?))
}

/// Writes a transition. `Conflict` when the row is no longer as `before` says.
pub async fn advance(
    tx: &mut Transaction,
    before: &Attempt,
    after: &Attempt,
) -> Result<(), StoreError> {
    let sql = "UPDATE capture_attempts
        SET state = $2, deadline_at = $3,
            challenge = COALESCE(challenge, $4), challenged_at = COALESCE(challenged_at, $5),
            completed_at = COALESCE(completed_at, $6), ended_at = $7, outcome = $8, reason = $9
        WHERE id = $1 AND state = $10";
    let columns = Columns::of(&after.state);
    let values = values![
        &before.id,
        after.state.name(),
        after.deadline_at,
        columns.challenge,
        columns.challenged_at,
        columns.completed_at,
        columns.ended_at,
        columns.outcome,
        columns.reason,
        before.state.name(),
    ];
    tx.change_one(TABLE, sql, values).await
}

/// Names the object that the recording goes to, once.
pub async fn set_evidence(
    tx: &mut Transaction,
    id: &AttemptId,
    evidence_id: &EvidenceId,
) -> Result<(), StoreError> {
    let sql = "UPDATE capture_attempts
        SET evidence_id = $2
        WHERE id = $1 AND evidence_id IS NULL";
    tx.change_one(TABLE, sql, values![id, evidence_id]).await
}

/// Writes what the device says it sent, once.
pub async fn set_manifest(
    tx: &mut Transaction,
    id: &AttemptId,
    manifest: &Manifest,
) -> Result<(), StoreError> {
    let sql = "UPDATE capture_attempts
        SET manifest = $2
        WHERE id = $1 AND manifest IS NULL";
    let text = codec::manifest_json(manifest).to_string();
    tx.change_one(TABLE, sql, values![id, text]).await
}

/// Writes what analysis found, once.
pub async fn record_analysis(
    tx: &mut Transaction,
    id: &AttemptId,
    analysis: &Analysis,
) -> Result<(), StoreError> {
    let sql = "UPDATE capture_attempts
        SET measurements = $2, decision = $3, timings = $4
        WHERE id = $1 AND decision IS NULL";
    let values = values![
        id,
        codec::measurements_json(&analysis.measurements).to_string(),
        codec::decision_json(&analysis.decision).to_string(),
        analysis.timings_json.as_str(),
    ];
    tx.change_one(TABLE, sql, values).await
}

/// Writes, once, whether an attempt that ends is paid for.
pub async fn record_billing(
    tx: &mut Transaction,
    id: &AttemptId,
    billing: Billing,
) -> Result<(), StoreError> {
    let sql = "UPDATE capture_attempts
        SET billable = $2, billing_reason = $3
        WHERE id = $1 AND billable IS NULL";
    let values = values![id, billing.billable, billing.reason.name()];
    tx.change_one(TABLE, sql, values).await
}

/// A state taken apart into columns.
#[derive(Default)]
struct Columns {
    challenge: Option<String>,
    challenged_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    outcome: Option<&'static str>,
    reason: Option<&'static str>,
}

impl Columns {
    fn of(state: &State) -> Self {
        let json = |challenge| Some(codec::challenge_json(challenge).to_string());
        match state {
            State::Begun => Self::default(),
            State::Challenged { challenge, at } => Self {
                challenge: json(challenge),
                challenged_at: Some(*at),
                ..Self::default()
            },
            State::Analyzing {
                challenge,
                at,
                completed_at,
            } => Self {
                challenge: json(challenge),
                challenged_at: Some(*at),
                completed_at: Some(*completed_at),
                ..Self::default()
            },
            State::Done {
                outcome,
                reason,
                at,
            } => Self {
                ended_at: Some(*at),
                outcome: Some(outcome.name()),
                reason: Some(reason.name()),
                ..Self::default()
            },
            State::Cancelled { reason, at } => Self {
                ended_at: Some(*at),
                reason: Some(reason.name()),
                ..Self::default()
            },
            State::Expired { at } => Self {
                ended_at: Some(*at),
                ..Self::default()
            },
        }
    }
}

fn read(row: &Row) -> Result<Record, StoreError> {
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let challenge = row.opt_parsed("challenge", |text| codec::challenge_from_json(&json(text)?))?;
    let manifest = row.opt_parsed("manifest", |text| codec::manifest_from_json(&json(text)?))?;
    let measurements = row.opt_parsed("measurements", |text| {
        codec::measurements_from_json(&json(text)?)
    })?;
    let decision = row.opt_parsed("decision", |text| codec::decision_from_json(&json(text)?))?;
    let timings_json = row.opt_text("timings")?.unwrap_or_default();
    let analysis = measurements
        .zip(decision)
        .map(|(measurements, decision)| Analysis {
            measurements,
            decision,
            timings_json,
        });
    let billing_reason = row.opt_parsed("billing_reason", BillingReason::from_name)?;
    let billing = row
        .opt_int("billable")?
        .zip(billing_reason)
        .map(|(billable, reason)| Billing {
            billable: billable != 0,
            reason,
        });
    Ok(Record {
        attempt: Attempt {
            id: row.id("id")?,
            begun_at: row.time("begun_at")?,
            deadline_at: row.time("deadline_at")?,
            state: read_state(row, challenge.as_ref())?,
        },
        verification_id: row.id("verification_id")?,
        app_id: row.id("app_id")?,
        token_hash: row.text("token_hash")?,
        locale: row.text("locale")?,
        consent_version: row.text("consent_version")?,
        challenge,
        evidence_id: row.opt_id("evidence_id")?,
        manifest,
        analysis,
        billing,
    })
}

fn read_state(row: &Row, challenge: Option<&Challenge>) -> Result<State, StoreError> {
    let drawn = || challenge.cloned().ok_or_else(|| row.corrupt("challenge"));
    Ok(match row.text("state")?.as_str() {
        "begun" => State::Begun,
        "challenged" => State::Challenged {
            challenge: drawn()?,
            at: row.time("challenged_at")?,
        },
        "analyzing" => State::Analyzing {
            challenge: drawn()?,
            at: row.time("challenged_at")?,
            completed_at: row.time("completed_at")?,
        },
        "done" => State::Done {
            outcome: row.parsed("outcome", Outcome::from_name)?,
            reason: row.parsed("reason", Reason::from_name)?,
            at: row.time("ended_at")?,
        },
        "cancelled" => State::Cancelled {
            reason: row.parsed("reason", Reason::from_name)?,
            at: row.time("ended_at")?,
        },
        "expired" => State::Expired {
            at: row.time("ended_at")?,
        },
        _ => return Err(row.corrupt("state")),
    })
}
