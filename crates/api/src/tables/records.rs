//! What an account asked on one day.

use zhenren_domain::billing::BillingReason;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_usecases::ledger::records::CallRecord;

use super::Line;

/// The columns.
pub const COLUMNS: &[&str] = &[
    "id",
    "app_id",
    "door",
    "created_at",
    "closed_at",
    "state",
    "outcome",
    "reason",
    "attempts_count",
    "billable",
    "billing_reason",
    "frozen_fen",
    "settled_fen",
];

/// One line.
pub fn line(record: &CallRecord) -> String {
    Line::default()
        .text(record.id.as_str())
        .text(record.app_id.as_str())
        .text(record.door.name())
        .value(record.created_at)
        .opt_value(record.closed_at)
        .text(record.state)
        .opt_text(record.outcome.map(Outcome::name))
        .opt_text(record.reason.map(Reason::name))
        .value(record.attempts_count)
        .opt_value(record.billable)
        .opt_text(record.billing_reason.map(BillingReason::name))
        .value(record.frozen.get())
        .opt_value(record.settled.map(Fen::get))
        .end()
}
