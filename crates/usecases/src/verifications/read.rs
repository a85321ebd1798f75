//! The whole report of a verification, for the tenant's server.

use jiff::Timestamp;
use serde_json::Value;
use zhenren_domain::attempt::State;
use zhenren_domain::challenge::ChallengeKind;
use zhenren_domain::codes::{AuthState, unicloud_auth_state, wechat_code_of};
use zhenren_domain::decide::{Judgement, Reference};
use zhenren_domain::ids::{AttemptId, VerificationId};
use zhenren_domain::mode::Mode;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_store::attempts::Record as Attempt;
use zhenren_store::{attempts, codec, verifications};

use crate::analysis::report::features_notice;
use crate::context::Context;
use crate::fault::Fault;
use crate::modes;
use crate::tenants::Caller;

/// Everything the tenant may know.
#[derive(Clone, Debug)]
pub struct Report {
    /// The id.
    pub id: VerificationId,
    /// Where it stands.
    pub state: &'static str,
    /// The answer, once closed.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<Reason>,
    /// What `getinfo` would say.
    pub identify_ret: i32,
    /// What `getAuthResult` would say.
    pub auth_state: AuthState,
    /// What is asked for.
    pub mode: Mode,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it was answered.
    pub closed_at: Option<Timestamp>,
    /// Who paid.
    pub billing: BillingReport,
    /// Every attempt, in the order they began.
    pub attempts: Vec<AttemptReport>,
}

/// Who paid; nothing is known before it closed.
#[derive(Clone, Copy, Debug)]
pub struct BillingReport {
    /// Whether it was billed.
    pub billable: Option<bool>,
    /// Why.
    pub reason: Option<&'static str>,
    /// What was paid.
    pub settled: Fen,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct AttemptReport {
    /// The id.
    pub id: AttemptId,
    /// Where it stands.
    pub state: &'static str,
    /// What was drawn for it, once it was.
    pub challenge: Option<ChallengeKind>,
    /// Its answer.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<Reason>,
    /// Whether it was billed, once it ended.
    pub billable: Option<bool>,
    /// Why.
    pub billing_reason: Option<&'static str>,
    /// What there was to compare with, by name.
    pub reference: Option<&'static str>,
    /// The features model of the comparison; empty when nothing was compared.
    pub features_model: Option<String>,
    /// For whom that model is not good enough.
    pub notice: Option<&'static str>,
    /// Each judgement, in order.
    pub judgements: Vec<Judgement>,
    /// What was measured, as JSON; null before.
    pub measurements: Value,
    /// Milliseconds of each stage, as JSON; null before.
    pub timings_ms: Value,
}

/// The report of a verification of this app; nothing when it has none of that id.
pub async fn read(
    context: &Context,
    caller: &Caller,
    id: &VerificationId,
) -> Result<Option<Report>, Fault> {
    let mut tx = context.pool().read().await?;
    let found = verifications::find_of_app(&mut tx, context.vault(), &caller.app_id, id).await?;
    let Some(record) = found else { return Ok(None) };
    let verification = &record.verification;
    let closing = verification.closing();
    let attempts = attempts::of_verification(&mut tx, id).await?;
    Ok(Some(Report {
        id: id.clone(),
        state: verification.state.name(),
        outcome: closing.map(|closing| closing.outcome),
        reason: closing.map(|closing| closing.reason),
        identify_ret: wechat_code_of(&verification.state, verification.last_reason),
        auth_state: unicloud_auth_state(&verification.state),
        mode: modes::mode_of(context, &record.challenge),
        created_at: verification.created_at,
        closed_at: closing.map(|closing| closing.at),
        billing: BillingReport {
            billable: record.billing.map(|billed| billed.billing.billable),
            reason: record.billing.map(|billed| billed.billing.reason.name()),
            settled: record.billing.map_or(Fen::ZERO, |billed| billed.settled),
        },
        attempts: attempts.iter().map(attempt_report).collect(),
    }))
}

fn attempt_report(record: &Attempt) -> AttemptReport {
    let (outcome, reason) = match &record.attempt.state {
        State::Begun | State::Challenged { .. } | State::Analyzing { .. } => (None, None),
        State::Done {
            outcome, reason, ..
        } => (Some(*outcome), Some(*reason)),
        State::Cancelled { reason, .. } => (Some(Outcome::Inconclusive), Some(*reason)),
        State::Expired { .. } => (Some(Outcome::Inconclusive), Some(Reason::CaptureTimedOut)),
    };
    let analysis = record.analysis.as_ref();
    AttemptReport {
        id: record.attempt.id.clone(),
        state: record.attempt.state.name(),
        challenge: record.challenge.as_ref().map(|it| it.kind),
        outcome,
        reason,
        billable: record.billing.map(|billing| billing.billable),
        billing_reason: record.billing.map(|billing| billing.reason.name()),
        reference: analysis
            .and_then(|it| it.decision.reference)
            .map(Reference::name),
        features_model: analysis.map(|it| it.measurements.features_model.clone()),
        notice: analysis.and_then(|it| features_notice(&it.measurements.features_model)),
        judgements: analysis.map_or_else(Vec::new, |it| it.decision.judgements.clone()),
        measurements: analysis.map_or(Value::Null, |it| codec::measurements_json(&it.measurements)),
        timings_ms: analysis
            .and_then(|it| serde_json::from_str(&it.timings_json).ok())
            .unwrap_or(Value::Null),
    }
}
