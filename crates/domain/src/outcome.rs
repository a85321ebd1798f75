//! How a verification can end, and the code each dialect gives to it. One table, here only.

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
