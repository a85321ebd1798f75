//! Has this been seen before? A recording that is played in a loop shows the same moments again.
//!
//! Each frame is kept as a small grey picture. Living faces and their cameras never come back to
//! the same small picture as nearly as a loop does: the distance to a frame much earlier is set
//! against the usual distance of neighbours, and only runs that go on at one and the same step
//! count.

use zhenren_domain::measurements::Sample;

use crate::image::Image;
use crate::quality::luma;
use crate::series::quantile;

/// The small picture.
const ACROSS: usize = 12;
const DOWN: usize = 16;
const CELLS: usize = ACROSS * DOWN;

/// Neighbours are not "seen again"; nor is what happens within a blink of them.
const EARLIER_MS: f64 = 1_000.0;

/// A frame is seen again when it is this much nearer than neighbours usually are to each other.
const NEARER: f32 = 0.5;

/// Compression alone moves a cell by about this much.
const DISTANCE_MIN: f32 = 0.12;

/// So many frames in a row, each at the same step back.
const RUN_MIN: usize = 6;

/// Limit: frames that are compared with each other; half a minute at the usual rate.
const FRAMES_MAX: usize = 480;

/// Keeps the small pictures of a clip.
#[derive(Default)]
pub(crate) struct LoopWatch {
    frames: Vec<(f64, [f32; CELLS])>,
}

impl LoopWatch {
    pub(crate) fn push(&mut self, at_ms: f64, image: &Image) {
        if self.frames.len() < FRAMES_MAX && image.width >= ACROSS && image.height >= DOWN {
            self.frames.push((at_ms, small(image)));
        }
    }

    /// Share of the frames that were seen much earlier, and for each frame how near the nearest
    /// earlier one is, over the usual distance of neighbours.
    pub(crate) fn finish(&self) -> Option<(f64, Vec<Sample>)> {
        let frames = &self.frames;
        if frames.len() < 2 * RUN_MIN {
            return None;
        }
        let usual = quantile(
            frames
                .windows(2)
                .map(|pair| f64::from(distance(&pair[0].1, &pair[1].1))),
            0.5,
        )? as f32;
        // A picture that never changes is a still one, not a loop: others see to that.
        if usual < DISTANCE_MIN {
            return Some((0.0, Vec::new()));
        }
        let enough = (usual * NEARER).max(DISTANCE_MIN);
        let mut again = vec![false; frames.len()];
        let mut nearest = vec![f32::MAX; frames.len()];
        for back in 1..frames.len() {
            let mut run = 0;
            for now in back..frames.len() {
                let apart_ms = frames[now].0 - frames[now - back].0;
                let apart = distance(&frames[now].1, &frames[now - back].1);
                if apart_ms >= EARLIER_MS {
                    nearest[now] = nearest[now].min(apart);
                }
                run = if apart_ms >= EARLIER_MS && apart <= enough {
                    run + 1
                } else {
                    0
                };
                if run >= RUN_MIN {
                    again[now + 1 - run..=now].fill(true);
                }
            }
        }
        let series = frames
            .iter()
            .zip(&nearest)
            .filter(|(_, nearest)| **nearest < f32::MAX)
            .map(|((at_ms, _), nearest)| Sample {
                at_ms: *at_ms,
                value: f64::from(nearest / usual),
            })
            .collect();
        let seen = again.iter().filter(|again| **again).count();
        Some((seen as f64 / frames.len() as f64, series))
    }
}

fn small(image: &Image) -> [f32; CELLS] {
    let mut sums = [0.0_f32; CELLS];
    let mut counts = [0.0_f32; CELLS];
    for (y, row) in image
        .rgb
        .chunks_exact(image.width * 3)
        .enumerate()
        .step_by(2)
    {
        let cell_row = (y * DOWN / image.height) * ACROSS;
        for (x, pixel) in row.chunks_exact(3).enumerate().step_by(2) {
            let cell = cell_row + x * ACROSS / image.width;
            sums[cell] += luma(pixel);
            counts[cell] += 1.0;
        }
    }
    std::array::from_fn(|cell| sums[cell] / counts[cell].max(1.0))
}

/// Root mean square difference, in luma.
fn distance(a: &[f32; CELLS], b: &[f32; CELLS]) -> f32 {
    let sum: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    (sum / CELLS as f32).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A scene that drifts and trembles, with sensor noise of its own in every frame.
    fn picture(moment: u16, noise: u32) -> Image {
        let (width, height) = (96_usize, 128_usize);
        let shift = f32::from(moment).mul_add(0.31, (f32::from(moment) * 0.8).sin() * 3.0);
        let mut state = noise.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let wave = ((x as f32 + shift) / 9.0).sin() + ((y as f32 - shift) / 13.0).cos();
                let value = wave.mul_add(40.0, 120.0) + (state >> 29) as f32;
                rgb.extend([value as u8; 3]);
            }
        }
        Image { width, height, rgb }
    }

    fn share(moments: impl Iterator<Item = u16>) -> f64 {
        let mut watch = LoopWatch::default();
        for (index, moment) in moments.enumerate() {
            watch.push(index as f64 * 66.7, &picture(moment, index as u32));
        }
        watch.finish().unwrap().0
    }

    #[test]
    fn a_loop_is_seen_and_a_life_is_not() {
        assert!(share(0..90) < 1e-9);
        assert!(share((0..90).map(|i| i % 30)) > 0.6);
        // Once more at the end only.
        let again = share((0..90).map(|i| if i < 60 { i } else { i - 60 }));
        assert!((0.3..0.4).contains(&again), "{again}");
    }

    #[test]
    fn a_still_picture_is_no_loop() {
        assert!(share((0..60).map(|_| 4)) < 1e-9);
    }

    #[test]
    fn a_few_frames_say_nothing() {
        let mut watch = LoopWatch::default();
        watch.push(0.0, &picture(1, 1));
        assert!(watch.finish().is_none());
    }
}
