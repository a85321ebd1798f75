//! The clip's own clock: length, frame rate, gaps, repeated frames.

use crate::image::Image;
use crate::series::quantile;

/// Watches presentation times and repeats, one frame at a time.
#[derive(Default)]
pub(crate) struct Timing {
    first_us: Option<i64>,
    last_us: i64,
    gaps_us: Vec<i64>,
    repeated_count: usize,
    frames_count: usize,
    before: Option<Image>,
}

/// What the clock says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ClipTiming {
    pub(crate) duration_ms: f64,
    pub(crate) frame_rate: f64,
    pub(crate) gap_max_ms: f64,
    pub(crate) repeated_share: f64,
}

/// One frame's place.
pub(crate) struct Tick {
    /// Milliseconds after the first frame.
    pub(crate) at_ms: f64,
    /// Whether the picture is the one before, to the bit.
    pub(crate) is_repeat: bool,
}

impl Timing {
    /// Takes the next frame.
    pub(crate) fn push(&mut self, pts_us: i64, image: &Image) -> Tick {
        let first_us = *self.first_us.get_or_insert(pts_us);
        if self.frames_count > 0 {
            // A clip that runs backwards is as strange as one that stands still.
            self.gaps_us
                .push(pts_us.saturating_sub(self.last_us).saturating_abs());
        }
        self.last_us = pts_us;
        self.frames_count += 1;
        let is_repeat = self.before.as_ref() == Some(image);
        if is_repeat {
            self.repeated_count += 1;
        } else {
            self.before = Some(image.clone());
        }
        Tick {
            at_ms: ms(pts_us.saturating_sub(first_us)),
            is_repeat,
        }
    }

    pub(crate) const fn frames_count(&self) -> usize {
        self.frames_count
    }

    /// `None` before the first frame.
    pub(crate) fn finish(&self) -> Option<ClipTiming> {
        let first_us = self.first_us?;
        let usual = quantile(self.gaps_us.iter().map(|gap| ms(*gap)), 0.5).unwrap_or_default();
        // The last frame is shown as long as the others usually are.
        let duration_ms = ms(self.last_us.saturating_sub(first_us)).max(0.0) + usual;
        let frame_rate = if duration_ms > 0.0 {
            self.frames_count as f64 * 1_000.0 / duration_ms
        } else {
            0.0
        };
        Some(ClipTiming {
            duration_ms,
            frame_rate,
            gap_max_ms: self.gaps_us.iter().map(|gap| ms(*gap)).fold(0.0, f64::max),
            repeated_share: self.repeated_count as f64 / self.frames_count.max(1) as f64,
        })
    }
}

fn ms(us: i64) -> f64 {
    us as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(value: u8) -> Image {
        Image {
            width: 4,
            height: 4,
            rgb: vec![value; 48],
        }
    }

    #[test]
    fn rate_gap_and_repeats() {
        let mut timing = Timing::default();
        for (i, us) in (0_u8..).zip([5_000, 105_000, 205_000, 305_000, 705_000]) {
            let tick = timing.push(us, &picture(if i == 2 { 1 } else { i }));
            assert_eq!(tick.is_repeat, i == 2);
            assert!((tick.at_ms - (us - 5_000) as f64 / 1_000.0).abs() < 1e-9);
        }
        let clip = timing.finish().unwrap();
        assert!((clip.duration_ms - 800.0).abs() < 1e-9, "{clip:?}");
        assert!((clip.gap_max_ms - 400.0).abs() < 1e-9);
        assert!((clip.repeated_share - 0.2).abs() < 1e-9);
        assert!((clip.frame_rate - 6.25).abs() < 1e-9);
    }

    #[test]
    fn nothing_and_nonsense() {
        assert_eq!(Timing::default().finish(), None);
        let mut timing = Timing::default();
        timing.push(i64::MAX, &picture(0));
        timing.push(i64::MIN, &picture(1));
        assert!(timing.finish().unwrap().gap_max_ms.is_finite());
    }
}
