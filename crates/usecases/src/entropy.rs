//! Randomness as a value: the machine's, or a seed that replays a run (invariant I12).

use std::sync::{Mutex, PoisonError};

use rand::rngs::{StdRng, SysRng};
use rand::{Rng, SeedableRng, TryRng};

/// Where random bytes come from.
#[derive(Debug)]
pub enum Entropy {
    /// The operating system.
    System,
    /// A seeded generator; for tests only.
    Seeded(Box<Mutex<StdRng>>),
}

impl Entropy {
    /// A generator that replays.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Box::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        match self {
            // Invariant: a machine without randomness must not hand out tokens at all.
            Self::System => SysRng
                .try_fill_bytes(bytes)
                .expect("the operating system has randomness"),
            Self::Seeded(rng) => {
                rng.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .fill_bytes(bytes);
            }
        }
    }
}
