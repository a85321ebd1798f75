//! What a capture subject does before the camera: obeys a challenge as a person does, with a
//! delay, smooth movements, a little swaying and blinks nobody asked for.
//!
//! The challenge says "left" and means the subject's own left. The picture is not mirrored, so
//! that is the picture's right and a positive yaw. Knows nothing of pixels: a [`Performance`]
//! gives poses over time and `render` makes pictures of them.

use zhenren_domain::challenge::{Action, Challenge, ChallengeKind, Prompt, Step};

use crate::render::{Pose, Scene};
use crate::seed::Seeded;

/// How long a person takes to begin after a prompt, in milliseconds.
pub const REACTION_MS: (f32, f32) = (250.0, 500.0);
/// How long moving nearer or farther takes, in milliseconds.
const APPROACH_MS: (f32, f32) = (650.0, 1_000.0);
/// Lens for whom the face must be small at arm's length: phones see wider than portraits show.
const WIDE_LENS: f32 = 0.8;
/// Width of an average face in half pictures at magnification one: see [`distance_for`].
const FACE_WIDTH: f32 = 2.97;
/// How far the widest part of the face is before the middle of the head, against the distance.
const FACE_FRONT: f32 = 0.06;
/// Limit: the movement is over this long before its window ends.
const MARGIN_MS: f32 = 120.0;
/// From one unasked blink to the next, in milliseconds.
const BLINK_EVERY_MS: (f32, f32) = (1_900.0, 4_800.0);
/// Limit: longer performances repeat nothing, they are refused by the clip maker anyway.
const PERFORMANCE_MS_MAX: f32 = 60_000.0;

/// Whether the subject does what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obedience {
    /// Does each step within its window.
    Obeys,
    /// Looks into the camera and does nothing.
    Ignores,
}

/// One movement: when it begins, is at its peak, and is over, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gesture {
    /// What is done.
    pub action: Action,
    /// Start of the movement.
    pub from_ms: f32,
    /// The peak is reached.
    pub peak_ms: f32,
    /// The peak is left.
    pub release_ms: f32,
    /// Back to neutral.
    pub to_ms: f32,
    /// Degrees for nods and turns, 0 to 1 for blinks and the mouth.
    pub amplitude: f32,
}

impl Gesture {
    /// 0 at rest to 1 at the peak; movements start and end without a jerk.
    pub fn level(&self, ms: f32) -> f32 {
        ramp(ms, self.from_ms, self.peak_ms) * (1.0 - ramp(ms, self.release_ms, self.to_ms))
    }
}

/// From 0 to 1 without a jerk at either end.
fn ramp(ms: f32, from_ms: f32, to_ms: f32) -> f32 {
    let t = ((ms - from_ms) / (to_ms - from_ms).max(1.0)).clamp(0.0, 1.0);
    t * t * t * (10.0 + t * (6.0 * t - 15.0))
}

/// A subject's behaviour over one recording.
#[derive(Clone, Debug)]
pub struct Performance {
    gestures: Vec<Gesture>,
    approaches: Vec<Approach>,
    sway: Vec<Sway>,
    rest: Pose,
    noise_seed: u64,
}

/// One move to another distance.
#[derive(Clone, Copy, Debug)]
struct Approach {
    from_ms: f32,
    to_ms: f32,
    distance: f32,
}

/// One slow swing of the head.
#[derive(Clone, Copy, Debug)]
struct Sway {
    of: Axis,
    amplitude: f32,
    per_ms: f32,
    phase: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Yaw,
    Pitch,
    Roll,
    ShiftX,
    ShiftY,
    Scale,
}

