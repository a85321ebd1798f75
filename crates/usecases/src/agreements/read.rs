//! Versions of the agreement for whoever is to accept one, and what an account accepted.

use zhenren_domain::agreement::is_version;
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_store::{agreements, retry_busy};

use super::AgreementError;
use crate::context::Context;
use crate::fault::Fault;
use crate::operators::actor::{Actor, Denied};

pub use zhenren_store::agreements::{Acceptance, AgreementText};

/// Versions, the newest first: that is the one to accept.
pub async fn list(
    context: &Context,
    actor: &Actor,
    account_id: Option<&AccountId>,
) -> Result<Vec<AgreementText>, AgreementError> {
    may_read(actor, account_id)?;
    ensure_default(context).await?;
    let mut tx = context.pool().read().await?;
    Ok(agreements::list(&mut tx).await?)
}

/// One version with its text.
pub async fn find(
    context: &Context,
    actor: &Actor,
    account_id: Option<&AccountId>,
    version: &str,
) -> Result<AgreementText, AgreementError> {
    may_read(actor, account_id)?;
    if !is_version(version) {
        return Err(AgreementError::Unknown);
    }
    ensure_default(context).await?;
    let mut tx = context.pool().read().await?;
    let found = agreements::find(&mut tx, version).await?;
    found.ok_or(AgreementError::Unknown)
}

/// What an account accepted, the latest first.
pub async fn acceptances(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
) -> Result<Vec<Acceptance>, AgreementError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    Ok(agreements::acceptances(&mut tx, context.vault(), account_id).await?)
}

/// Texts belong to no account: whoever may read anything may read them.
fn may_read(actor: &Actor, account_id: Option<&AccountId>) -> Result<(), Denied> {
    match account_id {
        Some(id) => actor.may(Permission::Read, id),
        None => actor.may_everywhere(Permission::Read),
    }
}

async fn ensure_default(context: &Context) -> Result<(), Fault> {
    let mut tx = context.pool().read().await?;
    if agreements::newest(&mut tx).await?.is_some() {
        return Ok(());
    }
    drop(tx);
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        super::newest(context, &mut tx).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
