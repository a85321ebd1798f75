//! What the parent accepts from a worker, record by record.
//!
//! The worker decodes bytes of strangers, so it may have been taken over: everything it sends is
//! measured against the limits and the order of the protocol before a byte of payload is read.
//! Knows nothing of processes or pipes.

use crate::error::MediaError;
use crate::limits::{ClipLimits, StillLimits};
use crate::records::{
    DESCRIPTION_BYTES_MAX, FRAME_PREFIX_BYTES, Header, PCM_SAMPLES_PER_RECORD_MAX, RecordKind,
    SAMPLE_RATE_HZ,
};

/// Frames may lie this far before time zero: coders put reordered frames there.
const PTS_US_MIN: i64 = -1_000_000;
/// Limit: a description, an end and a refusal are small.
const END_BYTES_MAX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Jail,
    Description,
    Media,
    Over,
}

/// What one job may produce at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    frames_count_max: u32,
    long_side_px_max: u16,
    pts_us_max: i64,
    samples_count_max: u64,
    is_described: bool,
}

impl Allowance {
    pub(crate) fn clip(limits: &ClipLimits) -> Self {
        let milliseconds_to_samples = u64::from(SAMPLE_RATE_HZ) / 1_000;
        Self {
            frames_count_max: limits.frames_count_max,
            long_side_px_max: limits.long_side_px_max,
            pts_us_max: i64::from(limits.duration_ms_max.max(limits.sound_ms_max)) * 1_000,
            samples_count_max: u64::from(limits.sound_ms_max) * milliseconds_to_samples,
            is_described: true,
        }
    }

    pub(crate) fn still(limits: &StillLimits) -> Self {
        Self {
            frames_count_max: 1,
            long_side_px_max: limits.long_side_px_max,
            pts_us_max: 0,
            samples_count_max: 0,
            is_described: true,
        }
    }

    pub(crate) fn jail_report() -> Self {
        Self {
            frames_count_max: 0,
            long_side_px_max: 0,
            pts_us_max: 0,
            samples_count_max: 0,
            is_described: false,
        }
    }
}

/// Follows one worker's stream.
#[derive(Debug)]
pub(crate) struct Referee {
    allowance: Allowance,
    stage: Stage,
    frames_count: u32,
    samples_count: u64,
    last_frame_pts_us: Option<i64>,
    last_pcm_pts_us: Option<i64>,
}

const fn broken<T>(rule: &'static str) -> Result<T, MediaError> {
    Err(MediaError::ProtocolViolation { rule })
}