impl Performance {
    /// What the subject does; the seed decides delays, amplitudes, swaying and unasked blinks.
    pub fn new(challenge: &Challenge, obedience: Obedience, seed: u64) -> Self {
        let mut rest = rest(&mut Seeded::new(seed, "stance"));
        if challenge.kind == ChallengeKind::NearFar {
            rest.scale *= WIDE_LENS;
        }
        let asked: &[Step] = match obedience {
            Obedience::Obeys => &challenge.steps,
            Obedience::Ignores => &[],
        };
        let mut seeded = Seeded::new(seed, "gestures");
        let mut gestures: Vec<Gesture> = asked
            .iter()
            .filter_map(|step| gesture(step, &mut seeded))
            .collect();
        let approaches = asked
            .iter()
            .filter_map(|step| approach(step, rest.scale, &mut seeded))
            .collect();
        unasked_blinks(
            &mut gestures,
            challenge.duration_ms,
            &mut Seeded::new(seed, "blinks"),
        );
        Self {
            gestures,
            approaches,
            sway: sway(&mut Seeded::new(seed, "sway")),
            rest,
            noise_seed: seed,
        }
    }

    /// The same behaviour with the head held another way, in degrees.
    #[must_use]
    pub fn leaning(mut self, yaw_deg: f32, pitch_deg: f32) -> Self {
        self.rest.yaw_deg += yaw_deg;
        self.rest.pitch_deg += pitch_deg;
        self
    }

    /// Every movement, asked for or not, in no particular order.
    pub fn gestures(&self) -> &[Gesture] {
        &self.gestures
    }

    /// The moment `ms` after the recording started, under the light and camera of `base`.
    pub fn at(&self, ms: f32, base: &Scene) -> Scene {
        let mut scene = *base;
        scene.pose = self.rest;
        for swing in &self.sway {
            let value = swing.amplitude * (ms * swing.per_ms + swing.phase).sin();
            *axis(&mut scene.pose, swing.of) += value;
        }
        let moves = self.approaches.iter();
        scene.pose.distance = moves.fold(self.rest.distance, |before, approach| {
            before + (approach.distance - before) * ramp(ms, approach.from_ms, approach.to_ms)
        });
        for gesture in &self.gestures {
            let level = gesture.level(ms);
            if level > 0.0 {
                apply(gesture, level, &mut scene);
            }
        }
        // The eyes stay with the camera while the head turns.
        scene.gaze.0 = (-scene.pose.yaw_deg / 30.0).clamp(-1.0, 1.0);
        scene.camera.noise_seed = self.noise_seed ^ u64::from(ms.to_bits());
        scene
    }
}

fn apply(gesture: &Gesture, level: f32, scene: &mut Scene) {
    let amount = gesture.amplitude * level;
    match gesture.action {
        Action::Blink => scene.blink = scene.blink.max(amount),
        Action::Mouth => scene.mouth = scene.mouth.max(amount),
        Action::Nod => scene.pose.pitch_deg += amount,
        Action::TurnLeft => scene.pose.yaw_deg += amount,
        Action::TurnRight => scene.pose.yaw_deg -= amount,
    }
}

/// Rise, hold and fall of an action in milliseconds, and the range of its amplitude.
fn habit(action: Action) -> ([f32; 3], (f32, f32)) {
    match action {
        Action::Blink => ([130.0, 190.0, 170.0], (0.97, 1.0)),
        Action::Mouth => ([260.0, 320.0, 260.0], (0.45, 0.7)),
        Action::Nod => ([330.0, 130.0, 360.0], (17.0, 24.0)),
        Action::TurnLeft | Action::TurnRight => ([430.0, 330.0, 430.0], (25.0, 33.0)),
    }
}

/// The movement a step asks for; nothing when it asks for none.
fn gesture(step: &Step, seeded: &mut Seeded) -> Option<Gesture> {
    let action = step.action()?;
    let ([rise, hold, fall], (least, most)) = habit(action);
    let pace = seeded.between(0.85, 1.2);
    let delay = seeded.between(REACTION_MS.0, REACTION_MS.1);
    let amplitude = seeded.between(least, most);
    let room = (small(step.window_ms) - delay - MARGIN_MS).max(1.0);
    // Limit: a short window is met by hurrying.
    let pace = pace.min(room / (rise + hold + fall));
    let from_ms = small(step.at_ms) + delay;
    let peak_ms = from_ms + rise * pace;
    let release_ms = peak_ms + hold * pace;
    let to_ms = release_ms + fall * pace;
    Some(Gesture {
        action,
        from_ms,
        peak_ms,
        release_ms,
        to_ms,
        amplitude,
    })
}

