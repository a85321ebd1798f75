//! A person who does everything right, as numbers.

use crate::measurements::CueKind;

/// A value well on the right side of every rule of the policy.
pub(super) fn good(kind: CueKind) -> f64 {
    match kind {
        CueKind::FaceCountMax
        | CueKind::FacePresence
        | CueKind::ActionsSeenShare
        | CueKind::DistancesSeenShare
        | CueKind::PerspectiveChange
        | CueKind::VoicePaceShare
        | CueKind::LipPaceShare => 1.0,
        CueKind::InterEyeDistance => 120.0,
        CueKind::Sharpness => 300.0,
        CueKind::Brightness => 128.0,
        CueKind::BestYaw | CueKind::BestPitch => 3.0,
        CueKind::ContinuityMin | CueKind::ComparisonScore | CueKind::PadScore => 0.98,
        CueKind::ClipDuration => 9000.0,
        CueKind::FrameRate => 15.0,
        CueKind::FrameGapMax => 80.0,
        CueKind::EyeRange | CueKind::MouthRange | CueKind::LipVoiceAgreement => 0.6,
        CueKind::YawRange => 25.0,
        CueKind::NonRigidMotion => 0.2,
        CueKind::OnsetDrift => 20.0,
        CueKind::ComparisonFmr => 1e-6,
        CueKind::ClippedShare
        | CueKind::OcclusionHint
        | CueKind::TrackJumpMax
        | CueKind::DuplicateFrameShare
        | CueKind::FlashUnexplained
        | CueKind::LoopShare
        | CueKind::FrameLogResidual
        | CueKind::ActionsOutOfOrder => 0.0,
        CueKind::FaceExtent => 0.4,
        CueKind::FlashCorrelation | CueKind::FlashNormals => 0.99,
        CueKind::FlashPValue => 1e-3,
        CueKind::FlashLag => 90.0,
        CueKind::FlashGain | CueKind::FlashBackgroundRatio => 1.5,
        CueKind::FlashRelief => 4.0,
        CueKind::PlanarResidual => 0.1,
        CueKind::DistanceChange => 2.0,
        CueKind::MoirePeak | CueKind::LipMotion => 6.0,
        CueKind::VoiceLevel => -20.0,
        CueKind::VoiceSnr => 30.0,
        CueKind::DigitScore => -1.0,
    }
}
