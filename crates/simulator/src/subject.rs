//! Who, or what, presents themselves before the camera. Knows nothing of pictures.

/// Who presents themselves, or what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum SubjectKind {
    /// The enrolled person, who does what is asked.
    BonaFide,
    /// A photograph of the enrolled person on paper.
    Print,
    /// The same, bent around an upright cylinder.
    BentPrint,
    /// The same, with living eyes behind holes.
    CutOut,
    /// A recording of another draw of the challenge, on a screen.
    ScreenReplay,
    /// A rigid mask with the enrolled person's relief: turns and nods, no eyes, no mouth.
    Mask,
    /// Somebody else who obeys, replaced by the enrolled person half way.
    Swap,
    /// The enrolled person's honest recording of another draw, as if it were this one.
    Earlier,
    /// A short recording of the enrolled person at rest, in a loop, from a virtual camera.
    Loop,
    /// A perfect puppet in a stream resampled by a virtual camera whose times fit no page's.
    WrongClock,
    /// Somebody else, who does what is asked.
    OtherPerson,
    /// The enrolled person, who ignores the challenge.
    Passive,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::BonaFide,
        Self::Print,
        Self::BentPrint,
        Self::CutOut,
        Self::ScreenReplay,
        Self::Mask,
        Self::Swap,
        Self::Earlier,
        Self::Loop,
        Self::WrongClock,
        Self::OtherPerson,
        Self::Passive,
    ];

    /// The kinds whose end at a server does not depend on what was asked.
    pub const USUAL: [Self; 4] = [
        Self::BonaFide,
        Self::Print,
        Self::OtherPerson,
        Self::Passive,
    ];

    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BonaFide => "bona-fide",
            Self::Print => "print",
            Self::BentPrint => "bent-print",
            Self::CutOut => "cut-out",
            Self::ScreenReplay => "screen-replay",
            Self::Mask => "mask",
            Self::Swap => "swap",
            Self::Earlier => "earlier",
            Self::Loop => "loop",
            Self::WrongClock => "wrong-clock",
            Self::OtherPerson => "other-person",
            Self::Passive => "passive",
        }
    }

    /// Whether frames come from a program instead of a camera.
    pub(crate) const fn is_injected(self) -> bool {
        matches!(self, Self::Earlier | Self::Loop | Self::WrongClock)
    }
}
