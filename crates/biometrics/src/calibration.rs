//! Calibration tables as data: measured numbers and where they come from. No code.
//!
//! How they were made, and for whom they are not good enough: `docs/ACCURACY.md`.

use crate::compare::{Calibration, Group};
use crate::features::MODEL_ID;

/// The default features on a mixed population.
pub(crate) const DLIB_GENERAL: Calibration = Calibration {
    model_id: MODEL_ID,
    group: Group::General,
    source: "starting values of the prototype, still pairs without the mirrored average",
    pairs_count: 1_130_000,
    points: &[(0.80, 1.0), (0.929, 1e-3), (0.945, 1e-4)],
};

/// The default features on the hardest group measured so far.
pub(crate) const DLIB_HARDEST: Calibration = Calibration {
    model_id: MODEL_ID,
    group: Group::Hardest,
    source: "starting values of the prototype, still pairs without the mirrored average",
    pairs_count: 132_660,
    points: &[(0.85, 1.0), (0.944, 1e-2), (0.956, 1e-3), (0.964, 1e-4)],
};
