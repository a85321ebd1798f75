//! How a verification can end, and what the capture subject is told. The code each dialect gives
//! to a reason is in `codes`.

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// A present, bona fide person, and the one the reference shows.
    Accepted,
    /// Shown not to be so.
    Rejected,
    /// Could not be told; never a pass.
    Inconclusive,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Rejected, Self::Inconclusive];

    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// The outcome with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// Why. The fine reason goes to the tenant's server; the capture client sees a [`Hint`] only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Everything held.
    Passed,
    /// No usable face.
    NoFace,
    /// More than one face.
    SeveralFaces,
    /// The face is too small in the picture.
    FaceTooSmall,
    /// No frame looks into the camera.
    FaceNotFrontal,
    /// Too little light on the face.
    TooDark,
    /// Too much light on the face.
    TooBright,
    /// No sharp frame.
    Blurred,
    /// Something covers the face.
    Occluded,
    /// The recording is too short or has too few frames.
    ClipTooShort,
    /// Frame times or prompt times do not fit a live recording.
    TimingImplausible,
    /// The recording could not be decoded.
    MediaUnreadable,
    /// The prompted actions were not done, or not in time, or not in order.
    ChallengeNotFollowed,
    /// Nothing in the face moved as a living face does.
    StillFace,
    /// The face showed no movement of its own, and nothing was asked that would have shown one.
    LifeUnseen,
    /// The face fills the picture.
    FaceTooLarge,
    /// Other light is so strong that the shown light is not seen on the face.
    AmbientTooStrong,
    /// The light on the face changed, and not as the shown light did.
    FlashMismatch,
    /// The face is as flat as a picture.
    FlatFace,
    /// The picture carries signs of a screen or a print.
    ArtefactSeen,
    /// No voice was heard, or too much noise with it.
    SpeechUnheard,
    /// The digits heard are not those that were shown, or not when they were.
    DigitsDiffer,
    /// The mouth does not move as the voice does.
    LipsStill,
    /// The person changed during the recording.
    SubjectChanged,
    /// The face is not the one of the reference.
    ComparisonNonMatch,
    /// The identity source knows the number under another name.
    NameNumberMismatch,
    /// The identity source does not know the number.
    IdentityUnknown,
    /// The identity source has no photograph.
    ReferenceMissing,
    /// The reference photograph cannot be compared.
    ReferencePoor,
    /// The identity source did not answer.
    SourceUnavailable,
    /// The capture subject cancelled.
    Cancelled,
    /// The capture subject refused camera or microphone.
    NotAuthorised,
    /// The device cannot record.
    DeviceUnsupported,
    /// The capture did not end in time.
    CaptureTimedOut,
    /// Never captured within its life.
    Expired,
    /// Our own failure.
    SystemFailure,
}

impl Reason {
    /// Every reason, in the order of the documents.
    pub const ALL: [Self; 36] = [
        Self::Passed,
        Self::NoFace,
        Self::SeveralFaces,
        Self::FaceTooSmall,
        Self::FaceNotFrontal,
        Self::TooDark,
        Self::TooBright,
        Self::Blurred,
        Self::Occluded,
        Self::ClipTooShort,
        Self::TimingImplausible,
        Self::MediaUnreadable,
        Self::ChallengeNotFollowed,
        Self::StillFace,
        Self::LifeUnseen,
        Self::FaceTooLarge,
        Self::AmbientTooStrong,
        Self::FlashMismatch,
        Self::FlatFace,
        Self::ArtefactSeen,
        Self::SpeechUnheard,
        Self::DigitsDiffer,
        Self::LipsStill,
        Self::SubjectChanged,
        Self::ComparisonNonMatch,
        Self::NameNumberMismatch,
        Self::IdentityUnknown,
        Self::ReferenceMissing,
        Self::ReferencePoor,
        Self::SourceUnavailable,
        Self::Cancelled,
        Self::NotAuthorised,
        Self::DeviceUnsupported,
        Self::CaptureTimedOut,
        Self::Expired,
        Self::SystemFailure,
    ];

