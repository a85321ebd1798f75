//! A key that stands for a name and a number, so that neither passes through the device.
//!
//! The pair is not verified here; only apps that ask for it have the check character looked at.

use thiserror::Error;
use zhenren_domain::identity_number::{IdentityNumber, normalise};
use zhenren_domain::retention::after;
use zhenren_store::identity_keys::{self, NewIdentityKey};
use zhenren_store::{apps, retry_busy};
use zhenren_vault::SecretText;

use super::Caller;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::limits::{LimitReached, subjects};
use crate::text::{self, hex};

/// What keys are hashed for.
pub(crate) const USER_ID_KEY: &str = "user-id-key";

/// Limit: characters of a number that is kept without being one.
const NUMBER_CHARS_MAX: usize = 32;

/// A fresh key.
#[derive(Clone, Debug)]
pub struct UserIdKey {
    /// The key, 32 lower-case hexadecimal digits.
    pub key: String,
    /// Seconds it lives.
    pub expires_in_s: i64,
}

/// Why there is none.
#[derive(Debug, Error)]
pub enum IssueError {
    /// Name or number is empty.
    #[error("name or number is empty")]
    Empty,
    /// Name or number is longer than any.
    #[error("name or number is too long")]
    TooLong,
    /// The person was asked about too often.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
    /// The app wants numbers checked, and this is none.
    #[error("number is no identity number")]
    NumberInvalid,
    /// A test app has no calls left.
    #[error("the app's quota is used up")]
    QuotaUsedUp,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(IssueError);

/// Keeps the pair, sealed, under a new key.
pub async fn issue(
    context: &Context,
    caller: &Caller,
    name: &str,
    number: &str,
) -> Result<UserIdKey, IssueError> {
    let number = normalise(number);
    if name.trim().is_empty() || number.is_empty() {
        return Err(IssueError::Empty);
    }
    let name = text::name(name).ok_or(IssueError::TooLong)?;
    if number.chars().count() > NUMBER_CHARS_MAX {
        return Err(IssueError::TooLong);
    }
    let is_strict = caller.strict_id_check || context.settings().strict_id_check;
    if is_strict && IdentityNumber::parse(&number).is_err() {
        return Err(IssueError::NumberInvalid);
    }
    let key = SecretText::from(hex(&context.random_bytes::<16>()));
    let key_hash = context.vault().token_hash(USER_ID_KEY, key.reveal());
    let (name, number) = (SecretText::from(name), SecretText::from(number));
    let life = context.settings().user_id_key_life;
    retry_busy(|| async {
        let created_at = context.now();
        let new = NewIdentityKey {
            app_id: &caller.app_id,
            key_hash: &key_hash,
            key: &key,
            name: &name,
            number: &number,
            created_at,
            expires_at: after(created_at, life),
        };
        let mut tx = context.pool().begin().await?;
        // Asked here so that nobody is sent before a camera in vain; what counts is the opening.
        if caller.has_quota && !apps::has_calls_left(&mut tx, &caller.app_id).await? {
            return Err(IssueError::QuotaUsedUp);
        }
        // Said here already, so that nobody is sent before a camera in vain; what counts is the
        // verification that the key opens, so a person is not counted twice.
        let (account, text) = (&caller.account_id, number.reveal());
        if let Some(reached) = subjects::is_identity_full(context, &mut tx, account, text).await? {
            return Err(IssueError::LimitReached(reached));
        }
        identity_keys::insert(&mut tx, context.vault(), &new).await?;
        tx.commit().await?;
        Ok(())
    })
    .await?;
    Ok(UserIdKey {
        key: key.reveal().to_owned(),
        expires_in_s: life.as_secs(),
    })
}
