//! Does the face answer the light of the screen, as a face does?
//!
//! The light at every mesh point is set against the colours that were shown. A replay answers
//! with other light or none, paper answers evenly where a head answers most where it faces the
//! screen. Too much other light drowns the answer: the gain says so.

mod fit;
#[cfg(test)]
mod tests;

use zhenren_domain::challenge::{Challenge, ClockLog, Prompt};
use zhenren_domain::measurements::Sample;

use crate::clocks::{Fit, onsets};
use crate::light::LightFrame;
use crate::mesh::Mesh;
use crate::series::quantile;
use fit::{Fitted, Seen, Shown, dot, drift, fit, without};

/// Background darker than this (linear) is noise, and says nothing about the camera's exposure.
const RING_MIN: f64 = 0.004;

/// Light below which nothing is divided by it.
const DARK: f64 = 1e-4;

/// A face gains at most this much over its background in the report.
const RATIO_MAX: f64 = 100.0;

/// Cosine between the skin and the line of sight: the middle of the face, and its sides.
const MIDDLE_FACING: f64 = 0.88;
const SIDE_FACING: f64 = 0.62;

/// Neighbours that make a little plane on the face.
const NEIGHBOURS: usize = 10;

/// Around the eyes nothing reflects as skin does; in inter-eye distances.
const EYE_RADIUS: f32 = 0.3;

/// The outline of the mesh, where hair and background begin.
const OUTLINE: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
    148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];

/// What the light says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FlashReport {
    pub(crate) correlation: f64,
    pub(crate) p_value: f64,
    pub(crate) lag_ms: f64,
    pub(crate) gain: f64,
    pub(crate) unexplained: f64,
    pub(crate) background_ratio: Option<f64>,
    pub(crate) relief: Option<f64>,
    pub(crate) normals: Option<f64>,
    /// Light on the face over its mean, channels together.
    pub(crate) seen: Vec<Sample>,
    /// What of it was not explained.
    pub(crate) rest: Vec<Sample>,
}

/// Measures a recording in which colours were shown; `None` when too little of it has a face.
pub(crate) fn measure(
    challenge: &Challenge,
    log: &ClockLog,
    clock: Option<&Fit>,
    frames: &[LightFrame],
    mesh: &Mesh,
) -> Option<FlashReport> {
    let shown = shown(challenge, log, clock.map_or(0.0, |fit| fit.offset_ms));
    let end_ms = shown.spans_ms.last()?.1;
    let frames: Vec<&LightFrame> = frames
        .iter()
        .filter(|frame| frame.at_ms <= end_ms)
        .collect();
    let face: Vec<[f64; 3]> = frames.iter().map(|frame| mean(&frame.face)).collect();
    let exposure = exposure(&frames);
    let raw = fit(&shown, &seen(&frames, &face, None)?)?;
    let steadied = exposure
        .as_ref()
        .and_then(|exposure| fit(&shown, &seen(&frames, &face, Some(exposure))?));
    // Divided by the background the light is free of what the camera itself changes; but where
    // the background answers as the face does (paper), only the light as it is says anything.
    let (fitted, exposure) = match steadied {
        Some(steadied) if steadied.correlation > raw.correlation => (steadied, exposure.as_ref()),
        _ => (raw, None),
    };
    let seen = seen(&frames, &face, exposure)?;
    let (gain, base) = gain(&fitted, &seen);
    let rest: f64 = fitted.rest.iter().map(|rest| dot(rest, rest)).sum();
    let unexplained = (rest / (3 * frames.len()).max(1) as f64).sqrt() / base;
    let map = gain_map(&fitted, &frames, exposure);
    let facing = facing(mesh);
    let series = |values: &dyn Fn(usize) -> f64| {
        let samples = frames.iter().enumerate();
        samples
            .map(|(index, frame)| Sample {
                at_ms: frame.at_ms,
                value: values(index),
            })
            .collect()
    };
    Some(FlashReport {
        correlation: fitted.correlation,
        p_value: fitted.p_value,
        lag_ms: fitted.lag_ms,
        gain,
        unexplained,
        background_ratio: background_ratio(&fitted, &frames, &face),
        relief: relief(&map, &facing, mesh),
        normals: normals(&map, &facing),
        seen: series(&|index| seen.channels.iter().map(|c| c[index]).sum::<f64>() / 3.0),
        rest: series(&|index| fitted.rest.iter().map(|c| c[index]).sum::<f64>() / 3.0),
    })
}

/// The flashes in the recording's own time.
fn shown(challenge: &Challenge, log: &ClockLog, offset_ms: f64) -> Shown {
    let onsets = onsets(challenge, log);
    let mut spans_ms = Vec::new();
    let mut colours = Vec::new();
    for (index, step) in challenge.steps.iter().enumerate() {
        let Prompt::Shine(colour) = step.prompt else {
            continue;
        };
        let from = onsets[index];
        let to = onsets
            .get(index + 1)
            .copied()
            .unwrap_or(from + f64::from(step.window_ms));
        spans_ms.push((from - offset_ms, to.max(from) - offset_ms));
        colours.push(colour.light());
    }
    Shown { spans_ms, colours }
}

