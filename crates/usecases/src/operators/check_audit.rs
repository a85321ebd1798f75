//! Recomputes every chain of the audit log. For the command line: it reads the whole log.

use thiserror::Error;
use zhenren_domain::roles::Permission;
use zhenren_store::audit;

use super::actor::{Actor, Denied};
use crate::context::Context;
use crate::fault::{Fault, carries_faults};

/// Limit: names of chains fetched at a time.
const PAGE: u32 = 500;

/// How a chain stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// An account id, or `system`.
    pub chain: String,
    /// Position of the last line.
    pub lines_count: i64,
    /// Hash of the last line.
    pub hash: String,
    /// Position of the first line that does not fit.
    pub first_broken: Option<i64>,
}

/// Why nothing was checked.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(CheckError);

/// Checks every chain, by name.
pub async fn check(context: &Context, actor: &Actor) -> Result<Vec<Checked>, CheckError> {
    actor.may_everywhere(Permission::ReadAudit)?;
    let mut checked: Vec<Checked> = Vec::new();
    loop {
        // A transaction for each page: one state of a chain is enough, and a long one would hold
        // back the database's own cleaning.
        let mut tx = context.pool().read().await?;
        let after = checked.last().map_or("", |last| last.chain.as_str());
        let chains = audit::chains(&mut tx, after, PAGE).await?;
        if chains.is_empty() {
            return Ok(checked);
        }
        for chain in chains {
            let (lines_count, hash) = audit::head(&mut tx, &chain).await?;
            let first_broken = audit::first_broken(&mut tx, &chain).await?;
            checked.push(Checked {
                chain,
                lines_count,
                hash,
                first_broken,
            });
        }
    }
}
