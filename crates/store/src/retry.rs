//! Running a use case again when the database asks for it.
//!
//! The closure makes a fresh future, and with it a fresh transaction, for every try. (A closure
//! that is lent `&mut Transaction` does not compile where futures must be `Send`.)

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Limit: tries of one use case. Fifty writers in a queue on PostgreSQL need about a dozen.
const TRIES_COUNT_MAX: u32 = 60;
/// Limit: longest wait between two tries.
const WAIT_MS_MAX: u64 = 50;

/// An error that may say "again".
pub trait IsBusy {
    /// Whether the same use case, run again, may succeed.
    fn is_busy(&self) -> bool;
}

/// Spreads the waits of writers that collided; needs no randomness, only difference.
static TURN: AtomicU64 = AtomicU64::new(0);

/// Runs a use case until it is not busy, at most [`TRIES_COUNT_MAX`] times.
pub async fn retry_busy<T, E, F, Fut>(mut use_case: F) -> Result<T, E>
where
    E: IsBusy,
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    let mut tries_count = 0_u32;
    loop {
        tries_count += 1;
        match use_case().await {
            Err(error) if error.is_busy() && tries_count < TRIES_COUNT_MAX => {
                let spread = TURN.fetch_add(7, Ordering::Relaxed) % 11;
                let wait_ms = (u64::from(tries_count) + spread).min(WAIT_MS_MAX);
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            }
            result => return result,
        }
    }
}
