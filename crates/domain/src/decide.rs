//! The decision: a pure function of policy, challenge, measurements and reference (invariant I5).
//!
//! Order of judgement: the policy's rules, the prompted actions, the reference, the comparison.
//! A measurement that is demanded and missing makes the decision inconclusive, never a pass.
//! Everything is judged, also after the first failure, so that a report shows every cue.

use crate::challenge::{Action, Challenge};
use crate::measurements::{CueKind, Measurements};
use crate::outcome::{Outcome, Reason};
use crate::policy::{Applied, Bound, Demand, Policy, Rule};

/// What the identity source had to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Features of a usable photograph; the measurements hold the comparison.
    Features,
    /// The source knows the person and has no photograph, or no source is configured.
    Missing,
    /// The photograph cannot be compared.
    Poor,
    /// The kept features are another model's than the one in use: the person must be enrolled
    /// again.
    OtherModel,
    /// The source does not know the number.
    Unknown,
    /// The source knows the number under another name.
    NameMismatch,
    /// The source did not answer.
    SourceUnavailable,
}

impl Reference {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Features,
        Self::Missing,
        Self::Poor,
        Self::OtherModel,
        Self::Unknown,
        Self::NameMismatch,
        Self::SourceUnavailable,
    ];

    /// The name in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::Missing => "missing",
            Self::Poor => "poor",
            Self::OtherModel => "other_model",
            Self::Unknown => "unknown",
            Self::NameMismatch => "name_mismatch",
            Self::SourceUnavailable => "source_unavailable",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The reason that a reference without features leads to.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Features => None,
            // For the tenant a photograph of another model is as if there were none; the report
            // names the kind.
            Self::Missing | Self::OtherModel => Some(Reason::ReferenceMissing),
            Self::Poor => Some(Reason::ReferencePoor),
            Self::Unknown => Some(Reason::IdentityUnknown),
            Self::NameMismatch => Some(Reason::NameNumberMismatch),
            Self::SourceUnavailable => Some(Reason::SourceUnavailable),
        }
    }
}

/// What one judgement looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// A cue.
    Cue(CueKind),
    /// The amplitude of the prompted action at this position of the challenge.
    ActionAmplitude {
        /// Position in the challenge.
        step_index: usize,
        /// What was asked.
        action: Action,
    },
    /// The time of this action against the one before it: at least 0 ms later.
    ActionOrder {
        /// Position in the challenge.
        step_index: usize,
        /// What was asked.
        action: Action,
    },
}

impl Judged {
    /// The name in reports, for instance `sharpness` or `action_amplitude.0.blink`.
    pub fn name(self) -> String {
        match self {
            Self::Cue(kind) => kind.name().to_owned(),
            Self::ActionAmplitude { step_index, action } => {
                format!("action_amplitude.{step_index}.{}", action.name())
            }
            Self::ActionOrder { step_index, action } => {
                format!("action_order.{step_index}.{}", action.name())
            }
        }
    }

    /// The unit of the value.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Cue(kind) => kind.unit(),
            Self::ActionAmplitude { .. } => "ratio",
            Self::ActionOrder { .. } => "ms",
        }
    }
}

/// One value against one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// What was looked at.
    pub judged: Judged,
    /// The value; `None` when it was not measured.
    pub value: Option<f64>,
    /// What it had to be.
    pub bound: Bound,
    /// Whether it was.
    pub holds: bool,
    /// It was not, and another cue of the same any-of rule was: nothing hangs on this one.
    pub is_excused: bool,
    /// The reason its rule would give.
    pub reason: Reason,
}

/// The answer and everything it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The answer.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The policy that was applied; with the measurements and the challenge it gives this
    /// decision again.
    pub policy: Applied,
    /// What there was to compare with; `None` when the recording could not be measured and this
    /// is no answer of [`decide`].
    pub reference: Option<Reference>,
    /// Whether probe and reference were compared; what billing asks about.
    pub compared: bool,
    /// Every judgement, in order.
    pub judgements: Vec<Judgement>,
}

