//! Error rates from scores: what was measured, on how many, and how sure one can be.
//!
//! Lists in, numbers and self-contained reports out. Knows no model, no picture and no thread; the
//! command `zhenren evaluate` brings the scores. Words follow ISO/IEC 19795-1 (FMR, FNMR, failure
//! to acquire) and ISO/IEC 30107-3 (APCER, BPCER, APNRR, BPNRR).

#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::many_single_char_names,
    clippy::similar_names,
    reason = "counts become rates, and lists are far shorter than 2^52; FMR and FNMR are what they are called"
)]

pub mod list;
pub mod matching;
pub mod pad;
mod page;
mod plot;
pub mod rate;
