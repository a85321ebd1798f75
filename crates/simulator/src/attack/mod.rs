//! Attacks rendered as the camera would see them. What moves by itself is in `take`; here is what
//! a moment of it looks like.

mod print;
mod screen;

pub use print::{Form, Print};
pub use screen::Replay;
