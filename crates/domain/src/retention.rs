//! How long things are kept: deadlines as values, so that a test can move the time.

use jiff::{SignedDuration, Timestamp};

/// How long each thing is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Recordings and frames of an answered or abandoned attempt.
    pub evidence: SignedDuration,
    /// The answer stays readable by `getinfo` and `getAuthResult`.
    pub result: SignedDuration,
    /// After that a tombstone still says "expired" instead of "unknown".
    pub tombstone: SignedDuration,
}

/// Limit: a freeze returns after 23 hours, the life of an unused certificate.
pub const VERIFICATION_LIFE: SignedDuration = SignedDuration::from_hours(23);
/// Limit: a check may be started for half an hour after it was asked for.
pub const START_WINDOW: SignedDuration = SignedDuration::from_mins(30);
/// Limit: a `user_id_key` lives one hour.
pub const IDENTITY_KEY_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Limit: an access token lives two hours.
pub const ACCESS_TOKEN_LIFE: SignedDuration = SignedDuration::from_secs(7200);
/// Limit: a superseded access token still works for five minutes.
pub const ACCESS_TOKEN_OVERLAP: SignedDuration = SignedDuration::from_mins(5);
/// Limit: signatures are accepted 300 s early or late, so a nonce is remembered for twice that.
pub const NONCE_LIFE: SignedDuration = SignedDuration::from_secs(600);
/// Limit: the answer to an idempotency key is remembered for a day.
pub const IDEMPOTENCY_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Limit: starts per `user_id_key`.
pub const IDENTITY_KEY_STARTS_MAX: u32 = 5;

impl Default for Retention {
    fn default() -> Self {
        Self {
            evidence: SignedDuration::from_hours(72),
            result: SignedDuration::from_hours(72),
            tombstone: SignedDuration::from_hours(24 * 30),
        }
    }
}

/// What can still be read of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readable {
    /// Everything.
    Result,
    /// Only that there was one: 84002.
    Tombstone,
    /// Nothing: 84003.
    Gone,
}

impl Retention {
    /// When evidence that was complete at `at` must be destroyed.
    pub fn evidence_deadline(&self, at: Timestamp) -> Timestamp {
        after(at, self.evidence)
    }

    /// What can be read now of a verification that closed at `closed_at`.
    pub fn readable(&self, closed_at: Timestamp, now: Timestamp) -> Readable {
        let result_until = after(closed_at, self.result);
        if now < result_until {
            Readable::Result
        } else if now < after(result_until, self.tombstone) {
            Readable::Tombstone
        } else {
            Readable::Gone
        }
    }
}

/// A moment later by a duration; the end of time when it would overflow.
pub fn after(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fades_in_two_steps() {
        let keep = Retention::default();
        let closed = Timestamp::UNIX_EPOCH;
        let hour = |hours| after(closed, SignedDuration::from_hours(hours));
        assert_eq!(keep.readable(closed, hour(71)), Readable::Result);
        assert_eq!(keep.readable(closed, hour(72)), Readable::Tombstone);
        assert_eq!(keep.readable(closed, hour(72 + 719)), Readable::Tombstone);
        assert_eq!(keep.readable(closed, hour(72 + 720)), Readable::Gone);
        assert_eq!(keep.evidence_deadline(closed), hour(72));
    }
}
