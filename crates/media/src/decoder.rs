//! The face of the crate: a file goes in, media or an error comes out.

use std::sync::Arc;

use crate::container::{clip_container, still_format};
use crate::error::MediaError;
use crate::input::SealedInput;
use crate::jail::JailLevel;
use crate::limits::{ClipLimits, ProcessLimits, StillLimits};
use crate::pool::Pool;
use crate::process::{HAND_OVER_FAILED, WorkerProgram};
use crate::records::{Frame, Job, Record, StillDescription};
use crate::referee::Allowance;
use crate::stream::{ClipStream, Link, Message};

/// Limit: a second worker in a row that dies before it begins is no accident.
const RETRIES_MAX: u32 = 1;

/// How decoding is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecoderConfig {
    /// The program that becomes a worker.
    pub program: WorkerProgram,
    /// Workers kept ready for the next files.
    pub ready_workers_count: usize,
    /// What the worker must reach before it is shown a stranger's bytes.
    pub jail_level_min: JailLevel,
}

impl Default for DecoderConfig {
    fn default() -> Self {
        Self {
            program: WorkerProgram::default(),
            ready_workers_count: 2,
            jail_level_min: JailLevel::FullyEnforced,
        }
    }
}

/// A decoded still picture and what the file was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// What the file said.
    pub description: StillDescription,
    /// The upright, scaled picture.
    pub frame: Frame,
}

/// Decodes files in jailed worker processes. Clones share the same workers.
///
/// Every call blocks; async callers use a blocking thread.
#[derive(Debug, Clone)]
pub struct Decoder {
    pool: Arc<Pool>,
    jail_level_min: JailLevel,
}

impl Decoder {
    /// Starts the keeper of the workers.
    pub fn new(config: DecoderConfig) -> Result<Self, MediaError> {
        let pool = Arc::new(Pool::new(config.program, config.ready_workers_count)?);
        Ok(Self {
            pool,
            jail_level_min: config.jail_level_min,
        })
    }

    /// Decodes a recording, record by record. Dropping the stream ends the worker.
    pub fn decode_clip(&self, bytes: &[u8], limits: &ClipLimits) -> Result<ClipStream, MediaError> {
        // Refusals that need no copy come first.
        check_size(bytes.len(), limits.size_bytes_max)?;
        clip_container(bytes)?;
        self.decode_sealed_clip(
            &SealedInput::from_bytes(bytes, limits.size_bytes_max)?,
            limits,
        )
    }

    /// As [`Self::decode_clip`], for an input that was collected part by part.
    pub fn decode_sealed_clip(
        &self,
        input: &SealedInput,
        limits: &ClipLimits,
    ) -> Result<ClipStream, MediaError> {
        check_size(
            usize::try_from(input.size_bytes()).unwrap_or(usize::MAX),
            limits.size_bytes_max,
        )?;
        clip_container(input.head())?;
        let allowance = Allowance::clip(limits);
        let link = self.connect(&Job::Clip(*limits), input, &limits.process, allowance)?;
        Ok(ClipStream::new(link))
    }

    /// Decodes a still picture.
    pub fn decode_still(&self, bytes: &[u8], limits: &StillLimits) -> Result<Still, MediaError> {
        check_size(bytes.len(), limits.size_bytes_max)?;
        still_format(bytes)?;
        let input = SealedInput::from_bytes(bytes, limits.size_bytes_max)?;
        let allowance = Allowance::still(limits);
        let mut link = self.connect(&Job::Still(*limits), &input, &limits.process, allowance)?;
        link.still()
    }

    /// Sends an empty job through a worker and says how strong its jail is. Fails like decoding
    /// would: a server that calls this at its start learns early what it cannot do.
    pub fn check_jail(&self) -> Result<JailLevel, MediaError> {
        let process = ProcessLimits::default();
        let input = SealedInput::from_bytes(&[], 0)?;
        let mut link =
            self.connect(&Job::ReportJail, &input, &process, Allowance::jail_report())?;
        let level = link.jail_level();
        match link.next_message()? {
            Message::Record(Record::End(_)) => Ok(level),
            Message::Record(_) | Message::StillDescribed(_) => Err(MediaError::ProtocolViolation {
                rule: "a jail report carries no media",
            }),
        }
    }

    fn connect(
        &self,
        job: &Job,
        input: &SealedInput,
        process: &ProcessLimits,
        allowance: Allowance,
    ) -> Result<Link, MediaError> {
        let is_still = matches!(job, Job::Still(_));
        let mut retries_left = RETRIES_MAX;
        loop {
            let mut worker = self.pool.take()?;
            let link = worker
                .give(job, input, process.waiting_ms_max)
                .and_then(|()| {
                    let pool = Arc::clone(&self.pool);
                    Link::open(worker, pool, allowance, is_still, self.jail_level_min)
                });
            match link {
                // It died before its jail was closed, so the input is not to blame: somebody
                // killed it while it waited.
                Err(MediaError::Killed { .. } | MediaError::Died { .. } | HAND_OVER_FAILED)
                    if retries_left > 0 =>
                {
                    retries_left -= 1;
                }
                link => return link,
            }
        }
    }
}

fn check_size(size_bytes: usize, size_bytes_max: u64) -> Result<(), MediaError> {
    if u64::try_from(size_bytes).is_ok_and(|size| size <= size_bytes_max) {
        Ok(())
    } else {
        Err(MediaError::TooLarge { size_bytes_max })
    }
}
