//! Every operator, disabled ones as well.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::ids::OperatorId;
use zhenren_domain::roles::Permission;
use zhenren_store::operators;

use super::actor::{Actor, Denied};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};

pub use zhenren_store::operators::Operator;

/// Why there is no list.
#[derive(Debug, Error)]
pub enum ListError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(ListError);

/// Operators in the order they were made, after one of them.
pub async fn list(
    context: &Context,
    actor: &Actor,
    after: Option<(Timestamp, OperatorId)>,
    count_max: u32,
) -> Result<Vec<Operator>, ListError> {
    actor.may_everywhere(Permission::ManageOperators)?;
    let mut tx = context.pool().read().await?;
    let after = after.as_ref().map(|(at, id)| (*at, id));
    Ok(operators::list(&mut tx, context.vault(), after, count_max).await?)
}

/// The operator with this login: what the command line finds people by.
pub async fn find_by_login(
    context: &Context,
    actor: &Actor,
    login: &str,
) -> Result<Option<Operator>, ListError> {
    actor.may_everywhere(Permission::ManageOperators)?;
    let Ok(login) = zhenren_domain::sign_in::login(login) else {
        return Ok(None);
    };
    let hash = super::login_hash(context, &login);
    let mut tx = context.pool().read().await?;
    Ok(operators::find_by_login(&mut tx, context.vault(), &hash).await?)
}