    /// The name in rows and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::NoFace => "no_face",
            Self::SeveralFaces => "several_faces",
            Self::FaceTooSmall => "face_too_small",
            Self::FaceNotFrontal => "face_not_frontal",
            Self::TooDark => "too_dark",
            Self::TooBright => "too_bright",
            Self::Blurred => "blurred",
            Self::Occluded => "occluded",
            Self::ClipTooShort => "clip_too_short",
            Self::TimingImplausible => "timing_implausible",
            Self::MediaUnreadable => "media_unreadable",
            Self::ChallengeNotFollowed => "challenge_not_followed",
            Self::StillFace => "still_face",
            Self::LifeUnseen => "life_unseen",
            Self::FaceTooLarge => "face_too_large",
            Self::AmbientTooStrong => "ambient_too_strong",
            Self::FlashMismatch => "flash_mismatch",
            Self::FlatFace => "flat_face",
            Self::ArtefactSeen => "artefact_seen",
            Self::SpeechUnheard => "speech_unheard",
            Self::DigitsDiffer => "digits_differ",
            Self::LipsStill => "lips_still",
            Self::SubjectChanged => "subject_changed",
            Self::ComparisonNonMatch => "comparison_non_match",
            Self::NameNumberMismatch => "name_number_mismatch",
            Self::IdentityUnknown => "identity_unknown",
            Self::ReferenceMissing => "reference_missing",
            Self::ReferencePoor => "reference_poor",
            Self::SourceUnavailable => "source_unavailable",
            Self::Cancelled => "cancelled",
            Self::NotAuthorised => "not_authorised",
            Self::DeviceUnsupported => "device_unsupported",
            Self::CaptureTimedOut => "capture_timed_out",
            Self::Expired => "expired",
            Self::SystemFailure => "system_failure",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// The answer this reason stands for.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Passed => Outcome::Accepted,
            Self::StillFace
            | Self::FlashMismatch
            | Self::FlatFace
            | Self::ArtefactSeen
            | Self::SubjectChanged
            | Self::ComparisonNonMatch
            | Self::NameNumberMismatch => Outcome::Rejected,
            Self::NoFace
            | Self::SeveralFaces
            | Self::FaceTooSmall
            | Self::FaceNotFrontal
            | Self::TooDark
            | Self::TooBright
            | Self::Blurred
            | Self::Occluded
            | Self::ClipTooShort
            | Self::TimingImplausible
            | Self::MediaUnreadable
            | Self::ChallengeNotFollowed
            | Self::LifeUnseen
            | Self::FaceTooLarge
            | Self::AmbientTooStrong
            | Self::SpeechUnheard
            | Self::DigitsDiffer
            | Self::LipsStill
            | Self::IdentityUnknown
            | Self::ReferenceMissing
            | Self::ReferencePoor
            | Self::SourceUnavailable
            | Self::Cancelled
            | Self::NotAuthorised
            | Self::DeviceUnsupported
            | Self::CaptureTimedOut
            | Self::Expired
            | Self::SystemFailure => Outcome::Inconclusive,
        }
    }

    /// Whether another capture attempt of the same verification could end differently.
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::NoFace
            | Self::SeveralFaces
            | Self::FaceTooSmall
            | Self::FaceNotFrontal
            | Self::TooDark
            | Self::TooBright
            | Self::Blurred
            | Self::Occluded
            | Self::ClipTooShort
            | Self::TimingImplausible
            | Self::MediaUnreadable
            | Self::ChallengeNotFollowed
            | Self::LifeUnseen
            | Self::FaceTooLarge
            | Self::AmbientTooStrong
            | Self::SpeechUnheard
            | Self::DigitsDiffer
            | Self::LipsStill
            | Self::SourceUnavailable
            | Self::Cancelled
            | Self::NotAuthorised
            | Self::DeviceUnsupported
            | Self::CaptureTimedOut
            | Self::SystemFailure => true,
            Self::Passed
            | Self::StillFace
            | Self::FlashMismatch
            | Self::FlatFace
            | Self::ArtefactSeen
            | Self::SubjectChanged
            | Self::ComparisonNonMatch
            | Self::NameNumberMismatch
            | Self::IdentityUnknown
            | Self::ReferenceMissing
            | Self::ReferencePoor
            | Self::Expired => false,
        }
    }

    /// What the capture subject can do about it; nothing for a pass.
    /// Invariant: I6, a rejection says no more than to ask the business.
    pub const fn hint(self) -> Option<Hint> {
        match self {
            Self::Passed => None,
            Self::NoFace | Self::FaceNotFrontal => Some(Hint::LookStraight),
            Self::SeveralFaces => Some(Hint::OnePersonOnly),
            Self::FaceTooSmall => Some(Hint::MoveCloser),
            Self::FaceTooLarge => Some(Hint::MoveBack),
            Self::SpeechUnheard | Self::DigitsDiffer | Self::LipsStill => Some(Hint::SpeakClearly),
            Self::TooDark => Some(Hint::MoreLight),
            Self::TooBright | Self::AmbientTooStrong => Some(Hint::LessLight),
            Self::Blurred => Some(Hint::HoldStill),
            Self::Occluded => Some(Hint::UncoverFace),
            Self::ClipTooShort
            | Self::TimingImplausible
            | Self::LifeUnseen
            | Self::SourceUnavailable
            | Self::Cancelled
            | Self::NotAuthorised
            | Self::CaptureTimedOut
            | Self::Expired
            | Self::SystemFailure => Some(Hint::TryAgain),
            Self::MediaUnreadable | Self::DeviceUnsupported => Some(Hint::UseOtherBrowser),
            Self::ChallengeNotFollowed => Some(Hint::FollowPrompts),
            Self::StillFace
            | Self::FlashMismatch
            | Self::FlatFace
            | Self::ArtefactSeen
            | Self::SubjectChanged
            | Self::ComparisonNonMatch
            | Self::NameNumberMismatch
            | Self::IdentityUnknown
            | Self::ReferenceMissing
            | Self::ReferencePoor => Some(Hint::ContactSupport),
        }
    }
}

