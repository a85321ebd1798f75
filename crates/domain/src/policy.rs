//! What is demanded of the measurements: versioned data, never code scattered about.
//!
//! Every threshold of the platform is in this file. Change one and the version grows, so that
//! a stored decision names the policy it was made with (invariant I5).

use crate::challenge::{Action, ChallengeKind};
use crate::measurements::CueKind;
use crate::mode::Mode;
use crate::outcome::Reason;

/// Which side of the threshold holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// The value must be at least this.
    AtLeast(f64),
    /// The value must be at most this.
    AtMost(f64),
}

impl Bound {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtLeast(_) => "at_least",
            Self::AtMost(_) => "at_most",
        }
    }

    /// The number.
    pub const fn threshold(self) -> f64 {
        match self {
            Self::AtLeast(threshold) | Self::AtMost(threshold) => threshold,
        }
    }

    /// Whether a value is on the right side. Not-a-number never is.
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(threshold) => value >= threshold,
            Self::AtMost(threshold) => value <= threshold,
        }
    }
}

/// One cue and what it must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// What is looked at.
    pub cue: CueKind,
    /// What it must be.
    pub bound: Bound,
}

/// One rule. Rules are judged in order; the first that does not hold gives the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The rule holds when at least one of these does.
    pub any_of: Vec<Demand>,
    /// The reason when it does not.
    pub reason: Reason,
    /// Judged only for these kinds of challenge; empty means for all.
    pub only: &'static [ChallengeKind],
    /// Whether a cue that was not measured is passed over; otherwise it makes the decision
    /// inconclusive.
    pub optional: bool,
}

/// A versioned policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Grows with every change; stored with each decision.
    pub version: u32,
    /// What to ask for by default.
    pub mode: Mode,
    /// Flashing light must not be shown.
    pub no_flash: bool,
    /// Which actions may be drawn.
    pub actions: Vec<Action>,
    /// How many of them a multi-action challenge asks for.
    pub actions_count: usize,
    /// How many digits are read, within [`crate::draw::DIGITS_COUNT`].
    pub digits_count: usize,
    /// How many colours are shown, within [`crate::draw::FLASHES_COUNT`].
    pub flashes_count: usize,
    /// An action counts when its amplitude reaches this share of the defined one.
    pub action_amplitude_min: f64,
    /// A clip may be this much shorter than its challenge, in milliseconds.
    pub clip_shortfall_ms_max: f64,
    /// The comparison holds when its false match rate is at most this.
    pub fmr_max: f64,
    /// How many capture attempts one verification has.
    pub attempts_max: u32,
    /// The rules that are judged before the actions, in order of judgement.
    pub rules: Vec<Rule>,
}

const FLASH: &[ChallengeKind] = &[ChallengeKind::ScreenFlash];
const DIGITS: &[ChallengeKind] = &[ChallengeKind::ReadDigits];
const NEAR_FAR: &[ChallengeKind] = &[ChallengeKind::NearFar];
const SILENT: &[ChallengeKind] = &[ChallengeKind::Silent];
const ACTIONS: &[ChallengeKind] = &[ChallengeKind::SingleAction, ChallengeKind::MultiAction];

const fn at_least(cue: CueKind, threshold: f64) -> Demand {
    Demand {
        cue,
        bound: Bound::AtLeast(threshold),
    }
}

const fn at_most(cue: CueKind, threshold: f64) -> Demand {
    Demand {
        cue,
        bound: Bound::AtMost(threshold),
    }
}

fn rule(reason: Reason, demand: Demand) -> Rule {
    Rule {
        any_of: vec![demand],
        reason,
        only: &[],
        optional: false,
    }
}

/// What of a policy a stored decision must name to be computed again: its version, and the
/// numbers that an operator may set over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Applied {
    /// [`Policy::version`].
    pub version: u32,
    /// [`Policy::action_amplitude_min`].
    pub action_amplitude_min: f64,
    /// [`Policy::clip_shortfall_ms_max`].
    pub clip_shortfall_ms_max: f64,
    /// [`Policy::fmr_max`].
    pub fmr_max: f64,
}

impl Policy {
    /// What a decision by this policy must remember of it.
    pub const fn applied(&self) -> Applied {
        Applied {
            version: self.version,
            action_amplitude_min: self.action_amplitude_min,
            clip_shortfall_ms_max: self.clip_shortfall_ms_max,
            fmr_max: self.fmr_max,
        }
    }

