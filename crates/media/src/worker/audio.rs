//! The sound of a recording: decoded, resampled to 16 kHz mono, on the clock of the frames.

use ac_ffmpeg::codec::Decoder;
use ac_ffmpeg::codec::audio::{
    AudioDecoder, AudioFrame, AudioResampler, ChannelLayout,
    frame::{Plane, SampleFormat, get_sample_format},
};
use ac_ffmpeg::format::stream::Stream;
use ac_ffmpeg::packet::Packet;
use ac_ffmpeg::time::{TimeBase, Timestamp};

use super::output::{Output, Stop};
use crate::limits::ClipLimits;
use crate::records::{PCM_SAMPLES_PER_RECORD_MAX, Refusal, SAMPLE_RATE_HZ, SoundDescription};

/// Recorders stamp sound with millisecond jitter. Up to this much is taken for jitter and smoothed;
/// more is a hole, filled with silence so that sound stays beside its picture.
const JITTER_US_MAX: i64 = 30_000;
/// Limit: the highest rate any codec on the list has.
const SOURCE_RATE_HZ_MAX: u32 = 192_000;

pub(super) struct SoundTrack<'a> {
    decoder: AudioDecoder,
    resampler: Option<Resampler>,
    limits: &'a ClipLimits,
    output: &'a Output,
    description: SoundDescription,
    samples_count: u32,
    faults_count: u32,
    last_pts_us: i64,
}

struct Resampler {
    inner: AudioResampler,
    source: (SampleFormat, u32, ChannelLayout),
    /// Where the next source sample is expected.
    next_us: Option<i64>,
}

impl<'a> SoundTrack<'a> {
    pub(super) fn open(
        stream: &Stream,
        limits: &'a ClipLimits,
        output: &'a Output,
    ) -> Result<Self, Stop> {
        let parameters = stream.codec_parameters();
        let codec = parameters.decoder_name().unwrap_or_default().to_owned();
        let parameters = parameters
            .into_audio_codec_parameters()
            .ok_or(Refusal::CodecNotAllowed)?;
        let decoder = AudioDecoder::from_codec_parameters(&parameters)
            .map_err(|_| Refusal::CodecNotAllowed)?
            .time_base(stream.time_base())
            .set_option("threads", 1)
            .build()
            .map_err(|_| Refusal::Damaged)?;
        let description = SoundDescription {
            codec,
            source_rate_hz: parameters.sample_rate(),
            source_channels_count: parameters.channel_layout().channels(),
        };
        Ok(Self {
            decoder,
            resampler: None,
            limits,
            output,
            description,
            samples_count: 0,
            faults_count: 0,
            last_pts_us: i64::MIN,
        })
    }

    pub(super) fn description(&self) -> SoundDescription {
        self.description.clone()
    }

    pub(super) const fn samples_count(&self) -> u32 {
        self.samples_count
    }

    pub(super) const fn faults_count(&self) -> u32 {
        self.faults_count
    }

    pub(super) fn push(&mut self, packet: Packet) -> Result<(), Stop> {
        if self.decoder.try_push(packet).is_err() {
            self.fault();
        }
        self.drain()
    }

    pub(super) fn flush(&mut self) -> Result<(), Stop> {
        if self.decoder.try_flush().is_err() {
            self.fault();
        }
        self.drain()?;
        self.flush_resampler()
    }

    fn fault(&mut self) {
        self.faults_count = self.faults_count.saturating_add(1);
    }

    fn drain(&mut self) -> Result<(), Stop> {
        loop {
            match self.decoder.take() {
                Ok(Some(frame)) => self.frame(frame)?,
                Ok(None) => return Ok(()),
                Err(_) => {
                    self.fault();
                    return Ok(());
                }
            }
        }
    }

