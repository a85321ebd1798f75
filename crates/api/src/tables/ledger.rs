//! Every move of money of an account.

use zhenren_usecases::ledger::entries::Entry;

use super::Line;

/// The columns.
pub const COLUMNS: &[&str] = &[
    "id",
    "at",
    "kind",
    "hold_id",
    "verification_id",
    "available_fen",
    "frozen_fen",
    "spent_fen",
    "forgiven_fen",
    "tariff_id",
    "reference",
    "booked_by",
];

/// One line.
pub fn line(entry: &Entry) -> String {
    Line::default()
        .text(entry.id.as_str())
        .value(entry.at)
        .text(entry.kind.name())
        .opt_value(entry.hold_id.as_ref())
        .opt_value(entry.verification_id.as_ref())
        .value(entry.moved.available_fen)
        .value(entry.moved.frozen_fen)
        .value(entry.moved.spent_fen)
        .value(entry.forgiven.get())
        .opt_value(entry.tariff_id.as_ref())
        .opt_text(entry.reference.as_deref())
        .opt_text(entry.booked_by.as_deref())
        .end()
}
