//! How often something may happen within a window of time, as arithmetic.
//!
//! Minutes and hours are those of the clock, days are those of Asia/Shanghai. Knows no counter;
//! where they are kept and who is counted is not decided here.

use jiff::{SignedDuration, Timestamp};

/// Limit: below this many calls a window is counted one by one; above it in blocks.
pub const EXACT_BELOW: u64 = 50;

/// What China's clocks are ahead of UTC.
const SHANGHAI_S: i64 = 8 * 3_600;

/// What is counted, and over how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitKind {
    /// Calls of one app to the tenant side in a minute.
    AppMinute,
    /// Calls of one app to the tenant side in a day.
    AppDay,
    /// Verifications that one account opens about one identity number in a day.
    IdentityDay,
    /// Verifications that one app opens about one of its users in a day.
    UserDay,
    /// Attempts that one device begins in a day.
    DeviceDay,
    /// Attempts that are begun from one address in an hour.
    AddressHour,
    /// Sign-ins of operators that are tried from one address in an hour.
    SignInHour,
}

impl LimitKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::AppMinute,
        Self::AppDay,
        Self::IdentityDay,
        Self::UserDay,
        Self::DeviceDay,
        Self::AddressHour,
        Self::SignInHour,
    ];

    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppMinute => "app_minute",
            Self::AppDay => "app_day",
            Self::IdentityDay => "identity_day",
            Self::UserDay => "user_day",
            Self::DeviceDay => "device_day",
            Self::AddressHour => "address_hour",
            Self::SignInHour => "sign_in_hour",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Seconds of its windows.
    pub const fn window_s(self) -> i64 {
        match self {
            Self::AppMinute => 60,
            Self::AddressHour | Self::SignInHour => 3_600,
            Self::AppDay | Self::IdentityDay | Self::UserDay | Self::DeviceDay => 86_400,
        }
    }

    /// The window a moment falls into.
    pub fn window(self, at: Timestamp) -> Window {
        let length_s = self.window_s();
        // China has had one offset without summer time since 1991, and it is whole hours.
        let local_s = at.as_second() + SHANGHAI_S;
        let from_s = at.as_second() - local_s.rem_euclid(length_s);
        let moment = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        Window {
            from: moment(from_s),
            until: moment(from_s + length_s),
        }
    }
}

/// A stretch of time in which things are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment of the next.
    pub until: Timestamp,
}

impl Window {
    /// Whole seconds until the next window begins, at least one.
    pub fn rest_s(self, at: Timestamp) -> u64 {
        rest_s(self.until, at)
    }
}

/// Whole seconds until then, at least one: nobody is told to come back too early.
pub fn rest_s(until: Timestamp, at: Timestamp) -> u64 {
    let rest: SignedDuration = until.duration_since(at);
    let started = i64::from(rest.subsec_nanos() > 0);
    u64::try_from(rest.as_secs() + started).map_or(1, |seconds| seconds.max(1))
}

/// The configured limits; 0 switches one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls of an app a minute, unless the app has its own.
    pub app_minute_calls_max: u64,
    /// Calls of an app a day, unless the app has its own.
    pub app_day_calls_max: u64,
    /// Verifications of an account about one identity number a day.
    pub identity_day_max: u64,
    /// Verifications of an app about one of its users a day.
    pub user_day_max: u64,
    /// Attempts of one device a day.
    pub device_day_max: u64,
    /// Attempts from one address an hour.
    pub address_hour_max: u64,
    /// Sign-ins of operators from one address an hour.
    pub sign_in_hour_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl Limits {
    /// Those of an installation that sets none.
    pub const STANDARD: Self = Self {
        app_minute_calls_max: 10_000,
        app_day_calls_max: 1_000_000,
        identity_day_max: 20,
        user_day_max: 20,
        device_day_max: 50,
        address_hour_max: 300,
        sign_in_hour_max: 60,
    };

    /// How many of a kind a window takes, or nothing when it is switched off.
    pub const fn max(&self, kind: LimitKind) -> Option<u64> {
        let max = match kind {
            LimitKind::AppMinute => self.app_minute_calls_max,
            LimitKind::AppDay => self.app_day_calls_max,
            LimitKind::IdentityDay => self.identity_day_max,
            LimitKind::UserDay => self.user_day_max,
            LimitKind::DeviceDay => self.device_day_max,
            LimitKind::AddressHour => self.address_hour_max,
            LimitKind::SignInHour => self.sign_in_hour_max,
        };
        if max == 0 { None } else { Some(max) }
    }
}

