//! A take: who stands before the camera, and every frame of what they do there.

use zhenren_domain::challenge::Challenge;

use crate::attack::Print;
use crate::display::Display;
use crate::person::{Obedience, Performance};
use crate::render::{HEIGHT, Picture, Scene, Subject, WIDTH, exposure_for, render};
use crate::seed::Seeded;
use crate::speech::{SoundTrack, Speech, Voice};

/// Recorders run on a little after the challenge.
const TAIL_MS: u32 = 250;

/// Limit: frames rendered at once; each is a few megabytes.
const AT_ONCE_MAX: usize = 8;

/// Who presents themselves, or what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum SubjectKind {
    /// The enrolled person, who does what is asked.
    BonaFide,
    /// A photograph of the enrolled person on paper.
    Print,
    /// Somebody else, who does what is asked.
    OtherPerson,
    /// The enrolled person, who ignores the challenge.
    Passive,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
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
            Self::OtherPerson => "other-person",
            Self::Passive => "passive",
        }
    }
}

/// Who is in a take: the enrolled person's seed, somebody else's, and one for the behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast {
    /// The person the reference shows.
    pub enrolled: u64,
    /// Another person, for [`SubjectKind::OtherPerson`].
    pub other: u64,
    /// Delays, swaying, light and noise of this take.
    pub behaviour: u64,
}

/// What is before the camera in one recording.
pub struct Take {
    presented: Presented,
    performance: Performance,
    display: Display,
    speech: Speech,
    base: Scene,
    duration_ms: u32,
}

enum Presented {
    Head(Box<Subject>),
    Paper(Box<Print>),
}

impl Take {
    /// Prepares a take; frames are rendered when asked for.
    pub fn new(kind: SubjectKind, cast: Cast, challenge: &Challenge) -> Self {
        let mut base = room_light(cast.behaviour);
        let shown = match kind {
            SubjectKind::BonaFide | SubjectKind::Print | SubjectKind::Passive => cast.enrolled,
            SubjectKind::OtherPerson => cast.other,
        };
        let subject = Subject::from_seed(shown);
        // Cameras settle on an exposure before the first flash; conditions let it wander.
        base.camera.exposure = Some(exposure_for(&subject, &base));
        let (presented, obedience) = match kind {
            SubjectKind::BonaFide | SubjectKind::OtherPerson => {
                (Presented::Head(Box::new(subject)), Obedience::Obeys)
            }
            SubjectKind::Passive => (Presented::Head(Box::new(subject)), Obedience::Ignores),
            SubjectKind::Print => {
                base.camera.exposure = None;
                (
                    Presented::Paper(Box::new(Print::of(&subject, cast.behaviour))),
                    Obedience::Obeys,
                )
            }
        };
        let performance = Performance::new(challenge, obedience, cast.behaviour);
        // Whoever holds a print says the digits in their own voice.
        let speaker = if kind == SubjectKind::Print {
            cast.other
        } else {
            shown
        };
        let said = match obedience {
            Obedience::Obeys => challenge.clone(),
            Obedience::Ignores => quiet(challenge),
        };
        Self {
            presented,
            performance,
            display: Display::new(challenge, cast.behaviour),
            speech: Speech::new(&said, Voice::of_person(speaker), cast.behaviour),
            base,
            duration_ms: challenge.duration_ms + TAIL_MS,
        }
    }

    /// The picture `ms` after the recording started.
    pub fn picture(&self, ms: f32) -> Picture {
        let mut scene = self.performance.at(ms, &self.base);
        scene.light.screen = self.display.light(ms);
        scene.mouth = scene.mouth.max(self.speech.mouth(ms));
        match &self.presented {
            Presented::Head(subject) => render(subject, &scene, WIDTH, HEIGHT),
            Presented::Paper(print) => print.render(&scene, ms, WIDTH, HEIGHT),
        }
    }

    /// What the microphone records: the digits when some are asked for, and the room.
    pub fn sound(&self) -> anyhow::Result<SoundTrack> {
        self.speech.track(self.duration_ms)
    }

