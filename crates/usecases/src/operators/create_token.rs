//! A token with which a tenant's own programs run its account; its text is told this once.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::ids::{AccountId, AccountTokenId};
use zhenren_domain::roles::{Permission, Scope};
use zhenren_store::account_tokens;
use zhenren_store::{Transaction, accounts, audit, retry_busy};

use super::actor::{Actor, Denied};
use super::authenticate::{ACCOUNT, ACCOUNT_PREFIX};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::text;

pub use zhenren_store::account_tokens::AccountToken;

/// A token that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// What people call it, 1 to 64 characters.
    pub name: &'a str,
    /// What for.
    pub scope: Scope,
    /// When it ends by itself; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A fresh token.
#[derive(Clone)]
pub struct Made {
    /// What is kept of it.
    pub token: AccountToken,
    /// Its text.
    pub text: String,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Made")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Why there is none.
#[derive(Debug, Error)]
pub enum CreateError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account.
    #[error("there is no such account")]
    AccountUnknown,
    /// The name is empty or too long.
    #[error("name must have 1 to 64 characters")]
    NameInvalid,
    /// It would have ended before it began.
    #[error("the end lies in the past")]
    EndsInThePast,
    /// A token cannot make one that may more, or lives longer, than itself.
    #[error("the new token would reach further than the one that asks for it")]
    ReachesFurther,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(CreateError);

/// Makes a token for an account.
pub async fn create(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    new: &NewToken<'_>,
) -> Result<Made, CreateError> {
    actor.may(Permission::ManageTokens, account_id)?;
    let name = text::name(new.name).ok_or(CreateError::NameInvalid)?;
    if new.expires_at.is_some_and(|end| end <= context.now()) {
        return Err(CreateError::EndsInThePast);
    }
    let secret = format!("{ACCOUNT_PREFIX}{}", context.token());
    let hash = context.vault().token_hash(ACCOUNT, &secret);
    let token = AccountToken {
        id: AccountTokenId::from_number(context.id_number()),
        account_id: account_id.clone(),
        name,
        scope: new.scope,
        created_at: context.now(),
        created_by: actor.name().to_owned(),
        expires_at: new.expires_at,
        revoked_at: None,
    };
    let (hash, kept) = (&hash, &token);
    retry_busy(|| async move {
        let mut tx = context.pool().begin().await?;
        if accounts::find(&mut tx, account_id).await?.is_none() {
            return Err(CreateError::AccountUnknown);
        }
        check_reach(&mut tx, actor, kept).await?;
        account_tokens::insert(&mut tx, hash, kept).await?;
        let event = audit::Event {
            chain: account_id.as_str(),
            at: kept.created_at,
            actor: actor.name(),
            action: "token.create",
            subject: kept.id.as_str(),
            detail: kept.scope.name(),
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(())
    })
    .await?;
    Ok(Made {
        token,
        text: secret,
    })
}

/// A token makes tokens of at most its own scope, that live at most as long as itself: otherwise
/// one that was to end could give itself an heir. One that was revoked a moment ago makes none.
async fn check_reach(
    tx: &mut Transaction,
    actor: &Actor,
    new: &AccountToken,
) -> Result<(), CreateError> {
    let Actor::AccountToken {
        id,
        account_id,
        scope,
    } = actor
    else {
        return Ok(());
    };
    let maker = account_tokens::find(tx, account_id, id)
        .await?
        .filter(|maker| maker.revoked_at.is_none())
        .ok_or(CreateError::ReachesFurther)?;
    let outlives = match (maker.expires_at, new.expires_at) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(own), Some(end)) => end > own,
    };
    if scope.covers(new.scope) && !outlives {
        Ok(())
    } else {
        Err(CreateError::ReachesFurther)
    }
}
