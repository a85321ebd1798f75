//! Secrets of apps and service spaces: told once, kept as sealed digests, at most two valid at a
//! time so that one can be exchanged while both work.

use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, SecretId};
use zhenren_store::secrets::{self, Holder};
use zhenren_store::{StoreError, Transaction};
use zhenren_vault::SecretText;

use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::text::sha256_hex;

pub use zhenren_store::secrets::Listed;

/// A fresh secret.
#[derive(Clone)]
pub struct Made {
    /// Its id.
    pub id: SecretId,
    /// Its text; not kept.
    pub secret: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl std::fmt::Debug for Made {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Made")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Makes a secret for a holder of an account; nothing when two are valid already.
pub(crate) async fn make(
    context: &Context,
    tx: &mut Transaction,
    actor: &Actor,
    account_id: &AccountId,
    (holder, action): (Holder<'_>, &'static str),
) -> Result<Option<Made>, StoreError> {
    let secret = context.token();
    let (id, at) = (SecretId::from_number(context.id_number()), context.now());
    let verifier = SecretText::from(sha256_hex(secret.as_bytes()));
    if !secrets::add(tx, context.vault(), holder, &id, &verifier, at).await? {
        return Ok(None);
    }
    let said = (action, holder.id(), id.as_str());
    note(context, tx, actor, account_id, said).await?;
    Ok(Some(Made {
        id,
        secret,
        created_at: at,
    }))
}

/// Revokes a secret of a holder. `false` when it has no such valid secret.
pub(crate) async fn revoke(
    context: &Context,
    tx: &mut Transaction,
    actor: &Actor,
    account_id: &AccountId,
    (holder, action, id): (Holder<'_>, &'static str, &SecretId),
) -> Result<bool, StoreError> {
    if !secrets::revoke(tx, holder, id, context.now()).await? {
        return Ok(false);
    }
    let said = (action, holder.id(), id.as_str());
    note(context, tx, actor, account_id, said).await?;
    Ok(true)
}
