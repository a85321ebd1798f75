//! A line on standard error for whatever takes longer than two seconds.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Limit: silence for longer than this makes people wonder.
const QUIET: Duration = Duration::from_secs(2);

/// Reports that something is still running, until it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts counting; `doing` reads like "measuring the recording".
    pub(crate) fn start(doing: &str) -> Self {
        let (stop, stopped) = channel::<()>();
        let doing = doing.to_owned();
        let started = Instant::now();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(QUIET) == Err(RecvTimeoutError::Timeout) {
                eprintln!("… {doing} ({} s)", started.elapsed().as_secs());
            }
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A printing thread that panicked must not take the result with it.
            let _ignored = thread.join();
        }
    }
}
