//! What the nouns about money share: days and names out of a query, and why nothing is shown.

use jiff::civil::Date;
use zhenren_domain::days::DayError;
use zhenren_usecases::ledger::ReadError;

use super::actor::denied;
use crate::problem::{self, Problem};

/// A day such as `2026-03-31`.
pub(super) fn day(name: &str, text: &str) -> Result<Date, Problem> {
    let is_day = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    is_day
        .then(|| text.parse().ok())
        .flatten()
        .ok_or_else(|| invalid(format!("{name} must be a day such as 2026-03-31.")))
}

/// One of a few words.
pub(super) fn word<T>(
    name: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
    words: &[&str],
) -> Result<T, Problem> {
    parse(text).ok_or_else(|| invalid(format!("{name} must be one of {}.", words.join(", "))))
}

/// A field that has a wrong value.
pub(super) fn invalid(detail: impl Into<String>) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}

/// Why nothing is shown.
pub(super) fn unread(error: ReadError) -> Problem {
    match error {
        ReadError::Denied(reason) => denied(reason),
        ReadError::AccountUnknown => Problem::new(&problem::NOT_FOUND),
        ReadError::Day(DayError::OutOfRange(range)) => Problem::with_detail(
            &problem::DAY_OUT_OF_RANGE,
            format!(
                "day must be from {} to {}; call records can be read for 30 days of \
                 Asia/Shanghai, today included.",
                range.first, range.last
            ),
        ),
        ReadError::Day(DayError::RangeTooLong) => Problem::with_detail(
            &problem::DAY_OUT_OF_RANGE,
            "from must not be after to, and at most 366 days are added up at a time.",
        ),
        ReadError::Fault(fault) => Problem::fault(&fault),
    }
}
