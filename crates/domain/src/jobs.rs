//! What must happen later, and the rules of leasing it, as values.
//!
//! Any process may die at any line: a job is given back by time, not by goodwill, and its result
//! counts only while its lease is held. Rows and clocks are elsewhere.

use jiff::{SignedDuration, Timestamp};

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    /// Measure and decide a completed recording; the subject is the attempt.
    Analyse,
    /// End an attempt whose deadline passed; the subject is the attempt.
    ExpireAttempt,
    /// Close a verification whose life passed and release its hold; the subject is the
    /// verification.
    ExpireVerification,
    /// Destroy evidence whose deadline passed; the subject is the evidence object.
    DestroyEvidence,
    /// Delete rows that only guard against repetition (nonces, tokens, idempotency keys).
    Sweep,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Analyse,
        Self::ExpireAttempt,
        Self::ExpireVerification,
        Self::DestroyEvidence,
        Self::Sweep,
    ];

    /// The name in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Analyse => "analyse",
            Self::ExpireAttempt => "expire_attempt",
            Self::ExpireVerification => "expire_verification",
            Self::DestroyEvidence => "destroy_evidence",
            Self::Sweep => "sweep",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// How long one lease lasts. Limit: several times the slowest run that was seen.
    pub const fn lease(self) -> SignedDuration {
        match self {
            Self::Analyse => SignedDuration::from_secs(60),
            Self::ExpireAttempt
            | Self::ExpireVerification
            | Self::DestroyEvidence
            | Self::Sweep => SignedDuration::from_secs(30),
        }
    }

    /// How often a job is begun before it is given up and an operator is told. Work that frees
    /// money or destroys evidence is never given up.
    pub const fn runs_max(self) -> Option<u32> {
        match self {
            Self::Analyse => Some(4),
            Self::ExpireAttempt
            | Self::ExpireVerification
            | Self::DestroyEvidence
            | Self::Sweep => None,
        }
    }

    /// Whether a job that was begun `runs_count` times, this run included, may be begun again.
    pub fn may_run_again(self, runs_count: u32) -> bool {
        self.runs_max().is_none_or(|most| runs_count < most)
    }
}

/// When a job that failed runs again: 2 s, 4 s, 8 s … at most five minutes later.
pub fn next_run_at(runs_count: u32, at: Timestamp) -> Timestamp {
    let seconds = 1_i64
        .checked_shl(runs_count.min(16))
        .unwrap_or(300)
        .clamp(2, 300);
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for kind in JobKind::ALL {
            assert_eq!(JobKind::from_name(kind.name()), Some(kind));
        }
    }

    #[test]
    fn analysis_is_given_up_and_destruction_never_is() {
        assert!(JobKind::Analyse.may_run_again(3));
        assert!(!JobKind::Analyse.may_run_again(4));
        assert!(JobKind::DestroyEvidence.may_run_again(u32::MAX));
    }

    #[test]
    fn waiting_doubles_up_to_five_minutes() {
        let at = Timestamp::UNIX_EPOCH;
        let seconds: Vec<i64> = (1..=10)
            .map(|runs| next_run_at(runs, at).as_second())
            .collect();
        assert_eq!(seconds, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }
}
