//! Lists of the account side: how many, from where, and where the next page begins.
//!
//! A cursor is a few texts that name the last item shown (its time and id, or its number), packed
//! so that nobody takes it apart; it grants nothing. Paging is by seeking, never by counting off.

use axum::Json;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::problem::{self, Problem};

/// Limit: items of one page.
const LIMIT_MAX: u32 = 200;
/// Items of a page when the query does not say.
const LIMIT_DEFAULT: u32 = 50;
/// Limit: characters of a cursor; the longest of ours has a time and an id.
const CURSOR_CHARS_MAX: usize = 256;
/// Between the texts of a cursor; in none of them.
const SEPARATOR: char = '\n';

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    limit: u32,
    after: Option<String>,
}

impl Page {
    /// Of the query parameters `limit` and `after`.
    pub(super) fn read(limit: Option<&str>, after: Option<&str>) -> Result<Self, Problem> {
        let limit = match limit {
            None => LIMIT_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                .ok_or_else(|| invalid("limit must be a whole number from 1 to 200."))?,
        };
        let after = after.map(unpack).transpose()?;
        Ok(Self { limit, after })
    }

    /// How many items to fetch: one more than are shown, to know whether any follow.
    pub(super) const fn fetch_count(&self) -> u32 {
        self.limit + 1
    }

    /// The texts of the cursor, through a parser: `page.after(|[at, id]| …)`. A cursor with
    /// another number of texts, or one the parser answers nothing for, is none of ours.
    pub(super) fn after<T, const COUNT: usize>(
        &self,
        parse: impl FnOnce([&str; COUNT]) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = &self.after else {
            return Ok(None);
        };
        let texts: Vec<&str> = text.split(SEPARATOR).collect();
        <[&str; COUNT]>::try_from(texts)
            .ok()
            .and_then(parse)
            .map(Some)
            .ok_or_else(foreign)
    }

    /// The answer: what was fetched (with one more item than shown), how an item looks, and the
    /// texts that name it in a cursor.
    pub(super) fn answer<T, const COUNT: usize>(
        &self,
        mut fetched: Vec<T>,
        shape: impl Fn(&T) -> Value,
        cursor: impl Fn(&T) -> [String; COUNT],
    ) -> Json<Value> {
        let shown_count = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = fetched.len() > shown_count;
        fetched.truncate(shown_count);
        let next = fetched
            .last()
            .filter(|_| has_more)
            .map(|last| pack(&cursor(last)));
        let items: Vec<Value> = fetched.iter().map(shape).collect();
        Json(json!({ "items": items, "next": next }))
    }
}

fn pack<const COUNT: usize>(texts: &[String; COUNT]) -> String {
    URL_SAFE_NO_PAD.encode(texts.join(&SEPARATOR.to_string()))
}

fn unpack(cursor: &str) -> Result<String, Problem> {
    if cursor.len() > CURSOR_CHARS_MAX {
        return Err(foreign());
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| foreign())?;
    String::from_utf8(bytes).map_err(|_| foreign())
}

fn foreign() -> Problem {
    invalid("after must be the text in next of the page before, unchanged.")
}

fn invalid(detail: &'static str) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks over the numbers 1 to `count` as a caller would; answers the pages.
    fn walk(count: u32, limit: &str) -> Vec<Vec<u64>> {
        let mut pages = Vec::new();
        let mut after = None;
        loop {
            let page = Page::read(Some(limit), after.as_deref()).unwrap();
            let last = page.after(|[number]| number.parse().ok()).unwrap();
            let fetched: Vec<u32> = (last.unwrap_or(0) + 1..=count)
                .take(usize::try_from(page.fetch_count()).unwrap())
                .collect();
            let Json(answer) = page.answer(fetched, |n| json!(n), |n| [n.to_string()]);
            let items = answer["items"].as_array().unwrap();
            pages.push(items.iter().filter_map(Value::as_u64).collect());
            match answer["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => return pages,
            }
        }
    }

    #[test]
    fn pages_follow_each_other_and_the_last_one_says_so() {
        assert_eq!(walk(5, "2"), [vec![1, 2], vec![3, 4], vec![5]]);
        assert_eq!(walk(4, "2"), [vec![1, 2], vec![3, 4]]);
        assert_eq!(walk(0, "2"), [Vec::<u64>::new()]);
        assert_eq!(walk(200, "200").len(), 1);
    }

    #[test]
    fn odd_limits_and_foreign_cursors_are_refused() {
        for limit in ["0", "201", "-1", "x", "", "1.5"] {
            let problem = Page::read(Some(limit), None).unwrap_err();
            assert_eq!(problem.code().name, "parameter_invalid", "{limit}");
        }
        assert_eq!(Page::read(None, None).unwrap().fetch_count(), 51);
        let long = "A".repeat(CURSOR_CHARS_MAX + 1);
        for cursor in ["!", "_w", &long] {
            assert!(Page::read(None, Some(cursor)).is_err(), "{cursor}");
        }
        // A cursor of another list: another number of texts, or texts that do not parse.
        let page = Page::read(None, Some(&pack(&["1".to_owned(), "2".to_owned()]))).unwrap();
        assert!(page.after(|[number]| number.parse::<u64>().ok()).is_err());
        assert!(page.after(|[_, _]| None::<u64>).is_err());
        assert_eq!(
            page.after(|[one, two]| Some((one.to_owned(), two.to_owned())))
                .unwrap(),
            Some(("1".to_owned(), "2".to_owned()))
        );
    }
}
