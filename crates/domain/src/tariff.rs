//! Prices: progressive tiers within an agreement year, in whole fen.
//!
//! A tariff is data: it is read out of rows and checked here. Which row is valid for whom and when
//! is the store's question; the built-in one holds where no row is.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::money::{Fen, FenError};

/// One price and the number of calls it ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Last call of the agreement year at this price; `None` for the last tier.
    pub calls_count_max: Option<u64>,
    /// Price of one call.
    pub price: Fen,
}

/// Limit: tiers of one tariff; the longest price list we know has four.
pub const TIERS_COUNT_MAX: usize = 20;
/// Limit: calls at which a tier may end; nobody makes a thousand billion calls in a year.
pub const TIER_CALLS_COUNT_MAX: u64 = 1_000_000_000_000;
/// Limit: price of one call, 1,000 yuan. A larger one is a slip of the keyboard.
pub const PRICE_MAX: Fen = match Fen::new(100_000) {
    Ok(price) => price,
    Err(_) => Fen::ZERO,
};
/// Smallest recharge: one yuan.
pub const RECHARGE_MIN: Fen = Fen::of(100);
/// Limit: largest single recharge, ten million yuan. A larger one is a slip of the keyboard.
pub const RECHARGE_MAX: Fen = match Fen::new(1_000_000_000) {
    Ok(amount) => amount,
    Err(_) => Fen::ZERO,
};

/// The tiers of the product rules: 100,000 calls at 0.85 yuan, 100,000 at 0.80, 300,000 at 0.70,
/// then 0.60.
const STANDARD: [(Option<u64>, u16); 4] = [
    (Some(100_000), 85),
    (Some(200_000), 80),
    (Some(500_000), 70),
    (None, 60),
];

/// A table of prices. Invariant: one tier or more, bounds strictly growing, the last tier open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    tiers: Vec<Tier>,
}

/// Why tiers make no tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    /// None at all, or more than [`TIERS_COUNT_MAX`].
    #[error("tariff has no tiers or more than 20")]
    TiersCount,
    /// A bound is zero, not above the one before, or beyond [`TIER_CALLS_COUNT_MAX`].
    #[error("bounds of the tiers do not grow from 1 to 1000000000000")]
    BoundsNotGrowing,
    /// The last tier ends, or another one does not.
    #[error("exactly the last tier must be open")]
    LastNotOpen,
    /// A price is below zero or above [`PRICE_MAX`].
    #[error("price of a tier is outside 0 to 100000 fen")]
    PriceOutOfRange,
    /// The text is not of the form `100000:85,200000:80,:60`.
    #[error("tiers are not written as 100000:85,200000:80,:60")]
    Malformed,
}

impl Tariff {
    /// The built-in prices.
    pub fn standard() -> Self {
        let tier = |(calls_count_max, fen)| Tier {
            calls_count_max,
            price: Fen::of(fen),
        };
        Self {
            tiers: STANDARD.into_iter().map(tier).collect(),
        }
    }

    /// The tariff of these tiers.
    pub fn new(tiers: Vec<Tier>) -> Result<Self, TariffError> {
        let Some((last, before)) = tiers.split_last() else {
            return Err(TariffError::TiersCount);
        };
        if tiers.len() > TIERS_COUNT_MAX {
            return Err(TariffError::TiersCount);
        }
        if tiers.iter().any(|tier| tier.price > PRICE_MAX) {
            return Err(TariffError::PriceOutOfRange);
        }
        let mut former = 0;
        for tier in before {
            let bound = tier.calls_count_max.ok_or(TariffError::LastNotOpen)?;
            if bound <= former || bound > TIER_CALLS_COUNT_MAX {
                return Err(TariffError::BoundsNotGrowing);
            }
            former = bound;
        }
        if last.calls_count_max.is_some() {
            return Err(TariffError::LastNotOpen);
        }
        Ok(Self { tiers })
    }

