//! A verification: one paid question, and the states it passes through until it closes once.
//!
//! Transitions consume the old value and return the new one or a typed refusal. Knows nothing of
//! money (see `ledger`), of rows, or of why an outcome was reached (see `decide`).

use jiff::Timestamp;

use crate::ids::{AttemptId, VerificationId};
use crate::outcome::{Outcome, Reason};

/// Where a verification stands. Each variant owns what only that state has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for a capture subject.
    Open,
    /// A capture attempt is running.
    Capturing {
        /// The running attempt.
        attempt_id: AttemptId,
    },
    /// A complete recording waits for, or is in, analysis.
    Analyzing {
        /// The attempt under analysis.
        attempt_id: AttemptId,
    },
    /// Answered, for good.
    Closed(Closing),
}

/// How and when a verification closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The answer.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// When.
    pub at: Timestamp,
}

impl State {
    /// The name in rows and on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Capturing { .. } => "capturing",
            Self::Analyzing { .. } => "analyzing",
            Self::Closed(_) => "closed",
        }
    }

    /// The attempt that is running or under analysis.
    pub const fn attempt_id(&self) -> Option<&AttemptId> {
        match self {
            Self::Capturing { attempt_id } | Self::Analyzing { attempt_id } => Some(attempt_id),
            Self::Open | Self::Closed(_) => None,
        }
    }
}

/// One verification, as far as its rules go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// Its id.
    pub id: VerificationId,
    /// When the tenant asked.
    pub created_at: Timestamp,
    /// No attempt begins at or after this moment.
    pub startable_until: Timestamp,
    /// Closed as expired at or after this moment.
    pub expires_at: Timestamp,
    /// How many capture attempts it may have; 1 or more.
    pub attempts_max: u32,
    /// How many have begun, the running one included.
    pub attempts_count: u32,
    /// Why the last attempt that ended did not answer; `None` before the first ended.
    pub last_reason: Option<Reason>,
    /// Where it stands.
    pub state: State,
}

/// Why a transition is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is closed; nothing changes any more.
    #[error("verification is already closed")]
    AlreadyClosed,
    /// A recording is under analysis.
    #[error("a recording of this verification is being analysed")]
    Analyzing,
    /// Its time to start has passed.
    #[error("verification can no longer be started")]
    Expired,
    /// No attempts are left.
    #[error("verification has no capture attempts left")]
    NoAttemptsLeft,
    /// The attempt named is not the one that is running.
    #[error("capture attempt is not the running one")]
    NotTheRunningAttempt,
    /// Its life has not passed yet.
    #[error("verification has not expired yet")]
    NotYetExpired,
}

/// A begun attempt, and the attempt it pushed aside (a page that was loaded again).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The verification, now capturing.
    pub verification: Verification,
    /// The attempt that was still running and now ends as cancelled.
    pub superseded: Option<AttemptId>,
}

impl Verification {
    /// A new attempt begins. One that is still capturing is superseded by it.
    pub fn begin(self, attempt_id: AttemptId, at: Timestamp) -> Result<Begun, Refusal> {
        let superseded = match &self.state {
            State::Closed(_) => return Err(Refusal::AlreadyClosed),
            State::Analyzing { .. } => return Err(Refusal::Analyzing),
            State::Capturing { attempt_id } => Some(attempt_id.clone()),
            State::Open => None,
        };
        if at >= self.startable_until || at >= self.expires_at {
            return Err(Refusal::Expired);
        }
        if self.attempts_count >= self.attempts_max {
            return Err(Refusal::NoAttemptsLeft);
        }
        let attempts_count = self.attempts_count.saturating_add(1);
        let state = State::Capturing { attempt_id };
        Ok(Begun {
            verification: Self {
                attempts_count,
                state,
                ..self
            },
            superseded,
        })
    }

    /// The running attempt's recording is complete.
    pub fn complete(self, attempt_id: &AttemptId) -> Result<Self, Refusal> {
        match &self.state {
            State::Capturing {
                attempt_id: running,
            } if running == attempt_id => Ok(Self {
                state: State::Analyzing {
                    attempt_id: attempt_id.clone(),
                },
                ..self
            }),
            State::Closed(_) => Err(Refusal::AlreadyClosed),
            State::Open | State::Capturing { .. } | State::Analyzing { .. } => {
                Err(Refusal::NotTheRunningAttempt)
            }
        }
    }

    /// The running or analysed attempt ended with this answer. Accepted and rejected close the
    /// verification; inconclusive leaves it open while attempts remain and another one could end
    /// differently.
    pub fn conclude(
        self,
        attempt_id: &AttemptId,
        outcome: Outcome,
        reason: Reason,
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        match &self.state {
            State::Closed(_) => return Err(Refusal::AlreadyClosed),
            State::Capturing {
                attempt_id: running,
            }
            | State::Analyzing {
                attempt_id: running,
            } if running == attempt_id => {}
            State::Open | State::Capturing { .. } | State::Analyzing { .. } => {
                return Err(Refusal::NotTheRunningAttempt);
            }
        }
        let goes_on = outcome == Outcome::Inconclusive
            && reason.is_retryable()
            && self.attempts_count < self.attempts_max;
        let state = if goes_on {
            State::Open
        } else {
            State::Closed(Closing {
                outcome,
                reason,
                at,
            })
        };
        Ok(Self {
            state,
            last_reason: Some(reason),
            ..self
        })
    }

