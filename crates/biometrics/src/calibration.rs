//! Calibration tables as data: measured numbers and where they come from. No code.
//!
//! How they were made, and for whom they are not good enough: `docs/ACCURACY.md`.

use std::borrow::Cow;

use crate::compare::{Calibration, Group};
use crate::features::{FUSED_ID, MODEL_ID};

/// The default features on a mixed population: pairs within one set (same camera, same session or
/// same archive), which are harder than pairs across sets.
pub(crate) static DLIB_GENERAL: Calibration = Calibration {
    model_id: Cow::Borrowed(MODEL_ID),
    group: Group::General,
    source: Cow::Borrowed(
        "measured with this engine, one still each side: 5,100 pairs of the Face Research Lab \
             London Set (51 people, two shots) and 4,950 pairs of 100 official portraits",
    ),
    pairs_count: 10_050,
    points: Cow::Borrowed(&[
        (0.833, 1.0),
        (0.8619, 0.3),
        (0.8876, 0.1),
        (0.9051, 0.03),
        (0.9168, 0.01),
        (0.9294, 0.003),
        (0.9351, 0.001),
        (0.9451, 0.000_1),
    ]),
};

/// The default features on the hardest group measured so far. The rates were measured on single
/// chips; the mirrored average moves the scores of non-mated pairs up by .0017 to .0041 at equal
/// rate (measured on the pairs of the general table), .0025 is added here.
pub(crate) static DLIB_HARDEST: Calibration = Calibration {
    model_id: Cow::Borrowed(MODEL_ID),
    group: Group::Hardest,
    source: Cow::Borrowed(
        "East-Asian subset of LFW, 132,660 pairs, single chips, measured with the prototype; \
             scores moved by .0025 for the mirrored average; rates above 1e-2 extrapolated",
    ),
    pairs_count: 132_660,
    points: Cow::Borrowed(&[
        (0.895, 1.0),
        (0.946_5, 0.01),
        (0.958_5, 0.001),
        (0.966_5, 0.000_1),
    ]),
};

/// The tables of the default features.
pub(crate) fn default_tables() -> Vec<Calibration> {
    vec![DLIB_GENERAL.clone(), DLIB_HARDEST.clone()]
}

/// The tables of both features models fused.
pub(crate) fn fused_tables() -> Vec<Calibration> {
    vec![FUSED_GENERAL.clone(), FUSED_HARDEST.clone()]
}

/// Mean and standard deviation of the scores of different people on the pairs of the general
/// table: the default features, and the second ones.
pub(crate) const DLIB_NON_MATED: (f64, f64) = (0.8402, 0.0377);
pub(crate) const FACERES_NON_MATED: (f64, f64) = (0.4092, 0.0819);

/// Both features models on the pairs of the general table.
pub(crate) static FUSED_GENERAL: Calibration = Calibration {
    model_id: Cow::Borrowed(FUSED_ID),
    group: Group::General,
    source: Cow::Borrowed(
        "measured with this engine on the pairs of the default features' general table",
    ),
    pairs_count: 10_050,
    points: Cow::Borrowed(&[
        (0.566_5, 1.0),
        (0.730_5, 0.3),
        (0.767_1, 0.1),
        (0.793_1, 0.03),
        (0.813_7, 0.01),
        (0.833_0, 0.003),
        (0.853_5, 0.001),
        (0.866_8, 0.000_1),
    ]),
};

/// Both on the hardest group, as a bound: the weighted sum of the thresholds that each model needs
/// alone, which the sum of the scores needs only if both always err together. The second model's
/// thresholds (.662, .715, .752) are the prototype's on single crops, with .010 added for the
/// mirrored average.
pub(crate) static FUSED_HARDEST: Calibration = Calibration {
    model_id: Cow::Borrowed(FUSED_ID),
    group: Group::Hardest,
    source: Cow::Borrowed(
        "not measured: the bound for scores that err together, from both models' thresholds on \
         the East-Asian subset of LFW, 132,660 pairs; rates above 1e-2 extrapolated",
    ),
    pairs_count: 132_660,
    points: Cow::Borrowed(&[
        (0.775, 1.0),
        (0.86, 0.01),
        (0.884_9, 0.001),
        (0.902, 0.000_1),
    ]),
};