    /// The tariff of a text such as `100000:85,200000:80,:60`: up to so many calls, so many fen.
    pub fn parse(text: &str) -> Result<Self, TariffError> {
        let number = |digits: &str| -> Result<u64, TariffError> {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let parsed = plain.then(|| digits.parse().ok()).flatten();
            parsed.ok_or(TariffError::Malformed)
        };
        let tier = |part: &str| -> Result<Tier, TariffError> {
            let (bound, fen) = part.split_once(':').ok_or(TariffError::Malformed)?;
            let calls_count_max = (!bound.is_empty()).then(|| number(bound)).transpose()?;
            let fen = i64::try_from(number(fen)?).map_err(|_| TariffError::PriceOutOfRange)?;
            let price = Fen::new(fen).map_err(|_| TariffError::PriceOutOfRange)?;
            Ok(Tier {
                calls_count_max,
                price,
            })
        };
        Self::new(text.split(',').map(tier).collect::<Result<_, _>>()?)
    }

    /// The tiers, in the order calls go through them.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// The tier of the next call after `calls_count` billed calls, and its place from 1.
    pub fn tier_after(&self, calls_count: u64) -> (usize, Tier) {
        let is_its = |tier: &Tier| tier.calls_count_max.is_none_or(|most| calls_count < most);
        (1..)
            .zip(self.tiers.iter().copied())
            .find(|(_, tier)| is_its(tier))
            .expect("the last tier is open")
    }

    /// The price of the next call, after `calls_count` billed calls in the agreement year.
    pub fn price_after(&self, calls_count: u64) -> Fen {
        self.tier_after(calls_count).1.price
    }

    /// What the first `calls_count` calls of an agreement year cost together.
    pub fn cost_of(&self, calls_count: u64) -> Result<Fen, FenError> {
        let mut cost = Fen::ZERO;
        let mut from = 0_u64;
        for tier in &self.tiers {
            let to = tier
                .calls_count_max
                .map_or(calls_count, |most| most.min(calls_count));
            cost = cost.plus(tier.price.times(to.saturating_sub(from))?)?;
            from = to.max(from);
        }
        Ok(cost)
    }
}

impl fmt::Display for Tariff {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, tier) in self.tiers.iter().enumerate() {
            if place > 0 {
                formatter.write_str(",")?;
            }
            if let Some(bound) = tier.calls_count_max {
                write!(formatter, "{bound}")?;
            }
            write!(formatter, ":{}", tier.price.get())?;
        }
        Ok(())
    }
}

/// The agreement year that a moment falls into, by its first day in Shanghai. A year that starts
/// on 29 February starts on 28 February where there is none. `None` before the agreement starts.
pub fn agreement_year(started_on: Date, at: Timestamp) -> Option<Date> {
    let today = civil_day(at);
    if today < started_on {
        return None;
    }
    let this_year = i64::from(today.year()) - i64::from(started_on.year());
    // Adding years constrains 29 February to 28 February, always counted from the first year.
    let anniversary = started_on.checked_add(this_year.years()).ok()?;
    if anniversary <= today {
        Some(anniversary)
    } else {
        started_on.checked_add((this_year - 1).years()).ok()
    }
}

/// The first day after the agreement year that starts on `year_started_on`.
pub fn next_year(started_on: Date, year_started_on: Date) -> Option<Date> {
    let years = i64::from(year_started_on.year()) - i64::from(started_on.year()) + 1;
    started_on.checked_add(years.years()).ok()
}