    fn frame(&mut self, frame: AudioFrame) -> Result<(), Stop> {
        let rate = frame.sample_rate();
        let channels = frame.channel_layout().channels();
        if rate == 0 || rate > SOURCE_RATE_HZ_MAX || channels == 0 || frame.samples() == 0 {
            self.fault();
            return Ok(());
        }
        let source = (
            frame.sample_format(),
            rate,
            frame.channel_layout().to_owned(),
        );
        if self
            .resampler
            .as_ref()
            .is_some_and(|resampler| resampler.source != source)
        {
            self.flush_resampler()?;
            self.resampler = None;
        }
        if self.resampler.is_none() {
            self.resampler = Some(Resampler::new(source).ok_or(Refusal::Damaged)?);
        }
        let Some(resampler) = &mut self.resampler else {
            return Ok(());
        };
        let Some(frame) = resampler.place(frame) else {
            self.fault();
            return Ok(());
        };
        // Checked before the hole in front of it is filled with silence.
        let pts_us = frame.pts().as_micros().unwrap_or(0);
        let pts_us_max = i64::from(self.limits.sound_ms_max) * 1_000;
        if !(-1_000_000..=pts_us_max).contains(&pts_us) {
            return Err(Refusal::TooLong.into());
        }
        if resampler.inner.try_push(frame).is_err() {
            self.fault();
        }
        self.write_resampled()
    }

    fn flush_resampler(&mut self) -> Result<(), Stop> {
        let Some(resampler) = &mut self.resampler else {
            return Ok(());
        };
        if resampler.inner.try_flush().is_err() {
            self.fault();
        }
        self.write_resampled()
    }

    fn write_resampled(&mut self) -> Result<(), Stop> {
        while let Some(resampler) = &mut self.resampler {
            let Ok(Some(frame)) = resampler.inner.take() else {
                break;
            };
            let planes = frame.planes();
            let bytes = planes.first().map_or(&[][..], Plane::data);
            let bytes = bytes.get(..frame.samples() * 2).ok_or(Refusal::Damaged)?;
            let mut pts_us = frame.pts().as_micros().unwrap_or(0);
            for chunk in bytes.chunks(PCM_SAMPLES_PER_RECORD_MAX * 2) {
                self.write(pts_us, chunk)?;
                let samples = i64::try_from(chunk.len() / 2).unwrap_or(0);
                pts_us += samples * 1_000_000 / i64::from(SAMPLE_RATE_HZ);
            }
        }
        Ok(())
    }

    fn write(&mut self, pts_us: i64, bytes: &[u8]) -> Result<(), Stop> {
        let samples = u32::try_from(bytes.len() / 2).unwrap_or(u32::MAX);
        self.samples_count = self.samples_count.saturating_add(samples);
        let samples_max = self
            .limits
            .sound_ms_max
            .saturating_mul(SAMPLE_RATE_HZ / 1_000);
        let is_late = pts_us > i64::from(self.limits.sound_ms_max) * 1_000;
        if self.samples_count > samples_max || is_late {
            return Err(Refusal::TooLong.into());
        }
        self.last_pts_us = self.last_pts_us.max(pts_us);
        self.output.pcm(self.last_pts_us, bytes)
    }
}

impl Resampler {
    fn new(source: (SampleFormat, u32, ChannelLayout)) -> Option<Self> {
        let (format, rate, layout) = source.clone();
        let resampler = AudioResampler::builder()
            .source_sample_format(format)
            .source_sample_rate(rate)
            .source_channel_layout(layout)
            .target_sample_format(get_sample_format("s16"))
            .target_sample_rate(SAMPLE_RATE_HZ)
            .target_channel_layout(ChannelLayout::from_channels(1)?)
            .build()
            .ok()?;
        Some(Self {
            inner: resampler,
            source,
            next_us: None,
        })
    }

    /// Puts a frame where the sound before it ended, unless it lies clearly elsewhere. `None` when
    /// it has no place at all.
    fn place(&mut self, frame: AudioFrame) -> Option<AudioFrame> {
        let stamped_us = frame.pts().as_micros();
        let start_us = match (stamped_us, self.next_us) {
            (Some(stamped), Some(next))
                if stamped.abs_diff(next) <= JITTER_US_MAX.unsigned_abs() =>
            {
                next
            }
            (Some(stamped), _) => stamped,
            (None, Some(next)) => next,
            (None, None) => return None,
        };
        let samples = i64::try_from(frame.samples()).ok()?;
        let rate = self.source.1;
        // Counted in samples, so that rounding cannot add up.
        let base = TimeBase::new(1, i32::try_from(rate).ok()?);
        let start = Timestamp::from_micros(start_us).with_time_base(base);
        let end = Timestamp::new(start.timestamp().checked_add(samples)?, base);
        self.next_us = end.as_micros();
        Some(frame.with_time_base(base).with_pts(start))
    }
}
