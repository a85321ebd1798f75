//! A capture attempt: one try at recording, from the begun page to its answer.
//!
//! Knows nothing of the verification it belongs to (see `verification`) or of the bytes received.

use jiff::{SignedDuration, Timestamp};

use crate::challenge::Challenge;
use crate::ids::AttemptId;
use crate::outcome::{Outcome, Reason};

/// How long a begun attempt waits for its challenge to be asked for.
/// Limit: permission dialogues and positioning take people up to minutes.
pub const BEGIN_TO_CHALLENGE_MAX: SignedDuration = SignedDuration::from_mins(10);

/// How long after the end of the recording the upload may take.
/// Limit: a few megabytes over a slow mobile network.
pub const UPLOAD_GRACE: SignedDuration = SignedDuration::from_secs(120);

/// Where an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The page is open; no challenge drawn yet.
    Begun,
    /// The challenge is drawn and the recording runs or is being sent.
    Challenged {
        /// What is asked.
        challenge: Challenge,
        /// When it was drawn.
        at: Timestamp,
    },
    /// All parts are here; analysis will answer.
    Analyzing {
        /// What was asked.
        challenge: Challenge,
        /// When it was drawn.
        at: Timestamp,
        /// When the recording was complete.
        completed_at: Timestamp,
    },
    /// Answered by analysis.
    Done {
        /// The answer of this attempt.
        outcome: Outcome,
        /// Why.
        reason: Reason,
        /// When.
        at: Timestamp,
    },
    /// Ended by the capture subject, the device, or a page that was loaded again.
    Cancelled {
        /// Why.
        reason: Reason,
        /// When.
        at: Timestamp,
    },
    /// Not completed before its deadline.
    Expired {
        /// When that was noticed.
        at: Timestamp,
    },
}

impl State {
    /// The name in rows and on the wire.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Challenged { .. } => "challenged",
            Self::Analyzing { .. } => "analyzing",
            Self::Done { .. } => "done",
            Self::Cancelled { .. } => "cancelled",
            Self::Expired { .. } => "expired",
        }
    }
}

/// One capture attempt, as far as its rules go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// When the page began it.
    pub begun_at: Timestamp,
    /// What the device must have done by then: drawn the challenge, or completed the upload.
    pub deadline_at: Timestamp,
    /// Where it stands.
    pub state: State,
}

/// Why a transition is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It ended: answered, cancelled or expired.
    #[error("capture attempt has ended")]
    Ended,
    /// The deadline has passed.
    #[error("deadline of the capture attempt has passed")]
    TooLate,
    /// No challenge was drawn yet.
    #[error("challenge of the capture attempt was not drawn yet")]
    NotChallenged,
    /// The recording is complete already.
    #[error("recording of the capture attempt is already complete")]
    AlreadyCompleted,
    /// The recording is not complete.
    #[error("recording of the capture attempt is not complete")]
    NotCompleted,
    /// The deadline has not passed yet.
    #[error("deadline of the capture attempt has not passed yet")]
    NotYetDue,
}

impl Attempt {
    /// A new attempt.
    pub fn begin(id: AttemptId, at: Timestamp) -> Self {
        let deadline_at = later(at, BEGIN_TO_CHALLENGE_MAX);
        Self {
            id,
            begun_at: at,
            deadline_at,
            state: State::Begun,
        }
    }

    /// The challenge is drawn. A repeated call keeps the first challenge and its deadline, which
    /// is `limit` later, or the length of the recording and [`UPLOAD_GRACE`] without one.
    pub fn challenge(
        self,
        challenge: Challenge,
        limit: Option<SignedDuration>,
        at: Timestamp,
    ) -> Result<Self, Refusal> {
        match &self.state {
            State::Challenged { .. } => Ok(self),
            State::Begun if at >= self.deadline_at => Err(Refusal::TooLate),
            State::Begun => {
                let length = SignedDuration::from_millis(i64::from(challenge.duration_ms));
                let deadline_at = match limit {
                    Some(limit) => later(at, limit),
                    None => later(later(at, length), UPLOAD_GRACE),
                };
                Ok(Self {
                    state: State::Challenged { challenge, at },
                    deadline_at,
                    ..self
                })
            }
            State::Analyzing { .. } => Err(Refusal::AlreadyCompleted),
            State::Done { .. } | State::Cancelled { .. } | State::Expired { .. } => {
                Err(Refusal::Ended)
            }
        }
    }

    /// Whether parts of the recording may arrive now.
    pub fn may_receive(&self, at: Timestamp) -> Result<(), Refusal> {
        match &self.state {
            State::Begun => Err(Refusal::NotChallenged),
            State::Challenged { .. } if at >= self.deadline_at => Err(Refusal::TooLate),
            State::Challenged { .. } => Ok(()),
            State::Analyzing { .. } => Err(Refusal::AlreadyCompleted),
            State::Done { .. } | State::Cancelled { .. } | State::Expired { .. } => {
                Err(Refusal::Ended)
            }
        }
    }

