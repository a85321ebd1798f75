//! Reading one worker's records under the eyes of the referee.

use std::sync::Arc;

use crate::decoder::Still;
use crate::error::MediaError;
use crate::jail::JailLevel;
use crate::pool::Pool;
use crate::process::WorkerProcess;
use crate::records::{
    ClipDescription, ClipEnd, FRAME_PREFIX_BYTES, Frame, HEADER_BYTES, Header, Pcm, Record,
    RecordKind, Refusal, StillDescription,
};
use crate::referee::{Allowance, Referee};

/// What a link delivers: a record of a recording, or the description of a still.
#[derive(Debug)]
pub(crate) enum Message {
    Record(Record),
    StillDescribed(StillDescription),
}

/// A worker at its job, and the judge of what it says.
#[derive(Debug)]
pub(crate) struct Link {
    worker: WorkerProcess,
    referee: Referee,
    is_still: bool,
    jail_level: JailLevel,
    /// Keeps the keeper: the worker dies with the thread that started it.
    _pool: Arc<Pool>,
}

impl Link {
    /// Waits for the worker's report on its jail and refuses to go on in a weak one.
    pub(crate) fn open(
        worker: WorkerProcess,
        pool: Arc<Pool>,
        allowance: Allowance,
        is_still: bool,
        required: JailLevel,
    ) -> Result<Self, MediaError> {
        let referee = Referee::new(allowance);
        let jail_level = JailLevel::NotEnforced;
        let mut link = Self {
            worker,
            referee,
            is_still,
            jail_level,
            _pool: pool,
        };
        let (_, _, payload) = link.read_record()?;
        let reached = payload.first().copied().and_then(JailLevel::from_byte);
        link.jail_level = reached.ok_or(MediaError::ProtocolViolation {
            rule: "unknown jail level",
        })?;
        if link.jail_level < required {
            return Err(MediaError::JailTooWeak {
                reached: link.jail_level,
                required,
            });
        }
        Ok(link)
    }

    pub(crate) const fn jail_level(&self) -> JailLevel {
        self.jail_level
    }

    /// The single frame of a still picture.
    pub(crate) fn still(&mut self) -> Result<Still, MediaError> {
        let wrong = MediaError::ProtocolViolation {
            rule: "a still is one frame",
        };
        let Message::StillDescribed(description) = self.next_message()? else {
            return Err(wrong);
        };
        let Message::Record(Record::Frame(frame)) = self.next_message()? else {
            return Err(wrong);
        };
        let Message::Record(Record::End(_)) = self.next_message()? else {
            return Err(wrong);
        };
        Ok(Still { description, frame })
    }

    pub(crate) fn next_message(&mut self) -> Result<Message, MediaError> {
        let (kind, pts_us, payload) = self.read_record()?;
        let record = match kind {
            RecordKind::Described if self.is_still => {
                return Ok(Message::StillDescribed(parse(&payload)?));
            }
            RecordKind::Described => Record::Described(parse::<ClipDescription>(&payload)?),
            RecordKind::Frame => Record::Frame(self.frame(pts_us, payload)?),
            RecordKind::Pcm => Record::Pcm(pcm(pts_us, &payload)),
            RecordKind::End => {
                let end: ClipEnd = parse(&payload)?;
                self.check_end(&end)?;
                self.worker.finish()?;
                Record::End(end)
            }
            RecordKind::Refused => {
                let refusal = payload.first().copied().and_then(Refusal::from_byte);
                return Err(refusal.map_or(
                    MediaError::ProtocolViolation {
                        rule: "unknown refusal",
                    },
                    MediaError::from,
                ));
            }
            RecordKind::Jailed => {
                return Err(MediaError::ProtocolViolation {
                    rule: "record out of order",
                });
            }
        };
        Ok(Message::Record(record))
    }

    fn read_record(&mut self) -> Result<(RecordKind, i64, Vec<u8>), MediaError> {
        let mut header = [0; HEADER_BYTES];
        if !self.worker.read_exact(&mut header)? {
            return Err(self.worker.cause_of_death());
        }
        let header = Header::from_bytes(header);
        let (kind, size_bytes) = self.referee.judge(header)?;
        let mut payload = vec![0; size_bytes];
        if size_bytes > 0 && !self.worker.read_exact(&mut payload)? {
            return Err(self.worker.cause_of_death());
        }
        Ok((kind, header.pts_us, payload))
    }

    fn frame(&self, pts_us: i64, mut payload: Vec<u8>) -> Result<Frame, MediaError> {
        let size_bytes = payload.len();
        let [a, b, c, d] = payload.first_chunk::<FRAME_PREFIX_BYTES>().copied().ok_or(
            MediaError::ProtocolViolation {
                rule: "frame of impossible size",
            },
        )?;
        let (width, height) = (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]));
        self.referee.judge_picture(width, height, size_bytes)?;
        payload.drain(..FRAME_PREFIX_BYTES);
        Ok(Frame {
            pts_us,
            width,
            height,
            rgb: payload,
        })
    }

    fn check_end(&self, end: &ClipEnd) -> Result<(), MediaError> {
        let is_true = end.emitted_frames_count == self.referee.frames_count()
            && u64::from(end.samples_count) == self.referee.samples_count();
        if is_true {
            Ok(())
        } else {
            Err(MediaError::ProtocolViolation {
                rule: "the end counts other records",
            })
        }
    }
}

/// The records of one recording, read as they are decoded.
///
/// Holds one record at a time; a slow reader slows the worker down. After the first error, and
/// after [`Record::End`], the stream is empty and the worker is gone.
#[derive(Debug)]
pub struct ClipStream {
    link: Option<Link>,
    jail_level: JailLevel,
}

impl ClipStream {
    pub(crate) const fn new(link: Link) -> Self {
        let jail_level = link.jail_level();
        Self {
            link: Some(link),
            jail_level,
        }
    }

    /// How strong the jail of this worker is.
    pub const fn jail_level(&self) -> JailLevel {
        self.jail_level
    }
}

impl Iterator for ClipStream {
    type Item = Result<Record, MediaError>;

    fn next(&mut self) -> Option<Self::Item> {
        let link = self.link.as_mut()?;
        let next = match link.next_message() {
            Ok(Message::Record(record)) => Ok(record),
            Ok(Message::StillDescribed(_)) => Err(MediaError::ProtocolViolation {
                rule: "a recording is no still",
            }),
            Err(error) => Err(error),
        };
        if next.is_err() || link.referee.is_over() {
            self.link = None;
        }
        Some(next)
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(payload: &'a [u8]) -> Result<T, MediaError> {
    match postcard::take_from_bytes(payload) {
        Ok((value, [])) => Ok(value),
        Ok(_) | Err(_) => Err(MediaError::ProtocolViolation {
            rule: "unreadable record",
        }),
    }
}

fn pcm(pts_us: i64, payload: &[u8]) -> Pcm {
    let (samples, _) = payload.as_chunks::<2>();
    Pcm {
        pts_us,
        samples: samples
            .iter()
            .map(|bytes| i16::from_le_bytes(*bytes))
            .collect(),
    }
}
