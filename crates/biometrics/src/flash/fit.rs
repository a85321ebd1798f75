//! The regression: how well the light of a face follows the colours that were shown.
//!
//! Each channel of the face is explained by the same channel of the screen, by the other two
//! channels together (filters overlap, and a camera that darkens everything when it gets brighter
//! couples them), and by a slow drift. Colours are constant within a flash, so everything the
//! search needs is a small matrix for each lag, and thousands of orders can be tried.

/// Lags that are tried, coarsely first.
const LAG_MS_MAX: u16 = 350;
const COARSE_MS: u16 = 50;
const FINE_MS: u16 = 10;

/// How long the camera collects light for one frame.
const EXPOSURE_MS: f64 = 33.0;

/// The other channels may count this much as the own one.
const CROSS_MAX: f64 = 0.6;

/// Orders that are tried for the p-value; with none as good it is one in this many.
const SHUFFLES: u32 = 1_499;

/// Red, green and blue, 0..=1 of the screen or relative light of the face.
pub(super) type Light = [f64; 3];

/// What was shown: each flash from when to when (ms after the first frame), in order.
pub(super) struct Shown {
    pub(super) spans_ms: Vec<(f64, f64)>,
    pub(super) colours: Vec<Light>,
}

/// Light over time, each channel with mean one.
pub(super) struct Seen {
    pub(super) at_ms: Vec<f64>,
    pub(super) channels: [Vec<f64>; 3],
}

/// What came of it.
pub(super) struct Fitted {
    /// Multiple correlation of all channels, drift taken out, 0..=1.
    pub(super) correlation: f64,
    /// Share of shuffled orders that reach it.
    pub(super) p_value: f64,
    pub(super) lag_ms: f64,
    /// Response of each channel to its own and to the other channels.
    pub(super) own: Light,
    pub(super) cross: Light,
    /// Shown light of each frame at the lag: own channel, and mean of the others.
    pub(super) shown: [Vec<(f64, f64)>; 3],
    /// Drift-free rest of each channel.
    pub(super) rest: [Vec<f64>; 3],
}

/// Fits; `None` when there are too few frames or nothing changes at all.
pub(super) fn fit(shown: &Shown, seen: &Seen) -> Option<Fitted> {
    let problem = Problem::new(shown, seen)?;
    let own_order: Vec<usize> = (0..shown.colours.len()).collect();
    let coarse: Vec<Stage> = (0..=LAG_MS_MAX)
        .step_by(usize::from(COARSE_MS))
        .map(|lag| problem.stage(f64::from(lag)))
        .collect();
    let best_of = |order: &[usize]| {
        coarse
            .iter()
            .map(|stage| problem.explained(stage, order))
            .fold(0.0, f64::max)
    };
    let reached = best_of(&own_order);
    let mut order = own_order.clone();
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut as_good = 0_u32;
    for _ in 0..SHUFFLES {
        shuffle(&mut order, &mut dice);
        as_good += u32::from(best_of(&order) >= reached - 1e-9);
    }
    let (stage, explained) = (0..=LAG_MS_MAX)
        .step_by(usize::from(FINE_MS))
        .map(|lag| problem.stage(f64::from(lag)))
        .map(|stage| {
            let explained = problem.explained(&stage, &own_order);
            (stage, explained)
        })
        .reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    let responses: [(f64, f64); 3] =
        std::array::from_fn(|channel| problem.response(&stage, &own_order, channel).0);
    let lit = problem.lit(&stage);
    let rest =
        std::array::from_fn(|channel| problem.rest(channel, &lit[channel], responses[channel]));
    Some(Fitted {
        correlation: (explained / problem.total).clamp(0.0, 1.0).sqrt(),
        p_value: f64::from(1 + as_good) / f64::from(1 + SHUFFLES),
        lag_ms: stage.lag_ms,
        own: responses.map(|(own, _)| own),
        cross: responses.map(|(_, cross)| cross),
        shown: lit,
        rest,
    })
}

struct Problem<'a> {
    shown: &'a Shown,
    seen: &'a Seen,
    drift: Vec<Vec<f64>>,
    /// Each channel without drift.
    free: [Vec<f64>; 3],
    total: f64,
}

/// Everything about one lag.
struct Stage {
    lag_ms: f64,
    /// Share of each frame's light from each flash.
    weights: Vec<Vec<f64>>,
    /// Products of those without drift.
    gram: Vec<Vec<f64>>,
    /// And with each channel.
    with: [Vec<f64>; 3],
}

impl<'a> Problem<'a> {
    fn new(shown: &'a Shown, seen: &'a Seen) -> Option<Self> {
        let count = seen.at_ms.len();
        if count < 20 || shown.colours.len() < 4 {
            return None;
        }
        let drift = drift(&seen.at_ms);
        let free: [Vec<f64>; 3] =
            std::array::from_fn(|channel| without(&drift, &seen.channels[channel]));
        let total: f64 = free.iter().map(|channel| dot(channel, channel)).sum();
        (total > 1e-9 && total.is_finite()).then_some(Self {
            shown,
            seen,
            drift,
            free,
            total,
        })
    }

