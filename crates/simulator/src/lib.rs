//! Virtual capture subjects: faces rendered from a seed, what they do before the camera, the
//! attacks that imitate them, and a driver that takes them through the public HTTP interface.
//!
//! `render` makes pictures, `person` decides what the subject does, `take` puts both together,
//! `clip` makes a container file of it, `drive` sends that through a server, `cli` is the command.
//!
//! This crate deliberately knows nothing a tenant or a device cannot know: no thresholds, no
//! keys, no rows. It shares only the words of `zhenren-domain` (what a challenge asks for).
//! Its faces are good enough for flows and cues; they say nothing about accuracy on people.

pub mod attack;
pub mod cast;
pub mod cli;
pub mod clip;
pub mod condition;
pub mod display;
pub mod drive;
pub mod paper;
pub mod person;
pub mod poses;
pub mod prompt;
pub mod render;
mod report;
pub mod seed;
pub mod speech;
pub mod subject;
pub mod take;
