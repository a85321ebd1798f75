//! Who pays when it fails: a verification is billable when the comparator ran, and only then.

use crate::outcome::Reason;

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

/// Who pays for a verification that closed for this reason.
pub const fn bill(reason: Reason) -> Billing {
    let why = match reason {
        Reason::Passed | Reason::ComparisonNonMatch | Reason::NameNumberMismatch => {
            BillingReason::Compared
        }
        Reason::StillFace
        | Reason::LifeUnseen
        | Reason::SubjectChanged
        | Reason::ChallengeNotFollowed => BillingReason::PresenceNotShown,
        Reason::NoFace
        | Reason::SeveralFaces
        | Reason::FaceTooSmall
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
    Billing {
        billable: matches!(why, BillingReason::Compared),
        reason: why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billed_when_compared_and_free_otherwise() {
        let billed: Vec<Reason> = Reason::ALL
            .into_iter()
            .filter(|reason| bill(*reason).billable)
            .collect();
        assert_eq!(
            billed,
            [
                Reason::Passed,
                Reason::ComparisonNonMatch,
                Reason::NameNumberMismatch
            ]
        );
    }
}
