//! The right to act on one attempt: its id and its token.

use subtle::ConstantTimeEq;
use thiserror::Error;
use zhenren_domain::ids::AttemptId;
use zhenren_store::attempts;

use crate::context::Context;
use crate::fault::{Fault, carries_faults};

/// What attempt tokens are hashed for.
pub(crate) const ATTEMPT_TOKEN: &str = "attempt-token";

/// Proof that the caller holds the attempt's token.
#[derive(Clone, Debug)]
pub struct AttemptAccess {
    /// The attempt.
    pub(crate) attempt_id: AttemptId,
}

/// Why there is no access.
#[derive(Debug, Error)]
pub enum AccessError {
    /// There is no such attempt, or the token is another's.
    #[error("capture attempt is unknown")]
    Unknown,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(AccessError);

/// Checks a token.
pub async fn open(
    context: &Context,
    id: &AttemptId,
    token: &str,
) -> Result<AttemptAccess, AccessError> {
    let mut tx = context.pool().read().await?;
    let attempt = attempts::find(&mut tx, id)
        .await?
        .ok_or(AccessError::Unknown)?;
    let given = context.vault().token_hash(ATTEMPT_TOKEN, token);
    if !bool::from(given.as_bytes().ct_eq(attempt.token_hash.as_bytes())) {
        return Err(AccessError::Unknown);
    }
    Ok(AttemptAccess {
        attempt_id: id.clone(),
    })
}
