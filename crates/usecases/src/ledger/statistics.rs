//! Daily statistics: requests, answers and what was billed, with a line for every day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use zhenren_domain::days::{self, DayRange};
use zhenren_domain::ids::{AccountId, AppId};
use zhenren_store::usage;

use super::{ReadError, readable};
use crate::context::Context;
use crate::fault::Fault;
use crate::operators::actor::Actor;

pub use zhenren_store::usage::Usage;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Which days.
    pub range: DayRange,
    /// Each of them, in order; zeros where nothing was asked or answered.
    pub days: Vec<(Date, Usage)>,
    /// All of them together.
    pub total: Usage,
}

/// Reads it: of one app, or of all apps together.
pub async fn read(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    (from, to): (Option<Date>, Option<Date>),
    app_id: Option<&AppId>,
) -> Result<Statistics, ReadError> {
    let (mut tx, _) = readable(context, actor, account_id).await?;
    let range = days::statistics_range(from, to, context.now())?;
    let counted: BTreeMap<Date, Usage> = usage::by_day(&mut tx, account_id, app_id, range)
        .await?
        .into_iter()
        .collect();
    let of = |day| (day, counted.get(&day).copied().unwrap_or_default());
    let total = counted
        .values()
        .try_fold(Usage::default(), |sum, usage| sum.plus(*usage))
        .map_err(|error| Fault::new("adding up a statistic", error))?;
    Ok(Statistics {
        range,
        days: range.days().map(of).collect(),
        total,
    })
}
