//! A take: who stands before the camera, and every frame of what they do there.

use zhenren_domain::challenge::{Challenge, ClockLog, Prompt};

use crate::attack::{Form, Print, Replay};
use crate::condition::Condition;
use crate::display::Display;
use crate::person::{Obedience, Performance};
use crate::prompt;
use crate::render::{HEIGHT, Identity, Picture, Scene, Subject, WIDTH, exposure_for, render};
use crate::seed::Seeded;
use crate::speech::{SoundTrack, Speech, Voice};
pub use crate::subject::SubjectKind;

/// Recorders run on a little after the challenge.
const TAIL_MS: u32 = 250;

/// The page's clock starts this much before the recorder's first frame.
const RECORDER_START_MS: f32 = 11.0;
/// From one frame to the next at the usual rate.
const FRAME_MS: f32 = 1_000.0 / 15.0;
/// How often a camera thinks about its exposure.
const EXPOSURE_STEP_MS: f32 = 100.0;
const EXPOSURE_STEP_MS_WHOLE: u32 = 100;

/// Limit: frames rendered at once; each is a few megabytes.
const AT_ONCE_MAX: usize = 8;

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
    kind: SubjectKind,
    condition: Condition,
    presented: Presented,
    performance: Performance,
    display: Display,
    speech: Speech,
    base: Scene,
    gains: Vec<f32>,
    duration_ms: u32,
    seed: u64,
}

enum Presented {
    Head(Box<Subject>),
    Paper(Box<Print>),
    Screen(Box<Replay>, Box<Take>),
    Mask(Box<Subject>),
    Swap(Box<Subject>, Box<Subject>),
}

impl Take {
    /// Prepares a take under usual circumstances; frames are rendered when asked for.
    pub fn new(kind: SubjectKind, cast: Cast, challenge: &Challenge) -> Self {
        Self::under(kind, cast, challenge, Condition::Usual)
    }

    /// Prepares a take under a condition.
    pub fn under(
        kind: SubjectKind,
        cast: Cast,
        challenge: &Challenge,
        condition: Condition,
    ) -> Self {
        let mut base = room_light(cast.behaviour);
        condition.light(&mut base, cast.behaviour);
        let shown = if kind == SubjectKind::OtherPerson {
            cast.other
        } else {
            cast.enrolled
        };
        let subject = appearing(shown, condition);
        let played = played(kind, cast, challenge);
        let asked_colours = if kind == SubjectKind::Earlier {
            &played
        } else {
            challenge
        };
        let (yaw_deg, pitch_deg) = condition.lean(cast.behaviour);
        let mut take = Self {
            kind,
            condition,
            presented: presented(kind, cast, subject, challenge),
            performance: Performance::new(&played, Obedience::Obeys, cast.behaviour)
                .leaning(yaw_deg, pitch_deg),
            display: Display::new(asked_colours, cast.behaviour),
            speech: Speech::new(
                &played,
                Voice::of_person(speaker(kind, cast)),
                cast.behaviour,
            ),
            base,
            gains: Vec::new(),
            duration_ms: challenge.duration_ms + TAIL_MS,
            seed: cast.behaviour,
        };
        // Cameras settle on an exposure before the first flash; conditions let it wander.
        let settled = take.exposure();
        take.base.camera.exposure = Some(settled);
        if condition == Condition::AutoExposure {
            take.gains = take.follow_exposure();
        }
        take
    }

    /// The picture `ms` after the recording started.
    pub fn picture(&self, ms: f32) -> Picture {
        self.picture_of(self.source_ms(ms), WIDTH, HEIGHT)
    }

    /// Which moment of the source a frame of the recording shows.
    fn source_ms(&self, ms: f32) -> f32 {
        match self.kind {
            SubjectKind::Loop => {
                let length_ms = Seeded::new(self.seed, "loop").between(1_100.0, 1_800.0);
                // Whole frames at 15 a second: the repeated ones are the same to the bit.
                let length_ms = (length_ms / FRAME_MS).round() * FRAME_MS;
                ms % length_ms
            }
            // The source runs at 25 frames a second and the stream takes the latest of them.
            SubjectKind::WrongClock => (ms / 40.0).floor() * 40.0,
            SubjectKind::BonaFide
            | SubjectKind::Print
            | SubjectKind::BentPrint
            | SubjectKind::CutOut
            | SubjectKind::ScreenReplay
            | SubjectKind::Mask
            | SubjectKind::Swap
            | SubjectKind::Earlier
            | SubjectKind::OtherPerson
            | SubjectKind::Passive => ms,
        }
    }

