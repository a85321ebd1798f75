//! Call records: what an account asked on one day of the last thirty, newest first.

use jiff::Timestamp;
use jiff::civil::Date;
use zhenren_domain::days;
use zhenren_domain::ids::{AccountId, AppId, VerificationId};
use zhenren_domain::outcome::Outcome;
use zhenren_store::records::{self, Filter};

use super::{ReadError, readable};
use crate::context::Context;
use crate::fault::Fault;
use crate::operators::actor::Actor;

pub use zhenren_store::records::{CallRecord, STATES};
pub use zhenren_store::verifications::Door;

/// Which records; everything but the day may stay open.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Asked on this day in Shanghai; today when none is named.
    pub day: Option<Date>,
    /// By this app only.
    pub app_id: Option<AppId>,
    /// Through this dialect only.
    pub door: Option<Door>,
    /// In this state only: one of [`STATES`].
    pub state: Option<&'static str>,
    /// With this answer only.
    pub outcome: Option<Outcome>,
    /// Billed or not billed only.
    pub billable: Option<bool>,
}

/// Records that somebody may read.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The day they are of.
    pub day: Date,
    account_id: AccountId,
    filter: Filter,
}

/// Chooses records.
pub async fn select(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    wanted: Wanted,
) -> Result<Selection, ReadError> {
    readable(context, actor, account_id).await?;
    let day = days::record_day(wanted.day, context.now())?;
    Ok(Selection {
        day,
        account_id: account_id.clone(),
        filter: Filter {
            from: days::start_of(day),
            until: days::end_of(day),
            app_id: wanted.app_id,
            door: wanted.door,
            state: wanted.state,
            outcome: wanted.outcome,
            billable: wanted.billable,
        },
    })
}

impl Selection {
    /// The records after a place. New calls come in front of the first page, so that pages stay
    /// where they are.
    pub async fn page(
        &self,
        context: &Context,
        after: Option<(Timestamp, VerificationId)>,
        count_max: u32,
    ) -> Result<Vec<CallRecord>, Fault> {
        let mut tx = context.pool().read().await?;
        let before = after.as_ref().map(|(at, id)| (*at, id));
        Ok(records::list(&mut tx, &self.account_id, &self.filter, before, count_max).await?)
    }
}
