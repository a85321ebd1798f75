//! Days of Asia/Shanghai: where they begin, and which of them may be asked for.
//!
//! Knows no clock: today arrives as a value.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::tariff::civil_day;

/// Limit: call records can be read for so many days, today included.
pub const RECORD_DAYS_COUNT_MAX: i32 = 30;
/// Limit: days of one statistic; a leap year fits.
pub const STATISTICS_DAYS_COUNT_MAX: i32 = 366;
/// Days of a statistic when none are named, today included.
pub const STATISTICS_DAYS_COUNT: i32 = 30;

/// Days that may be asked for, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// The first.
    pub first: Date,
    /// The last, not before the first.
    pub last: Date,
}

/// A day that was asked for and is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DayError {
    /// Records are kept readable for these days.
    #[error("day is outside {} to {}", .0.first, .0.last)]
    OutOfRange(DayRange),
    /// The first day is after the last, or there are more than [`STATISTICS_DAYS_COUNT_MAX`].
    #[error("days are in the wrong order or more than 366")]
    RangeTooLong,
}

/// The moment a day begins.
pub fn start_of(day: Date) -> Timestamp {
    // The last day there is has no next one; its moments are all before the end of time.
    day.to_zoned(TimeZone::fixed(jiff::tz::offset(8)))
        .map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The moment a day is over: the beginning of the next.
pub fn end_of(day: Date) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, start_of)
}

/// Days since 1970-01-01, as rows keep them.
pub fn number_of(day: Date) -> i64 {
    let offset_s = 8 * 3600;
    (start_of(day).as_second() + offset_s).div_euclid(86_400)
}

/// The day of a number out of a row.
pub fn of_number(number: i64) -> Option<Date> {
    // Far beyond the calendar there is no day, and the arithmetic says so.
    let second = number.checked_mul(86_400)?;
    Some(civil_day(Timestamp::from_second(second).ok()?))
}

/// The day of call records that was asked for: today when none was.
pub fn record_day(wanted: Option<Date>, now: Timestamp) -> Result<Date, DayError> {
    let last = civil_day(now);
    let first = days_before(last, RECORD_DAYS_COUNT_MAX - 1);
    let day = wanted.unwrap_or(last);
    if (first..=last).contains(&day) {
        Ok(day)
    } else {
        Err(DayError::OutOfRange(DayRange { first, last }))
    }
}

/// The days of a statistic that were asked for; the last 30 when none were.
pub fn statistics_range(
    from: Option<Date>,
    to: Option<Date>,
    now: Timestamp,
) -> Result<DayRange, DayError> {
    let last = to.unwrap_or_else(|| civil_day(now));
    let first = from.unwrap_or_else(|| days_before(last, STATISTICS_DAYS_COUNT - 1));
    let longest = days_before(last, STATISTICS_DAYS_COUNT_MAX - 1);
    if (longest..=last).contains(&first) {
        Ok(DayRange { first, last })
    } else {
        Err(DayError::RangeTooLong)
    }
}

impl DayRange {
    /// Every day of it, in order.
    pub fn days(self) -> impl Iterator<Item = Date> {
        let next = |day: &Date| day.tomorrow().ok();
        std::iter::successors(Some(self.first), next).take_while(move |day| *day <= self.last)
    }
}

fn days_before(day: Date, count: i32) -> Date {
    day.checked_sub(count.days()).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_shanghai() {
        let day = date(2026, 3, 1);
        assert_eq!(start_of(day).to_string(), "2026-02-28T16:00:00Z");
        assert_eq!(end_of(day).to_string(), "2026-03-01T16:00:00Z");
        assert_eq!(civil_day(start_of(day)), day);
        assert_eq!(number_of(date(1970, 1, 1)), 0);
        assert_eq!(number_of(date(1969, 12, 31)), -1);
        for day in [day, date(1970, 1, 1), date(2028, 2, 29)] {
            assert_eq!(of_number(number_of(day)), Some(day));
        }
        assert_eq!(of_number(i64::MAX), None);
    }

    #[test]
    fn records_are_readable_for_thirty_days() {
        let now: Timestamp = "2026-03-31T15:59:59Z".parse().unwrap();
        let range = DayRange {
            first: date(2026, 3, 2),
            last: date(2026, 3, 31),
        };
        assert_eq!(range.days().count(), 30);
        assert_eq!(record_day(None, now), Ok(range.last));
        assert_eq!(record_day(Some(range.first), now), Ok(range.first));
        for outside in [date(2026, 3, 1), date(2026, 4, 1)] {
            let refused = record_day(Some(outside), now);
            assert_eq!(refused, Err(DayError::OutOfRange(range)), "{outside}");
        }
    }

    #[test]
    fn a_statistic_has_at_most_a_leap_year() {
        let now: Timestamp = "2028-12-31T15:59:59Z".parse().unwrap();
        let default = statistics_range(None, None, now).unwrap();
        assert_eq!(default.days().count(), 30);
        let (first, last) = (date(2028, 1, 1), date(2028, 12, 31));
        let year = statistics_range(Some(first), Some(last), now).unwrap();
        assert_eq!(year.days().count(), 366);
        let too_long = statistics_range(Some(date(2027, 12, 31)), Some(last), now);
        assert_eq!(too_long, Err(DayError::RangeTooLong));
        let backwards = statistics_range(Some(last), Some(first), now);
        assert_eq!(backwards, Err(DayError::RangeTooLong));
    }
}
