//! The wall between strangers' media and everything else.
//!
//! One container file goes in; frames and 16 kHz sound, or one still picture, come out. The bytes
//! are decoded by a child process that has no file, no network, no key and one job in its life.
//! This crate knows nothing of models, tenants or verifications. It is the only one that may use
//! `unsafe`, and the only one that starts processes. The jail is described in docs/SECURITY.md.

mod container;
mod decoder;
mod error;
mod input;
pub mod jail;
mod limits;
mod pool;
mod process;
mod records;
mod referee;
mod stream;
pub mod worker;

pub use container::{Container, StillFormat};
pub use decoder::{Decoder, DecoderConfig, Still};
pub use error::MediaError;
pub use input::{InputWriter, SealedInput};
pub use jail::JailLevel;
pub use limits::{ClipLimits, ProcessLimits, StillLimits};
pub use process::WorkerProgram;
pub use records::{
    ClipDescription, ClipEnd, Frame, Pcm, Record, SAMPLE_RATE_HZ, SoundDescription,
    StillDescription,
};
pub use stream::ClipStream;
