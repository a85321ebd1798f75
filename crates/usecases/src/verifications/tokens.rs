//! Tokens that are functions of what they stand for, so that a repeated request can be given the
//! same one although nothing of it, or only its hash, is kept.
//!
//! A capture token names its verification and proves which attempt it was made for: the body of the
//! id, and 128 bits of a keyed hash that nobody can guess. That it is used once follows from the
//! verification, which counts its attempts.

use jiff::Timestamp;
use subtle::ConstantTimeEq;
use zhenren_domain::ids::VerificationId;
use zhenren_domain::verification::{State, Verification};

use crate::context::Context;

const CAPTURE: &str = "capture-token";
const RESULT: &str = "verify-result";

/// Characters of a capture token that prove it.
const PROOF_LENGTH: usize = 32;

/// What a capture token that was shown is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It buys the next attempt.
    Good,
    /// It bought one before.
    Spent,
    /// It is too late, or the verification has closed.
    Expired,
    /// Never made for this verification.
    Unknown,
}

/// The capture token for the next attempt of a verification as it stands.
pub(crate) fn capture_token(context: &Context, verification: &Verification) -> String {
    make(context, &verification.id, verification.attempts_count)
}

/// Whether the verification waits for somebody with its token.
pub(crate) fn is_waiting(verification: &Verification, at: Timestamp) -> bool {
    verification.state == State::Open && verification.is_startable(at)
}

fn make(context: &Context, id: &VerificationId, attempts_count: u32) -> String {
    let subject = format!("{id}/{attempts_count}");
    let proof = context.vault().derived_token(CAPTURE, &subject);
    let proof: String = proof.reveal().chars().take(PROOF_LENGTH).collect();
    let body = id.as_str().trim_start_matches(VerificationId::PREFIX);
    format!("{body}{proof}")
}

/// The verification that a capture token names; nothing of it is proved yet.
pub(crate) fn named_by(token: &str) -> Option<VerificationId> {
    let (body, _) = token.split_at_checked(token.len().checked_sub(PROOF_LENGTH)?)?;
    VerificationId::from_body(body).ok()
}

/// What a token is good for that names this verification.
pub(crate) fn shown(
    context: &Context,
    verification: &Verification,
    token: &str,
    at: Timestamp,
) -> Shown {
    let is_for = |attempts_count| {
        let made = make(context, &verification.id, attempts_count);
        bool::from(made.as_bytes().ct_eq(token.as_bytes()))
    };
    let attempts_count = verification.attempts_count;
    if is_for(attempts_count) {
        if is_waiting(verification, at) {
            Shown::Good
        } else {
            Shown::Expired
        }
    } else if (0..attempts_count).any(is_for) {
        Shown::Spent
    } else {
        Shown::Unknown
    }
}

/// The `verify_result` of a verification.
pub(crate) fn verify_result(context: &Context, id: &VerificationId) -> String {
    context
        .vault()
        .derived_token(RESULT, id.as_str())
        .reveal()
        .to_owned()
}

/// What is kept of a `verify_result`.
pub(crate) fn verify_result_hash(context: &Context, token: &str) -> String {
    context.vault().token_hash(RESULT, token)
}
