//! How an account stands: its money, its agreement year, and what its next call costs.

use jiff::civil::Date;
use zhenren_domain::ids::{AccountId, TariffId};
use zhenren_domain::ledger::Balance;
use zhenren_domain::money::Fen;
use zhenren_domain::tariff::{Tariff, Tier};

use super::{ReadError, readable};
use crate::context::Context;
use crate::fault::Fault;
use crate::operators::actor::Actor;

/// How an account stands now.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its money.
    pub balance: Balance,
    /// Everything ever recharged: available, frozen and spent together (invariant I1).
    pub recharged: Fen,
    /// First day of the agreement year, in Shanghai.
    pub year_started_on: Date,
    /// Last day of the agreement year.
    pub year_ends_on: Date,
    /// Billed calls in that year.
    pub calls_count: u64,
    /// Which tariff holds; `None` for the built-in one.
    pub tariff_id: Option<TariffId>,
    /// The prices.
    pub tariff: Tariff,
    /// The place of the tier of the next call, from 1.
    pub tier_place: usize,
    /// The tier of the next call.
    pub tier: Tier,
}

/// Reads it.
pub async fn read(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
) -> Result<Standing, ReadError> {
    let (_, payer) = readable(context, actor, account_id).await?;
    let agreement = payer.agreement.at(context.now());
    let (tier_place, tier) = payer.tariff.tier_after(agreement.calls_count);
    let recharged = payer
        .balance
        .recharged()
        .map_err(|error| Fault::new("adding up a balance", error))?;
    Ok(Standing {
        balance: payer.balance,
        recharged,
        year_started_on: agreement.year_started_on,
        year_ends_on: agreement.year_ends_on().unwrap_or(Date::MAX),
        calls_count: agreement.calls_count,
        tariff_id: payer.tariff_id,
        tariff: payer.tariff,
        tier_place,
        tier,
    })
}
