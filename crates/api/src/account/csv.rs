//! Tables for spreadsheets: RFC 4180 in UTF-8 with a byte order mark, sent page by page.
//!
//! Texts that a spreadsheet would take for a formula get an apostrophe in front. Knows nothing of
//! what the columns mean.

use std::fmt;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use zhenren_usecases::fault::Fault;

/// Limit: rows that are in memory at a time.
pub(super) const PAGE_ROWS: u32 = 500;
/// Without it a well-known spreadsheet reads UTF-8 as something else.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// A text that begins with one of these is a formula to some spreadsheet; the wide ones are read
/// like the narrow ones where people write them.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One line, cell by cell.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    cells_count: u32,
}

impl Line {
    /// A text that somebody chose.
    pub(super) fn text(self, text: &str) -> Self {
        if text.starts_with(FORMULA_STARTS) {
            self.cell(&format!("'{text}"))
        } else {
            self.cell(text)
        }
    }

    /// A text that may be missing.
    pub(super) fn opt_text(self, text: Option<&str>) -> Self {
        self.text(text.unwrap_or_default())
    }

    /// A number, a time or a day of ours: below zero it begins with `-` and is no formula.
    pub(super) fn value(self, value: impl fmt::Display) -> Self {
        self.cell(&value.to_string())
    }

    /// A number or a time that may be missing.
    pub(super) fn opt_value(self, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.value(value),
            None => self.cell(""),
        }
    }

    /// The line with its end.
    pub(super) fn end(mut self) -> String {
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

/// The lines of one page, and where the next one begins.
pub(super) struct Lines<Place> {
    /// The lines, each with its end.
    pub(super) text: String,
    /// After what the next page begins; `None` when this was the last.
    pub(super) next: Option<Place>,
}

impl<Place> Lines<Place> {
    /// One page of at most [`PAGE_ROWS`] rows: a full one may not be the last.
    pub(super) fn of<Row>(
        rows: &[Row],
        line: impl Fn(&Row) -> String,
        place: impl Fn(&Row) -> Place,
    ) -> Self {
        let is_full = u32::try_from(rows.len()).is_ok_and(|count| count >= PAGE_ROWS);
        Self {
            text: rows.iter().map(line).collect(),
            next: rows.last().filter(|_| is_full).map(place),
        }
    }
}

/// What is sent next.
enum Step<Place> {
    Header,
    Page(Option<Place>),
}

/// A table that is read page by page while it is sent. `page` answers the lines after a place. A
/// fault in the middle breaks the transfer off, so that nobody takes a part for the whole.
pub(super) fn download<Place, F, Fut>(
    file_name: &str,
    columns: &'static [&'static str],
    page: F,
) -> Response
where
    Place: Send + 'static,
    F: Fn(Option<Place>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Lines<Place>, Fault>> + Send,
{
    let start = (Some(Step::Header), page);
    let chunks = stream::try_unfold(start, move |(step, page)| async move {
        let (text, next) = match step {
            None => return Ok(None),
            Some(Step::Header) => (header_line(columns), Some(Step::Page(None))),
            Some(Step::Page(after)) => {
                let lines = page(after).await.inspect_err(|fault| {
                    tracing::error!(error = fault.chain(), "a table was broken off");
                })?;
                (lines.text, lines.next.map(|place| Step::Page(Some(place))))
            }
        };
        Ok::<_, Fault>(Some((text, (next, page))))
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            String::from("text/csv; charset=utf-8; header=present"),
        ),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file_name}\""),
        ),
        (header::CACHE_CONTROL, String::from("no-store")),
    ];
    (headers, Body::from_stream(chunks)).into_response()
}

fn header_line(columns: &[&str]) -> String {
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
