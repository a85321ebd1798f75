//! The challenge of an attempt, drawn from the server's randomness at the last moment.
//!
//! Asking again gives the same challenge and deadline, whatever the page says then. The object the recording goes to is made
//! here too, with its key and the time of its destruction.

use jiff::Timestamp;
use zhenren_domain::attempt::{Refusal, State};
use zhenren_domain::challenge::{Challenge, ChallengeKind};
use zhenren_domain::draw::draw_wish;
use zhenren_domain::ids::{EvidenceId, JobId};
use zhenren_domain::jobs::JobKind;
use zhenren_domain::mode::Circumstances;
use zhenren_domain::outcome::Reason;
use zhenren_store::attempts::Record as Attempt;
use zhenren_store::evidence::{self, Evidence, EvidenceKind};
use zhenren_store::jobs::{self, NewJob};
use zhenren_store::verifications::Record as Verification;
use zhenren_store::{Transaction, attempts, retry_busy};
use zhenren_vault::ObjectKey;

use super::access::AttemptAccess;
use super::{CaptureError, load};
use crate::context::Context;
use crate::fault::Fault;
use crate::modes;

/// A drawn challenge.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// What to do.
    pub challenge: Challenge,
    /// By when the recording must be complete.
    pub deadline_at: Timestamp,
}

/// Draws the challenge, or answers with the one drawn before.
pub async fn draw(
    context: &Context,
    access: &AttemptAccess,
    at: Circumstances,
) -> Result<Drawn, CaptureError> {
    let drawn = retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let (before, verification) = load(context, &mut tx, &access.attempt_id).await?;
        let settings = context.settings();
        let wish = &verification.challenge;
        let challenge = if let State::Begun = before.attempt.state {
            let kind = kind(context, &mut tx, &verification, at).await?;
            draw_wish(&settings.policy, wish, kind, &mut || context.random_u64())
        } else {
            let drawn = before.attempt.drawn().cloned();
            drawn.ok_or(CaptureError::Refused(Refusal::Ended))?
        };
        let limit = wish.capture_limit().or(settings.capture_limit);
        let drawn_at = context.now();
        let after = before
            .attempt
            .clone()
            .challenge(challenge, limit, drawn_at)?;
        if after != before.attempt {
            attempts::advance(&mut tx, &before.attempt, &after).await?;
            prepare_evidence(context, &mut tx, &before, after.deadline_at).await?;
            let subject = after.id.as_str();
            jobs::reschedule(&mut tx, JobKind::ExpireAttempt, subject, after.deadline_at).await?;
        }
        // One drawn by an earlier call may be on its way to the disk still.
        tx.commit().await?;
        let challenge = after.drawn().cloned().ok_or_else(|| {
            Fault::new("drawing a challenge", "the attempt has none after drawing")
        })?;
        Ok::<_, CaptureError>(Drawn {
            challenge,
            deadline_at: after.deadline_at,
        })
    })
    .await?;
    context.announce_change();
    Ok(drawn)
}

/// What to draw now. Light that was too strong for an earlier attempt still is.
async fn kind(
    context: &Context,
    tx: &mut Transaction,
    verification: &Verification,
    at: Circumstances,
) -> Result<ChallengeKind, CaptureError> {
    let mut at = at;
    if !at.too_bright && verification.verification.attempts_count > 1 {
        let earlier = attempts::of_verification(tx, &verification.verification.id).await?;
        at.too_bright = earlier.iter().any(|it| was_too_bright(&it.attempt.state));
    }
    Ok(modes::kind(context, &verification.challenge, at)?)
}

const fn was_too_bright(state: &State) -> bool {
    matches!(
        state,
        State::Done {
            reason: Reason::AmbientTooStrong,
            ..
        }
    )
}

async fn prepare_evidence(
    context: &Context,
    tx: &mut Transaction,
    attempt: &Attempt,
    deadline_at: Timestamp,
) -> Result<(), Fault> {
    let at = context.now();
    let destroy_at = context.settings().retention.evidence_deadline(deadline_at);
    let object = Evidence {
        id: EvidenceId::from_number(context.id_number()),
        app_id: attempt.app_id.clone(),
        verification_id: Some(attempt.verification_id.clone()),
        attempt_id: Some(attempt.attempt.id.clone()),
        kind: EvidenceKind::Clip,
        media_type: String::from("application/octet-stream"),
        parts_count: context.settings().upload.parts_max,
        created_at: at,
        deadline_at: Some(destroy_at),
        key_destroyed_at: None,
        destroyed_at: None,
    };
    evidence::insert(tx, context.vault(), &object, &ObjectKey::generate()?).await?;
    attempts::set_evidence(tx, &attempt.attempt.id, &object.id).await?;
    let job = NewJob {
        id: &JobId::from_number(context.id_number()),
        kind: JobKind::DestroyEvidence,
        subject: object.id.as_str(),
        run_at: destroy_at,
        at,
    };
    jobs::add(tx, &job).await?;
    Ok(())
}
