//! How a verification looks on the wire.

use serde_json::{Value, json};
use zhenren_domain::challenge::ChallengeKind;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_usecases::analysis::report;
use zhenren_usecases::verifications::read::{AttemptReport, Report};

/// The whole report.
pub(super) fn verification(report: &Report) -> Value {
    json!({
        "id": report.id.as_str(),
        "state": report.state,
        "outcome": report.outcome.map(Outcome::name),
        "reason": report.reason.map(Reason::name),
        "codes": {
            "identify_ret": report.identify_ret,
            "auth_state": report.auth_state.name(),
        },
        "challenge": report.mode.name(),
        "created_at": report.created_at.to_string(),
        "closed_at": report.closed_at.map(|at| at.to_string()),
        "billing": {
            "billable": report.billing.billable,
            "reason": report.billing.reason,
            "settled_fen": report.billing.settled.get(),
        },
        "attempts": report.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &AttemptReport) -> Value {
    let judgements: Vec<Value> = attempt.judgements.iter().map(report::judgement).collect();
    json!({
        "id": attempt.id.as_str(),
        "state": attempt.state,
        "challenge": attempt.challenge.map(ChallengeKind::name),
        "outcome": attempt.outcome.map(Outcome::name),
        "reason": attempt.reason.map(Reason::name),
        "billable": attempt.billable,
        "billing_reason": attempt.billing_reason,
        "reference": attempt.reference,
        "features_model": attempt.features_model,
        "notice": attempt.notice,
        "judgements": judgements,
        "measurements": attempt.measurements,
        "timings_ms": attempt.timings_ms,
    })
}
