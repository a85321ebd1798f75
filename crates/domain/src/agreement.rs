//! The agreement of a tenant: since when it runs, the calls billed in its current year, and what a
//! version of its text may look like.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::money::Fen;
use crate::tariff::{self, Tariff};

/// Limit: characters of the name of a version.
const VERSION_CHARS_MAX: usize = 32;
/// Limit: characters of a text that somebody is to read before agreeing.
const BODY_CHARS_MAX: usize = 100_000;

/// Whether a version may be called so: letters, digits, dots and hyphens, 1 to 32 of them.
pub fn is_version(text: &str) -> bool {
    (1..=VERSION_CHARS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
}

/// Whether this can be a text to agree to: 1 to 100000 characters, not all blank, no control
/// characters but tabs and line ends.
pub fn is_body(text: &str) -> bool {
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    !text.trim().is_empty() && text.chars().count() <= BODY_CHARS_MAX && text.chars().all(is_plain)
}

/// What is remembered of an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// First day, in Shanghai.
    pub started_on: Date,
    /// First day of the agreement year that `calls_count` belongs to.
    pub year_started_on: Date,
    /// Billed calls in that year.
    pub calls_count: u64,
}

impl Agreement {
    /// An agreement that starts today.
    pub fn start(at: Timestamp) -> Self {
        let today = tariff::civil_day(at);
        Self {
            started_on: today,
            year_started_on: today,
            calls_count: 0,
        }
    }

    /// The agreement as it stands at a moment: the count begins again with each agreement year,
    /// and never runs backwards when clocks of two machines disagree.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Self {
        match tariff::agreement_year(self.started_on, at) {
            Some(year) if year > self.year_started_on => Self {
                year_started_on: year,
                calls_count: 0,
                ..self
            },
            Some(_) | None => self,
        }
    }

    /// The price of the next call at that moment, by the tariff of that moment.
    pub fn next_price(self, tariff: &Tariff, at: Timestamp) -> Fen {
        tariff.price_after(self.at(at).calls_count)
    }

    /// The last day of the agreement year as it was last written; ask [`Self::at`] first.
    pub fn year_ends_on(self) -> Option<Date> {
        let next = tariff::next_year(self.started_on, self.year_started_on)?;
        next.yesterday().ok()
    }

    /// The agreement after one more billed call.
    #[must_use]
    pub fn count_call(self, at: Timestamp) -> Self {
        let now = self.at(at);
        Self {
            calls_count: now.calls_count.saturating_add(1),
            ..now
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_texts_have_limits() {
        for (text, fits) in [
            ("1", true),
            ("2026-11.b", true),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(is_version(text), fits, "{text}");
        }
        assert!(!is_version(&"1".repeat(33)));
        assert!(is_body("§"));
        assert!(is_body("§ 1\n\t§ 2\r\n"));
        assert!(!is_body(" \n"));
        assert!(!is_body("a\0b"));
        assert!(!is_body(&"x".repeat(100_001)));
    }

    #[test]
    fn the_count_begins_again_with_the_year_and_not_before() {
        let first: Timestamp = "2024-02-29T04:00:00Z".parse().unwrap();
        let later: Timestamp = "2025-02-27T15:59:59Z".parse().unwrap();
        let turned: Timestamp = "2025-02-27T16:00:00Z".parse().unwrap();
        let full = Agreement {
            calls_count: 600_000,
            ..Agreement::start(first)
        };
        let tariff = Tariff::standard();
        assert_eq!(full.next_price(&tariff, later).get(), 60);
        assert_eq!(full.next_price(&tariff, turned).get(), 85);
        let ends = |at| full.at(at).year_ends_on().map(|day| day.to_string());
        assert_eq!(ends(later).as_deref(), Some("2025-02-27"));
        assert_eq!(ends(turned).as_deref(), Some("2026-02-27"));
        assert_eq!(full.count_call(turned).calls_count, 1);
        // A machine whose clock is behind does not bring the old count back.
        assert_eq!(full.count_call(turned).at(later).calls_count, 1);
    }
}
