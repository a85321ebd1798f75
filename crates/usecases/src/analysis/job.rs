//! The job over one complete recording: open, decode, measure, decide, write once.
//!
//! Everything is read first and written last, in one transaction that only the holder of the
//! lease can commit. A worker that dies in between leaves nothing behind.

use serde_json::{Map, Value};
use zhenren_domain::attempt::State;
use zhenren_domain::challenge::{Challenge, ClockLog};
use zhenren_domain::decide::{Decision, Reference, decide};
use zhenren_domain::ids::{AccountId, AttemptId};
use zhenren_domain::measurements::Measurements;
use zhenren_domain::outcome::Reason;
use zhenren_domain::policy::Policy;
use zhenren_store::attempts::{self, Analysis};
use zhenren_store::jobs::{self, Lease};
use zhenren_store::retry_busy;
use zhenren_vault::SecretBytes;

use super::{ClipError, Measured, Question, Template, heartbeat};
use crate::capture::load;
use crate::capture::receive_part::object_of;
use crate::context::Context;
use crate::fault::Fault;
use crate::identity_sources;
use crate::ledger::close::advance;
use crate::worker::JobError;

/// Everything the measuring needs, taken out of the store.
struct Task {
    clip: SecretBytes,
    challenge: Challenge,
    clock: ClockLog,
    reference: Reference,
    template: Option<Template>,
}

/// Runs the job.
pub(crate) async fn run(context: &Context, lease: &Lease) -> Result<(), JobError> {
    let id: AttemptId = lease
        .subject
        .parse()
        .map_err(|_| JobError::malformed(lease))?;
    // The limit counts runs that were begun: a recording that kills its worker each time ends.
    let is_worn_out = lease
        .kind
        .runs_max()
        .is_some_and(|runs_max| lease.runs_count > runs_max);
    if is_worn_out {
        return retry_busy(|| give_up(context, lease)).await;
    }
    let Some(task) = open(context, &id).await? else {
        let mut tx = context.pool().begin().await?;
        jobs::complete(&mut tx, lease, context.now()).await?;
        return Ok(tx.commit().await?);
    };
    let analysis = heartbeat::hold(context, lease, analyse(context, task)).await?;
    // Only the writing: a busy database is no reason to measure again.
    retry_busy(|| write(context, lease, &id, &analysis)).await
}

/// Nothing when the attempt no longer waits for an answer.
async fn open(context: &Context, id: &AttemptId) -> Result<Option<Task>, Fault> {
    let missing = |what: &'static str| Fault::new("opening a recording", what);
    let mut tx = context.pool().read().await?;
    let (attempt, verification) = load(context, &mut tx, id).await?;
    let State::Analyzing { challenge, .. } = attempt.attempt.state.clone() else {
        return Ok(None);
    };
    let manifest = attempt
        .manifest
        .clone()
        .ok_or_else(|| missing("there is no manifest"))?;
    let answer = identity_sources::ask(context, &mut tx, &verification).await?;
    let (object, key) = object_of(context, &mut tx, &attempt).await?;
    drop(tx);
    let clip = context
        .evidence()
        .open_joined(object.as_str(), manifest.parts_count, &key)
        .await?;
    Ok(Some(Task {
        clip,
        challenge,
        clock: manifest.clock,
        reference: answer.reference,
        template: answer.template,
    }))
}

async fn analyse(context: &Context, task: Task) -> Result<Analysis, Fault> {
    let analyzer = context.analyzer()?;
    let policy = context.settings().policy.clone();
    let measured = tokio::task::spawn_blocking(move || {
        let question = Question {
            challenge: &task.challenge,
            clock: &task.clock,
            reference: task.template.as_ref(),
        };
        let measured = analyzer.measure_clip(task.clip.reveal(), &question);
        (measured, task.challenge, task.reference)
    })
    .await
    .map_err(|error| Fault::new("measuring a recording", error))?;
    let (measured, challenge, reference) = measured;
    let (
        Measured {
            measurements,
            timings_ms,
        },
        decision,
    ) = match measured {
        Ok(measured) => {
            let decision = decide(&policy, &challenge, &measured.measurements, reference);
            (measured, decision)
        }
        Err(ClipError::Unreadable(kind)) => {
            tracing::info!(kind, "a recording could not be decoded");
            (
                Measured::default(),
                without_measuring(Reason::MediaUnreadable, &policy),
            )
        }
        Err(ClipError::Fault(fault)) => return Err(fault),
    };
    Ok(Analysis {
        measurements,
        decision,
        timings_json: timings_json(timings_ms),
    })
}

fn timings_json(timings_ms: Vec<(String, f64)>) -> String {
    let object: Map<String, Value> = timings_ms
        .into_iter()
        .map(|(stage, ms)| (stage, Value::from(ms)))
        .collect();
    Value::Object(object).to_string()
}

/// The decision about a recording of which nothing could be measured.
fn without_measuring(reason: Reason, policy: &Policy) -> Decision {
    Decision {
        outcome: reason.outcome(),
        reason,
        policy: policy.applied(),
        reference: None,
        compared: false,
        judgements: Vec::new(),
    }
}

async fn write(
    context: &Context,
    lease: &Lease,
    id: &AttemptId,
    analysis: &Analysis,
) -> Result<(), JobError> {
    let at = context.now();
    let account_id = account_of(context, id).await?;
    let mut tx = context.pool().begin_in_turn(account_id.as_str()).await?;
    // Invariant: first the lease. Without it nothing below may happen.
    jobs::complete(&mut tx, lease, at).await?;
    let (attempt, verification) = load(context, &mut tx, id).await?;
    let Decision {
        outcome, reason, ..
    } = analysis.decision;
    if let Ok(answered) = attempt.attempt.clone().answer(outcome, reason, at) {
        attempts::advance(&mut tx, &attempt.attempt, &answered).await?;
        attempts::record_analysis(&mut tx, id, analysis).await?;
        let concluded = verification
            .verification
            .clone()
            .conclude(id, outcome, reason, at);
        if let Ok(concluded) = concluded {
            advance(context, &mut tx, &verification, concluded).await?;
        }
    }
    tx.commit().await?;
    context.announce_change();
    tracing::info!(attempt = %id, outcome = outcome.name(), reason = reason.name(), "answered");
    Ok(())
}

/// Whose money the answer moves.
async fn account_of(context: &Context, id: &AttemptId) -> Result<AccountId, Fault> {
    let mut tx = context.pool().read().await?;
    let (_, verification) = load(context, &mut tx, id).await?;
    Ok(verification.account_id)
}

/// The machine failed too often: the attempt ends as our failure, free.
pub(crate) async fn give_up(context: &Context, lease: &Lease) -> Result<(), JobError> {
    let id: AttemptId = lease
        .subject
        .parse()
        .map_err(|_| JobError::malformed(lease))?;
    let analysis = Analysis {
        measurements: Measurements::default(),
        decision: without_measuring(Reason::SystemFailure, &context.settings().policy),
        timings_json: String::from("{}"),
    };
    tracing::error!(attempt = %id, "analysis was given up after too many runs");
    write(context, lease, &id, &analysis).await
}
