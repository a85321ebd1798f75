//! Two-phase money: freeze at the request, settle or release once when it is answered.
//!
//! Invariant: I1, available + frozen + spent = recharged, after every function here. Limits are
//! checked when freezing, so that resolving a hold can never fail for lack of funds.

use jiff::Timestamp;

use crate::agreement::Agreement;
use crate::money::{Fen, FenError};

/// The parts of a tenant's money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Free to be frozen.
    pub available: Fen,
    /// Reserved by holds.
    pub frozen: Fen,
    /// Settled.
    pub spent: Fen,
}

/// Why money does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not enough is available.
    #[error("not enough money is available")]
    InsufficientFen,
    /// Less than the smallest recharge.
    #[error("recharge is below the smallest amount")]
    RechargeTooSmall,
    /// An amount that cannot be: the books are wrong.
    #[error("amount does not fit the books")]
    Impossible(#[from] FenError),
}

/// What settling a hold does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// What is paid.
    pub settled: Fen,
    /// What returns to available.
    pub returned: Fen,
}

impl Balance {
    /// Everything ever recharged.
    pub fn recharged(self) -> Result<Fen, FenError> {
        self.available.plus(self.frozen)?.plus(self.spent)
    }

    /// Money comes in.
    pub fn recharge(self, amount: Fen) -> Result<Self, Refusal> {
        if amount < crate::tariff::RECHARGE_MIN {
            return Err(Refusal::RechargeTooSmall);
        }
        Ok(Self {
            available: self.available.plus(amount)?,
            ..self
        })
    }

    /// Reserves a price.
    pub fn freeze(self, price: Fen) -> Result<Self, Refusal> {
        let available = self
            .available
            .minus(price)
            .map_err(|_| Refusal::InsufficientFen)?;
        Ok(Self {
            available,
            frozen: self.frozen.plus(price)?,
            ..self
        })
    }

    /// Pays out of a hold and returns the rest of it.
    pub fn settle(self, settlement: Settlement) -> Result<Self, Refusal> {
        let held = settlement.settled.plus(settlement.returned)?;
        Ok(Self {
            available: self.available.plus(settlement.returned)?,
            frozen: self.frozen.minus(held)?,
            spent: self.spent.plus(settlement.settled)?,
        })
    }

    /// Returns a whole hold.
    pub fn release(self, held: Fen) -> Result<Self, Refusal> {
        self.settle(Settlement {
            settled: Fen::ZERO,
            returned: held,
        })
    }
}

/// What a hold of this amount settles for at this moment: the tier of now, and never more than was
/// reserved (a new agreement year may have raised the price meanwhile).
pub fn settlement(agreement: Agreement, held: Fen, at: Timestamp) -> Settlement {
    let settled = agreement.next_price(at).min(held);
    let returned = held.minus(settled).unwrap_or(Fen::ZERO);
    Settlement { settled, returned }
}

/// How a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldState {
    /// Reserved.
    Frozen,
    /// Paid.
    Settled,
    /// Returned.
    Released,
}

impl HoldState {
    /// The name in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Settled => "settled",
            Self::Released => "released",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Frozen, Self::Settled, Self::Released]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cheaper_tier_at_completion_returns_the_difference() {
        let at = Timestamp::UNIX_EPOCH;
        let agreement = Agreement {
            calls_count: 100_000,
            ..Agreement::start(at)
        };
        let result = settlement(agreement, Fen::of(85), at);
        assert_eq!(
            result,
            Settlement {
                settled: Fen::of(80),
                returned: Fen::of(5)
            }
        );
        let dearer = settlement(Agreement::start(at), Fen::of(60), at);
        assert_eq!(
            dearer,
            Settlement {
                settled: Fen::of(60),
                returned: Fen::ZERO
            }
        );
    }

    #[test]
    fn nothing_is_frozen_beyond_what_is_available() {
        let balance = Balance {
            available: Fen::of(84),
            ..Balance::default()
        };
        assert_eq!(balance.freeze(Fen::of(85)), Err(Refusal::InsufficientFen));
        assert_eq!(
            Balance::default().recharge(Fen::of(99)),
            Err(Refusal::RechargeTooSmall)
        );
    }

    proptest! {
        /// I1 after any list of recharges, freezes, settlements and releases.
        #[test]
        fn money_is_conserved(operations in prop::collection::vec((0_u8..4, 60_u16..400), 0..200)) {
            let mut balance = Balance::default();
            let mut recharged = Fen::ZERO;
            let mut holds: Vec<Fen> = Vec::new();
            for (kind, amount) in operations {
                let amount = Fen::of(amount);
                let next = match kind {
                    0 => balance.recharge(amount).inspect(|_| {
                        recharged = recharged.plus(amount).unwrap();
                    }),
                    1 => balance.freeze(amount).inspect(|_| holds.push(amount)),
                    2 => match holds.pop() {
                        Some(held) => balance.settle(Settlement {
                            settled: held.min(Fen::of(60)),
                            returned: held.minus(held.min(Fen::of(60))).unwrap(),
                        }),
                        None => Ok(balance),
                    },
                    _ => holds.pop().map_or(Ok(balance), |held| balance.release(held)),
                };
                balance = next.unwrap_or(balance);
                prop_assert_eq!(balance.recharged(), Ok(recharged));
                let held = holds.iter().try_fold(Fen::ZERO, |sum, held| sum.plus(*held));
                prop_assert_eq!(held, Ok(balance.frozen));
            }
        }
    }
}
