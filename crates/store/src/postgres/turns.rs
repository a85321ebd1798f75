//! Queues for what many use cases of one process write: an account's row.
//!
//! PostgreSQL lets one of two concurrent writers of a row fail and run again. Within a process they
//! can wait for each other instead. Nothing rests on it: another node is not in the queue, and
//! the database decides as ever.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

/// Limit: queues after which those that nobody stands in are forgotten.
const QUEUES_COUNT: usize = 1024;

/// A place at the head of a queue; given up when dropped.
pub(super) type Turn = OwnedMutexGuard<()>;

/// One queue for each key.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<BTreeMap<String, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits until those that came before under this key have ended.
    pub(super) async fn wait(&self, key: &str) -> Turn {
        self.queue(key).lock_owned().await
    }

    fn queue(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(key).and_then(Weak::upgrade) {
            return queue;
        }
        if queues.len() >= QUEUES_COUNT {
            queues.retain(|_, queue| queue.strong_count() > 0);
        }
        let queue = Arc::default();
        queues.insert(key.to_owned(), Arc::downgrade(&queue));
        queue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_key_waits_and_another_does_not() {
        let turns = Arc::new(Turns::default());
        let first = turns.wait("a").await;
        drop(turns.wait("b").await);
        let second = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { drop(turns.wait("a").await) }
        });
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        drop(first);
        second.await.unwrap();
    }

    #[tokio::test]
    async fn queues_that_nobody_stands_in_are_forgotten() {
        let turns = Turns::default();
        let kept = turns.wait("kept").await;
        for number in 0..3 * QUEUES_COUNT {
            drop(turns.wait(&number.to_string()).await);
        }
        assert!(turns.0.lock().unwrap().len() <= QUEUES_COUNT);
        assert!(turns.0.lock().unwrap().contains_key("kept"));
        drop(kept);
    }
}
