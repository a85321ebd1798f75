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
    /// Similarity of the probe to the reference.
    ComparisonScore,
    /// The false match rate at which that similarity would be the threshold.
    ComparisonFmr,
}

impl CueKind {
    /// Every cue, in the order of a report.
    pub const ALL: [Self; 24] = [
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
            Self::ClipDuration | Self::FrameGapMax | Self::OnsetDrift => "ms",
            Self::FrameRate => "1/s",
            Self::NonRigidMotion => "inter-eye distances",
            Self::Sharpness => "luma variance",
            Self::ContinuityMin | Self::ComparisonScore => "cosine",
            Self::FacePresence
            | Self::ClippedShare
            | Self::OcclusionHint
            | Self::DuplicateFrameShare
            | Self::EyeRange
            | Self::MouthRange
            | Self::ActionsSeenShare
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
    /// The prompted actions, one for each step of the challenge.
    pub actions: Vec<ActionMeasurement>,
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
