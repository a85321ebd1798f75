//! Removes sealed bytes that no row names: their process died between writing them and the commit of
//! the row with their key, so nobody can open them.
//!
//! How old an object is, its id tells. What is younger than a day may still get its row.

use jiff::{SignedDuration, Timestamp};
use zhenren_domain::ids::EvidenceId;
use zhenren_store::evidence;

use crate::context::{Context, made_at};
use crate::fault::Fault;

/// Limit: a row follows its bytes within seconds; a day leaves room for clocks that differ.
const AGE_MIN: SignedDuration = SignedDuration::from_hours(24);

/// Removes them; answers how many. What is under a name that is no id of ours stays.
pub(crate) async fn remove(context: &Context) -> Result<u32, Fault> {
    let before = context.now().checked_sub(AGE_MIN).unwrap_or(Timestamp::MIN);
    let names = context.evidence().names().await?;
    let old: Vec<EvidenceId> = names
        .iter()
        .filter_map(|name| EvidenceId::parse(name).ok())
        .filter(|id| made_at(id.number()).is_some_and(|at| at <= before))
        .collect();
    let mut removed_count = 0;
    for ids in old.chunks(evidence::NAMED_COUNT_MAX) {
        let mut tx = context.pool().read().await?;
        let with_row = evidence::named(&mut tx, ids).await?;
        drop(tx);
        for id in ids.iter().filter(|id| !with_row.contains(id)) {
            context.evidence().remove_all(id.as_str()).await?;
            removed_count += 1;
        }
    }
    if removed_count > 0 {
        tracing::warn!(removed_count, "sealed bytes without a row were removed");
    }
    Ok(removed_count)
}