/// Judges everything and answers with the first reason that does not hold.
pub fn decide(
    policy: &Policy,
    challenge: &Challenge,
    measurements: &Measurements,
    reference: Reference,
) -> Decision {
    let mut bench = Bench {
        judgements: Vec::new(),
        first: None,
    };
    judge_length(policy, challenge, measurements, &mut bench);
    for rule in &policy.rules {
        if rule.only.is_empty() || rule.only.contains(&challenge.kind) {
            bench.judge_rule(rule, measurements);
        }
    }
    judge_actions(policy, challenge, measurements, &mut bench);
    // A reference that can never be compared is told only to someone who was shown to be present.
    if let Some(reason) = reference.reason() {
        bench.blame(reason);
    } else {
        let demand = Demand {
            cue: CueKind::ComparisonFmr,
            bound: Bound::AtMost(policy.fmr_max),
        };
        bench.judge_cue(demand, Reason::ComparisonNonMatch, measurements);
    }
    let compared = reference == Reference::Features
        && usable(measurements.value(CueKind::ComparisonFmr)).is_some();
    let reason = bench.first.unwrap_or(Reason::Passed);
    Decision {
        outcome: reason.outcome(),
        reason,
        policy: policy.applied(),
        reference: Some(reference),
        compared,
        judgements: bench.judgements,
    }
}

/// Collects judgements and remembers the first reason.
struct Bench {
    judgements: Vec<Judgement>,
    first: Option<Reason>,
}

impl Bench {
    fn blame(&mut self, reason: Reason) {
        self.first.get_or_insert(reason);
    }

    fn judge_rule(&mut self, rule: &Rule, measurements: &Measurements) {
        let mut judged: Vec<Judgement> = rule
            .any_of
            .iter()
            .map(|demand| judge(*demand, rule.reason, measurements))
            .filter(|judgement| judgement.value.is_some() || !rule.optional)
            .collect();
        let is_missing = judged.iter().any(|judgement| judgement.value.is_none());
        if judged.iter().any(|judgement| judgement.holds) {
            for judgement in &mut judged {
                judgement.is_excused = !judgement.holds;
            }
        } else if !judged.is_empty() {
            self.blame(if is_missing {
                missing(rule.reason)
            } else {
                rule.reason
            });
        }
        self.judgements.extend(judged);
    }

    fn judge_cue(&mut self, demand: Demand, reason: Reason, measurements: &Measurements) {
        self.add(judge(demand, reason, measurements));
    }

    fn add(&mut self, judgement: Judgement) {
        if !judgement.holds {
            let is_missing = judgement.value.is_none();
            self.blame(if is_missing {
                missing(judgement.reason)
            } else {
                judgement.reason
            });
        }
        self.judgements.push(judgement);
    }
}

/// One cue against one demand.
fn judge(demand: Demand, reason: Reason, measurements: &Measurements) -> Judgement {
    let value = usable(measurements.value(demand.cue));
    judge_value(Judged::Cue(demand.cue), value, demand.bound, reason)
}

fn judge_value(judged: Judged, value: Option<f64>, bound: Bound, reason: Reason) -> Judgement {
    let holds = value.is_some_and(|value| bound.holds(value));
    Judgement {
        judged,
        value,
        bound,
        holds,
        is_excused: false,
        reason,
    }
}

/// A number that was measured: infinities and not-a-number count as not measured.
fn usable(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// The reason for a missing measurement: nobody is rejected for what was not measured.
const fn missing(reason: Reason) -> Reason {
    match reason.outcome() {
        Outcome::Inconclusive => reason,
        Outcome::Accepted | Outcome::Rejected => Reason::SystemFailure,
    }
}

fn judge_length(
    policy: &Policy,
    challenge: &Challenge,
    measurements: &Measurements,
    bench: &mut Bench,
) {
    let least = f64::from(challenge.duration_ms) - policy.clip_shortfall_ms_max;
    let demand = Demand {
        cue: CueKind::ClipDuration,
        bound: Bound::AtLeast(least.max(0.0)),
    };
    bench.judge_cue(demand, Reason::ClipTooShort, measurements);
}

fn judge_actions(
    policy: &Policy,
    challenge: &Challenge,
    measurements: &Measurements,
    bench: &mut Bench,
) {
    let mut former_at_ms: Option<f64> = None;
    for (step_index, step) in challenge.steps.iter().enumerate() {
        let Some(action) = step.action() else {
            continue;
        };
        let found = measurements
            .actions
            .iter()
            .find(|found| found.step_index == step_index);
        bench.add(judge_value(
            Judged::ActionAmplitude { step_index, action },
            usable(found.map(|found| found.amplitude)),
            Bound::AtLeast(policy.action_amplitude_min),
            Reason::ChallengeNotFollowed,
        ));
        let at_ms = usable(found.and_then(|found| found.at_ms));
        if let (Some(former), Some(now)) = (former_at_ms, at_ms) {
            bench.add(judge_value(
                Judged::ActionOrder { step_index, action },
                Some(now - former),
                Bound::AtLeast(0.0),
                Reason::ChallengeNotFollowed,
            ));
        }
        former_at_ms = at_ms.or(former_at_ms);
    }
}

#[cfg(test)]
mod tests;
