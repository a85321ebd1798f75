//! Stopping and holding a future at an exact place.
//!
//! How often a future is polled depends on timing and on the database; how often it passes a
//! [`Waypoint`] does not. A stop at the n-th waypoint therefore replays, on both databases alike.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use tokio::task::futures::TaskLocalFuture;

use crate::waypoint::Waypoint;

tokio::task_local! {
    static STOP: Arc<Mutex<State>>;
}

/// Where to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// After so many waypoints of any kind were passed.
    After(u32),
    /// After so many of this kind were passed.
    AfterKind(Waypoint, u32),
}

#[derive(Debug)]
struct State {
    stop: Stop,
    passed_count: u32,
    is_reached: bool,
    is_released: bool,
}

impl State {
    /// Whether the future must wait here.
    fn arrive(&mut self, place: Waypoint) -> bool {
        let (is_counted, count_max) = match self.stop {
            Stop::After(count) => (true, count),
            Stop::AfterKind(kind, count) => (kind == place, count),
        };
        if self.is_released || !is_counted {
            return false;
        }
        self.is_reached = self.passed_count >= count_max;
        self.passed_count += 1;
        self.is_reached
    }
}

/// Passes a waypoint, or waits there until released.
pub(crate) async fn pass(place: Waypoint) {
    let Ok(state) = STOP.try_with(Arc::clone) else {
        return;
    };
    if state.lock().unwrap().arrive(place) {
        poll_fn(|_| {
            // Whoever releases it polls it again, so nobody has to be woken.
            if state.lock().unwrap().is_released {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// A future that stops at a place. Dropped there, it is a process that died there.
pub struct Stoppable<F> {
    future: Pin<Box<TaskLocalFuture<Arc<Mutex<State>>, F>>>,
    state: Arc<Mutex<State>>,
}

impl<F> std::fmt::Debug for Stoppable<F> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stoppable").finish_non_exhaustive()
    }
}

impl<F: Future> Stoppable<F> {
    /// A future that will stop there.
    pub fn new(stop: Stop, future: F) -> Self {
        let state = Arc::new(Mutex::new(State {
            stop,
            passed_count: 0,
            is_reached: false,
            is_released: false,
        }));
        Self {
            future: Box::pin(STOP.scope(Arc::clone(&state), future)),
            state,
        }
    }

    /// Runs up to the stop; what it answers when it ended before.
    pub async fn run_to_stop(&mut self) -> Option<F::Output> {
        poll_fn(|context| match self.future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if self.state.lock().unwrap().is_reached => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Goes on from the stop to the end.
    pub async fn resume(self) -> F::Output {
        self.state.lock().unwrap().is_released = true;
        self.future.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn walk() -> &'static str {
        pass(Waypoint::Begin).await;
        pass(Waypoint::Statement).await;
        pass(Waypoint::Begin).await;
        "arrived"
    }

    #[tokio::test]
    async fn it_stops_there_goes_on_from_there_and_ends_before_a_stop_that_never_comes() {
        for count in 0..3 {
            let mut walk = Stoppable::new(Stop::After(count), walk());
            assert_eq!(walk.run_to_stop().await, None, "{count}");
            assert_eq!(walk.resume().await, "arrived");
        }
        let second = Stop::AfterKind(Waypoint::Begin, 1);
        let mut held = Stoppable::new(second, walk());
        assert_eq!(held.run_to_stop().await, None);
        assert_eq!(held.state.lock().unwrap().passed_count, 2);
        let mut walk = Stoppable::new(Stop::After(3), walk());
        assert_eq!(walk.run_to_stop().await, Some("arrived"));
    }
}