    /// The policy that a stored decision was made with, as far as deciding goes: what may be
    /// drawn and how often one may try are not part of a decision. `None` as [`Self::of_version`].
    pub fn of_applied(applied: Applied) -> Option<Self> {
        Self::of_version(applied.version).map(|policy| Self {
            action_amplitude_min: applied.action_amplitude_min,
            clip_shortfall_ms_max: applied.clip_shortfall_ms_max,
            fmr_max: applied.fmr_max,
            ..policy
        })
    }

    /// The policy of this release.
    pub fn current() -> Self {
        Self::v2()
    }

    /// The policy before flashes, digits and distances could be measured.
    ///
    /// Where a number comes from: docs/ACCURACY.md where rendered clips or photographs were
    /// measured (life in the face, continuity, covers, amplitudes, comparison), and otherwise a
    /// starting value.
    pub fn v1() -> Self {
        Self {
            version: 1,
            mode: Mode::MultiAction,
            no_flash: false,
            actions: Action::ALL.to_vec(),
            actions_count: 3,
            digits_count: 4,
            flashes_count: 10,
            action_amplitude_min: 0.6,
            clip_shortfall_ms_max: 1000.0,
            fmr_max: 1e-4,
            attempts_max: 3,
            rules: rules_v1(),
        }
    }

    /// As version 1, and what each newer challenge must show.
    pub fn v2() -> Self {
        Self {
            version: 2,
            rules: [rules_v1(), rules_v2()].concat(),
            ..Self::v1()
        }
    }

    /// The policy of a stored decision; `None` when no release ever had that version.
    pub fn of_version(version: u32) -> Option<Self> {
        match version {
            1 => Some(Self::v1()),
            2 => Some(Self::v2()),
            _ => None,
        }
    }
}

/// Movement that a living face shows by itself.
fn life() -> Vec<Demand> {
    vec![
        at_least(CueKind::EyeRange, 0.25),
        at_least(CueKind::MouthRange, 0.08),
        at_least(CueKind::NonRigidMotion, 0.05),
    ]
}

fn rules_v1() -> Vec<Rule> {
    use CueKind as C;
    use Reason as R;
    vec![
        // Media and timing.
        rule(R::ClipTooShort, at_least(C::ClipDuration, 1500.0)),
        rule(R::ClipTooShort, at_least(C::FrameRate, 5.0)),
        rule(R::TimingImplausible, at_most(C::FrameGapMax, 1500.0)),
        rule(R::TimingImplausible, at_most(C::DuplicateFrameShare, 0.5)),
        // The capture client's own clock: checked when it was sent, never trusted.
        Rule {
            optional: true,
            ..rule(R::TimingImplausible, at_most(C::OnsetDrift, 1500.0))
        },
        // Presence of one face.
        rule(R::NoFace, at_least(C::FacePresence, 0.6)),
        rule(R::SeveralFaces, at_most(C::FaceCountMax, 1.0)),
        // Quality of the best frame.
        rule(R::FaceTooSmall, at_least(C::InterEyeDistance, 40.0)),
        rule(R::TooDark, at_least(C::Brightness, 40.0)),
        rule(R::TooBright, at_most(C::Brightness, 225.0)),
        rule(R::TooBright, at_most(C::ClippedShare, 0.3)),
        rule(R::FaceNotFrontal, at_most(C::BestYaw, 20.0)),
        rule(R::FaceNotFrontal, at_most(C::BestPitch, 20.0)),
        rule(R::Blurred, at_least(C::Sharpness, 15.0)),
        rule(R::Occluded, at_most(C::OcclusionHint, 0.45)),
        // The same person from beginning to end.
        rule(R::SubjectChanged, at_least(C::ContinuityMin, 0.93)),
        rule(R::SubjectChanged, at_most(C::TrackJumpMax, 1.0)),
        // Life in the face: prints and masks stay below all three. So may a person who was asked
        // for nothing and did not blink; nobody is rejected for that.
        Rule {
            any_of: life(),
            reason: R::LifeUnseen,
            only: SILENT,
            optional: false,
        },
        // Whoever did one of the actions is no picture, however calm the face was otherwise.
        Rule {
            any_of: [vec![at_least(C::ActionsSeenShare, 0.01)], life()].concat(),
            reason: R::StillFace,
            only: ACTIONS,
            optional: false,
        },
        Rule {
            only: ACTIONS,
            ..rule(R::ChallengeNotFollowed, at_most(C::ActionsOutOfOrder, 0.0))
        },
    ]
}

