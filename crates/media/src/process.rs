//! One worker process, from its start to its end.
//!
//! Owns the child and both ends of talk with it: a socket that carries one job and the sealed
//! input, and the pipe that carries records back. A dropped worker is killed and reaped, whatever
//! it was doing: no zombie and no descriptor stays behind.

use std::ffi::OsString;
use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use rustix::pipe::PipeFlags;

use crate::error::MediaError;
use crate::input::SealedInput;
use crate::records::Job;

/// Limit: one 640-pixel frame fits, so a worker rarely waits in the middle of one.
const PIPE_BYTES: usize = 1 << 20;
/// How long a worker that closed its pipe may take to end before it is killed.
const ENDING_MS_MAX: u64 = 2_000;

/// The worker's end of the socket is gone.
pub(crate) const HAND_OVER_FAILED: MediaError = MediaError::Spawn {
    stage: "hand over the job",
};

/// The program that becomes a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerProgram {
    /// Path of the executable; it must call [`crate::worker::main`] before anything else.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Default for WorkerProgram {
    /// This same binary, with the hidden command.
    fn default() -> Self {
        Self {
            path: "/proc/self/exe".into(),
            arguments: vec!["decode-worker".into()],
        }
    }
}

#[derive(Debug)]
pub(crate) struct WorkerProcess {
    child: Child,
    jobs: Option<OwnedFd>,
    records: OwnedFd,
    waiting_left: Duration,
    is_reaped: bool,
}

impl WorkerProcess {
    /// Starts a worker. The parent death signal binds it to the calling *thread*, which has to
    /// outlive it: only the keeper of `pool.rs` calls this.
    pub(crate) fn start(program: &WorkerProgram) -> Result<Self, MediaError> {
        let failed = |stage| move |_| MediaError::Spawn { stage };
        let (jobs, job_source) = rustix::net::socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )
        .map_err(failed("create a socket pair"))?;
        let (records, record_sink) =
            rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(failed("create a pipe"))?;
        // A smaller pipe works as well, only slower; the kernel may refuse when memory is short.
        let _size = rustix::pipe::fcntl_setpipe_size(&record_sink, PIPE_BYTES);

        #[expect(clippy::disallowed_methods, reason = "this is the decode link")]
        let mut command = Command::new(&program.path);
        let child = command
            .args(&program.arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(job_source))
            .stdout(Stdio::from(record_sink))
            .stderr(Stdio::null())
            .spawn()
            .map_err(|_| MediaError::Spawn {
                stage: "start the program",
            })?;
        Ok(Self {
            child,
            jobs: Some(jobs),
            records,
            waiting_left: Duration::ZERO,
            is_reaped: false,
        })
    }

    /// True while nothing says that the process ended.
    pub(crate) fn is_alive(&mut self) -> bool {
        if let Ok(Some(_)) = self.child.try_wait() {
            self.is_reaped = true;
        }
        !self.is_reaped
    }

    /// Hands over the job and the input. A worker gets one job in its life.
    pub(crate) fn give(
        &mut self,
        job: &Job,
        input: &SealedInput,
        waiting_ms_max: u32,
    ) -> Result<(), MediaError> {
        let failed = MediaError::Spawn {
            stage: "hand over the job",
        };
        let jobs = self.jobs.take().ok_or(failed)?;
        let message = postcard::to_stdvec(job).map_err(|_| failed)?;
        let descriptors = [input.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
        let flags = SendFlags::NOSIGNAL;
        rustix::net::sendmsg(&jobs, &[IoSlice::new(&message)], &mut ancillary, flags)
            .map_err(|_| failed)?;
        self.waiting_left = Duration::from_millis(waiting_ms_max.into());
        Ok(())
    }

    /// Fills `buffer` from the record pipe. `Ok(false)` is the clean end before its first byte.
    pub(crate) fn read_exact(&mut self, buffer: &mut [u8]) -> Result<bool, MediaError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read_some(rest)? {
                0 if filled == 0 => return Ok(false),
                0 => return Err(self.cause_of_death()),
                count => filled += count,
            }
        }
        Ok(true)
    }

    /// Reads what is there, waiting for the first byte as long as the allowance lasts.
    fn read_some(&mut self, buffer: &mut [u8]) -> Result<usize, MediaError> {
        loop {
            let before = Instant::now();
            let timeout = Timespec::try_from(self.waiting_left).unwrap_or_default();
            let mut polled = [PollFd::new(&self.records, PollFlags::IN)];
            let ready = poll(&mut polled, Some(&timeout));
            self.waiting_left = self.waiting_left.saturating_sub(before.elapsed());
            match ready {
                Ok(0) => {
                    self.kill();
                    return Err(MediaError::TimedOut);
                }
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return Err(self.cause_of_death()),
            }
            if ready.is_ok() {
                match rustix::io::read(&self.records, &mut *buffer) {
                    Ok(count) => return Ok(count),
                    Err(Errno::INTR | Errno::AGAIN) => {}
                    Err(_) => return Err(self.cause_of_death()),
                }
            }
        }
    }

    /// Waits for the end of a worker that said its last word; anything but a clean exit is an
    /// error even then.
    pub(crate) fn finish(&mut self) -> Result<(), MediaError> {
        let mut byte = [0];
        if self.read_some(&mut byte)? != 0 {
            self.kill();
            return Err(MediaError::ProtocolViolation {
                rule: "record after the end",
            });
        }
        let cause = self.cause_of_death();
        if cause == (MediaError::Died { exit_code: 0 }) {
            Ok(())
        } else {
            Err(cause)
        }
    }

    /// Says how a worker ended whose pipe broke off.
    pub(crate) fn cause_of_death(&mut self) -> MediaError {
        let deadline = Instant::now() + Duration::from_millis(ENDING_MS_MAX);
        let mut pause = Duration::from_micros(50);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    self.is_reaped = true;
                    return match (status.signal(), status.code()) {
                        (Some(signal), _) => MediaError::Killed { signal },
                        (None, code) => MediaError::Died {
                            exit_code: code.unwrap_or(-1),
                        },
                    };
                }
                Ok(None) if Instant::now() < deadline => {
                    // The pipe closes a moment before the process is gone.
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(10));
                }
                Ok(None) | Err(_) => {
                    self.kill();
                    return MediaError::TimedOut;
                }
            }
        }
    }

    /// Ends the worker now. Safe to repeat.
    pub(crate) fn kill(&mut self) {
        if !self.is_reaped {
            // The process id is still ours: it is freed by `wait` and by nothing else.
            let _killed = self.child.kill();
            let _status = self.child.wait();
            self.is_reaped = true;
        }
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
