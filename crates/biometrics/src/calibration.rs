//! Calibration tables as data: measured numbers and where they come from. No code.
//!
//! How they were made, and for whom they are not good enough: `docs/ACCURACY.md`.

use std::borrow::Cow;

use crate::compare::{Calibration, Group};
use crate::features::MODEL_ID;

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
    Vec::new()
}