/// A rule for some kinds of challenge.
fn only(kinds: &'static [ChallengeKind], rule: Rule) -> Rule {
    Rule {
        only: kinds,
        ..rule
    }
}

/// A rule about something that not every device or installation can measure.
fn optional(rule: Rule) -> Rule {
    Rule {
        optional: true,
        ..rule
    }
}

fn rules_v2() -> Vec<Rule> {
    [common_v2(), flash_v2(), digits_v2(), distances_v2()].concat()
}

fn common_v2() -> Vec<Rule> {
    use CueKind as C;
    use Reason as R;
    vec![
        rule(R::FaceTooLarge, at_most(C::FaceExtent, 0.75)),
        // Bona fide takes stay below 9 dB, a grid of 3 of 255 grey levels reaches 20 and more.
        optional(rule(R::ArtefactSeen, at_most(C::MoirePeak, 18.0))),
        optional(rule(R::ArtefactSeen, at_least(C::PadScore, 0.3))),
        // Seen again much earlier: a loop. Living takes have none; a moment of it is chance.
        optional(rule(R::TimingImplausible, at_most(C::LoopShare, 0.3))),
        // Headless Chromium agrees with the page's log to 3 ms; clocks that have nothing to do with
        // each other are a quarter of a frame apart, 8 ms at 30 a second. Real cameras: not known.
        optional(rule(
            R::TimingImplausible,
            at_most(C::FrameLogResidual, 6.0),
        )),
    ]
}

fn flash_v2() -> Vec<Rule> {
    use CueKind as C;
    use Reason as R;
    vec![
        // Light that moves, and not as the screen's: somebody else's light.
        only(
            FLASH,
            Rule {
                any_of: vec![
                    at_least(C::FlashCorrelation, 0.75),
                    at_most(C::FlashUnexplained, 0.06),
                ],
                ..rule(R::FlashMismatch, at_least(C::FlashCorrelation, 0.75))
            },
        ),
        // The light of the screen is hardly seen, or not clearly: that is no answer.
        only(
            FLASH,
            rule(R::AmbientTooStrong, at_least(C::FlashGain, 0.03)),
        ),
        only(
            FLASH,
            rule(R::AmbientTooStrong, at_least(C::FlashCorrelation, 0.9)),
        ),
        // 1 of 1,500 orders is the least there can be.
        only(
            FLASH,
            rule(R::FlashMismatch, at_most(C::FlashPValue, 0.002)),
        ),
        // What answers as its background does is a picture with its background.
        only(
            FLASH,
            rule(R::FlatFace, at_least(C::FlashBackgroundRatio, 1.5)),
        ),
        only(FLASH, rule(R::FlatFace, at_least(C::FlashRelief, 1.05))),
    ]
}

fn digits_v2() -> Vec<Rule> {
    use CueKind as C;
    use Reason as R;
    vec![
        // The digits: heard, the right ones, when they were shown, from this mouth.
        only(
            DIGITS,
            rule(R::SpeechUnheard, at_least(C::VoiceLevel, -50.0)),
        ),
        only(DIGITS, rule(R::SpeechUnheard, at_least(C::VoiceSnr, 10.0))),
        only(DIGITS, rule(R::DigitsDiffer, at_least(C::DigitScore, -6.0))),
        only(
            DIGITS,
            rule(R::DigitsDiffer, at_least(C::VoicePaceShare, 1.0)),
        ),
        only(DIGITS, rule(R::LipsStill, at_least(C::LipMotion, 2.0))),
        only(DIGITS, rule(R::LipsStill, at_least(C::LipPaceShare, 0.75))),
        only(
            DIGITS,
            rule(R::LipsStill, at_least(C::LipVoiceAgreement, 0.0)),
        ),
    ]
}

fn distances_v2() -> Vec<Rule> {
    use CueKind as C;
    use Reason as R;
    vec![
        // The distances: reached, and seen in the shape of the face.
        only(
            NEAR_FAR,
            rule(
                R::ChallengeNotFollowed,
                at_least(C::DistancesSeenShare, 1.0),
            ),
        ),
        only(
            NEAR_FAR,
            rule(R::FlatFace, at_least(C::PerspectiveChange, 0.25)),
        ),
    ]
}
