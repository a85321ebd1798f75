//! How long a stage took. Durations only; what time it is comes from `Clock`.

use std::time::Instant;

/// A running stopwatch.
#[derive(Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start or the last lap; starts the next lap.
    pub fn lap_ms(&mut self) -> f64 {
        let now = Instant::now();
        let took = now.duration_since(self.0).as_secs_f64() * 1000.0;
        self.0 = now;
        took
    }
}
