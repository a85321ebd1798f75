//! The time as a value. The only place that reads the machine's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine.
    System,
    /// A test's hand, in milliseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until it is moved.
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.as_millisecond())))
    }

    /// Now, cut to whole milliseconds so that a stored time equals the one that was used.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Timestamp {
        let millisecond = match self {
            Self::System => Timestamp::now().as_millisecond(),
            Self::Manual(hand) => hand.load(Ordering::SeqCst),
        };
        Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock forward; the machine's clock stays as it is.
    pub fn advance(&self, by: SignedDuration) {
        if let Self::Manual(hand) = self {
            let milliseconds = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            hand.fetch_add(milliseconds, Ordering::SeqCst);
        }
    }
}
