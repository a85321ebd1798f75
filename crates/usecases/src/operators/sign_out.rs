//! An operator signs out: the token is worthless at once. Also what is known of a sign-in.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_store::operator_sessions::{self, SessionState};
use zhenren_store::operators::{self, Operator};
use zhenren_store::{audit, retry_busy};

use super::actor::{Actor, Denied};
use super::authenticate::SESSION;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum SignOutError {
    /// The caller is no operator.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The sign-in ended a moment ago.
    #[error("sign-in is over")]
    Over,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(SignOutError);

/// A sign-in as its operator sees it.
#[derive(Clone, Debug)]
pub struct Current {
    /// Who.
    pub operator: Operator,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// The sign-in with this token.
pub async fn current(
    context: &Context,
    actor: &Actor,
    token: &str,
) -> Result<Current, SignOutError> {
    actor.must_be_operator()?;
    let hash = context.vault().token_hash(SESSION, token);
    let mut tx = context.pool().read().await?;
    let SessionState::Alive {
        operator_id,
        created_at,
        expires_at,
        ..
    } = operator_sessions::look_up(&mut tx, &hash, context.now()).await?
    else {
        return Err(SignOutError::Over);
    };
    let operator = operators::find(&mut tx, context.vault(), &operator_id)
        .await?
        .ok_or(SignOutError::Over)?;
    Ok(Current {
        operator,
        created_at,
        expires_at,
    })
}

/// Ends the sign-in with this token; answers when.
pub async fn sign_out(
    context: &Context,
    actor: &Actor,
    token: &str,
) -> Result<Timestamp, SignOutError> {
    let Actor::Operator { id, role } = actor else {
        return Err(Denied::NotPermitted.into());
    };
    let hash = context.vault().token_hash(SESSION, token);
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        if !operator_sessions::end(&mut tx, &hash, at).await? {
            return Err(SignOutError::Over);
        }
        let event = audit::Event {
            chain: audit::SYSTEM_CHAIN,
            at,
            actor: actor.name(),
            action: "sign_out",
            subject: id.as_str(),
            detail: role.name(),
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(at)
    })
    .await
}