    fn picture_of(&self, ms: f32, width: usize, height: usize) -> Picture {
        let scene = self.scene(ms);
        match &self.presented {
            Presented::Head(subject) => render(subject, &scene, width, height),
            Presented::Paper(print) => print.render(&scene, ms, width, height),
            Presented::Screen(replay, earlier) => {
                replay.render(&earlier.picture_of(ms, width, height), &scene)
            }
            Presented::Mask(subject) => {
                let still = Scene {
                    blink: 0.0,
                    mouth: 0.0,
                    gaze: (0.0, 0.0),
                    ..scene
                };
                render(subject, &still, width, height)
            }
            Presented::Swap(first, second) => {
                let is_first = ms * 2.0 < f32::from(u16::try_from(self.duration_ms).unwrap_or(0));
                render(if is_first { first } else { second }, &scene, width, height)
            }
        }
    }

    /// Pose, expression, light and camera of a moment.
    fn scene(&self, ms: f32) -> Scene {
        let mut scene = self.performance.at(ms, &self.base);
        scene.light.screen = self.display.light(ms);
        scene.mouth = scene.mouth.max(self.speech.mouth(ms));
        scene.camera.balance = self.condition.balance(ms, self.seed);
        if let Some(gain) = self.gains.get(index(ms / EXPOSURE_STEP_MS)) {
            scene.camera.exposure = Some(*gain);
        }
        scene
    }

    /// The gain for the first moment.
    fn exposure(&self) -> f32 {
        let scene = self.scene(0.0);
        match &self.presented {
            Presented::Head(subject) | Presented::Mask(subject) | Presented::Swap(subject, _) => {
                exposure_for(subject, &scene)
            }
            Presented::Paper(print) => print.exposure(&scene),
            Presented::Screen(replay, earlier) => {
                replay.exposure(&earlier.picture_of(0.0, WIDTH / 4, HEIGHT / 4), &scene)
            }
        }
    }

    /// The gain over time of a camera that follows the brightness with half a second's delay.
    fn follow_exposure(&self) -> Vec<f32> {
        let Presented::Head(subject) = &self.presented else {
            return Vec::new();
        };
        let steps = self.duration_ms / EXPOSURE_STEP_MS_WHOLE + 2;
        let mut gain: Option<f32> = None;
        (0..steps)
            .map(|step| {
                let ms = f32::from(u16::try_from(step).unwrap_or(0)) * EXPOSURE_STEP_MS;
                let wanted = exposure_for(subject, &self.scene(ms));
                let before = gain.unwrap_or(wanted);
                let now = before + (wanted - before) * 0.18;
                gain = Some(now);
                now
            })
            .collect()
    }

    /// What the microphone records: the digits when some are asked for, and the room.
    pub fn sound(&self) -> anyhow::Result<SoundTrack> {
        self.speech.track(self.duration_ms)
    }

    /// The device's screen in this take.
    pub const fn display(&self) -> &Display {
        &self.display
    }

    /// What the page's own clock says of this take, to be sent beside the recording.
    pub fn page_log(&self, challenge: &Challenge, times_ms: &[f32]) -> ClockLog {
        let mut seeded = Seeded::new(self.seed, "page clock");
        // A prompt is on screen one or two refreshes after it was due.
        let onsets_ms = challenge
            .steps
            .iter()
            .map(|step| tenths(f64::from(step.at_ms) + f64::from(seeded.between(4.0, 30.0))))
            .collect();
        let is_foreign = self.kind.is_injected() && self.kind != SubjectKind::Earlier;
        let frames_ms = (0_u16..)
            .zip(times_ms)
            .map(|(index, ms)| {
                let ms = if is_foreign {
                    // A page that shows something else at its own pace.
                    f32::from(index) * 33.333
                } else {
                    ms + RECORDER_START_MS + seeded.between(-0.4, 0.4)
                };
                (tenths(f64::from(ms)), None)
            })
            .collect();
        ClockLog {
            onsets_ms,
            frames_ms,
        }
    }

