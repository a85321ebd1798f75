//! Frames in, measurements out.
pub mod image;
