//! Where a sealed value belongs. The place is authenticated with the value, so that ciphertext
//! moved to another row or column does not open.

use std::fmt;

/// A table, a row and a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// What names the row: its id or hash.
    pub row: &'a str,
    /// The column.
    pub column: &'static str,
}

impl<'a> Place<'a> {
    /// The place `table/row/column`.
    pub const fn new(table: &'static str, row: &'a str, column: &'static str) -> Self {
        Self { table, row, column }
    }
}

impl fmt::Display for Place<'_> {
    // Invariant: tables and columns have no slash, so the text names one place only.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.table, self.row, self.column)
    }
}