    /// All parts are here and agree with their digest.
    pub fn complete(self, at: Timestamp) -> Result<Self, Refusal> {
        self.may_receive(at)?;
        match self.state {
            State::Challenged {
                challenge,
                at: drawn_at,
            } => {
                let state = State::Analyzing {
                    challenge,
                    at: drawn_at,
                    completed_at: at,
                };
                Ok(Self { state, ..self })
            }
            State::Begun
            | State::Analyzing { .. }
            | State::Done { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => Err(Refusal::NotChallenged),
        }
    }

    /// Analysis has answered.
    pub fn answer(self, outcome: Outcome, reason: Reason, at: Timestamp) -> Result<Self, Refusal> {
        match &self.state {
            State::Analyzing { .. } => Ok(Self {
                state: State::Done {
                    outcome,
                    reason,
                    at,
                },
                ..self
            }),
            State::Begun | State::Challenged { .. } => Err(Refusal::NotCompleted),
            State::Done { .. } | State::Cancelled { .. } | State::Expired { .. } => {
                Err(Refusal::Ended)
            }
        }
    }

    /// Ended before its recording was complete.
    pub fn cancel(self, reason: Reason, at: Timestamp) -> Result<Self, Refusal> {
        match &self.state {
            State::Begun | State::Challenged { .. } => Ok(Self {
                state: State::Cancelled { reason, at },
                ..self
            }),
            State::Analyzing { .. } => Err(Refusal::AlreadyCompleted),
            State::Done { .. } | State::Cancelled { .. } | State::Expired { .. } => {
                Err(Refusal::Ended)
            }
        }
    }

    /// Its verification was closed from outside; whatever it was doing ends here.
    pub fn abandon(self, reason: Reason, at: Timestamp) -> Result<Self, Refusal> {
        match &self.state {
            State::Begun | State::Challenged { .. } | State::Analyzing { .. } => Ok(Self {
                state: State::Cancelled { reason, at },
                ..self
            }),
            State::Done { .. } | State::Cancelled { .. } | State::Expired { .. } => {
                Err(Refusal::Ended)
            }
        }
    }

    /// Its deadline has passed.
    pub fn expire(self, at: Timestamp) -> Result<Self, Refusal> {
        match &self.state {
            State::Begun | State::Challenged { .. } if at < self.deadline_at => {
                Err(Refusal::NotYetDue)
            }
            State::Begun | State::Challenged { .. } => Ok(Self {
                state: State::Expired { at },
                ..self
            }),
            State::Analyzing { .. } => Err(Refusal::AlreadyCompleted),
            State::Done { .. } | State::Cancelled { .. } | State::Expired { .. } => {
                Err(Refusal::Ended)
            }
        }
    }

    /// The drawn challenge, while the state still carries it.
    pub const fn drawn(&self) -> Option<&Challenge> {
        match &self.state {
            State::Challenged { challenge, .. } | State::Analyzing { challenge, .. } => {
                Some(challenge)
            }
            State::Begun | State::Done { .. } | State::Cancelled { .. } | State::Expired { .. } => {
                None
            }
        }
    }

    /// Whether nothing will change any more.
    pub const fn has_ended(&self) -> bool {
        matches!(
            self.state,
            State::Done { .. } | State::Cancelled { .. } | State::Expired { .. }
        )
    }
}

/// A moment later by a duration; the end of time when it would overflow.
fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::ChallengeKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn challenge(duration_ms: u32) -> Challenge {
        Challenge {
            kind: ChallengeKind::Silent,
            steps: Vec::new(),
            duration_ms,
        }
    }

    fn begun() -> Attempt {
        Attempt::begin(AttemptId::from_number(1), at(0))
    }

    #[test]
    fn a_second_draw_keeps_the_first_challenge_and_deadline() {
        let first = begun().challenge(challenge(5000), None, at(10)).unwrap();
        assert_eq!(first.deadline_at, at(135));
        let second = first
            .clone()
            .challenge(challenge(9000), None, at(20))
            .unwrap();
        assert_eq!(second, first);
    }

    #[test]
    fn nothing_is_received_before_the_challenge_or_after_the_deadline() {
        assert_eq!(begun().may_receive(at(1)), Err(Refusal::NotChallenged));
        let drawn = begun().challenge(challenge(5000), None, at(10)).unwrap();
        assert_eq!(drawn.may_receive(at(134)), Ok(()));
        assert_eq!(drawn.may_receive(at(135)), Err(Refusal::TooLate));
        assert_eq!(drawn.complete(at(135)), Err(Refusal::TooLate));
        assert_eq!(
            begun().challenge(challenge(1), None, at(600)),
            Err(Refusal::TooLate)
        );
    }

    #[test]
    fn a_complete_recording_is_answered_once_and_cannot_be_cancelled() {
        let drawn = begun().challenge(challenge(5000), None, at(10)).unwrap();
        let complete = drawn.complete(at(30)).unwrap();
        assert_eq!(
            complete.clone().complete(at(31)),
            Err(Refusal::AlreadyCompleted)
        );
        assert_eq!(
            complete.clone().cancel(Reason::Cancelled, at(31)),
            Err(Refusal::AlreadyCompleted)
        );
        let done = complete
            .answer(Outcome::Accepted, Reason::Passed, at(40))
            .unwrap();
        assert_eq!(
            done.clone()
                .answer(Outcome::Rejected, Reason::StillFace, at(41)),
            Err(Refusal::Ended)
        );
        assert_eq!(done.expire(at(999)), Err(Refusal::Ended));
    }

    #[test]
    fn an_idle_attempt_expires_at_its_deadline_only() {
        assert_eq!(begun().expire(at(599)), Err(Refusal::NotYetDue));
        assert!(begun().expire(at(600)).unwrap().has_ended());
    }
}
