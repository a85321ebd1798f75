//! Who really holds an account, recorded by somebody who has seen the papers. The service cannot be
//! opened without it. Name and number are sealed; the audit log learns that they were recorded.

use zhenren_domain::holder::{self, HolderKind};
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_store::accounts::{self, Holder};
use zhenren_store::retry_busy;
use zhenren_vault::SecretText;

use super::{AccountError, note};
use crate::context::Context;
use crate::operators::actor::Actor;

/// What the papers say.
#[derive(Clone, Copy, Debug)]
pub struct RealName<'a> {
    /// A person or an organisation.
    pub kind: HolderKind,
    /// The legal name.
    pub name: &'a str,
    /// Identity number, or unified social credit code.
    pub number: &'a str,
}

/// Records it; what was recorded before is replaced.
pub async fn record(
    context: &Context,
    actor: &Actor,
    id: &AccountId,
    real_name: &RealName<'_>,
) -> Result<(), AccountError> {
    actor.may(Permission::RecordRealName, id)?;
    let (name, number) = holder::check(real_name.kind, real_name.name, real_name.number)?;
    let (name, number) = (SecretText::from(name), SecretText::from(number));
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        if accounts::find(&mut tx, id).await?.is_none() {
            return Err(AccountError::Unknown);
        }
        let holder = Holder {
            kind: real_name.kind,
            name: name.clone(),
            number: number.clone(),
            recorded_at: context.now(),
            recorded_by: actor.name().to_owned(),
        };
        accounts::record_holder(&mut tx, context.vault(), id, &holder).await?;
        let said = ("account.real_name", id.as_str(), real_name.kind.name());
        note(context, &mut tx, actor, id, said).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}
