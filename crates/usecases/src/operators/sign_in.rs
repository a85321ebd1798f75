//! An operator signs in: login and password for a token that lives some hours.
//!
//! Every try is counted before the password is looked at, so that tries at the same time are not
//! more tries; the lock that follows holds for logins that do not exist as well. It is counted when
//! its turn has come, so that who is sent away in a crowd has not failed.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use zhenren_domain::ids::OperatorId;
use zhenren_domain::limits::rest_s;
use zhenren_domain::retention::after;
use zhenren_domain::sign_in as rules;
use zhenren_store::operator_sessions::{self, failures};
use zhenren_store::operators::{self, Operator};
use zhenren_store::{audit, retry_busy};
use zhenren_vault::SecretText;

use super::authenticate::{SESSION, SESSION_PREFIX};
use super::hashing::{self, HashError, Turn, Verdict};
use super::{failures_key, login_hash};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::limits::{LimitReached, subjects};

/// Limit: failures that lie further apart are not in a row any more.
const IN_A_ROW: SignedDuration = SignedDuration::from_hours(24);

/// Somebody who signed in.
#[derive(Clone)]
pub struct SignedIn {
    /// The token for the calls that follow.
    pub token: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Who it is.
    pub operator: Operator,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SignedIn")
            .field("operator", &self.operator.id)
            .finish_non_exhaustive()
    }
}

/// Why somebody did not.
#[derive(Debug, Error)]
pub enum SignInError {
    /// Login or password is wrong, or the operator is disabled; which of them is not said.
    #[error("login or password is wrong")]
    Refused,
    /// Too many failures in a row: nothing is looked at until then.
    #[error("too many failed sign-ins")]
    Locked {
        /// Until when.
        until: Timestamp,
        /// Seconds until then, at least one.
        rest_s: u64,
    },
    /// Too many are tried from this address.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
    /// Too many sign in at the same time.
    #[error("too many sign-ins are waiting")]
    Busy,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(SignInError);

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::Busy,
            HashError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Signs in.
pub async fn sign_in(
    context: &Context,
    login: &str,
    password: &SecretText,
    from: IpAddr,
) -> Result<SignedIn, SignInError> {
    // What is no login is counted and compared like one that nobody has.
    let login = rules::login(login).unwrap_or_else(|_| login.to_owned());
    let login_hash = login_hash(context, &login);
    let turn = Turn::wait().await?;
    count_address(context, from).await?;
    let known = count(context, &login_hash).await?;
    let kept = known.as_ref().map(|known| known.password_hash.clone());
    let verdict = hashing::verify(context, &turn, password, kept).await?;
    match known {
        Some(known) if verdict != Verdict::Wrong && known.operator.disabled_at.is_none() => {
            if verdict == Verdict::RightButOld {
                rehash(context, &turn, &known, password).await?;
            }
            begin(context, &login_hash, known).await
        }
        known => {
            let id = known.map(|known| known.operator.id);
            tell(context, &login_hash, id.as_ref()).await?;
            Err(SignInError::Refused)
        }
    }
}

/// An operator with what the password is compared with.
pub(super) struct Known {
    pub(super) operator: Operator,
    pub(super) password_hash: SecretText,
}

/// Counts a try for the address it comes from, at a locked login as well: whoever tries one login
/// after the other is met by this and not by their locks.
async fn count_address(context: &Context, from: IpAddr) -> Result<(), SignInError> {
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        if let Some(reached) = subjects::sign_in(context, &mut tx, from).await? {
            return Err(reached.into());
        }
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Counts a try and answers whose login it is; refuses while the login is locked.
pub(super) async fn count(
    context: &Context,
    login_hash: &str,
) -> Result<Option<Known>, SignInError> {
    let settings = context.settings().operators;
    let key = failures_key(login_hash);
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        let locked_until = failures::find(&mut tx, key).await?.locked_until;
        if let Some(until) = locked_until.filter(|until| at < *until) {
            let rest_s = rest_s(until, at);
            return Err(SignInError::Locked { until, rest_s });
        }
        let forget_before = at.checked_sub(IN_A_ROW).unwrap_or(Timestamp::MIN);
        let tries = failures::add(&mut tx, key, at, forget_before).await?;
        if tries >= settings.failures_max {
            let until = after(at, settings.lock);
            failures::lock(&mut tx, key, until).await?;
        }
        let vault = context.vault();
        let known = match operators::find_by_login(&mut tx, vault, login_hash).await? {
            None => None,
            Some(operator) => operators::password_hash(&mut tx, vault, &operator.id)
                .await?
                .map(|password_hash| Known {
                    operator,
                    password_hash,
                }),
        };
        tx.commit().await?;
        Ok(known)
    })
    .await
}

/// Writes that somebody failed. Of a login that nobody has there is no line: it may be a password
/// that was typed in the wrong place, and no stranger is to lengthen a log that is kept for ever.
/// Its counter is written once more instead, so that the answer takes as long.
pub(super) async fn tell(
    context: &Context,
    login_hash: &str,
    operator_id: Option<&OperatorId>,
) -> Result<(), Fault> {
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        if let Some(id) = operator_id {
            let event = audit::Event {
                chain: audit::SYSTEM_CHAIN,
                at,
                actor: "nobody",
                action: "sign_in.fail",
                subject: id.as_str(),
                detail: "",
            };
            audit::append(&mut tx, &event).await?;
        } else {
            failures::touch(&mut tx, failures_key(login_hash), at).await?;
        }
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Keeps the password at the cost of today.
async fn rehash(
    context: &Context,
    turn: &Turn,
    known: &Known,
    password: &SecretText,
) -> Result<(), SignInError> {
    let hash = hashing::hash(context, turn, password).await?;
    let Operator {
        id,
        password_changed_at,
        ..
    } = &known.operator;
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        operators::rehash(&mut tx, context.vault(), id, &hash, *password_changed_at).await?;
        tx.commit().await?;
        Ok::<(), Fault>(())
    })
    .await?;
    Ok(())
}

/// Makes the token, unless the operator was disabled or the password changed meanwhile.
async fn begin(context: &Context, login_hash: &str, known: Known) -> Result<SignedIn, SignInError> {
    let token = format!("{SESSION_PREFIX}{}", context.token());
    let hash = context.vault().token_hash(SESSION, &token);
    let (hash, known) = (&hash, &known.operator);
    let (operator, expires_at) = retry_busy(|| async move {
        let at = context.now();
        let expires_at = after(at, context.settings().operators.session_life);
        let mut tx = context.pool().begin().await?;
        let operator = operators::find(&mut tx, context.vault(), &known.id)
            .await?
            .filter(|now| now.disabled_at.is_none())
            .filter(|now| now.password_changed_at == known.password_changed_at)
            .ok_or(SignInError::Refused)?;
        failures::clear(&mut tx, failures_key(login_hash)).await?;
        operator_sessions::begin(&mut tx, hash, &operator.id, at, expires_at).await?;
        let event = audit::Event {
            chain: audit::SYSTEM_CHAIN,
            at,
            actor: operator.id.as_str(),
            action: "sign_in",
            subject: operator.id.as_str(),
            detail: operator.role.name(),
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok::<_, SignInError>((operator, expires_at))
    })
    .await?;
    Ok(SignedIn {
        token,
        expires_at,
        operator,
    })
}
