//! The device's screen during a challenge: which light it throws on the subject, and when.
//!
//! A colour that the page sets is seen by the camera later: the display's refresh and the
//! camera's buffer lie between. One frame gathers light over its exposure, so that a change in
//! mid-exposure gives a mixed colour. Knows nothing of faces; `render` lets the light fall.

use zhenren_domain::challenge::{Challenge, Colour, Prompt};

use crate::seed::Seeded;

/// From the page's change to the camera's first frame that shows it, in milliseconds.
const LAG_MS: (f32, f32) = (60.0, 120.0);
/// White screen at full brightness on a face at arm's length, in lux.
const WHITE_LUX: (f32, f32) = (100.0, 200.0);
/// Lux of one unit of [`crate::render::Lighting`]: an evenly lit office.
pub const UNIT_LUX: f32 = 300.0;
/// How long a frame gathers light, in milliseconds.
const EXPOSURE_MS: f32 = 30.0;
/// Each primary of a screen is also seen a little by the camera's other channels.
const CROSSTALK: f32 = 0.06;
/// What a black screen still gives, as a share of white.
const BLACK_LEVEL: f32 = 0.012;

/// The light of one device's screen over one recording.
#[derive(Clone, Debug)]
pub struct Display {
    /// `(from_ms, colour)` in order of time, as the page sets them.
    changes: Vec<(f32, [f32; 3])>,
    lag_ms: f32,
    white: f32,
    /// What the screen shows when the challenge asks for no colour.
    idle: [f32; 3],
}

impl Display {
    /// The screen that shows a challenge; the seed decides lag and brightness.
    pub fn new(challenge: &Challenge, seed: u64) -> Self {
        let mut seeded = Seeded::new(seed, "display");
        let lag_ms = seeded.between(LAG_MS.0, LAG_MS.1);
        let white = seeded.between(WHITE_LUX.0, WHITE_LUX.1) / UNIT_LUX;
        let mut changes = Vec::new();
        for step in &challenge.steps {
            if let Prompt::Shine(colour) = step.prompt {
                changes.push((ms_of(step.at_ms), light_of(colour)));
                let until = ms_of(step.at_ms.saturating_add(step.window_ms));
                changes.push((until, light_of(Colour::Black)));
            }
        }
        // A step that follows at once replaces the black between.
        changes.reverse();
        changes.dedup_by(|later, earlier| (later.0 - earlier.0).abs() < 0.5);
        changes.reverse();
        let idle = if changes.is_empty() {
            [0.06 / white, 0.06 / white, 0.07 / white]
        } else {
            light_of(Colour::Black)
        };
        Self {
            changes,
            lag_ms,
            white,
            idle,
        }
    }

    /// Another time between the page's change and the frame that shows it, in milliseconds.
    #[must_use]
    pub const fn with_lag(mut self, lag_ms: f32) -> Self {
        self.lag_ms = lag_ms;
        self
    }

    /// Another brightness: lux of the white screen on a face at the usual distance.
    #[must_use]
    pub fn with_white_lux(mut self, lux: f32) -> Self {
        self.white = lux / UNIT_LUX;
        self
    }

    /// From the page's change to the frame that shows it, in milliseconds.
    pub const fn lag_ms(&self) -> f32 {
        self.lag_ms
    }

    /// Light on a face at the usual distance, as a frame at `ms` gathers it, linear RGB.
    pub fn light(&self, ms: f32) -> [f32; 3] {
        let (from, to) = (ms - self.lag_ms - EXPOSURE_MS, ms - self.lag_ms);
        let mut sum = [0.0; 3];
        let mut at = from;
        let mut colour = self.idle;
        for (start, next) in &self.changes {
            let until = start.clamp(at, to);
            add(&mut sum, colour, until - at);
            at = until;
            colour = *next;
        }
        add(&mut sum, colour, to - at);
        sum.map(|channel| channel / EXPOSURE_MS * self.white)
    }
}

fn add(sum: &mut [f32; 3], colour: [f32; 3], weight: f32) {
    for (channel, light) in sum.iter_mut().zip(colour) {
        *channel += light * weight.max(0.0);
    }
}

/// What the camera sees of a colour on a white screen of brightness one.
fn light_of(colour: Colour) -> [f32; 3] {
    let [red, green, blue] = colour
        .light()
        .map(|on| if on > 0.5 { 1.0 } else { BLACK_LEVEL });
    let own = 1.0 - 2.0 * CROSSTALK;
    [
        own * red + CROSSTALK * (green + blue),
        own * green + CROSSTALK * (red + blue),
        own * blue + CROSSTALK * (red + green),
    ]
}

/// Milliseconds of a plan; plans are shorter than a minute.
fn ms_of(ms: u32) -> f32 {
    f32::from(u16::try_from(ms).unwrap_or(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt;

    #[test]
    fn colours_come_after_the_lag_and_mix_within_an_exposure() {
        let flash = prompt::from_list("flash:5").expect("a challenge");
        let display = Display::new(&flash, 9).with_white_lux(UNIT_LUX);
        assert!((LAG_MS.0..LAG_MS.1).contains(&display.lag_ms()));
        for step in &flash.steps {
            let Prompt::Shine(colour) = step.prompt else {
                panic!("a flash shines");
            };
            let shown = ms_of(step.at_ms) + display.lag_ms();
            let seen = display.light(shown + EXPOSURE_MS + 1.0);
            for (seen, meant) in seen.iter().zip(colour.light()) {
                assert!(
                    (seen - if meant > 0.5 { 0.95 } else { 0.05 }).abs() < 0.1,
                    "{step:?}"
                );
            }
            let half = display.light(shown + EXPOSURE_MS / 2.0);
            assert!(
                half.iter()
                    .zip(seen)
                    .any(|(half, seen)| (half - seen).abs() > 0.01)
            );
        }
        let dark: f32 = display.light(100.0).iter().sum();
        let end = ms_of(flash.duration_ms) + 400.0;
        assert!(dark < 0.05 && display.light(end).iter().sum::<f32>() < 0.05);
    }

    #[test]
    fn without_flashes_the_screen_is_steady() {
        let display = Display::new(&prompt::from_list("silent").expect("a challenge"), 3);
        let (one, other) = (display.light(100.0), display.light(2_000.0));
        assert!(one.iter().zip(other).all(|(a, b)| (a - b).abs() < 1e-5));
        assert!((one[0] - 0.06).abs() < 1e-4);
    }
}
