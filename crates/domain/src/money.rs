//! Money: whole fen (1/100 yuan), added and subtracted only, always checked.

use std::fmt;

/// An amount of money in fen; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fen(i64);

/// An amount outside what [`Fen`] can hold: below zero or beyond 63 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("amount of money is negative or too large")]
pub struct FenError;

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// This many fen.
    pub const fn new(fen: i64) -> Result<Self, FenError> {
        if fen < 0 {
            Err(FenError)
        } else {
            Ok(Self(fen))
        }
    }

    /// A small constant amount, for tables of prices.
    pub const fn of(fen: u16) -> Self {
        #[expect(
            clippy::as_conversions,
            reason = "u16 always fits i64; From is not const"
        )]
        Self(fen as i64)
    }

    /// The number of fen.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Result<Self, FenError> {
        self.0.checked_add(other.0).map(Self).ok_or(FenError)
    }

    /// The difference; refused when it would be below zero.
    pub fn minus(self, other: Self) -> Result<Self, FenError> {
        self.0
            .checked_sub(other.0)
            .ok_or(FenError)
            .and_then(Self::new)
    }

    /// So many times the amount.
    pub fn times(self, count: u64) -> Result<Self, FenError> {
        let count = i64::try_from(count).map_err(|_| FenError)?;
        self.0.checked_mul(count).map(Self).ok_or(FenError)
    }
}

impl fmt::Display for Fen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02} yuan", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_checked_on_every_side() {
        let ten = Fen::of(10);
        assert_eq!(ten.plus(Fen::of(5)), Fen::new(15));
        assert_eq!(ten.minus(Fen::of(11)), Err(FenError));
        assert_eq!(Fen::new(-1), Err(FenError));
        assert_eq!(
            Fen::new(i64::MAX).and_then(|most| most.plus(Fen::of(1))),
            Err(FenError)
        );
        assert_eq!(Fen::of(85).times(u64::MAX), Err(FenError));
        assert_eq!(Fen::of(8505).to_string(), "85.05 yuan");
    }
}
