//! Tables for spreadsheets, sent page by page. What is in them is the business of `tables`.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use zhenren_usecases::fault::Fault;

use crate::tables::{PAGE_ROWS, header_line};

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