fn mean(lights: &[[f32; 3]]) -> [f64; 3] {
    let count = lights.len().max(1) as f64;
    std::array::from_fn(|channel| {
        lights
            .iter()
            .map(|light| f64::from(light[channel]))
            .sum::<f64>()
            / count
    })
}

/// The background of each frame, when all of them have one that is bright enough.
fn exposure(frames: &[&LightFrame]) -> Option<Vec<[f64; 3]>> {
    let rings: Vec<[f64; 3]> = frames
        .iter()
        .map(|frame| frame.ring.map(|ring| ring.map(f64::from)))
        .collect::<Option<_>>()?;
    let is_bright = rings
        .iter()
        .all(|ring| ring.iter().all(|value| *value >= RING_MIN));
    is_bright.then_some(rings)
}

/// The light of the face over time, each channel with mean one.
fn seen(
    frames: &[&LightFrame],
    face: &[[f64; 3]],
    exposure: Option<&Vec<[f64; 3]>>,
) -> Option<Seen> {
    let channels: [Vec<f64>; 3] = std::array::from_fn(|channel| {
        let values: Vec<f64> = face
            .iter()
            .enumerate()
            .map(|(frame, light)| light[channel] / exposure.map_or(1.0, |e| e[frame][channel]))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        values.iter().map(|value| value / mean.max(DARK)).collect()
    });
    let is_sound = channels.iter().flatten().all(|value| value.is_finite());
    is_sound.then(|| Seen {
        at_ms: frames.iter().map(|frame| frame.at_ms).collect(),
        channels,
    })
}

/// What white light adds over what is there without, and the latter (the mean light is one).
fn gain(fitted: &Fitted, seen: &Seen) -> (f64, f64) {
    let count = seen.at_ms.len().max(1) as f64;
    let mut gains = 0.0;
    let mut bases = 0.0;
    for channel in 0..3 {
        let (own, cross) = (fitted.own[channel], fitted.cross[channel]);
        let lit: f64 = fitted.shown[channel]
            .iter()
            .map(|(a, b)| a * own + b * cross)
            .sum();
        let base = (1.0 - lit / count).max(0.02);
        gains += (own + cross) / base / 3.0;
        bases += base / 3.0;
    }
    (gains, bases)
}

/// The fitted light of each channel, as a share of white.
fn course(fitted: &Fitted, channel: usize) -> Vec<f64> {
    let (own, cross) = (fitted.own[channel], fitted.cross[channel]);
    let white = (own + cross).max(DARK);
    fitted.shown[channel]
        .iter()
        .map(|(a, b)| (a * own + b * cross) / white)
        .collect()
}

/// How much white light adds to a course of light, and what is there without it.
struct Response {
    /// Drift-free course of each channel, over its square.
    along: [Vec<f64>; 3],
    mean: [f64; 3],
}

impl Response {
    fn new(fitted: &Fitted, frames: &[&LightFrame]) -> Self {
        let at_ms: Vec<f64> = frames.iter().map(|frame| frame.at_ms).collect();
        let basis = drift(&at_ms);
        let courses: [Vec<f64>; 3] = std::array::from_fn(|channel| course(fitted, channel));
        Self {
            along: std::array::from_fn(|channel| {
                let free = without(&basis, &courses[channel]);
                let square = dot(&free, &free).max(1e-9);
                free.iter().map(|value| value / square).collect()
            }),
            mean: std::array::from_fn(|channel| {
                courses[channel].iter().sum::<f64>() / courses[channel].len().max(1) as f64
            }),
        }
    }

    /// Added light over light that is there, channels together.
    fn of(&self, light: impl Fn(usize, usize) -> f64) -> f64 {
        let (mut added, mut there) = (0.0, 0.0);
        for channel in 0..3 {
            let count = self.along[channel].len();
            let gain: f64 = self.along[channel]
                .iter()
                .enumerate()
                .map(|(frame, along)| along * light(frame, channel))
                .sum();
            let mean =
                (0..count).map(|frame| light(frame, channel)).sum::<f64>() / count.max(1) as f64;
            added += gain;
            there += mean - gain * self.mean[channel];
        }
        added / there.max(DARK)
    }
}

/// Gain of the face over that of the background, both as the camera gave them.
fn background_ratio(fitted: &Fitted, frames: &[&LightFrame], face: &[[f64; 3]]) -> Option<f64> {
    let rings: Vec<[f32; 3]> = frames
        .iter()
        .map(|frame| frame.ring)
        .collect::<Option<_>>()?;
    let response = Response::new(fitted, frames);
    let face = response.of(|frame, channel| face[frame][channel]);
    let ring = response.of(|frame, channel| f64::from(rings[frame][channel]));
    // A camera that turns itself down darkens the background while the face shines.
    let ratio = face / ring.max(face.abs() / RATIO_MAX).max(DARK);
    ratio
        .is_finite()
        .then(|| ratio.clamp(-RATIO_MAX, RATIO_MAX))
}

