//! Virtual capture subjects: faces rendered from a seed, what they do before the camera, the
//! attacks that imitate them, and a driver that takes them through the public HTTP interface.
//!
//! This crate deliberately knows nothing a tenant or a device cannot know: no thresholds, no
//! keys, no rows. It shares only the words of `zhenren-domain` (what a challenge asks for).
//! Its faces are good enough for flows and cues; they say nothing about accuracy on people.

pub mod render;
pub mod seed;
