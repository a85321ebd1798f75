//! Operators change their own password; every other sign-in of theirs ends. What an owner did in
//! the meantime (another password, disabled) goes before.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::sign_in::{self as rules, PasswordRefused};
use zhenren_store::operator_sessions::{self, SessionState, failures};
use zhenren_store::operators::{self, Operator};
use zhenren_store::{Transaction, audit, retry_busy};
use zhenren_vault::SecretText;

use super::actor::{Actor, Denied};
use super::authenticate::SESSION;
use super::hashing::{self, Turn, Verdict};
use super::sign_in::{self, SignInError};
use super::{failures_key, login_hash};
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
        /// Seconds until then, at least one.
        rest_s: u64,
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
            SignInError::Locked { until, rest_s } => Self::Locked { until, rest_s },
            // Addresses are counted at the sign-in alone; whoever comes here has signed in.
            SignInError::Busy | SignInError::LimitReached(_) => Self::Busy,
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
    let turn = Turn::wait().await?;
    let known = sign_in::count(context, &login_hash).await?;
    let known = known.ok_or(ChangeError::Wrong)?;
    let verdict = hashing::verify(context, &turn, present, Some(known.password_hash)).await?;
    if verdict == Verdict::Wrong {
        sign_in::tell(context, &login_hash, Some(id)).await?;
        return Err(ChangeError::Wrong);
    }
    let hash = hashing::hash(context, &turn, new).await?;
    drop(turn);
    let this = context.vault().token_hash(SESSION, token);
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        check_unchanged(context, &mut tx, &known.operator, &this).await?;
        failures::clear(&mut tx, failures_key(&login_hash)).await?;
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

/// Refuses when the operator was disabled or given another password, or this very sign-in was
/// ended, since the present password was compared.
async fn check_unchanged(
    context: &Context,
    tx: &mut Transaction,
    known: &Operator,
    session_hash: &str,
) -> Result<(), ChangeError> {
    let now = operators::find(tx, context.vault(), &known.id)
        .await?
        .ok_or(ChangeError::Wrong)?;
    let state = operator_sessions::look_up(tx, session_hash, context.now()).await?;
    let is_alive =
        matches!(&state, SessionState::Alive { operator_id, .. } if *operator_id == known.id);
    let is_same = now.password_changed_at == known.password_changed_at;
    if is_alive && is_same && now.disabled_at.is_none() {
        Ok(())
    } else {
        Err(ChangeError::Wrong)
    }
}