    fn stage(&self, lag_ms: f64) -> Stage {
        let weights: Vec<Vec<f64>> = self
            .shown
            .spans_ms
            .iter()
            .map(|(from, to)| {
                let share = |at: f64| {
                    let (start, end) = (at - lag_ms - EXPOSURE_MS, at - lag_ms);
                    ((end.min(*to) - start.max(*from)) / EXPOSURE_MS).max(0.0)
                };
                self.seen.at_ms.iter().map(|at| share(*at)).collect()
            })
            .collect();
        let free: Vec<Vec<f64>> = weights
            .iter()
            .map(|weight| without(&self.drift, weight))
            .collect();
        let gram = free
            .iter()
            .map(|one| free.iter().map(|other| dot(one, other)).collect())
            .collect();
        let with = std::array::from_fn(|channel: usize| {
            free.iter()
                .map(|one| dot(one, &self.free[channel]))
                .collect()
        });
        Stage {
            lag_ms,
            weights,
            gram,
            with,
        }
    }

    /// How much of the changes an order of the colours explains, all channels together.
    fn explained(&self, stage: &Stage, order: &[usize]) -> f64 {
        (0..3)
            .map(|channel| self.response(stage, order, channel).1)
            .sum()
    }

    /// Response of a channel to itself and to the others, and what that explains.
    fn response(&self, stage: &Stage, order: &[usize], channel: usize) -> ((f64, f64), f64) {
        // In the order of the flashes: own channel, and mean of the other two.
        let (mut own_with, mut cross_with) = (0.0, 0.0);
        let (mut own_own, mut own_cross, mut cross_cross) = (0.0, 0.0, 0.0);
        for (slot, colour) in order.iter().enumerate() {
            let (own, cross) = split(&self.shown.colours[*colour], channel);
            own_with += own * stage.with[channel][slot];
            cross_with += cross * stage.with[channel][slot];
            let row = &stage.gram[slot];
            let (mut row_own, mut row_cross) = (0.0, 0.0);
            for (product, colour) in row.iter().zip(order) {
                let (own, cross) = split(&self.shown.colours[*colour], channel);
                row_own += product * own;
                row_cross += product * cross;
            }
            own_own += own * row_own;
            own_cross += own * row_cross;
            cross_cross += cross * row_cross;
        }
        let determinant = own_own * cross_cross - own_cross * own_cross;
        let (mut own, mut cross) = if determinant > 1e-6 * own_own * cross_cross {
            (
                (own_with * cross_cross - cross_with * own_cross) / determinant,
                (cross_with * own_own - own_with * own_cross) / determinant,
            )
        } else {
            (own_with / own_own.max(1e-12), 0.0)
        };
        if own <= 0.0 || cross.abs() > CROSS_MAX * own {
            // As much of the others as is allowed, on the side where they help.
            let share = if own_with > 0.0 {
                CROSS_MAX.copysign(cross)
            } else {
                0.0
            };
            let with = own_with + share * cross_with;
            let norm = own_own + 2.0 * share * own_cross + share * share * cross_cross;
            own = (with / norm.max(1e-12)).max(0.0);
            cross = share * own;
        }
        let explained = 2.0 * (own * own_with + cross * cross_with)
            - own * own * own_own
            - 2.0 * own * cross * own_cross
            - cross * cross * cross_cross;
        ((own, cross), explained)
    }

    /// Shown light of each frame.
    fn lit(&self, stage: &Stage) -> [Vec<(f64, f64)>; 3] {
        std::array::from_fn(|channel| {
            (0..self.seen.at_ms.len())
                .map(|frame| {
                    let slots = stage.weights.iter().zip(&self.shown.colours);
                    slots.fold((0.0, 0.0), |(own, cross), (weight, colour)| {
                        let (of_own, of_cross) = split(colour, channel);
                        (
                            own + weight[frame] * of_own,
                            cross + weight[frame] * of_cross,
                        )
                    })
                })
                .collect()
        })
    }

    fn rest(&self, channel: usize, lit: &[(f64, f64)], (own, cross): (f64, f64)) -> Vec<f64> {
        let fitted: Vec<f64> = lit.iter().map(|(a, b)| a * own + b * cross).collect();
        let fitted = without(&self.drift, &fitted);
        self.free[channel]
            .iter()
            .zip(fitted)
            .map(|(seen, fitted)| seen - fitted)
            .collect()
    }
}

/// The own channel of a colour, and the mean of the other two.
fn split(colour: &Light, channel: usize) -> (f64, f64) {
    let own = colour[channel];
    (own, (colour.iter().sum::<f64>() - own) / 2.0)
}

/// Orthonormal constant, slope and bend over some times.
pub(super) fn drift(at_ms: &[f64]) -> Vec<Vec<f64>> {
    let middle = at_ms.iter().sum::<f64>() / at_ms.len().max(1) as f64;
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for power in 0..3_i32 {
        let raw: Vec<f64> = at_ms
            .iter()
            .map(|at| ((at - middle) / 1_000.0).powi(power))
            .collect();
        let free = without(&basis, &raw);
        let length = dot(&free, &free).sqrt();
        if length > 1e-9 {
            basis.push(free.iter().map(|value| value / length).collect());
        }
    }
    basis
}

/// What is left when some orthonormal directions are taken out.
pub(super) fn without(basis: &[Vec<f64>], values: &[f64]) -> Vec<f64> {
    let mut left = values.to_vec();
    for direction in basis {
        let along = dot(direction, &left);
        for (value, part) in left.iter_mut().zip(direction) {
            *value -= along * part;
        }
    }
    left
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The same sequence of orders on every run: a report can be computed again.
fn shuffle(order: &mut [usize], state: &mut u64) {
    for last in (1..order.len()).rev() {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        order.swap(last, (*state % (last as u64 + 1)) as usize);
    }
}