/// The calendar day in Shanghai.
pub fn civil_day(at: Timestamp) -> Date {
    // China has had one offset without summer time since 1991; earlier moments do not occur here.
    at.to_zoned(TimeZone::fixed(jiff::tz::offset(8))).date()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_worked_examples_of_the_product_rules() {
        let tariff = Tariff::standard();
        for (calls, yuan) in [(100_000, 85_000), (110_000, 93_000), (550_000, 405_000)] {
            let cost = tariff.cost_of(calls);
            assert_eq!(cost, Fen::new(yuan * 100), "{calls} calls");
        }
    }

    #[test]
    fn call_by_call_gives_the_same_sum() {
        let tariff = Tariff::standard();
        let mut sum = Fen::ZERO;
        for calls in 0..550_000 {
            sum = sum.plus(tariff.price_after(calls)).unwrap();
        }
        assert_eq!(Ok(sum), tariff.cost_of(550_000));
    }

    #[test]
    fn prices_change_right_after_the_last_call_of_a_tier() {
        let around = [
            99_999,
            100_000,
            199_999,
            200_000,
            499_999,
            500_000,
            u64::MAX,
        ];
        let tariff = Tariff::standard();
        let prices: Vec<i64> = around
            .iter()
            .map(|calls| tariff.price_after(*calls).get())
            .collect();
        assert_eq!(prices, [85, 80, 80, 70, 70, 60, 60]);
        assert_eq!(tariff.tier_after(200_000).0, 3);
    }

    #[test]
    fn a_tariff_is_read_back_as_it_was_written() {
        let text = "100000:85,200000:80,500000:70,:60";
        assert_eq!(Tariff::standard().to_string(), text);
        assert_eq!(Tariff::parse(text), Ok(Tariff::standard()));
        let flat = Tariff::parse(":0").unwrap();
        assert_eq!(flat.cost_of(1_000_000), Ok(Fen::ZERO));
        assert_eq!(Tariff::parse(":100000").unwrap().price_after(0), PRICE_MAX);
    }

    #[test]
    fn what_is_no_tariff_is_refused() {
        use TariffError as E;
        let wrong = [
            ("", E::Malformed),
            ("85", E::Malformed),
            (":", E::Malformed),
            (":-1", E::Malformed),
            (":+1", E::Malformed),
            ("1 :5,:4", E::Malformed),
            (":8.5", E::Malformed),
            ("100:85", E::LastNotOpen),
            (":85,:80", E::LastNotOpen),
            ("0:85,:80", E::BoundsNotGrowing),
            ("100:85,100:80,:70", E::BoundsNotGrowing),
            ("200:85,100:80,:70", E::BoundsNotGrowing),
            ("1000000000001:85,:80", E::BoundsNotGrowing),
            (":100001", E::PriceOutOfRange),
            (":9999999999999999999", E::PriceOutOfRange),
        ];
        for (text, error) in wrong {
            assert_eq!(Tariff::parse(text), Err(error), "{text}");
        }
        let many: Vec<String> = (1..=20).map(|bound| format!("{bound}:1")).collect();
        let many = format!("{},:1", many.join(","));
        assert_eq!(Tariff::parse(&many), Err(E::TiersCount));
        assert_eq!(Tariff::new(Vec::new()), Err(E::TiersCount));
    }

    #[test]
    fn an_agreement_year_ends_where_the_next_one_starts() {
        let leap = date(2024, 2, 29);
        assert_eq!(next_year(leap, leap), Some(date(2025, 2, 28)));
        assert_eq!(next_year(leap, date(2027, 2, 28)), Some(date(2028, 2, 29)));
    }

    fn shanghai(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    #[test]
    fn the_year_turns_at_midnight_in_shanghai() {
        let start = date(2023, 1, 29);
        let year = |text| agreement_year(start, shanghai(text));
        assert_eq!(year("2023-01-28T23:59:59"), None);
        assert_eq!(year("2024-01-28T23:59:59"), Some(date(2023, 1, 29)));
        assert_eq!(year("2024-01-29T00:00:00"), Some(date(2024, 1, 29)));
    }

    #[test]
    fn the_29th_of_february_rolls_to_the_28th_and_back() {
        let start = date(2024, 2, 29);
        let year = |text| agreement_year(start, shanghai(text));
        assert_eq!(year("2025-02-27T23:59:59"), Some(date(2024, 2, 29)));
        assert_eq!(year("2025-02-28T00:00:00"), Some(date(2025, 2, 28)));
        assert_eq!(year("2028-02-28T12:00:00"), Some(date(2027, 2, 28)));
        assert_eq!(year("2028-02-29T00:00:00"), Some(date(2028, 2, 29)));
    }
}
