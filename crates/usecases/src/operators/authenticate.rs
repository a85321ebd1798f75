//! Who calls the account side: an operator who signed in, or a tenant's own program.

use thiserror::Error;
use zhenren_store::account_tokens::{self, TokenState};
use zhenren_store::operator_sessions::{self, SessionState};

use super::actor::Actor;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::tenants::is_token;

/// What every token of a sign-in starts with.
pub const SESSION_PREFIX: &str = "zo_";
/// What every account token starts with.
pub const ACCOUNT_PREFIX: &str = "za_";

/// What tokens of sign-ins are hashed for.
pub(super) const SESSION: &str = "operator-session";
/// What account tokens are hashed for.
pub(super) const ACCOUNT: &str = "account-token";

/// Why a token is not taken.
#[derive(Debug, Error)]
pub enum TokenError {
    /// Never issued here, outlived, ended, revoked, or its operator is disabled: a caller does
    /// the same about each of them.
    #[error("token is not valid")]
    Invalid,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(TokenError);

/// Whoever a valid token belongs to.
pub async fn by_token(context: &Context, token: &str) -> Result<Actor, TokenError> {
    let is_of = |prefix| token.strip_prefix(prefix).is_some_and(is_token);
    let mut tx = context.pool().read().await?;
    let now = context.now();
    if is_of(SESSION_PREFIX) {
        let hash = context.vault().token_hash(SESSION, token);
        match operator_sessions::look_up(&mut tx, &hash, now).await? {
            SessionState::Alive {
                operator_id, role, ..
            } => Ok(Actor::Operator {
                id: operator_id,
                role,
            }),
            SessionState::Over | SessionState::Unknown => Err(TokenError::Invalid),
        }
    } else if is_of(ACCOUNT_PREFIX) {
        let hash = context.vault().token_hash(ACCOUNT, token);
        match account_tokens::look_up(&mut tx, &hash, now).await? {
            TokenState::Alive(token) => Ok(Actor::AccountToken {
                id: token.id,
                account_id: token.account_id,
                scope: token.scope,
            }),
            TokenState::Over | TokenState::Unknown => Err(TokenError::Invalid),
        }
    } else {
        Err(TokenError::Invalid)
    }
}
