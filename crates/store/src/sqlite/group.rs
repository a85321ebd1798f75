//! The one writer, and group commit: use cases take turns on it, and one wait for the disk makes
//! several of them durable.
//!
//! Who finds no transaction begun begins one. The first to leave calls the committer, a thread that
//! queues for the writer like everybody else. Those in front of it each work inside a savepoint;
//! when its turn comes it commits them all and only then answers each of them. So nobody waits for
//! a timer, and a use case that is dropped at any line (its task was cancelled) undoes its own
//! savepoint only.
//!
//! Invariant: a use case whose `commit` answered is on the disk. One that saw rows of a neighbour
//! in its group and does not commit itself has seen what may yet be lost; so an answer that rests
//! on what was read here is given after a commit.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

use rusqlite::Connection;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::dialect::{self, classify_sqlite};
use crate::error::{Cause, StoreError};
use crate::row::Row;
use crate::value::Value;

/// Between two looks whether another process has given the write lock back.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(2);

/// What became of a group; `None` when its members must run again.
type Verdict = Result<(), Option<Cause>>;

/// The writer of a file. Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    /// Invariant: first come, first served.
    desk: Arc<Mutex<Desk>>,
    commits: Arc<AtomicU64>,
}

/// What one use case at a time sits at.
#[derive(Debug)]
struct Desk {
    /// Gone once it was closed.
    connection: Option<Connection>,
    /// Whether a group is open, and with it a transaction.
    is_open: bool,
    /// Whether the committer was called for it.
    is_called: bool,
    /// Members that are done and wait for the disk.
    waiting: Vec<oneshot::Sender<Verdict>>,
    /// Calls the committer into the queue.
    bell: mpsc::Sender<()>,
    /// How many groups were committed.
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Opens the file, which is made when it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = super::open(path, dialect::SQLITE_WRITER_SETTINGS)?;
        // A `BEGIN` must not sleep on the executor; `open_group` waits instead.
        connection
            .busy_timeout(std::time::Duration::ZERO)
            .map_err(classify_sqlite)?;
        let (bell, calls) = mpsc::channel();
        let commits = Arc::new(AtomicU64::new(0));
        let desk = Arc::new(Mutex::new(Desk {
            connection: Some(connection),
            is_open: false,
            is_called: false,
            waiting: Vec::new(),
            bell,
            commits: Arc::clone(&commits),
        }));
        let the_desk = Arc::downgrade(&desk);
        std::thread::Builder::new()
            .name(String::from("sqlite-commit"))
            .spawn(move || {
                while calls.recv().is_ok() {
                    let Some(desk) = the_desk.upgrade() else {
                        break;
                    };
                    desk.blocking_lock().close_group();
                }
            })
            .map_err(|_| StoreError::Unavailable(Cause::NoCommitter))?;
        Ok(Self { desk, commits })
    }

    /// How many groups were committed.
    pub(crate) fn commits_count(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Waits for its turn and begins.
    pub(crate) async fn begin(&self) -> Result<Member, StoreError> {
        let waiting = Arc::clone(&self.desk).lock_owned();
        let mut desk = tokio::time::timeout(dialect::ACQUIRE_TIMEOUT, waiting)
            .await
            .map_err(|_| StoreError::Unavailable(Cause::NoConnection))?;
        desk.open_group().await?;
        // From here on it leaves in order, whatever happens.
        let mut member = Member { desk: Some(desk) };
        member.execute("SAVEPOINT member", &[])?;
        Ok(member)
    }

    /// Closes the file, after those in the queue have had their turn.
    pub(crate) async fn close(&self) {
        let mut desk = self.desk.lock().await;
        desk.close_group();
        desk.connection = None;
    }
}

impl Desk {
    fn connection(&self) -> Result<&Connection, StoreError> {
        self.connection
            .as_ref()
            .ok_or(StoreError::Unavailable(Cause::Closed))
    }

    fn run(&self, sql: &'static str) -> Result<(), StoreError> {
        super::execute(self.connection()?, sql, &[]).map(drop)
    }

