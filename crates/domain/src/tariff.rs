//! Prices: progressive tiers within an agreement year, in whole fen.
//!
//! Knows the prices of this release and nothing of accounts or rows.

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

/// The tiers, cheapest last: 100,000 calls at 0.85 yuan, 100,000 at 0.80, 300,000 at 0.70, then 0.60.
pub const TIERS: [Tier; 4] = [
    Tier {
        calls_count_max: Some(100_000),
        price: Fen::of(85),
    },
    Tier {
        calls_count_max: Some(200_000),
        price: Fen::of(80),
    },
    Tier {
        calls_count_max: Some(500_000),
        price: Fen::of(70),
    },
    Tier {
        calls_count_max: None,
        price: Fen::of(60),
    },
];

/// Smallest recharge: one yuan.
pub const RECHARGE_MIN: Fen = Fen::of(100);

/// The price of the next call, after `calls_count` billed calls in the agreement year.
pub fn price_after(calls_count: u64) -> Fen {
    TIERS
        .iter()
        .find(|tier| tier.calls_count_max.is_none_or(|most| calls_count < most))
        .map_or(Fen::of(60), |tier| tier.price)
}

/// What the first `calls_count` calls of an agreement year cost together.
pub fn cost_of(calls_count: u64) -> Result<Fen, FenError> {
    let mut cost = Fen::ZERO;
    let mut from = 0_u64;
    for tier in TIERS {
        let to = tier
            .calls_count_max
            .map_or(calls_count, |most| most.min(calls_count));
        cost = cost.plus(tier.price.times(to.saturating_sub(from))?)?;
        from = to.max(from);
    }
    Ok(cost)
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
        for (calls, yuan) in [(100_000, 85_000), (110_000, 93_000), (550_000, 405_000)] {
            assert_eq!(cost_of(calls), Fen::new(yuan * 100), "{calls} calls");
        }
    }

    #[test]
    fn call_by_call_gives_the_same_sum() {
        let mut sum = Fen::ZERO;
        for calls in 0..550_000 {
            sum = sum.plus(price_after(calls)).unwrap();
        }
        assert_eq!(Ok(sum), cost_of(550_000));
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
        let prices: Vec<i64> = around
            .iter()
            .map(|calls| price_after(*calls).get())
            .collect();
        assert_eq!(prices, [85, 80, 80, 70, 70, 60, 60]);
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
