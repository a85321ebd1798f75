//! How often, and from where: the calls of an app, and whom a verification or an attempt is about.
//!
//! The numbers and windows are in `domain::limits`, the counters in `store::limit_counters`. Knows
//! no status and no header; each door has its own words for a limit that is reached.

pub mod app;
pub mod calls;
pub(crate) mod subjects;

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::limits::LimitKind;

/// A window is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the limit {} is reached", kind.name())]
pub struct LimitReached {
    /// Which limit.
    pub kind: LimitKind,
    /// Seconds until its next window begins, at least one.
    pub rest_s: u64,
}

impl LimitReached {
    pub(crate) fn at(kind: LimitKind, at: Timestamp) -> Self {
        Self {
            kind,
            rest_s: kind.window(at).rest_s(at),
        }
    }
}