    /// Closed from outside: by the tenant, or because something it needs is gone for good.
    pub fn close(self, outcome: Outcome, reason: Reason, at: Timestamp) -> Result<Self, Refusal> {
        match &self.state {
            State::Closed(_) => Err(Refusal::AlreadyClosed),
            State::Open | State::Capturing { .. } | State::Analyzing { .. } => Ok(Self {
                state: State::Closed(Closing {
                    outcome,
                    reason,
                    at,
                }),
                last_reason: Some(reason),
                ..self
            }),
        }
    }

    /// The tenant withdraws the question.
    pub fn cancel(self, at: Timestamp) -> Result<Self, Refusal> {
        self.close(Outcome::Inconclusive, Reason::Cancelled, at)
    }

    /// Its life has passed. A recording under analysis is let to its end first.
    pub fn expire(self, at: Timestamp) -> Result<Self, Refusal> {
        if at < self.expires_at {
            return Err(Refusal::NotYetExpired);
        }
        if matches!(self.state, State::Analyzing { .. }) {
            return Err(Refusal::Analyzing);
        }
        self.close(Outcome::Inconclusive, Reason::Expired, at)
    }

    /// How it closed, once it has.
    pub const fn closing(&self) -> Option<&Closing> {
        match &self.state {
            State::Closed(closing) => Some(closing),
            State::Open | State::Capturing { .. } | State::Analyzing { .. } => None,
        }
    }

    /// Whether another attempt may begin now.
    pub fn is_startable(&self, at: Timestamp) -> bool {
        matches!(self.state, State::Open | State::Capturing { .. })
            && at < self.startable_until
            && at < self.expires_at
            && self.attempts_count < self.attempts_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn attempt(number: u128) -> AttemptId {
        AttemptId::from_number(number)
    }

    fn open() -> Verification {
        Verification {
            id: VerificationId::from_number(1),
            created_at: at(0),
            startable_until: at(1800),
            expires_at: at(82_800),
            attempts_max: 2,
            attempts_count: 0,
            last_reason: None,
            state: State::Open,
        }
    }

    fn analyzing() -> Verification {
        open()
            .begin(attempt(1), at(1))
            .unwrap()
            .verification
            .complete(&attempt(1))
            .unwrap()
    }

    #[test]
    fn accepted_and_rejected_close_at_the_first_attempt() {
        for outcome in [Outcome::Accepted, Outcome::Rejected] {
            let closed = analyzing()
                .conclude(&attempt(1), outcome, Reason::Passed, at(9))
                .unwrap();
            assert_eq!(
                closed.closing().map(|closing| closing.outcome),
                Some(outcome)
            );
        }
    }

    #[test]
    fn inconclusive_leaves_it_open_until_the_attempts_are_used_up() {
        let again = analyzing()
            .conclude(&attempt(1), Outcome::Inconclusive, Reason::NoFace, at(9))
            .unwrap();
        assert_eq!(again.state, State::Open);
        assert_eq!(again.last_reason, Some(Reason::NoFace));
        let last = again.begin(attempt(2), at(10)).unwrap().verification;
        let closed = last
            .conclude(
                &attempt(2),
                Outcome::Inconclusive,
                Reason::Cancelled,
                at(12),
            )
            .unwrap();
        assert_eq!(
            closed.closing().map(|closing| closing.reason),
            Some(Reason::Cancelled)
        );
        assert_eq!(
            closed.begin(attempt(3), at(13)),
            Err(Refusal::AlreadyClosed)
        );
    }

    #[test]
    fn a_page_loaded_again_supersedes_the_running_attempt_and_uses_one_up() {
        let first = open().begin(attempt(1), at(1)).unwrap().verification;
        let second = first.begin(attempt(2), at(2)).unwrap();
        assert_eq!(second.superseded, Some(attempt(1)));
        let second = second.verification;
        assert_eq!(
            second.clone().complete(&attempt(1)),
            Err(Refusal::NotTheRunningAttempt)
        );
        assert_eq!(
            second.begin(attempt(3), at(3)),
            Err(Refusal::NoAttemptsLeft)
        );
    }

    #[test]
    fn nothing_starts_after_its_time_and_nothing_expires_before() {
        assert_eq!(open().begin(attempt(1), at(1800)), Err(Refusal::Expired));
        assert!(open().is_startable(at(1799)) && !open().is_startable(at(1800)));
        assert_eq!(open().expire(at(82_799)), Err(Refusal::NotYetExpired));
        let expired = open().expire(at(82_800)).unwrap();
        assert_eq!(
            expired.closing().map(|closing| closing.reason),
            Some(Reason::Expired)
        );
        assert_eq!(expired.cancel(at(82_801)), Err(Refusal::AlreadyClosed));
        assert_eq!(analyzing().expire(at(90_000)), Err(Refusal::Analyzing));
    }

    #[test]
    fn a_verification_closes_once() {
        let closed = open().cancel(at(5)).unwrap();
        assert_eq!(
            closed
                .clone()
                .conclude(&attempt(1), Outcome::Accepted, Reason::Passed, at(6)),
            Err(Refusal::AlreadyClosed)
        );
        assert_eq!(
            closed.clone().complete(&attempt(1)),
            Err(Refusal::AlreadyClosed)
        );
        assert_eq!(closed.cancel(at(7)), Err(Refusal::AlreadyClosed));
    }
}
