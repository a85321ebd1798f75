//! The audit log of one account, or of what belongs to none.

use thiserror::Error;
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_store::audit;

use super::actor::{Actor, Denied};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};

pub use zhenren_store::audit::Line;

/// Which log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// What was done to an account.
    Account(AccountId),
    /// What belongs to no account: sign-ins, operators, prices, agreements.
    System,
}

impl Chain {
    /// The name in rows.
    pub fn name(&self) -> &str {
        match self {
            Self::Account(id) => id.as_str(),
            Self::System => audit::SYSTEM_CHAIN,
        }
    }
}

/// Why there are no lines.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(ReadError);

/// Lines after a position, in the order of the chain.
pub async fn read(
    context: &Context,
    actor: &Actor,
    chain: &Chain,
    after: i64,
    count_max: u32,
) -> Result<Vec<Line>, ReadError> {
    match chain {
        Chain::Account(account_id) => actor.may(Permission::ReadAudit, account_id)?,
        Chain::System => actor.may_everywhere(Permission::ReadAudit)?,
    }
    let mut tx = context.pool().read().await?;
    Ok(audit::list(&mut tx, chain.name(), after, count_max).await?)
}
