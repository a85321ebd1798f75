//! Who pays when it fails: a verification is billable when the comparator ran, and only then,
//! unless the account agreed to pay for attacks as well.

use crate::outcome::{Outcome, Reason};

/// What an account agreed to beyond the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BillingRules {
    /// Whether a presence check that was answered with a rejection is billed.
    pub bills_attacks: bool,
}

/// Whether a closed verification is billed, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billing {
    /// Whether its hold settles; otherwise it is released.
    pub billable: bool,
    /// Why, as reports and the API print it.
    pub reason: BillingReason,
}

/// Why something is billed or free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BillingReason {
    /// The comparator answered: match, non-match, or an identity mismatch it found.
    Compared,
    /// The presence check failed before any comparison counted; free by default.
    PresenceNotShown,
    /// The recording was not usable.
    NotUsable,
    /// Cancelled, timed out, or refused by device or person.
    NotCaptured,
    /// There was nothing to compare with.
    NoReference,
    /// Expired unused.
    Expired,
    /// Our own failure.
    OurFailure,
}

impl BillingReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Compared,
        Self::PresenceNotShown,
        Self::NotUsable,
        Self::NotCaptured,
        Self::NoReference,
        Self::Expired,
        Self::OurFailure,
    ];

    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compared => "compared",
            Self::PresenceNotShown => "presence_not_shown",
            Self::NotUsable => "not_usable",
            Self::NotCaptured => "not_captured",
            Self::NoReference => "no_reference",
            Self::Expired => "expired",
            Self::OurFailure => "our_failure",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

/// Who pays for a verification that closed for this reason. What can be billed is answered for
/// good, so that only the attempt that closes a verification is ever billed.
pub const fn bill(reason: Reason, rules: BillingRules) -> Billing {
    let why = match reason {
        Reason::Passed | Reason::ComparisonNonMatch | Reason::NameNumberMismatch => {
            BillingReason::Compared
        }
        Reason::StillFace
        | Reason::LifeUnseen
        | Reason::FlashMismatch
        | Reason::FlatFace
        | Reason::ArtefactSeen
        | Reason::DigitsDiffer
        | Reason::LipsStill
        | Reason::SubjectChanged
        | Reason::ChallengeNotFollowed => BillingReason::PresenceNotShown,
        Reason::NoFace
        | Reason::SeveralFaces
        | Reason::FaceTooSmall
        | Reason::FaceTooLarge
        | Reason::AmbientTooStrong
        | Reason::SpeechUnheard
        | Reason::FaceNotFrontal
        | Reason::TooDark
        | Reason::TooBright
        | Reason::Blurred
        | Reason::Occluded
        | Reason::ClipTooShort
        | Reason::TimingImplausible
        | Reason::MediaUnreadable => BillingReason::NotUsable,
        Reason::Cancelled
        | Reason::NotAuthorised
        | Reason::DeviceUnsupported
        | Reason::CaptureTimedOut => BillingReason::NotCaptured,
        Reason::IdentityUnknown | Reason::ReferenceMissing | Reason::ReferencePoor => {
            BillingReason::NoReference
        }
        Reason::Expired => BillingReason::Expired,
        Reason::SourceUnavailable | Reason::SystemFailure => BillingReason::OurFailure,
    };
    let is_attack = matches!(why, BillingReason::PresenceNotShown)
        && matches!(reason.outcome(), Outcome::Rejected);
    Billing {
        billable: matches!(why, BillingReason::Compared) || (is_attack && rules.bills_attacks),
        reason: why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table: reason, why, billed by the rule, billed when attacks are billed as well.
    const TABLE: [(Reason, &str, bool, bool); 36] = [
        (Reason::Passed, "compared", true, true),
        (Reason::NoFace, "not_usable", false, false),
        (Reason::SeveralFaces, "not_usable", false, false),
        (Reason::FaceTooSmall, "not_usable", false, false),
        (Reason::FaceNotFrontal, "not_usable", false, false),
        (Reason::TooDark, "not_usable", false, false),
        (Reason::TooBright, "not_usable", false, false),
        (Reason::Blurred, "not_usable", false, false),
        (Reason::Occluded, "not_usable", false, false),
        (Reason::ClipTooShort, "not_usable", false, false),
        (Reason::TimingImplausible, "not_usable", false, false),
        (Reason::MediaUnreadable, "not_usable", false, false),
        (
            Reason::ChallengeNotFollowed,
            "presence_not_shown",
            false,
            false,
        ),
        (Reason::StillFace, "presence_not_shown", false, true),
        (Reason::LifeUnseen, "presence_not_shown", false, false),
        (Reason::FaceTooLarge, "not_usable", false, false),
        (Reason::AmbientTooStrong, "not_usable", false, false),
        (Reason::FlashMismatch, "presence_not_shown", false, true),
        (Reason::FlatFace, "presence_not_shown", false, true),
        (Reason::ArtefactSeen, "presence_not_shown", false, true),
        (Reason::SpeechUnheard, "not_usable", false, false),
        (Reason::DigitsDiffer, "presence_not_shown", false, false),
        (Reason::LipsStill, "presence_not_shown", false, false),
        (Reason::SubjectChanged, "presence_not_shown", false, true),
        (Reason::ComparisonNonMatch, "compared", true, true),
        (Reason::NameNumberMismatch, "compared", true, true),
        (Reason::IdentityUnknown, "no_reference", false, false),
        (Reason::ReferenceMissing, "no_reference", false, false),
        (Reason::ReferencePoor, "no_reference", false, false),
        (Reason::SourceUnavailable, "our_failure", false, false),
        (Reason::Cancelled, "not_captured", false, false),
        (Reason::NotAuthorised, "not_captured", false, false),
        (Reason::DeviceUnsupported, "not_captured", false, false),
        (Reason::CaptureTimedOut, "not_captured", false, false),
        (Reason::Expired, "expired", false, false),
        (Reason::SystemFailure, "our_failure", false, false),
    ];

    #[test]
    fn the_whole_table_with_and_without_attacks() {
        let attacks = BillingRules {
            bills_attacks: true,
        };
        for (reason, (row, why, plain, with_attacks)) in Reason::ALL.into_iter().zip(TABLE) {
            assert_eq!(reason, row);
            for (rules, billable) in [(BillingRules::default(), plain), (attacks, with_attacks)] {
                let billing = bill(reason, rules);
                assert_eq!(billing.billable, billable, "{reason:?} {rules:?}");
                assert_eq!(billing.reason.name(), why, "{reason:?}");
            }
        }
    }

    #[test]
    fn what_may_be_tried_again_is_never_billed() {
        let rules = BillingRules {
            bills_attacks: true,
        };
        for reason in Reason::ALL {
            assert!(!(reason.is_retryable() && bill(reason, rules).billable));
        }
    }
}
