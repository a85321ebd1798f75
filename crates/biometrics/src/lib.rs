//! Frames in, measurements out.
//!
//! Finds the face, follows it, measures what the challenge asks about, and compares features. It
//! knows no process, no threshold of a policy, no verdict and no tenant: those are `usecases` and
//! `domain`. Start reading at [`Engine`], then `analysis.rs` for the order of it all.

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::many_single_char_names,
    reason = "pixel arithmetic: sizes are bounded by the decoder's caps and checked at the door"
)]

pub mod actions;
pub mod align;
pub mod analysis;
pub mod best;
mod calibration;
mod clocks;
pub mod compare;
mod continuity;
mod cues;
pub mod detect;
mod distance;
pub mod engine;
pub mod error;
pub mod expression;
pub mod features;
mod flash;
mod flow;
pub mod geometry;
mod homography;
pub mod image;
mod light;
pub mod loadout;
mod loops;
pub mod mesh;
mod moire;
mod motion;
pub mod occlusion;
mod pad;
mod perspective;
pub mod photo;
mod plane;
pub mod pose;
pub mod probe;
pub mod quality;
mod sample;
pub mod series;
pub mod session;
pub mod speech;
#[cfg(test)]
mod synthetic;
mod timing;
mod track;

pub use analysis::{ClipAnalysis, ClipReport};
pub use best::BestFrame;
pub use compare::{Calibration, Group, calibration, compare, fmr_of, threshold_of};
pub use engine::{ENGINE_VERSION, Engine, InUse, Timings};
pub use error::EngineError;
pub use features::Features;
pub use image::Image;
pub use loadout::Loadout;
pub use photo::{PhotoRefusal, Portrait};
pub use quality::Quality;
