//! Model packs: what they are, where they come from, and which of them serve.
//!
//! A pack is a folder with models and a record. [`install()`] fetches the files a manifest names,
//! checks everything that can be checked (size, hash, form, operator set, shape, a run on a known
//! picture) in a folder of its own, and puts that folder in place in one step: on any fault the
//! pack that was there stays. [`Packs`] says what is installed and which pack serves a role.
//!
//! This crate fetches only when an operator says so. It does not know what a measurement is for.

mod check;
pub mod error;
mod fetch;
mod install;
mod load;
pub mod manifest;
mod shipped;
mod store;

pub use error::PackError;
pub use fetch::Source;
pub use install::{Step, install};
pub use manifest::{Contract, Manifest, Model, Role};
pub use shipped::{SHIPPED, shipped};
pub use store::{Installed, Packs, Selection};