/// The move a step asks for; people match a drawn outline to a few percent.
fn approach(step: &Step, scale: f32, seeded: &mut Seeded) -> Option<Approach> {
    let Prompt::Approach(percent) = step.prompt else {
        return None;
    };
    let from_ms = small(step.at_ms) + seeded.between(REACTION_MS.0, REACTION_MS.1);
    let width = f32::from(percent.max(1)) / 100.0 * seeded.around(1.0, 0.02);
    Some(Approach {
        from_ms,
        to_ms: from_ms + seeded.between(APPROACH_MS.0, APPROACH_MS.1),
        distance: distance_for(width, scale),
    })
}

/// Where a face must be to fill a share of the picture's width under a magnification.
fn distance_for(width: f32, scale: f32) -> f32 {
    FACE_WIDTH * scale / (width * 6.6) + FACE_FRONT
}

fn unasked_blinks(gestures: &mut Vec<Gesture>, duration_ms: u32, seeded: &mut Seeded) {
    let end = small(duration_ms).min(PERFORMANCE_MS_MAX);
    let mut from_ms = seeded.between(300.0, BLINK_EVERY_MS.1);
    while from_ms < end {
        let clear = gestures
            .iter()
            .all(|g| from_ms > g.to_ms + 150.0 || from_ms + 450.0 < g.from_ms);
        if clear {
            gestures.push(Gesture {
                action: Action::Blink,
                from_ms,
                peak_ms: from_ms + 80.0,
                release_ms: from_ms + 120.0,
                to_ms: from_ms + 260.0,
                amplitude: 1.0,
            });
        }
        from_ms += seeded.between(BLINK_EVERY_MS.0, BLINK_EVERY_MS.1);
    }
}

fn rest(seeded: &mut Seeded) -> Pose {
    Pose {
        yaw_deg: seeded.around(0.0, 1.5),
        pitch_deg: seeded.around(0.0, 1.5),
        roll_deg: seeded.around(0.0, 1.2),
        shift_x: seeded.around(0.0, 0.012),
        shift_y: seeded.around(0.0, 0.012),
        scale: seeded.around(1.0, 0.02),
        distance: 1.0,
    }
}

fn sway(seeded: &mut Seeded) -> Vec<Sway> {
    let axes = [
        (Axis::Yaw, 0.7),
        (Axis::Pitch, 0.5),
        (Axis::Roll, 0.4),
        (Axis::ShiftX, 0.003),
        (Axis::ShiftY, 0.0025),
        (Axis::Scale, 0.004),
    ];
    let mut swings = Vec::new();
    for (of, amplitude) in axes {
        for slow in [1.0, 0.37] {
            let period_ms = seeded.between(900.0, 2_200.0) / slow;
            swings.push(Sway {
                of,
                amplitude: amplitude * seeded.between(0.5, 1.0),
                per_ms: std::f32::consts::TAU / period_ms,
                phase: seeded.between(0.0, std::f32::consts::TAU),
            });
        }
    }
    swings
}

fn axis(pose: &mut Pose, axis: Axis) -> &mut f32 {
    match axis {
        Axis::Yaw => &mut pose.yaw_deg,
        Axis::Pitch => &mut pose.pitch_deg,
        Axis::Roll => &mut pose.roll_deg,
        Axis::ShiftX => &mut pose.shift_x,
        Axis::ShiftY => &mut pose.shift_y,
        Axis::Scale => &mut pose.scale,
    }
}

/// Milliseconds of a plan; plans are shorter than a minute.
fn small(ms: u32) -> f32 {
    f32::from(u16::try_from(ms).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests;