/// Limit: calls of one block, so that a node that crashes fifty times a day does not use up a
/// large window by that alone.
const BLOCK_MAX: u64 = 1_000;

/// How many calls a node reserves at once out of a window of `max`: a fiftieth and at most
/// a thousand, which is what a crash may lose; one by one where that would be less than one.
pub const fn block(max: u64) -> u64 {
    if max < EXACT_BELOW {
        1
    } else if max / EXACT_BELOW < BLOCK_MAX {
        max / EXACT_BELOW
    } else {
        BLOCK_MAX
    }
}

/// How many to reserve when a whole block does not fit any more into `rest`: half of it, so that
/// no node takes the last of a window away from the others.
pub const fn last_block(rest: u64) -> u64 {
    rest.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kind: LimitKind, at: &str) -> (String, String, u64) {
        let at: Timestamp = at.parse().unwrap();
        let window = kind.window(at);
        let text = |moment: Timestamp| moment.to_string();
        (text(window.from), text(window.until), window.rest_s(at))
    }

    #[test]
    fn windows_begin_where_clocks_in_shanghai_turn() {
        use LimitKind::{AddressHour, AppDay, AppMinute};
        for (kind, at, from, until, rest_s) in [
            (
                AppMinute,
                "2026-01-01T00:00:59.999Z",
                "2026-01-01T00:00:00Z",
                "2026-01-01T00:01:00Z",
                1,
            ),
            (
                AppMinute,
                "2026-01-01T00:01:00Z",
                "2026-01-01T00:01:00Z",
                "2026-01-01T00:02:00Z",
                60,
            ),
            (
                AddressHour,
                "2026-01-01T00:59:59Z",
                "2026-01-01T00:00:00Z",
                "2026-01-01T01:00:00Z",
                1,
            ),
            (
                AddressHour,
                "2026-01-01T01:00:00Z",
                "2026-01-01T01:00:00Z",
                "2026-01-01T02:00:00Z",
                3_600,
            ),
            (
                AppDay,
                "2026-01-01T15:59:59Z",
                "2025-12-31T16:00:00Z",
                "2026-01-01T16:00:00Z",
                1,
            ),
            (
                AppDay,
                "2026-01-01T16:00:00Z",
                "2026-01-01T16:00:00Z",
                "2026-01-02T16:00:00Z",
                86_400,
            ),
            (
                AppDay,
                "1969-12-31T23:59:59Z",
                "1969-12-31T16:00:00Z",
                "1970-01-01T16:00:00Z",
                57_601,
            ),
        ] {
            let wanted = (from.to_owned(), until.to_owned(), rest_s);
            assert_eq!(window(kind, at), wanted, "{} at {at}", kind.name());
        }
    }

    #[test]
    fn a_block_is_two_in_a_hundred_at_most_and_small_windows_are_exact() {
        for (max, size) in [
            (1, 1),
            (49, 1),
            (50, 1),
            (99, 1),
            (100, 2),
            (10_000, 200),
            (1_000_000, 1_000),
        ] {
            assert_eq!(block(max), size, "{max}");
            assert!(block(max) * EXACT_BELOW <= max.max(EXACT_BELOW));
        }
        for (rest, size) in [(0, 0), (1, 1), (2, 1), (3, 2), (199, 100)] {
            assert_eq!(last_block(rest), size, "{rest}");
        }
    }

    #[test]
    fn zero_switches_a_limit_off_and_names_are_read_back() {
        let off = Limits {
            user_day_max: 0,
            ..Limits::default()
        };
        for kind in LimitKind::ALL {
            assert_eq!(off.max(kind).is_none(), kind == LimitKind::UserDay);
            assert_eq!(LimitKind::from_name(kind.name()), Some(kind));
        }
    }
}
