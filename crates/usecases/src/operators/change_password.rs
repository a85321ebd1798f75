//! Operators change their own password; every other sign-in of theirs ends.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::sign_in::{self as rules, PasswordRefused};
use zhenren_store::operator_sessions::{self, failures};
use zhenren_store::{audit, operators, retry_busy};
use zhenren_vault::SecretText;

use super::actor::{Actor, Denied};
use super::authenticate::SESSION;
use super::hashing::{self, Verdict};
use super::login_hash;
use super::sign_in::{self, SignInError};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};

/// Why the password stayed.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The caller is no operator.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The new password is not taken.
    #[error(transparent)]
    Refused(#[from] PasswordRefused),
    /// The present password is another.
    #[error("present password is wrong")]
    Wrong,
    /// Too many wrong ones in a row.
    #[error("too many failed sign-ins")]
    Locked {
        /// Until when.
        until: Timestamp,
    },
    /// Too many sign in at the same time.
    #[error("too many sign-ins are waiting")]
    Busy,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(ChangeError);

impl From<SignInError> for ChangeError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused => Self::Wrong,
            SignInError::Locked { until } => Self::Locked { until },
            SignInError::Busy => Self::Busy,
            SignInError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<hashing::HashError> for ChangeError {
    fn from(error: hashing::HashError) -> Self {
        SignInError::from(error).into()
    }
}

/// Sets the new password; answers how many other sign-ins ended. The present one is asked for and
/// counted like a sign-in: a token left lying about must not be a way to guess it.
pub async fn change(
    context: &Context,
    actor: &Actor,
    token: &str,
    present: &SecretText,
    new: &SecretText,
) -> Result<u64, ChangeError> {
    let id = actor.must_be_operator()?;
    let mut tx = context.pool().read().await?;
    let operator = operators::find(&mut tx, context.vault(), id)
        .await?
        .ok_or(ChangeError::Wrong)?;
    drop(tx);
    rules::check_password(operator.login.reveal(), new.reveal())?;
    let login_hash = login_hash(context, operator.login.reveal());
    let known = sign_in::count(context, &login_hash).await?;
    let known = known.ok_or(ChangeError::Wrong)?;
    let verdict = hashing::verify(context, present, Some(known.password_hash)).await?;
    if verdict == Verdict::Wrong {
        sign_in::tell(context, Some(id)).await?;
        return Err(ChangeError::Wrong);
    }
    let hash = hashing::hash(context, new).await?;
    let this = context.vault().token_hash(SESSION, token);
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        failures::clear(&mut tx, &login_hash).await?;
        if !operators::set_password(&mut tx, context.vault(), id, &hash, at).await? {
            return Err(ChangeError::Wrong);
        }
        let ended = operator_sessions::end_all(&mut tx, id, &this, at).await?;
        let event = audit::Event {
            chain: audit::SYSTEM_CHAIN,
            at,
            actor: actor.name(),
            action: "operator.password",
            subject: id.as_str(),
            detail: "own",
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(ended)
    })
    .await
}