    /// Begins a transaction when none is. Another process may have the write lock for a while.
    async fn open_group(&mut self) -> Result<(), StoreError> {
        if self.is_open {
            return Ok(());
        }
        let began = tokio::time::Instant::now();
        while let Err(error) = self.run(dialect::SQLITE_BEGIN) {
            let is_late = began.elapsed() >= dialect::SQLITE_BUSY_TIMEOUT;
            if !matches!(error, StoreError::Busy) || is_late {
                return Err(error);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.is_open = true;
        self.is_called = false;
        Ok(())
    }

    /// Calls the committer, once for each group.
    fn call(&mut self) -> Result<(), StoreError> {
        if !self.is_called {
            self.bell
                .send(())
                .map_err(|_| StoreError::Unavailable(Cause::NoCommitter))?;
            self.is_called = true;
        }
        Ok(())
    }

    /// Commits the open group and answers its members.
    fn close_group(&mut self) {
        if !self.is_open {
            return;
        }
        match self.run("COMMIT") {
            Ok(()) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                self.answer(&Ok(()));
            }
            Err(error) => self.give_up(&error),
        }
    }

    fn answer(&mut self, verdict: &Verdict) {
        self.is_open = false;
        for member in self.waiting.drain(..) {
            // One that was cancelled meanwhile does not listen.
            drop(member.send(verdict.clone()));
        }
    }

    /// Undoes the whole group and tells everybody in it.
    fn give_up(&mut self, error: &StoreError) {
        if self.connection().is_ok_and(|it| !it.is_autocommit()) {
            // Fails when SQLite was faster; the next `BEGIN` shows whether the file works.
            drop(self.run("ROLLBACK"));
        }
        // Without a cause they run again: nothing of it was kept.
        let cause = if let StoreError::Unavailable(cause) = error {
            Some(cause.clone())
        } else {
            None
        };
        self.answer(&Err(cause));
    }

    /// After a failed statement: some failures (a full disk) undo the transaction at once, and
    /// with it the work of members that are done.
    fn look_after(&mut self, error: &StoreError) {
        if self.is_open && self.connection().is_ok_and(Connection::is_autocommit) {
            self.give_up(error);
        }
    }
}

/// A use case at the desk.
#[derive(Debug)]
pub(crate) struct Member {
    /// Gone once it was committed or undone.
    desk: Option<OwnedMutexGuard<Desk>>,
}

impl Member {
    fn with<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let desk = self
            .desk
            .as_mut()
            .ok_or(StoreError::Unavailable(Cause::GivenUp))?;
        if !desk.is_open {
            return Err(StoreError::Unavailable(Cause::GivenUp));
        }
        let result = desk.connection().and_then(work);
        if let Err(error) = &result {
            desk.look_after(error);
        }
        result
    }

    pub(crate) fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<u64, StoreError> {
        self.with(|connection| super::execute(connection, sql, values))
    }

    pub(crate) fn fetch_all(
        &mut self,
        table: &'static str,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.with(|connection| super::fetch_all(connection, table, sql, values))
    }

    pub(crate) fn run_script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.with(|connection| connection.execute_batch(sql).map_err(classify_sqlite))
    }

    /// Leaves the desk to the next and waits until the group is on the disk.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        match &mut self.desk {
            Some(desk) if desk.is_open => desk.call()?,
            _ => return Err(StoreError::Unavailable(Cause::GivenUp)),
        }
        self.execute("RELEASE member", &[])?;
        let (sender, verdict) = oneshot::channel();
        if let Some(mut desk) = self.desk.take() {
            desk.waiting.push(sender);
        }
        match verdict.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(None)) => Err(StoreError::Busy),
            Ok(Err(Some(cause))) => Err(StoreError::Unavailable(cause)),
            Err(_) => Err(StoreError::Unavailable(Cause::NoCommitter)),
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let Some(mut desk) = self.desk.take() else {
            return;
        };
        if !desk.is_open {
            return;
        }
        let undone = desk
            .run("ROLLBACK TO member")
            .and_then(|()| desk.run("RELEASE member"));
        if let Err(error) = undone {
            // Half of it may still be there, so nothing of the group may be kept.
            desk.give_up(&error);
        } else if desk.call().is_err() {
            desk.close_group();
        }
    }
}
