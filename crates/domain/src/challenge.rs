//! What the capture subject is asked to do, and when.
//!
//! A challenge is drawn on the server (`draw`, elsewhere in this crate, takes the randomness as a
//! value), stored with its version, handed to the capture client once, and given back to
//! biometrics as the plan to measure against.

/// Version of the challenge format that capture clients and stored rows name.
pub const CHALLENGE_VERSION: u16 = 2;

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

/// A colour that fills the screen during a flash: each channel is off or full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colour {
    /// No channel.
    Black,
    /// Red alone.
    Red,
    /// Green alone.
    Green,
    /// Blue alone.
    Blue,
    /// Red and green.
    Yellow,
    /// Red and blue.
    Magenta,
    /// Green and blue.
    Cyan,
    /// All channels.
    White,
}

impl Colour {
    /// Every colour.
    pub const ALL: [Self; 8] = [
        Self::Black,
        Self::Red,
        Self::Green,
        Self::Blue,
        Self::Yellow,
        Self::Magenta,
        Self::Cyan,
        Self::White,
    ];

    /// The name on the wire and in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::Red => "red",
            Self::Green => "green",
            Self::Blue => "blue",
            Self::Yellow => "yellow",
            Self::Magenta => "magenta",
            Self::Cyan => "cyan",
            Self::White => "white",
        }
    }

    /// The colour with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|colour| colour.name() == name)
    }

    /// Red, green and blue light of the screen, 0 or 1 each.
    pub const fn light(self) -> [f64; 3] {
        match self {
            Self::Black => [0.0, 0.0, 0.0],
            Self::Red => [1.0, 0.0, 0.0],
            Self::Green => [0.0, 1.0, 0.0],
            Self::Blue => [0.0, 0.0, 1.0],
            Self::Yellow => [1.0, 1.0, 0.0],
            Self::Magenta => [1.0, 0.0, 1.0],
            Self::Cyan => [0.0, 1.0, 1.0],
            Self::White => [1.0, 1.0, 1.0],
        }
    }
}

/// What one step of a challenge asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prompt {
    /// Do this.
    Act(Action),
    /// Say this digit, 0 to 9.
    Say(u8),
    /// Nothing: the screen shines in this colour.
    Shine(Colour),
    /// Bring the face to this width, in percent of the picture's width.
    Approach(u8),
}

impl Prompt {
    /// The name of the prompt's one member in JSON, and its value: `("action", "blink")`,
    /// `("digit", "7")`, `("colour", "red")`, `("face_width", "45")`.
    pub fn member(self) -> (&'static str, String) {
        match self {
            Self::Act(action) => ("action", action.name().to_owned()),
            Self::Say(digit) => ("digit", digit.to_string()),
            Self::Shine(colour) => ("colour", colour.name().to_owned()),
            Self::Approach(width) => ("face_width", width.to_string()),
        }
    }

    /// The members a prompt may have.
    pub const MEMBERS: [&'static str; 4] = ["action", "digit", "colour", "face_width"];

    /// The inverse of [`Self::member`]; nothing for what no server draws.
    pub fn from_member(name: &str, value: &str) -> Option<Self> {
        match name {
            "action" => Action::from_name(value).map(Self::Act),
            "digit" => value
                .parse()
                .ok()
                .filter(|digit| *digit <= 9)
                .map(Self::Say),
            "colour" => Colour::from_name(value).map(Self::Shine),
            "face_width" => value
                .parse()
                .ok()
                .filter(|width| (1..=100).contains(width))
                .map(Self::Approach),
            _ => None,
        }
    }
}

/// One step of a challenge: its prompt is shown at `at_ms` after the recording starts, for
/// `window_ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is asked.
    pub prompt: Prompt,
    /// When the prompt appears, in milliseconds after the start of the recording.
    pub at_ms: u32,
    /// How long the subject has, in milliseconds.
    pub window_ms: u32,
}

impl Step {
    /// The action asked for, when one is.
    pub const fn action(&self) -> Option<Action> {
        match self.prompt {
            Prompt::Act(action) => Some(action),
            Prompt::Say(_) | Prompt::Shine(_) | Prompt::Approach(_) => None,
        }
    }
}

/// The kinds of challenge this version draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChallengeKind {
    /// Digits, revealed one at a time, are read aloud.
    ReadDigits,
    /// The screen shines in a random order of colours.
    ScreenFlash,
    /// One action.
    SingleAction,
    /// A random subset of the actions in random order.
    MultiAction,
    /// The face comes nearer and goes farther.
    NearFar,
    /// Nothing but looking into the camera.
    Silent,
}

impl ChallengeKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::ReadDigits,
        Self::ScreenFlash,
        Self::SingleAction,
        Self::MultiAction,
        Self::NearFar,
        Self::Silent,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadDigits => "read_digits",
            Self::ScreenFlash => "screen_flash",
            Self::SingleAction => "single_action",
            Self::MultiAction => "multi_action",
            Self::NearFar => "near_far",
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

impl Challenge {
    /// The digits to read, in order; empty for every other kind.
    pub fn digits(&self) -> String {
        self.steps
            .iter()
            .filter_map(|step| match step.prompt {
                Prompt::Say(digit) => char::from_digit(u32::from(digit), 10),
                Prompt::Act(_) | Prompt::Shine(_) | Prompt::Approach(_) => None,
            })
            .collect()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prompt_survives_the_way_through_its_member() {
        let prompts = Action::ALL
            .map(Prompt::Act)
            .into_iter()
            .chain((0..=9).map(Prompt::Say))
            .chain(Colour::ALL.map(Prompt::Shine))
            .chain([1, 45, 100].map(Prompt::Approach));
        for prompt in prompts {
            let (name, value) = prompt.member();
            assert!(Prompt::MEMBERS.contains(&name));
            assert_eq!(Prompt::from_member(name, &value), Some(prompt));
        }
        for (name, value) in [
            ("digit", "10"),
            ("digit", "-1"),
            ("face_width", "0"),
            ("face_width", "101"),
            ("colour", "Red"),
            ("dance", "blink"),
        ] {
            assert_eq!(Prompt::from_member(name, value), None, "{name} {value}");
        }
    }

    #[test]
    fn every_kind_is_read_back_from_its_name() {
        for kind in ChallengeKind::ALL {
            assert_eq!(ChallengeKind::from_name(kind.name()), Some(kind));
        }
    }
}