/// What the capture client may show, localised by the page. Tells no score, threshold or reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// Look straight into the camera.
    LookStraight,
    /// Come closer.
    MoveCloser,
    /// Move back.
    MoveBack,
    /// Only one person in the picture.
    OnePersonOnly,
    /// More light on the face.
    MoreLight,
    /// Less light on the face.
    LessLight,
    /// Hold still.
    HoldStill,
    /// Nothing may cover the face.
    UncoverFace,
    /// Do what the prompts ask, when they ask.
    FollowPrompts,
    /// Read the digits aloud and clearly, when they appear.
    SpeakClearly,
    /// Try again.
    TryAgain,
    /// Use another browser or device.
    UseOtherBrowser,
    /// Ask the business that sent you here.
    ContactSupport,
}

impl Hint {
    /// Every hint.
    pub const ALL: [Self; 13] = [
        Self::LookStraight,
        Self::MoveCloser,
        Self::MoveBack,
        Self::OnePersonOnly,
        Self::MoreLight,
        Self::LessLight,
        Self::HoldStill,
        Self::UncoverFace,
        Self::FollowPrompts,
        Self::SpeakClearly,
        Self::TryAgain,
        Self::UseOtherBrowser,
        Self::ContactSupport,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LookStraight => "look_straight",
            Self::MoveCloser => "move_closer",
            Self::MoveBack => "move_back",
            Self::OnePersonOnly => "one_person_only",
            Self::MoreLight => "more_light",
            Self::LessLight => "less_light",
            Self::HoldStill => "hold_still",
            Self::UncoverFace => "uncover_face",
            Self::FollowPrompts => "follow_prompts",
            Self::SpeakClearly => "speak_clearly",
            Self::TryAgain => "try_again",
            Self::UseOtherBrowser => "use_other_browser",
            Self::ContactSupport => "contact_support",
        }
    }

    /// The hint with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hint| hint.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_own_and_is_read_back() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(reason));
        }
        for hint in Hint::ALL {
            assert_eq!(Hint::from_name(hint.name()), Some(hint));
        }
        assert_eq!(Reason::from_name("Passed"), None);
    }

    #[test]
    fn only_passed_is_accepted_and_a_rejection_tells_the_subject_nothing() {
        for reason in Reason::ALL {
            assert_eq!(
                reason.outcome() == Outcome::Accepted,
                reason == Reason::Passed
            );
            if reason.outcome() == Outcome::Rejected {
                assert_eq!(reason.hint(), Some(Hint::ContactSupport));
                assert!(!reason.is_retryable());
            }
        }
    }
}
