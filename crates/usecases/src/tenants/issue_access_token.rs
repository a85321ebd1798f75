//! Appid and secret for an access token; the one before works for five more minutes.

use std::net::IpAddr;

use thiserror::Error;
use zhenren_domain::ids::AppId;
use zhenren_domain::retention::{ACCESS_TOKEN_LIFE, after};
use zhenren_domain::standing::Standing;
use zhenren_store::apps::{self, access_tokens};
use zhenren_store::retry_busy;

use super::authenticate::{self, ACCESS_TOKEN, SecretError};
use super::is_token;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::limits::calls::{self, CallRefused};

/// A fresh token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// The token.
    pub token: String,
    /// Seconds it lives.
    pub expires_in_s: i64,
}

/// Why there is none.
#[derive(Debug, Error)]
pub enum IssueError {
    /// There is no such app.
    #[error("app does not exist")]
    AppUnknown,
    /// The secret has a form that secrets never have.
    #[error("secret is malformed")]
    SecretMalformed,
    /// The secret is not one of the app's.
    #[error("secret does not belong to the app")]
    SecretWrong,
    /// The app may not call from there, or called too often.
    #[error(transparent)]
    Refused(#[from] CallRefused),
    /// The app is frozen.
    #[error("app is frozen")]
    Frozen,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(IssueError);

/// Whether there is an app with this id. Appids are public, so this reveals nothing.
pub async fn is_app_known(context: &Context, appid: &str) -> Result<bool, Fault> {
    let Ok(id) = AppId::parse(appid) else {
        return Ok(false);
    };
    let mut tx = context.pool().read().await?;
    Ok(apps::find(&mut tx, &id).await?.is_some())
}

/// Issues a token.
pub async fn issue(
    context: &Context,
    appid: &str,
    secret: &str,
    from: IpAddr,
) -> Result<AccessToken, IssueError> {
    let caller = authenticate::by_secret(context, appid, secret)
        .await
        .map_err(|error| match error {
            SecretError::AppUnknown => IssueError::AppUnknown,
            SecretError::SecretWrong if !is_token(secret) => IssueError::SecretMalformed,
            SecretError::SecretWrong => IssueError::SecretWrong,
            SecretError::Fault(fault) => IssueError::Fault(fault),
        })?;
    calls::admit(context, &caller.app_id, from).await?;
    if caller.standing == Standing::Frozen {
        return Err(IssueError::Frozen);
    }
    let token = context.token();
    let hash = context.vault().token_hash(ACCESS_TOKEN, &token);
    retry_busy(|| async {
        let at = context.now();
        let mut tx = context.pool().begin().await?;
        let expires_at = after(at, ACCESS_TOKEN_LIFE);
        access_tokens::issue(&mut tx, &caller.app_id, &hash, at, expires_at).await?;
        tx.commit().await?;
        Ok::<(), Fault>(())
    })
    .await?;
    Ok(AccessToken {
        token,
        expires_in_s: ACCESS_TOKEN_LIFE.as_secs(),
    })
}
