//! How far an attempt is, as far as its device may know (invariant I6).

use std::time::Duration;

use tokio::time::Instant;
use zhenren_domain::attempt::State;
use zhenren_domain::codes::{unicloud_client_code, wechat_code};
use zhenren_domain::outcome::{Hint, Outcome, Reason};
use zhenren_store::attempts::Record as Attempt;
use zhenren_store::verifications::{Door, Record as Verification};

use super::access::AttemptAccess;
use super::load;
use crate::context::Context;
use crate::fault::Fault;
use crate::verifications::tokens;

/// Limit: how long a change made by another process may stay unseen.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What the device sees.
#[derive(Clone, Debug)]
pub struct Status {
    /// Where the attempt stands.
    pub state: &'static str,
    /// How it ended, once it has.
    pub result: Option<Ending>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The answer.
    pub outcome: Outcome,
    /// The number the dialect's callback carries.
    pub errcode: i32,
    /// What the person can do.
    pub hint: Option<Hint>,
    /// The ticket of another attempt, when one is possible.
    pub retry: Option<String>,
}

/// Reads the status; waits up to `wait_ms` for the attempt to end.
pub async fn wait(
    context: &Context,
    access: &AttemptAccess,
    wait_ms: u64,
) -> Result<Status, Fault> {
    let until = Instant::now() + Duration::from_millis(wait_ms);
    loop {
        // Made before the look, so that a change in between is not missed.
        let change = context.change();
        let status = look(context, access).await?;
        let now = Instant::now();
        if status.result.is_some() || now >= until {
            return Ok(status);
        }
        // A lapsed pause only means to look again.
        let _lapsed = tokio::time::timeout_at(until.min(now + LOOK_AGAIN), change).await;
    }
}

async fn look(context: &Context, access: &AttemptAccess) -> Result<Status, Fault> {
    let mut tx = context.pool().read().await?;
    let (attempt, verification) = load(context, &mut tx, &access.attempt_id).await?;
    let Some((outcome, reason)) = ending(&attempt) else {
        return Ok(Status {
            state: attempt.attempt.state.name(),
            result: None,
        });
    };
    let is_waiting = tokens::is_waiting(&verification.verification, context.now());
    let retry = is_waiting.then(|| tokens::capture_token(context, &verification.verification));
    let result = Ending {
        outcome,
        errcode: errcode(&verification, reason),
        hint: reason.hint(),
        retry,
    };
    Ok(Status {
        state: attempt.attempt.state.name(),
        result: Some(result),
    })
}

fn ending(attempt: &Attempt) -> Option<(Outcome, Reason)> {
    match &attempt.attempt.state {
        State::Begun | State::Challenged { .. } | State::Analyzing { .. } => None,
        State::Done {
            outcome, reason, ..
        } => Some((*outcome, *reason)),
        State::Cancelled { reason, .. } => Some((Outcome::Inconclusive, *reason)),
        State::Expired { .. } => Some((Outcome::Inconclusive, Reason::CaptureTimedOut)),
    }
}

fn errcode(verification: &Verification, reason: Reason) -> i32 {
    match verification.door {
        Door::Wechat => wechat_code(reason),
        Door::Unicloud | Door::V1 => unicloud_client_code(reason),
    }
}