    /// The device's screen in this take.
    pub const fn display(&self) -> &Display {
        &self.display
    }

    /// Every frame at a frame rate, rendered on all cores a few frames ahead.
    pub fn frames(&self, fps: u32) -> impl Iterator<Item = Picture> + '_ {
        let at_once = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(AT_ONCE_MAX);
        let times = self.times_ms(fps);
        let batches = times.len().div_ceil(at_once);
        (0..batches).flat_map(move |batch| {
            let batch: Vec<f32> = times
                .iter()
                .skip(batch * at_once)
                .take(at_once)
                .copied()
                .collect();
            std::thread::scope(|scope| {
                let working: Vec<_> = batch
                    .iter()
                    .map(|ms| scope.spawn(move || self.picture(*ms)))
                    .collect();
                working
                    .into_iter()
                    .filter_map(|thread| thread.join().ok())
                    .collect::<Vec<_>>()
            })
        })
    }

    /// Presentation times of the frames at a frame rate (1 to 60), in milliseconds.
    pub fn times_ms(&self, fps: u32) -> Vec<f32> {
        let fps = fps.clamp(1, 60);
        let step = 1_000.0 / f32::from(u16::try_from(fps).unwrap_or(60));
        let count = u16::try_from(self.duration_ms * fps / 1_000).unwrap_or(u16::MAX);
        (0..count).map(|index| f32::from(index) * step).collect()
    }
}

/// The same recording with nothing asked for.
fn quiet(challenge: &Challenge) -> Challenge {
    Challenge {
        steps: Vec::new(),
        ..challenge.clone()
    }
}

/// The light of one take: rooms differ.
fn room_light(seed: u64) -> Scene {
    let mut seeded = Seeded::new(seed, "light");
    let mut scene = Scene::default();
    scene.light.ambient = seeded.between(0.45, 0.65);
    scene.light.key = seeded.between(0.4, 0.65);
    let side = if seeded.chance(0.5) { 1.0 } else { -1.0 };
    scene.light.key_from = (
        side * seeded.between(0.2, 0.6),
        seeded.between(0.3, 0.7),
        0.8,
    );
    scene.camera.noise = seeded.between(1.2, 3.0);
    scene.camera.blur = seeded.between(0.6, 1.0);
    scene
}

#[cfg(test)]
mod tests {
    use zhenren_domain::challenge::{Action, ChallengeKind, Prompt, Step};

    use super::*;

    const CAST: Cast = Cast {
        enrolled: 1,
        other: 2,
        behaviour: 3,
    };

    fn blink() -> Challenge {
        let steps = vec![Step {
            prompt: Prompt::Act(Action::Blink),
            at_ms: 500,
            window_ms: 1_500,
        }];
        Challenge {
            kind: ChallengeKind::SingleAction,
            steps,
            duration_ms: 2_000,
        }
    }

    #[test]
    fn takes_are_replayed_by_their_seeds() {
        for kind in SubjectKind::ALL {
            let picture = |cast| Take::new(kind, cast, &blink()).picture(700.0);
            assert_eq!(picture(CAST), picture(CAST), "{}", kind.name());
            assert_ne!(
                picture(CAST),
                picture(Cast {
                    behaviour: 4,
                    ..CAST
                }),
                "{}",
                kind.name()
            );
        }
    }

    #[test]
    fn every_kind_shows_something_else() {
        let pictures =
            SubjectKind::ALL.map(|kind| Take::new(kind, CAST, &blink()).picture(1_000.0));
        for (index, one) in pictures.iter().enumerate() {
            for other in pictures.iter().skip(index + 1) {
                assert_ne!(one, other);
            }
        }
    }

    #[test]
    fn frames_cover_the_challenge_and_a_tail() {
        let times = Take::new(SubjectKind::Passive, CAST, &blink()).times_ms(15);
        assert_eq!(times.len(), 33);
        assert!((times[32] - 2_133.3).abs() < 0.1);
    }
}
