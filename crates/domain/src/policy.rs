//! What is demanded of the measurements: versioned data, never code scattered about.

use crate::challenge::{Action, ChallengeKind};
use crate::measurements::CueKind;
use crate::outcome::Reason;

/// Which side of the threshold holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The value must be at least this.
    AtLeast(f64),
    /// The value must be at most this.
    AtMost(f64),
}

/// One demand. Rules are judged in order; the first that does not hold gives the reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// What is looked at.
    pub cue: CueKind,
    /// What it must be.
    pub bound: Bound,
    /// The reason when it is not.
    pub reason: Reason,
    /// Judged only for these kinds of challenge; empty means for all.
    pub only: &'static [ChallengeKind],
}

/// A versioned policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Grows with every change; stored with each decision.
    pub version: u32,
    /// What to ask by default.
    pub challenge_kind: ChallengeKind,
    /// Which actions may be drawn.
    pub actions: Vec<Action>,
    /// How many of them.
    pub actions_count: usize,
    /// An action counts when its amplitude reaches this share of the defined one.
    pub action_amplitude_min: f64,
    /// The comparison holds when its false match rate is at most this.
    pub fmr_max: f64,
    /// How many capture attempts one verification has.
    pub attempts_max: u32,
    /// The rules, in order of judgement.
    pub rules: Vec<Rule>,
}
