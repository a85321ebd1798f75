//! Tables for spreadsheets: RFC 4180 in UTF-8 with a byte order mark; one file for each table.
//!
//! Texts that a spreadsheet would take for a formula get an apostrophe in front. Public, so that the
//! command line prints the very bytes that are downloaded; knows nothing of how they are sent.

pub mod ledger;
pub mod records;
pub mod statistics;

use std::fmt;

/// Limit: rows that are in memory at a time.
pub const PAGE_ROWS: u32 = 500;
/// Without it a well-known spreadsheet reads UTF-8 as something else.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// A text that begins with one of these is a formula to some spreadsheet; the wide ones are read
/// like the narrow ones where people write them.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One line, cell by cell.
#[derive(Debug, Default)]
struct Line {
    text: String,
    cells_count: u32,
}

impl Line {
    /// A text that somebody chose.
    fn text(self, text: &str) -> Self {
        if text.starts_with(FORMULA_STARTS) {
            self.cell(&format!("'{text}"))
        } else {
            self.cell(text)
        }
    }

    /// A text that may be missing.
    fn opt_text(self, text: Option<&str>) -> Self {
        self.text(text.unwrap_or_default())
    }

    /// A number, a time or a day of ours: below zero it begins with `-` and is no formula.
    fn value(self, value: impl fmt::Display) -> Self {
        self.cell(&value.to_string())
    }

    /// A number or a time that may be missing.
    fn opt_value(self, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.value(value),
            None => self.cell(""),
        }
    }

    /// The line with its end.
    fn end(mut self) -> String {
        self.text.push_str("\r\n");
        self.text
    }

    fn cell(mut self, text: &str) -> Self {
        if self.cells_count > 0 {
            self.text.push(',');
        }
        self.cells_count += 1;
        if text.contains([',', '"', '\r', '\n']) {
            self.text.push('"');
            self.text.push_str(&text.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(text);
        }
        self
    }
}

/// The first line: the names of the columns.
pub fn header_line(columns: &[&str]) -> String {
    let line = columns
        .iter()
        .fold(Line::default(), |line, column| line.text(column));
    format!("{BYTE_ORDER_MARK}{}", line.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_texts() {
        let line = Line::default()
            .text("plain")
            .text("a,b")
            .text("say \"yes\"")
            .text("two\nlines")
            .text("")
            .opt_text(None)
            .value(-85)
            .opt_value(None::<i64>)
            .end();
        let expected = "plain,\"a,b\",\"say \"\"yes\"\"\",\"two\nlines\",,,-85,\r\n";
        assert_eq!(line, expected);
        for start in FORMULA_STARTS {
            let line = Line::default().text(&format!("{start}1+1")).end();
            assert!(line.trim_start_matches('"').starts_with('\''), "{line}");
        }
        assert_eq!(header_line(&["a", "b"]), "\u{feff}a,b\r\n");
    }
}