/// The gain at every mesh point.
fn gain_map(fitted: &Fitted, frames: &[&LightFrame], exposure: Option<&Vec<[f64; 3]>>) -> Vec<f64> {
    let response = Response::new(fitted, frames);
    let count = frames
        .iter()
        .map(|frame| frame.face.len())
        .min()
        .unwrap_or(0);
    (0..count)
        .map(|point| {
            response.of(|frame, channel| {
                f64::from(frames[frame].face[point][channel])
                    / exposure.map_or(1.0, |e| e[frame][channel])
            })
        })
        .collect()
}

/// Cosine between each mesh point's skin and the line of sight, from its neighbours' depths;
/// `None` where light says nothing about skin.
fn facing(mesh: &Mesh) -> Vec<Option<f64>> {
    let eyes = [mesh.eye_left_centre(), mesh.eye_right_centre()];
    let radius = mesh.inter_eye() * EYE_RADIUS;
    (0..mesh.points.len())
        .map(|index| {
            let at = mesh.at(index);
            let is_skin =
                !OUTLINE.contains(&index) && eyes.iter().all(|eye| eye.distance(at) > radius);
            is_skin.then(|| cosine(mesh, index)).flatten()
        })
        .collect()
}

/// A plane through a point's neighbours: depth as `a x + b y`, least squares.
fn cosine(mesh: &Mesh, index: usize) -> Option<f64> {
    let here = mesh.points[index];
    let mut near: Vec<(f32, usize)> = mesh
        .points
        .iter()
        .enumerate()
        .map(|(other, point)| (point.flat().distance(here.flat()), other))
        .collect();
    near.select_nth_unstable_by(NEIGHBOURS.min(mesh.points.len() - 1), |a, b| {
        a.0.total_cmp(&b.0)
    });
    let (mut xx, mut xy, mut yy, mut xz, mut yz) = (0.0_f64, 0.0, 0.0, 0.0, 0.0);
    for (_, other) in near.iter().take(NEIGHBOURS) {
        let point = mesh.points[*other];
        let (x, y, z) = (
            f64::from(point.x - here.x),
            f64::from(point.y - here.y),
            f64::from(point.z - here.z),
        );
        xx += x * x;
        xy += x * y;
        yy += y * y;
        xz += x * z;
        yz += y * z;
    }
    let determinant = xx * yy - xy * xy;
    if determinant <= 1e-6 * (xx + yy).powi(2) {
        return None;
    }
    let a = (xz * yy - yz * xy) / determinant;
    let b = (yz * xx - xz * xy) / determinant;
    Some(1.0 / (1.0 + a * a + b * b).sqrt())
}

/// Gain of the middle of the face over that of the side that answers less.
fn relief(map: &[f64], facing: &[Option<f64>], mesh: &Mesh) -> Option<f64> {
    let middle_x = mesh.eye_left_centre().middle(mesh.eye_right_centre()).x;
    let median = |pick: &dyn Fn(f64, f32) -> bool| {
        let points = map.iter().zip(facing).zip(&mesh.points);
        let picked = points.filter_map(|((gain, facing), point)| {
            let facing = (*facing)?;
            pick(facing, point.x - middle_x).then_some(*gain)
        });
        quantile(picked, 0.5)
    };
    let middle = median(&|facing, _| facing >= MIDDLE_FACING)?;
    let left = median(&|facing, x| facing <= SIDE_FACING && x < 0.0)?;
    let right = median(&|facing, x| facing <= SIDE_FACING && x > 0.0)?;
    // A lamp at one side fills the other's shadow; the lit side shows the screen's part alone.
    let sides = left.min(right).max(middle.abs() / RATIO_MAX);
    Some((middle / sides.max(DARK)).clamp(-RATIO_MAX, RATIO_MAX))
}

/// Correlation of the gain with the cosine; the outermost gains are pulled in first.
fn normals(map: &[f64], facing: &[Option<f64>]) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = map
        .iter()
        .zip(facing)
        .filter_map(|(gain, facing)| Some((*gain, (*facing)?)))
        .collect();
    let low = quantile(pairs.iter().map(|(gain, _)| *gain), 0.05)?;
    let high = quantile(pairs.iter().map(|(gain, _)| *gain), 0.95)?;
    let count = pairs.len() as f64;
    let clamp = |gain: f64| gain.clamp(low, high);
    let mean_gain = pairs.iter().map(|(gain, _)| clamp(*gain)).sum::<f64>() / count;
    let mean_cosine = pairs.iter().map(|(_, cosine)| cosine).sum::<f64>() / count;
    let (mut product, mut gains, mut cosines) = (0.0, 0.0, 0.0);
    for (gain, cosine) in pairs {
        let (gain, cosine) = (clamp(gain) - mean_gain, cosine - mean_cosine);
        product += gain * cosine;
        gains += gain * gain;
        cosines += cosine * cosine;
    }
    let norm = (gains * cosines).sqrt();
    (norm > 1e-12).then(|| product / norm)
}
