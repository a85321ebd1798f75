//! The lines of the ledger, newest first.

use jiff::Timestamp;
use jiff::civil::Date;
use zhenren_domain::days;
use zhenren_domain::ids::{AccountId, EntryId};
use zhenren_domain::ledger::EntryKind;
use zhenren_store::ledger_entries::{self, Filter};

use super::{ReadError, readable};
use crate::context::Context;
use crate::fault::Fault;
use crate::operators::actor::Actor;

pub use zhenren_store::ledger_entries::Entry;

/// Lines that somebody may read.
#[derive(Clone, Debug)]
pub struct Selection {
    account_id: AccountId,
    filter: Filter,
}

/// Chooses lines: of one day or of all, of one kind or of every.
pub async fn select(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    day: Option<Date>,
    kind: Option<EntryKind>,
) -> Result<Selection, ReadError> {
    readable(context, actor, account_id).await?;
    Ok(Selection {
        account_id: account_id.clone(),
        filter: Filter {
            from: day.map_or(Timestamp::MIN, days::start_of),
            until: day.map_or(Timestamp::MAX, days::end_of),
            kind,
        },
    })
}

impl Selection {
    /// The lines after a place.
    pub async fn page(
        &self,
        context: &Context,
        after: Option<(Timestamp, EntryId)>,
        count_max: u32,
    ) -> Result<Vec<Entry>, Fault> {
        let mut tx = context.pool().read().await?;
        let before = after.as_ref().map(|(at, id)| (*at, id));
        Ok(
            ledger_entries::list(&mut tx, &self.account_id, &self.filter, before, count_max)
                .await?,
        )
    }
}