    /// When frames were really taken, in milliseconds: cameras jitter and lose some.
    pub fn captured_ms(&self, fps: u32) -> Vec<f32> {
        let jitter = if self.kind.is_injected() { 0.0 } else { 1.4 };
        let mut seeded = Seeded::new(self.seed, "camera clock");
        self.times_ms(fps)
            .into_iter()
            .enumerate()
            .filter(|(index, _)| !self.condition.drops(*index, self.seed))
            .map(|(_, ms)| (ms + seeded.around(0.0, jitter)).max(0.0))
            .collect()
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

/// The subject as this capture shows them.
fn appearing(seed: u64, condition: Condition) -> Subject {
    let mut face = Identity::from_seed(seed);
    condition.born(&mut face);
    condition.dressed(&mut face);
    Subject::from_identity(seed, face)
}

fn presented(kind: SubjectKind, cast: Cast, subject: Subject, challenge: &Challenge) -> Presented {
    let paper = |form| Presented::Paper(Box::new(Print::formed(&subject, form, cast.behaviour)));
    match kind {
        SubjectKind::Print => paper(Form::Flat),
        SubjectKind::BentPrint => paper(Form::Bent),
        SubjectKind::CutOut => paper(Form::CutOut),
        SubjectKind::ScreenReplay => {
            let earlier = Cast {
                behaviour: cast.behaviour ^ 0x5eed,
                ..cast
            };
            Presented::Screen(
                Box::new(Replay::new(cast.behaviour)),
                Box::new(Take::new(SubjectKind::Earlier, earlier, challenge)),
            )
        }
        SubjectKind::Mask => Presented::Mask(Box::new(subject)),
        SubjectKind::Swap => {
            let other = Subject::from_seed(cast.other);
            Presented::Swap(Box::new(other), Box::new(subject))
        }
        SubjectKind::BonaFide
        | SubjectKind::Earlier
        | SubjectKind::Loop
        | SubjectKind::WrongClock
        | SubjectKind::OtherPerson
        | SubjectKind::Passive => Presented::Head(Box::new(subject)),
    }
}

/// What is really performed: this challenge, another draw of its kind, or nothing.
fn played(kind: SubjectKind, cast: Cast, challenge: &Challenge) -> Challenge {
    match kind {
        SubjectKind::Earlier => prompt::drawn(challenge.kind, cast.behaviour ^ 0x0ea4_11e4),
        SubjectKind::ScreenReplay => Challenge {
            // The hand that holds the screen follows only near and far.
            steps: challenge
                .steps
                .iter()
                .filter(|step| matches!(step.prompt, Prompt::Approach(_) | Prompt::Say(_)))
                .copied()
                .collect(),
            ..challenge.clone()
        },
        SubjectKind::Passive | SubjectKind::Loop => Challenge {
            steps: Vec::new(),
            ..challenge.clone()
        },
        SubjectKind::BonaFide
        | SubjectKind::Print
        | SubjectKind::BentPrint
        | SubjectKind::CutOut
        | SubjectKind::Mask
        | SubjectKind::Swap
        | SubjectKind::WrongClock
        | SubjectKind::OtherPerson => challenge.clone(),
    }
}

/// Whose voice is heard: attackers say the digits behind what they hold up.
const fn speaker(kind: SubjectKind, cast: Cast) -> u64 {
    match kind {
        SubjectKind::BonaFide
        | SubjectKind::Earlier
        | SubjectKind::Loop
        | SubjectKind::WrongClock
        | SubjectKind::Passive => cast.enrolled,
        SubjectKind::Print
        | SubjectKind::BentPrint
        | SubjectKind::CutOut
        | SubjectKind::ScreenReplay
        | SubjectKind::Mask
        | SubjectKind::Swap
        | SubjectKind::OtherPerson => cast.other,
    }
}

fn tenths(ms: f64) -> f64 {
    (ms * 10.0).round() / 10.0
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a step of a short recording, never negative"
)]
fn index(place: f32) -> usize {
    place.max(0.0) as usize
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
    fn every_kind_that_looks_different_does() {
        // The others differ in time only: a stream's clock, a draw, who is there later.
        let pictures: Vec<Picture> = SubjectKind::ALL
            .into_iter()
            .filter(|kind| !kind.is_injected() && *kind != SubjectKind::Swap)
            .map(|kind| Take::new(kind, CAST, &blink()).picture(1_000.0))
            .collect();
        for (index, one) in pictures.iter().enumerate() {
            assert!(pictures.iter().skip(index + 1).all(|other| one != other));
        }
    }

    #[test]
    fn frames_cover_the_challenge_and_a_tail() {
        let times = Take::new(SubjectKind::Passive, CAST, &blink()).times_ms(15);
        assert_eq!(times.len(), 33);
        assert!((times[32] - 2_133.3).abs() < 0.1);
    }
}
