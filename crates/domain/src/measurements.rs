//! What the engine measured: numbers with a name, a unit and, where time matters, a series.
//!
//! Measurements carry no threshold and no verdict; those are `policy` and `decide`. They are
//! stored as they are, so that a decision can be computed again without the media (invariant I5).

/// One value over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Milliseconds after the first frame.
    pub at_ms: f64,
    /// The value, in the unit of its cue.
    pub value: f64,
}

/// What is measured. The unit of each is in [`CueKind::unit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CueKind {
    /// Largest number of faces seen in one frame.
    FaceCountMax,
    /// Share of the frames in which the one face was tracked.
    FacePresence,
    /// Distance of the eye centres in the best frame.
    InterEyeDistance,
    /// Sharpness of the face in the best frame (variance of the Laplacian on the aligned chip).
    Sharpness,
    /// Mean luma of the face in the best frame.
    Brightness,
    /// Share of the face that is clipped to white or black in the best frame.
    ClippedShare,
    /// Absolute yaw of the best frame.
    BestYaw,
    /// Absolute pitch change of the best frame from the clip's neutral.
    BestPitch,
    /// How unlike an uncovered face the best frame is; 0 is uncovered.
    OcclusionHint,
    /// Lowest similarity between the features of any two sampled frames; frames are sampled by
    /// the clock, while the subject looks as usual (not turned, speaking or blinking).
    ContinuityMin,
    /// Largest jump of the face centre between two frames, in face widths.
    TrackJumpMax,
    /// Length of the clip.
    ClipDuration,
    /// Decoded frames a second.
    FrameRate,
    /// Longest time between two frames.
    FrameGapMax,
    /// Share of the frames that repeat the one before to the bit.
    DuplicateFrameShare,
    /// Peak-to-peak eye aspect ratio over the clip, relative to the open eye.
    EyeRange,
    /// Peak-to-peak mouth opening over the clip.
    MouthRange,
    /// Peak-to-peak yaw over the clip.
    YawRange,
    /// Movement of the mesh in the picture plane that no affine map explains (a flat picture
    /// however held shows next to none), in inter-eye distances.
    NonRigidMotion,
    /// Share of the prompted actions seen inside their windows.
    ActionsSeenShare,
    /// Number of actions that were seen outside the order that was asked for.
    ActionsOutOfOrder,
    /// Largest difference between a prompt's planned and reported time.
    OnsetDrift,
    /// Width of the face in the best frame, as a share of the picture's width.
    FaceExtent,
    /// Correlation of the light on the face with the light that was shown, at the best lag.
    FlashCorrelation,
    /// Share of shuffled orders of the same colours that correlate as well.
    FlashPValue,
    /// Lag of the light on the face behind the light that was shown.
    FlashLag,
    /// What full shown light adds to the face, relative to the light that is there without it.
    FlashGain,
    /// Changes of the light on the face that the shown light does not explain, relative to the light that is there.
    FlashUnexplained,
    /// Gain of the face over the gain of its background.
    FlashBackgroundRatio,
    /// Gain of the middle of the face over the gain of its sides.
    FlashRelief,
    /// Correlation of the gain over the face with what its shape reflects.
    FlashNormals,
    /// Movement of points of the face that no plane explains, while the head moves.
    PlanarResidual,
    /// Largest size of the face over its smallest.
    DistanceChange,
    /// Share of the prompted distances that were reached inside their windows.
    DistancesSeenShare,
    /// Change of the face's shape with its distance; 1 is that of a head, 0 is that of a picture.
    PerspectiveChange,
    /// Strongest periodic pattern on the face over its surroundings in the spectrum.
    MoirePeak,
    /// Share of the frames that show again what was seen much earlier.
    LoopShare,
    /// Median difference between the frame times of the recording and those the page logged, shifted to fit.
    FrameLogResidual,
    /// Level of the voice.
    VoiceLevel,
    /// Level of the voice over the noise.
    VoiceSnr,
    /// How much better the digits that were asked for explain the sound than everything near them.
    DigitScore,
    /// Share of the digits whose sound began in time after they were shown.
    VoicePaceShare,
    /// Share of the digits for which the mouth moved in time after they were shown.
    LipPaceShare,
    /// Movement of the mouth during the digits over its movement outside them.
    LipMotion,
    /// Correlation of the mouth's opening with the loudness of the voice, at the best lag.
    LipVoiceAgreement,
    /// Mean probability of a bona fide presentation by the presentation attack detection model.
    PadScore,
    /// Similarity of the probe to the reference.
    ComparisonScore,
    /// The false match rate at which that similarity would be the threshold.
    ComparisonFmr,
}

