//! What the capture subject is asked to do, and when.
//!
//! A challenge is drawn on the server (`draw`, elsewhere in this crate, takes the randomness as a
//! value), stored with its version, handed to the capture client once, and given back to
//! biometrics as the plan to measure against.

/// Version of the challenge format that capture clients and stored rows name.
pub const CHALLENGE_VERSION: u16 = 1;

/// One thing to do before the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Close both eyes and open them again.
    Blink,
    /// Open the mouth and close it again.
    Mouth,
    /// Lower the chin and lift it again.
    Nod,
    /// Turn the head towards the subject's own left.
    TurnLeft,
    /// Turn the head towards the subject's own right.
    TurnRight,
}

impl Action {
    /// Every action, in the order of the documents.
    pub const ALL: [Self; 5] = [
        Self::Blink,
        Self::Mouth,
        Self::Nod,
        Self::TurnLeft,
        Self::TurnRight,
    ];

    /// The name on the wire and in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Blink => "blink",
            Self::Mouth => "mouth",
            Self::Nod => "nod",
            Self::TurnLeft => "turn_left",
            Self::TurnRight => "turn_right",
        }
    }

    /// The action with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// One prompt of a challenge: shown at `at_ms` after the recording starts, for `window_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub action: Action,
    /// When the prompt appears, in milliseconds after the start of the recording.
    pub at_ms: u32,
    /// How long the subject has, in milliseconds.
    pub window_ms: u32,
}

/// The kinds of challenge this version draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChallengeKind {
    /// One action.
    SingleAction,
    /// A random subset of the actions in random order.
    MultiAction,
    /// Nothing but looking into the camera.
    Silent,
}

impl ChallengeKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::SingleAction, Self::MultiAction, Self::Silent];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SingleAction => "single_action",
            Self::MultiAction => "multi_action",
            Self::Silent => "silent",
        }
    }

    /// The kind with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A drawn challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// What kind it is.
    pub kind: ChallengeKind,
    /// The prompts in order of time; empty for [`ChallengeKind::Silent`].
    pub steps: Vec<Step>,
    /// How long to record, in milliseconds.
    pub duration_ms: u32,
}

/// What the capture client says about its clock. Client-supplied, never trusted, only checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClockLog {
    /// When each prompt was really on screen, in milliseconds after the recorder was started;
    /// one entry a step, empty when the client sent none.
    pub onsets_ms: Vec<f64>,
    /// `(presentation_ms, captured_ms)` of the frames the page saw, same zero.
    pub frames_ms: Vec<(f64, Option<f64>)>,
}
