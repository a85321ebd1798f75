//! What generated operations found, cut down by hand to what it takes. Each stays.

use crate::op::{About, Op, Script};

/// A name for what went wrong, and the operations that made it so.
pub(crate) type Case = (&'static str, fn() -> Vec<Op>);

/// Every case.
pub(crate) const CASES: &[Case] = &[("the_plain_way", the_plain_way)];

/// Not a bug: one verification from question to answer, so that this list is never empty.
fn the_plain_way() -> Vec<Op> {
    vec![
        Op::OpenV1 {
            tenant: 0,
            key: Some(1),
            about: About::Enrolled,
        },
        Op::BeginToken(0),
        Op::Draw(0),
        Op::Upload {
            attempt: 0,
            index: 0,
            script: Script::Passes,
        },
        Op::Complete {
            attempt: 0,
            is_honest: true,
        },
        Op::RunOneJob,
        Op::RunOneJob,
        Op::Look(1),
        Op::RepeatLastRequest,
    ]
}