impl CueKind {
    /// Every cue, in the order of a report.
    pub const ALL: [Self; 48] = [
        Self::FaceCountMax,
        Self::FacePresence,
        Self::InterEyeDistance,
        Self::Sharpness,
        Self::Brightness,
        Self::ClippedShare,
        Self::BestYaw,
        Self::BestPitch,
        Self::OcclusionHint,
        Self::ContinuityMin,
        Self::TrackJumpMax,
        Self::ClipDuration,
        Self::FrameRate,
        Self::FrameGapMax,
        Self::DuplicateFrameShare,
        Self::EyeRange,
        Self::MouthRange,
        Self::YawRange,
        Self::NonRigidMotion,
        Self::ActionsSeenShare,
        Self::ActionsOutOfOrder,
        Self::OnsetDrift,
        Self::FaceExtent,
        Self::FlashCorrelation,
        Self::FlashPValue,
        Self::FlashLag,
        Self::FlashGain,
        Self::FlashUnexplained,
        Self::FlashBackgroundRatio,
        Self::FlashRelief,
        Self::FlashNormals,
        Self::PlanarResidual,
        Self::DistanceChange,
        Self::DistancesSeenShare,
        Self::PerspectiveChange,
        Self::MoirePeak,
        Self::LoopShare,
        Self::FrameLogResidual,
        Self::VoiceLevel,
        Self::VoiceSnr,
        Self::DigitScore,
        Self::VoicePaceShare,
        Self::LipPaceShare,
        Self::LipMotion,
        Self::LipVoiceAgreement,
        Self::PadScore,
        Self::ComparisonScore,
        Self::ComparisonFmr,
    ];

