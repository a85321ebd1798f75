//! Who calls: by secret, or by an access token.

use subtle::ConstantTimeEq;
use thiserror::Error;
use zhenren_domain::ids::AppId;
use zhenren_store::apps::{self, access_tokens};

use super::{Caller, is_token};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::text::sha256_hex;

/// What access tokens are hashed for.
pub(crate) const ACCESS_TOKEN: &str = "access-token";

/// Why a secret is not taken.
#[derive(Debug, Error)]
pub enum SecretError {
    /// There is no such app.
    #[error("app does not exist")]
    AppUnknown,
    /// The secret is not one of the app's.
    #[error("secret does not belong to the app")]
    SecretWrong,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(SecretError);

/// Why an access token is not taken.
#[derive(Debug, Error)]
pub enum TokenError {
    /// It never was a token of ours.
    #[error("access token is malformed")]
    Malformed,
    /// Never issued, or replaced by a newer one.
    #[error("access token is unknown or superseded")]
    Unknown,
    /// Its time is over.
    #[error("access token has expired")]
    Expired,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(TokenError);

/// The app with this id, when the secret is one of its valid ones.
pub async fn by_secret(
    context: &Context,
    appid: &str,
    secret: &str,
) -> Result<Caller, SecretError> {
    let id = AppId::parse(appid).map_err(|_| SecretError::AppUnknown)?;
    let mut tx = context.pool().look().await?;
    let (app, standing, known) = apps::find_caller(&mut tx, context.vault(), &id)
        .await?
        .ok_or(SecretError::AppUnknown)?;
    let given = sha256_hex(secret.as_bytes());
    let is_known = known
        .iter()
        .fold(subtle::Choice::from(0), |found, verifier| {
            found | verifier.reveal().as_bytes().ct_eq(given.as_bytes())
        });
    if bool::from(is_known) {
        Ok((app, standing).into())
    } else {
        Err(SecretError::SecretWrong)
    }
}

/// The app a valid access token belongs to.
pub async fn by_token(context: &Context, token: &str) -> Result<Caller, TokenError> {
    use access_tokens::TokenState;
    if !is_token(token) {
        return Err(TokenError::Malformed);
    }
    let hash = context.vault().token_hash(ACCESS_TOKEN, token);
    let mut tx = context.pool().read().await?;
    match access_tokens::look_up(&mut tx, &hash, context.now()).await? {
        TokenState::Alive(app_id) => {
            let app = apps::find_with_standing(&mut tx, &app_id).await?;
            app.map(Caller::from).ok_or(TokenError::Unknown)
        }
        TokenState::Expired => Err(TokenError::Expired),
        TokenState::Superseded | TokenState::Unknown => Err(TokenError::Unknown),
    }
}
