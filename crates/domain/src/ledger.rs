//! Two-phase money: freeze at the request, settle or release once when it is answered.
//!
//! Invariant: I1, available + frozen + spent = recharged, after every function here. Limits are
//! checked when freezing, and what is missing later is forgiven, so that resolving a hold can never
//! fail for lack of funds.

use crate::money::{Fen, FenError};
use crate::tariff::{RECHARGE_MAX, RECHARGE_MIN};

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
    /// Less than the smallest recharge, or more than the largest.
    #[error("recharge is outside the amounts that are booked")]
    RechargeOutOfRange,
    /// An amount that cannot be: the books are wrong.
    #[error("amount does not fit the books")]
    Impossible(#[from] FenError),
}

/// What settling a hold does. Invariant: the hold is settled - taken + returned, and the price of
/// the moment is settled + forgiven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// What is paid.
    pub settled: Fen,
    /// What returns to available: the price has fallen since the hold was made.
    pub returned: Fen,
    /// How much of what is paid came out of available: the price has risen since.
    pub taken: Fen,
    /// What nobody pays, because the price has risen and not enough was available.
    pub forgiven: Fen,
}

impl Settlement {
    /// A hold that returns whole.
    pub const fn release(held: Fen) -> Self {
        Self {
            settled: Fen::ZERO,
            returned: held,
            taken: Fen::ZERO,
            forgiven: Fen::ZERO,
        }
    }
}

impl Balance {
    /// Everything ever recharged.
    pub fn recharged(self) -> Result<Fen, FenError> {
        self.available.plus(self.frozen)?.plus(self.spent)
    }

    /// Money comes in.
    pub fn recharge(self, amount: Fen) -> Result<Self, Refusal> {
        if !(RECHARGE_MIN..=RECHARGE_MAX).contains(&amount) {
            return Err(Refusal::RechargeOutOfRange);
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

    /// Pays out of a hold, returns the rest of it, or takes what it lacks out of available.
    pub fn settle(self, held: Fen, settlement: Settlement) -> Result<Self, Refusal> {
        let Settlement {
            settled,
            returned,
            taken,
            ..
        } = settlement;
        let available = self
            .available
            .minus(taken)
            .map_err(|_| Refusal::InsufficientFen)?;
        Ok(Self {
            available: available.plus(returned)?,
            frozen: self.frozen.minus(held)?,
            spent: self.spent.plus(settled)?,
        })
    }

    /// Returns a whole hold.
    pub fn release(self, held: Fen) -> Result<Self, Refusal> {
        self.settle(held, Settlement::release(held))
    }
}

/// What a hold settles for at the price of this moment: a lower price returns the difference, a
/// higher one takes it out of what is available, down to nothing; the rest is forgiven.
pub fn settlement(price: Fen, held: Fen, available: Fen) -> Settlement {
    let returned = held.minus(price).unwrap_or(Fen::ZERO);
    let lacking = price.minus(held).unwrap_or(Fen::ZERO);
    let taken = lacking.min(available);
    let forgiven = lacking.minus(taken).unwrap_or(Fen::ZERO);
    Settlement {
        settled: price.minus(forgiven).unwrap_or(Fen::ZERO),
        returned,
        taken,
        forgiven,
    }
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

/// What an entry of the ledger is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// Money came in.
    Recharge,
    /// A hold was made.
    Freeze,
    /// A hold was paid.
    Settle,
    /// A hold was returned.
    Release,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Recharge, Self::Freeze, Self::Settle, Self::Release];

    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recharge => "recharge",
            Self::Freeze => "freeze",
            Self::Settle => "settle",
            Self::Release => "release",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_difference_is_returned_taken_or_forgiven() {
        // price now, held, available: settled, returned, taken, forgiven
        let rows = [
            ([85, 85, 0], [85, 0, 0, 0]),
            ([80, 85, 0], [80, 5, 0, 0]),
            ([85, 60, 100], [85, 0, 25, 0]),
            ([85, 60, 25], [85, 0, 25, 0]),
            ([85, 60, 10], [70, 0, 10, 15]),
            ([85, 60, 0], [60, 0, 0, 25]),
            ([0, 85, 7], [0, 85, 0, 0]),
            ([85, 0, 7], [7, 0, 7, 78]),
        ];
        for ([price, held, available], expected) in rows {
            let it = settlement(Fen::of(price), Fen::of(held), Fen::of(available));
            let found = [it.settled, it.returned, it.taken, it.forgiven];
            assert_eq!(found, expected.map(Fen::of), "{price} {held} {available}");
        }
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
            Err(Refusal::RechargeOutOfRange)
        );
        let slip = RECHARGE_MAX.plus(Fen::of(1)).unwrap();
        assert_eq!(
            Balance::default().recharge(slip),
            Err(Refusal::RechargeOutOfRange)
        );
        assert!(Balance::default().recharge(RECHARGE_MAX).is_ok());
    }

    proptest! {
        /// I1 after any list of recharges, freezes, settlements and releases.
        #[test]
        fn money_is_conserved(operations in prop::collection::vec((0_u8..4, 60_u16..400, 0_u16..400), 0..200)) {
            let mut balance = Balance::default();
            let mut recharged = Fen::ZERO;
            let mut holds: Vec<Fen> = Vec::new();
            for (kind, amount, price) in operations {
                let (amount, price) = (Fen::of(amount), Fen::of(price));
                let next = match kind {
                    0 => balance.recharge(amount).inspect(|_| {
                        recharged = recharged.plus(amount).unwrap();
                    }),
                    1 => balance.freeze(amount).inspect(|_| holds.push(amount)),
                    2 => match holds.pop() {
                        Some(held) => {
                            let it = settlement(price, held, balance.available);
                            prop_assert_eq!(it.settled.plus(it.forgiven), Ok(price));
                            let settled = balance.settle(held, it);
                            prop_assert!(settled.is_ok());
                            settled
                        }
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