impl Referee {
    pub(crate) const fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            stage: Stage::Jail,
            frames_count: 0,
            samples_count: 0,
            last_frame_pts_us: None,
            last_pcm_pts_us: None,
        }
    }

    /// True after the record that ends the stream.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    pub(crate) const fn frames_count(&self) -> u32 {
        self.frames_count
    }

    pub(crate) const fn samples_count(&self) -> u64 {
        self.samples_count
    }

    /// Judges a header: may a record of this kind and size come now? The answer bounds what the
    /// caller has to allocate.
    pub(crate) fn judge(&mut self, header: Header) -> Result<(RecordKind, usize), MediaError> {
        let Some(kind) = RecordKind::from_byte(header.kind) else {
            return broken("unknown record kind");
        };
        let Ok(size_bytes) = usize::try_from(header.size_bytes) else {
            return broken("record too large");
        };
        self.stage = self.next_stage(kind)?;
        match kind {
            RecordKind::Jailed | RecordKind::Refused if size_bytes != 1 => {
                return broken("one byte expected");
            }
            RecordKind::Described if size_bytes > DESCRIPTION_BYTES_MAX => {
                return broken("description too large");
            }
            RecordKind::End if size_bytes > END_BYTES_MAX => return broken("end too large"),
            RecordKind::Frame => self.judge_frame(header.pts_us, size_bytes)?,
            RecordKind::Pcm => self.judge_pcm(header.pts_us, size_bytes)?,
            RecordKind::Jailed | RecordKind::Refused | RecordKind::Described | RecordKind::End => {}
        }
        Ok((kind, size_bytes))
    }

    /// Judges the picture size a frame claims against the size of its record.
    pub(crate) fn judge_picture(
        &self,
        width: u16,
        height: u16,
        size_bytes: usize,
    ) -> Result<(), MediaError> {
        let long_side_px_max = self.allowance.long_side_px_max;
        if width == 0 || height == 0 || width.max(height) > long_side_px_max {
            return broken("picture size out of range");
        }
        if usize::from(width) * usize::from(height) * 3 + FRAME_PREFIX_BYTES != size_bytes {
            return broken("picture size and record size differ");
        }
        Ok(())
    }

    fn next_stage(&self, kind: RecordKind) -> Result<Stage, MediaError> {
        match (self.stage, kind) {
            (Stage::Jail, RecordKind::Jailed) if self.allowance.is_described => {
                Ok(Stage::Description)
            }
            (Stage::Jail, RecordKind::Jailed)
            | (Stage::Description, RecordKind::Described)
            | (Stage::Media, RecordKind::Frame | RecordKind::Pcm) => Ok(Stage::Media),
            (Stage::Media, RecordKind::End)
            | (Stage::Description | Stage::Media, RecordKind::Refused) => Ok(Stage::Over),
            (Stage::Over, _) => broken("record after the end"),
            (Stage::Jail | Stage::Description | Stage::Media, _) => broken("record out of order"),
        }
    }

    fn judge_frame(&mut self, pts_us: i64, size_bytes: usize) -> Result<(), MediaError> {
        let side = usize::from(self.allowance.long_side_px_max);
        if size_bytes <= FRAME_PREFIX_BYTES || size_bytes > side * side * 3 + FRAME_PREFIX_BYTES {
            return broken("frame of impossible size");
        }
        self.frames_count += 1;
        if self.frames_count > self.allowance.frames_count_max {
            return broken("more frames than allowed");
        }
        if !(PTS_US_MIN..=self.allowance.pts_us_max).contains(&pts_us) {
            return broken("frame time out of range");
        }
        if self.last_frame_pts_us.is_some_and(|last| pts_us <= last) {
            return broken("frame times do not grow");
        }
        self.last_frame_pts_us = Some(pts_us);
        Ok(())
    }

    fn judge_pcm(&mut self, pts_us: i64, size_bytes: usize) -> Result<(), MediaError> {
        let samples_count = size_bytes / 2;
        let is_whole = size_bytes.is_multiple_of(2) && samples_count > 0;
        if !is_whole || samples_count > PCM_SAMPLES_PER_RECORD_MAX {
            return broken("sound of impossible size");
        }
        self.samples_count += u64::try_from(samples_count).unwrap_or(u64::MAX);
        if self.samples_count > self.allowance.samples_count_max {
            return broken("more sound than allowed");
        }
        if !(PTS_US_MIN..=self.allowance.pts_us_max).contains(&pts_us) {
            return broken("sound time out of range");
        }
        if self.last_pcm_pts_us.is_some_and(|last| pts_us < last) {
            return broken("sound times go back");
        }
        self.last_pcm_pts_us = Some(pts_us);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: RecordKind, size_bytes: u32, pts_us: i64) -> Header {
        Header {
            kind: kind.byte(),
            size_bytes,
            pts_us,
        }
    }

    fn violation(result: Result<(RecordKind, usize), MediaError>) -> &'static str {
        match result {
            Err(MediaError::ProtocolViolation { rule }) => rule,
            other => panic!("expected a violation, got {other:?}"),
        }
    }

    fn at_media() -> Referee {
        let mut referee = Referee::new(Allowance::clip(&ClipLimits::default()));
        referee.judge(header(RecordKind::Jailed, 1, 0)).unwrap();
        referee.judge(header(RecordKind::Described, 20, 0)).unwrap();
        referee
    }

    #[test]
    fn an_honest_stream_passes() {
        let mut referee = at_media();
        referee
            .judge(header(RecordKind::Frame, 640 * 480 * 3 + 4, 0))
            .unwrap();
        referee.judge(header(RecordKind::Pcm, 320, -6_500)).unwrap();
        referee
            .judge(header(RecordKind::Frame, 640 * 480 * 3 + 4, 33_000))
            .unwrap();
        referee.judge_picture(480, 640, 640 * 480 * 3 + 4).unwrap();
        assert!(!referee.is_over());
        referee.judge(header(RecordKind::End, 9, 0)).unwrap();
        assert!(referee.is_over());
        assert_eq!((referee.frames_count(), referee.samples_count()), (2, 160));
    }

    #[test]
    fn every_lie_has_its_rule() {
        let frame = 480 * 640 * 3 + 4;
        let cases = [
            (
                Header {
                    kind: 77,
                    size_bytes: 1,
                    pts_us: 0,
                },
                "unknown record kind",
            ),
            (header(RecordKind::Jailed, 1, 0), "record out of order"),
            (header(RecordKind::Described, 9, 0), "record out of order"),
            (
                header(RecordKind::Frame, u32::MAX, 0),
                "frame of impossible size",
            ),
            (
                header(RecordKind::Frame, 640 * 640 * 3 + 5, 0),
                "frame of impossible size",
            ),
            (header(RecordKind::Frame, 0, 0), "frame of impossible size"),
            (
                header(RecordKind::Frame, frame, i64::MIN),
                "frame time out of range",
            ),
            (
                header(RecordKind::Frame, frame, 31_000_001),
                "frame time out of range",
            ),
            (
                header(RecordKind::Frame, frame, 10),
                "frame times do not grow",
            ),
            (header(RecordKind::Pcm, 3, 0), "sound of impossible size"),
            (header(RecordKind::Pcm, 0, 0), "sound of impossible size"),
            (
                header(RecordKind::Pcm, 32_002, 0),
                "sound of impossible size",
            ),
            (
                header(RecordKind::Pcm, 2, i64::MAX),
                "sound time out of range",
            ),
            (header(RecordKind::Pcm, 2, 9), "sound times go back"),
            (header(RecordKind::End, 65, 0), "end too large"),
            (header(RecordKind::Refused, 2, 0), "one byte expected"),
        ];
        for (lie, rule) in cases {
            let mut referee = at_media();
            referee.judge(header(RecordKind::Frame, frame, 10)).unwrap();
            referee.judge(header(RecordKind::Pcm, 2, 10)).unwrap();
            assert_eq!(violation(referee.judge(lie)), rule, "{lie:?}");
        }
        assert!(at_media().judge_picture(641, 1, 641 * 3 + 4).is_err());
        assert!(at_media().judge_picture(10, 10, 301).is_err());
        assert!(at_media().judge_picture(0, 10, 4).is_err());
    }

    #[test]
    fn counts_are_bounded_and_the_end_is_the_end() {
        let mut referee = at_media();
        for index in 0..1_200 {
            referee.judge(header(RecordKind::Frame, 7, index)).unwrap();
        }
        let one_more = header(RecordKind::Frame, 7, 2_000);
        assert_eq!(
            violation(referee.judge(one_more)),
            "more frames than allowed"
        );

        let mut referee = at_media();
        for index in 0..31 {
            referee
                .judge(header(RecordKind::Pcm, 32_000, index))
                .unwrap();
        }
        let one_more = header(RecordKind::Pcm, 2, 31);
        assert_eq!(
            violation(referee.judge(one_more)),
            "more sound than allowed"
        );

        let mut referee = at_media();
        referee.judge(header(RecordKind::End, 9, 0)).unwrap();
        assert_eq!(
            violation(referee.judge(header(RecordKind::End, 9, 0))),
            "record after the end"
        );
    }

    #[test]
    fn nothing_comes_before_the_jail() {
        let mut referee = Referee::new(Allowance::still(&StillLimits::default()));
        let refused = header(RecordKind::Refused, 1, 0);
        assert_eq!(violation(referee.judge(refused)), "record out of order");
    }
}
