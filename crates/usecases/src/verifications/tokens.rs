//! Tokens that are functions of what they stand for, so that a repeated request can be given the
//! same one although only its hash is kept.

use zhenren_domain::ids::VerificationId;
use zhenren_domain::verification::Verification;

use crate::context::Context;

const CAPTURE: &str = "capture-token";
const RESULT: &str = "verify-result";

/// The capture token for the next attempt of a verification as it stands.
pub(crate) fn capture_token(context: &Context, verification: &Verification) -> String {
    let subject = format!("{}/{}", verification.id, verification.attempts_count);
    context
        .vault()
        .derived_token(CAPTURE, &subject)
        .reveal()
        .to_owned()
}

/// What is kept of a capture token.
pub(crate) fn capture_token_hash(context: &Context, token: &str) -> String {
    context.vault().token_hash(CAPTURE, token)
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
