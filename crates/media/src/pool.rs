//! Workers kept ready, because linking the decoder's libraries costs 30 ms and waiting costs none.
//!
//! One keeper thread starts every worker. It must: the kernel kills a worker when the *thread* that
//! started it ends, and the threads that ask for decoding come and go. A worker serves one job and
//! ends, so nothing of one recording can meet the next.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::error::MediaError;
use crate::process::{WorkerProcess, WorkerProgram};

type Reply = Sender<Result<WorkerProcess, MediaError>>;

#[derive(Debug)]
pub(crate) struct Pool {
    requests: Option<Sender<Reply>>,
    keeper: Option<JoinHandle<()>>,
}

impl Pool {
    /// Starts the keeper, which starts `ready_count` workers.
    pub(crate) fn new(program: WorkerProgram, ready_count: usize) -> Result<Self, MediaError> {
        let (requests, inbox) = channel();
        let keeper = std::thread::Builder::new()
            .name("decode-keeper".to_owned())
            .spawn(move || keep(&program, ready_count, &inbox))
            .map_err(|_| MediaError::Spawn {
                stage: "start the keeper thread",
            })?;
        Ok(Self {
            requests: Some(requests),
            keeper: Some(keeper),
        })
    }

    /// A fresh worker: a waiting one when there is one, a new one otherwise.
    pub(crate) fn take(&self) -> Result<WorkerProcess, MediaError> {
        let gone = MediaError::Spawn {
            stage: "reach the keeper thread",
        };
        let (reply, answer) = channel();
        let requests = self.requests.as_ref().ok_or(gone)?;
        requests.send(reply).map_err(|_| gone)?;
        answer.recv().map_err(|_| gone)?
    }
}

impl Drop for Pool {
    /// Ends the keeper and with it every waiting worker.
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(keeper) = self.keeper.take() {
            // The keeper only ends by the closed channel; a panic there has nothing to add here.
            let _result = keeper.join();
        }
    }
}

fn keep(program: &WorkerProgram, ready_count: usize, inbox: &Receiver<Reply>) {
    let mut ready = VecDeque::new();
    refill(&mut ready, program, ready_count);
    while let Ok(reply) = inbox.recv() {
        let worker = next_living(&mut ready).map_or_else(|| WorkerProcess::start(program), Ok);
        // The caller may have gone; its worker then ends here.
        let _sent = reply.send(worker);
        refill(&mut ready, program, ready_count);
    }
}

/// Workers may die while they wait (an operator's `kill`, the out-of-memory killer).
fn next_living(ready: &mut VecDeque<WorkerProcess>) -> Option<WorkerProcess> {
    while let Some(mut worker) = ready.pop_front() {
        if worker.is_alive() {
            return Some(worker);
        }
        tracing::warn!("a waiting decode worker had died");
    }
    None
}

fn refill(ready: &mut VecDeque<WorkerProcess>, program: &WorkerProgram, ready_count: usize) {
    while ready.len() < ready_count {
        match WorkerProcess::start(program) {
            Ok(worker) => ready.push_back(worker),
            Err(error) => {
                // The next request tries again and reports the fault to somebody who can act.
                tracing::warn!(%error, "no decode worker could be kept ready");
                return;
            }
        }
    }
}
