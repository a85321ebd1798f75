//! Destroys an object whose time has come: key first, bytes second, receipt third (I4).

use zhenren_domain::ids::EvidenceId;
use zhenren_store::evidence;
use zhenren_store::jobs::{self, Lease};

use crate::context::Context;
use crate::worker::JobError;

/// Runs the job. Dying between two steps is fine: each is repeated without harm.
pub(crate) async fn run(context: &Context, lease: &Lease) -> Result<(), JobError> {
    let id: EvidenceId = lease
        .subject
        .parse()
        .map_err(|_| JobError::malformed(lease))?;
    let at = context.now();
    let mut tx = context.pool().begin().await?;
    let Some(object) = evidence::find(&mut tx, &id).await? else {
        jobs::complete(&mut tx, lease, at).await?;
        return Ok(tx.commit().await?);
    };
    match object.deadline_at {
        Some(deadline_at) if deadline_at > at => {
            jobs::give_back(&mut tx, lease, deadline_at, "not due yet").await?;
            return Ok(tx.commit().await?);
        }
        Some(_) | None => {}
    }
    evidence::destroy_key(&mut tx, &id, at).await?;
    tx.commit().await?;
    context
        .evidence()
        .destroy(id.as_str(), object.parts_count)
        .await?;
    let mut tx = context.pool().begin().await?;
    evidence::confirm_destroyed(&mut tx, &id, at).await?;
    jobs::complete(&mut tx, lease, at).await?;
    tx.commit().await?;
    Ok(())
}