    /// The name in rows, reports and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FaceCountMax => "face_count_max",
            Self::FacePresence => "face_presence",
            Self::InterEyeDistance => "inter_eye_distance",
            Self::Sharpness => "sharpness",
            Self::Brightness => "brightness",
            Self::ClippedShare => "clipped_share",
            Self::BestYaw => "best_yaw",
            Self::BestPitch => "best_pitch",
            Self::OcclusionHint => "occlusion_hint",
            Self::ContinuityMin => "continuity_min",
            Self::TrackJumpMax => "track_jump_max",
            Self::ClipDuration => "clip_duration",
            Self::FrameRate => "frame_rate",
            Self::FrameGapMax => "frame_gap_max",
            Self::DuplicateFrameShare => "duplicate_frame_share",
            Self::EyeRange => "eye_range",
            Self::MouthRange => "mouth_range",
            Self::YawRange => "yaw_range",
            Self::NonRigidMotion => "non_rigid_motion",
            Self::ActionsSeenShare => "actions_seen_share",
            Self::ActionsOutOfOrder => "actions_out_of_order",
            Self::OnsetDrift => "onset_drift",
            Self::FaceExtent => "face_extent",
            Self::FlashCorrelation => "flash_correlation",
            Self::FlashPValue => "flash_p_value",
            Self::FlashLag => "flash_lag",
            Self::FlashGain => "flash_gain",
            Self::FlashUnexplained => "flash_unexplained",
            Self::FlashBackgroundRatio => "flash_background_ratio",
            Self::FlashRelief => "flash_relief",
            Self::FlashNormals => "flash_normals",
            Self::PlanarResidual => "planar_residual",
            Self::DistanceChange => "distance_change",
            Self::DistancesSeenShare => "distances_seen_share",
            Self::PerspectiveChange => "perspective_change",
            Self::MoirePeak => "moire_peak",
            Self::LoopShare => "loop_share",
            Self::FrameLogResidual => "frame_log_residual",
            Self::VoiceLevel => "voice_level",
            Self::VoiceSnr => "voice_snr",
            Self::DigitScore => "digit_score",
            Self::VoicePaceShare => "voice_pace_share",
            Self::LipPaceShare => "lip_pace_share",
            Self::LipMotion => "lip_motion",
            Self::LipVoiceAgreement => "lip_voice_agreement",
            Self::PadScore => "pad_score",
            Self::ComparisonScore => "comparison_score",
            Self::ComparisonFmr => "comparison_fmr",
        }
    }

    /// The cue with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The unit of the value, as reports print it.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::FaceCountMax | Self::ActionsOutOfOrder => "count",
            Self::InterEyeDistance => "px",
            Self::Brightness => "luma 0..255",
            Self::BestYaw | Self::BestPitch | Self::YawRange => "degrees",
            Self::TrackJumpMax => "face widths",
            Self::ClipDuration
            | Self::FrameGapMax
            | Self::OnsetDrift
            | Self::FlashLag
            | Self::FrameLogResidual => "ms",
            Self::FrameRate => "1/s",
            Self::NonRigidMotion | Self::PlanarResidual => "inter-eye distances",
            Self::MoirePeak | Self::VoiceSnr => "dB",
            Self::VoiceLevel => "dBFS",
            Self::DigitScore => "log ratio",
            Self::Sharpness => "luma variance",
            Self::ContinuityMin | Self::ComparisonScore => "cosine",
            Self::FacePresence
            | Self::ClippedShare
            | Self::OcclusionHint
            | Self::DuplicateFrameShare
            | Self::EyeRange
            | Self::MouthRange
            | Self::ActionsSeenShare
            | Self::FaceExtent
            | Self::FlashCorrelation
            | Self::FlashPValue
            | Self::FlashGain
            | Self::FlashUnexplained
            | Self::FlashBackgroundRatio
            | Self::FlashRelief
            | Self::FlashNormals
            | Self::DistanceChange
            | Self::DistancesSeenShare
            | Self::PerspectiveChange
            | Self::LoopShare
            | Self::VoicePaceShare
            | Self::LipPaceShare
            | Self::LipMotion
            | Self::LipVoiceAgreement
            | Self::PadScore
            | Self::ComparisonFmr => "ratio",
        }
    }
}

/// One measured cue.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    /// What was measured.
    pub kind: CueKind,
    /// The value, in [`CueKind::unit`].
    pub value: f64,
    /// How it went over time; empty where time has no meaning.
    pub series: Vec<Sample>,
}

/// One prompted action as it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActionMeasurement {
    /// Position in the challenge.
    pub step_index: usize,
    /// Peak of the action's own signal inside its window, relative to the subject's neutral:
    /// 1 is the amplitude the action is defined by, 0 is no movement.
    pub amplitude: f64,
    /// When the signal crossed half of that amplitude, ms after the first frame.
    pub at_ms: Option<f64>,
}

/// Everything measured about one capture attempt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measurements {
    /// The cues, at most one of each kind.
    pub cues: Vec<Cue>,
    /// The prompted actions, one for each step that asks for one.
    pub actions: Vec<ActionMeasurement>,
    /// The digits that were heard, whatever was asked for; `None` when nothing listened.
    pub heard_digits: Option<String>,
    /// Which features model made the comparison, for instance `dlib-resnet-1`; empty when none ran.
    pub features_model: String,
    /// Version of the measuring code; changes when a cue changes its meaning.
    pub engine_version: u16,
}

impl Measurements {
    /// The value of a cue, when it was measured.
    pub fn value(&self, kind: CueKind) -> Option<f64> {
        self.cues
            .iter()
            .find(|cue| cue.kind == kind)
            .map(|cue| cue.value)
    }
}
