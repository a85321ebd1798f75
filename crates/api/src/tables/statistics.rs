//! What each day of an account added up to.

use jiff::civil::Date;
use zhenren_usecases::ledger::statistics::Usage;

use super::Line;

/// The columns.
pub const COLUMNS: &[&str] = &[
    "day",
    "requests_count",
    "compared_count",
    "billed_count",
    "accepted_count",
    "rejected_count",
    "inconclusive_count",
    "billed_fen",
];

/// One line.
pub fn line((day, usage): &(Date, Usage)) -> String {
    Line::default()
        .value(day)
        .value(usage.requests_count)
        .value(usage.compared_count)
        .value(usage.billed_count)
        .value(usage.accepted_count)
        .value(usage.rejected_count)
        .value(usage.inconclusive_count)
        .value(usage.billed.get())
        .end()
}
