//! The other side of the wall: the process that decodes.
//!
//! It waits for one job on its standard input, closes the jail behind itself, decodes, and ends.
//! It knows one sealed input and one pipe; no file, key, tenant or network (invariant I7).

mod audio;
mod clip;
mod output;
mod pixels;
mod source;
mod still;
mod thinning;

use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitCode;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};

use crate::jail::{self, JailLevel};
use crate::limits::ProcessLimits;
use crate::records::{ClipEnd, Job, Refusal};

use output::{Output, Stop};
use source::Source;

/// Limit: a job is a handful of numbers.
const JOB_BYTES_MAX: usize = 256;
/// Where the input lies: the first number after the standard descriptors.
const INPUT_FD: i32 = 3;

// Exit codes, seen by the parent as `MediaError::Died`. They only help to find the broken step.
const NOT_CONFINED: u8 = 71;
const NO_JOB: u8 = 72;
const NOT_JAILED: u8 = 73;
const NO_READER: u8 = 74;
const PANICKED: u8 = 75;

/// A job and its input, received but not begun.
#[derive(Debug)]
pub struct Assignment {
    job: Job,
    input: OwnedFd,
}

impl Assignment {
    /// The limits this job's process must run under.
    pub const fn process_limits(&self) -> ProcessLimits {
        match &self.job {
            Job::Clip(limits) => limits.process,
            Job::Still(limits) => limits.process,
            Job::ReportJail => ProcessLimits {
                cpu_s_max: 5,
                address_space_bytes_max: 1536 << 20,
                waiting_ms_max: 0,
            },
        }
    }
}

/// Runs a decode worker. To be called before the process has started any thread.
pub fn main() -> ExitCode {
    // A message could quote a stranger's bytes, and nobody would read it.
    std::panic::set_hook(Box::new(|_| {}));
    let Ok(level) = jail::confine() else {
        return ExitCode::from(NOT_CONFINED);
    };
    let Some(assignment) = receive() else {
        return ExitCode::from(NO_JOB);
    };
    if jail::close(&assignment.process_limits()).is_err() {
        return ExitCode::from(NOT_JAILED);
    }
    run(&assignment, level)
}

/// Waits for the job on standard input. `None` when the parent went away or sent nonsense.
///
/// Afterwards standard input is the sealed input as well: the socket is gone.
pub fn receive() -> Option<Assignment> {
    // Whatever was inherited by mistake goes first, so that the input gets its number.
    jail::close_descriptors(INPUT_FD.unsigned_abs()).ok()?;
    let mut message = [0; JOB_BYTES_MAX];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::net::recvmsg(
        rustix::stdio::stdin(),
        &mut [IoSliceMut::new(&mut message)],
        &mut ancillary,
        RecvFlags::CMSG_CLOEXEC,
    )
    .ok()?;
    let input = ancillary.drain().find_map(|part| match part {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        RecvAncillaryMessage::ScmCredentials(_) | _ => None,
    })?;
    let job = postcard::from_bytes(message.get(..received.bytes)?).ok()?;
    rustix::stdio::dup2_stdin(&input).ok()?;
    (input.as_raw_fd() == INPUT_FD).then_some(Assignment { job, input })
}

/// Does the job. The jail is closed by now.
fn run(assignment: &Assignment, level: JailLevel) -> ExitCode {
    let output = Output::new();
    // A panic is a defect of ours or of a codec; the file counts as damaged, not as decoded.
    let done = std::panic::catch_unwind(|| work(assignment, level, &output));
    let stop = match done {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(stop)) => stop,
        Err(_) => Stop::Refused(Refusal::Damaged),
    };
    match stop {
        Stop::NoReader => ExitCode::from(NO_READER),
        Stop::Refused(refusal) => match output.refused(refusal) {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(PANICKED),
        },
    }
}

fn work(assignment: &Assignment, level: JailLevel, output: &Output) -> Result<(), Stop> {
    output.jailed(level)?;
    let source = Source::new(&assignment.input)?;
    match &assignment.job {
        Job::Clip(limits) => clip::decode(source, limits, output),
        Job::Still(limits) => still::decode(source, limits, output),
        Job::ReportJail => output.end(&ClipEnd::default()),
    }
}
