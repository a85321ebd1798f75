//! From where an app may call, read and replaced as a whole; an empty list lets everybody in.

use ipnet::IpNet;
use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::roles::Permission;
use zhenren_store::{apps, retry_busy};

use super::{AppError, of_account};
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::tenants::address_ranges::{RANGES_COUNT_MAX, parse};

/// The ranges as texts, sorted.
pub async fn list(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    id: &AppId,
) -> Result<Vec<String>, AppError> {
    actor.may(Permission::Read, account_id)?;
    let mut tx = context.pool().read().await?;
    of_account(&mut tx, account_id, id).await?;
    let ranges = apps::address_ranges(&mut tx, id).await?;
    Ok(ranges.iter().map(ToString::to_string).collect())
}

/// Replaces the ranges.
pub async fn set(
    context: &Context,
    actor: &Actor,
    (account_id, id): (&AccountId, &AppId),
    texts: &[String],
) -> Result<Vec<String>, AppError> {
    actor.may(Permission::ManageApps, account_id)?;
    if texts.len() > RANGES_COUNT_MAX {
        return Err(AppError::TooManyRanges);
    }
    let mut ranges: Vec<IpNet> = Vec::new();
    for (number, text) in (1..).zip(texts) {
        ranges.push(parse(text).ok_or(AppError::RangeInvalid(number))?);
    }
    let kept = retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        of_account(&mut tx, account_id, id).await?;
        apps::set_address_ranges(&mut tx, id, &ranges, context.now()).await?;
        let count = ranges.len().to_string();
        let said = ("app.address_ranges", id.as_str(), count.as_str());
        note(context, &mut tx, actor, account_id, said).await?;
        let kept = apps::address_ranges(&mut tx, id).await?;
        tx.commit().await?;
        Ok::<_, AppError>(kept.iter().map(ToString::to_string).collect())
    })
    .await?;
    // In force with the next call here, and within a second on other nodes.
    context.calls().forget_rules(id, context.now()).await;
    Ok(kept)
}
