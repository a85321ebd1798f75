//! One recording: demux, decode, thin, scale, turn upright, write.

use ac_ffmpeg::codec::Decoder;
use ac_ffmpeg::codec::video::scaler::Algorithm;
use ac_ffmpeg::codec::video::{
    PixelFormat, VideoDecoder, VideoFrame, VideoFrameScaler, frame::get_pixel_format,
};
use ac_ffmpeg::format::demuxer::{Demuxer, DemuxerWithStreamInfo, InputFormat};
use ac_ffmpeg::format::io::IO;
use ac_ffmpeg::format::stream::Stream;
use ac_ffmpeg::packet::Packet;

use super::audio::SoundTrack;
use super::output::{Output, Stop};
use super::pixels::{Orientation, scaled_size};
use super::source::Source;
use super::thinning::Thinning;
use crate::container::{Container, SNIFF_BYTES, clip_container};
use crate::limits::ClipLimits;
use crate::records::{ClipDescription, ClipEnd, Refusal};

/// The decoders that may run, by the names of the library.
const VIDEO_CODECS: [&str; 7] = [
    "h264",
    "hevc",
    "vp8",
    "vp9",
    "libdav1d",
    "libaom-av1",
    "av1",
];
const AUDIO_CODECS: [&str; 4] = ["aac", "opus", "libopus", "vorbis"];
/// Limit: the demuxer may stumble this often in a row before the rest of the file is given up.
const DEMUX_FAULTS_MAX: u32 = 8;
/// Limit: bytes and streams the library may look at to learn what is inside.
const PROBE_BYTES_MAX: u32 = 5 << 20;
const STREAMS_COUNT_MAX: usize = 8;

pub(super) fn decode(source: Source<'_>, limits: &ClipLimits, output: &Output) -> Result<(), Stop> {
    // The library's own log would go to a terminal it must not look for.
    ac_ffmpeg::set_log_callback(|_, _| {});
    let container = clip_container(&source.head::<SNIFF_BYTES>()).map_err(|_| Refusal::NotMedia)?;
    let demuxer = open(source, container)?;
    let (video_index, video) =
        first_allowed(demuxer.streams(), &VIDEO_CODECS, Kind::Video)?.ok_or(Refusal::NoVideo)?;
    let sound = first_allowed(demuxer.streams(), &AUDIO_CODECS, Kind::Audio)?;
    let mut track = VideoTrack::open(video, limits, output)?;
    let (sound_index, mut sound_track) = match sound {
        Some((index, stream)) => (Some(index), Some(SoundTrack::open(stream, limits, output)?)),
        None => (None, None),
    };
    output.clip_described(&ClipDescription {
        container,
        sound: sound_track.as_ref().map(SoundTrack::description),
        ..track.description.clone()
    })?;

    let mut end = ClipEnd::default();
    let mut packets = Packets {
        demuxer: demuxer.into_demuxer(),
        faults_in_row: 0,
        end: &mut end,
    };
    while let Some(packet) = packets.next() {
        let index = packet.stream_index();
        if index == video_index {
            track.push(packet)?;
        } else if Some(index) == sound_index
            && let Some(sound) = &mut sound_track
        {
            sound.push(packet)?;
        }
    }
    track.flush()?;
    if let Some(sound) = &mut sound_track {
        sound.flush()?;
        end.faults_count = end.faults_count.saturating_add(sound.faults_count());
        end.samples_count = sound.samples_count();
    }
    end.faults_count = end.faults_count.saturating_add(track.faults_count);
    end.decoded_frames_count = track.decoded_frames_count;
    end.emitted_frames_count = track.emitted_frames_count;
    if end.decoded_frames_count == 0 {
        return Err(Refusal::Damaged.into());
    }
    output.end(&end)
}

/// Opens the container in the one format its first bytes name.
fn open(
    source: Source<'_>,
    container: Container,
) -> Result<DemuxerWithStreamInfo<Source<'_>>, Stop> {
    let name = match container {
        Container::Matroska => "matroska",
        Container::Mp4 => "mov",
    };
    let format = InputFormat::find_by_name(name).ok_or(Refusal::WrongContainer)?;
    let codecs: Vec<&str> = VIDEO_CODECS.into_iter().chain(AUDIO_CODECS).collect();
    let demuxer = Demuxer::builder()
        .input_format(Some(format))
        // Probing opens decoders too, before this crate sees a stream.
        .set_option("codec_whitelist", codecs.join(","))
        .set_option("protocol_whitelist", "none")
        .set_option("probesize", PROBE_BYTES_MAX)
        .set_option("max_streams", STREAMS_COUNT_MAX)
        .build(IO::from_seekable_read_stream(source))
        .map_err(|_| Refusal::Damaged)?;
    demuxer
        .find_stream_info(None)
        .map_err(|_| Refusal::Damaged.into())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Video,
    Audio,
}

/// The first stream of a kind whose decoder is allowed. Streams of that kind that are all of
/// other codecs are a refusal, no stream of that kind is `None`.
fn first_allowed<'a>(
    streams: &'a [Stream],
    allowed: &[&str],
    kind: Kind,
) -> Result<Option<(usize, &'a Stream)>, Refusal> {
    let mut of_kind = streams.iter().enumerate().filter(|(_, stream)| {
        let parameters = stream.codec_parameters();
        match kind {
            Kind::Video => parameters.is_video_codec(),
            Kind::Audio => parameters.is_audio_codec(),
        }
    });
    let first = of_kind.clone().next();
    let found = of_kind.find(|(_, stream)| {
        stream
            .codec_parameters()
            .decoder_name()
            .is_some_and(|name| allowed.contains(&name))
    });
    if found.is_none() && first.is_some() {
        return Err(Refusal::CodecNotAllowed);
    }
    Ok(found)
}

struct Packets<'a, 'b> {
    demuxer: Demuxer<Source<'a>>,
    faults_in_row: u32,
    end: &'b mut ClipEnd,
}

impl Packets<'_, '_> {
    /// The next packet, over small faults; `None` at the end or when the container is broken.
    fn next(&mut self) -> Option<Packet> {
        loop {
            match self.demuxer.take() {
                Ok(packet) => {
                    self.faults_in_row = 0;
                    return packet;
                }
                Err(_) if self.faults_in_row < DEMUX_FAULTS_MAX => {
                    self.faults_in_row += 1;
                    self.end.faults_count = self.end.faults_count.saturating_add(1);
                    self.end.is_cut_short = true;
                }
                Err(_) => return None,
            }
        }
    }
}

struct VideoTrack<'a> {
    decoder: VideoDecoder,
    scaler: Option<Scaler>,
    orientation: Orientation,
    thinning: Thinning,
    limits: &'a ClipLimits,
    output: &'a Output,
    upright: Vec<u8>,
    description: ClipDescription,
    decoded_frames_count: u32,
    emitted_frames_count: u32,
    faults_count: u32,
}

impl<'a> VideoTrack<'a> {
    fn open(stream: &Stream, limits: &'a ClipLimits, output: &'a Output) -> Result<Self, Stop> {
        let parameters = stream.codec_parameters();
        let codec = parameters.decoder_name().unwrap_or_default().to_owned();
        let parameters = parameters
            .into_video_codec_parameters()
            .ok_or(Refusal::NoVideo)?;
        check_pixels(parameters.width(), parameters.height(), limits)?;
        let decoder = VideoDecoder::from_codec_parameters(&parameters)
            .map_err(|_| Refusal::CodecNotAllowed)?
            .time_base(stream.time_base())
            .set_option("threads", 1)
            .set_option("max_pixels", limits.coded_pixels_max)
            .build()
            .map_err(|_| Refusal::Damaged)?;
        let orientation = display_matrix(stream).map_or_else(Orientation::default, |bytes| {
            Orientation::from_display_matrix(&bytes)
        });
        let description = ClipDescription {
            container: Container::Matroska,
            video_codec: codec,
            coded_width: u32::try_from(parameters.width()).unwrap_or(0),
            coded_height: u32::try_from(parameters.height()).unwrap_or(0),
            orientation: orientation.to_exif(),
            sound: None,
        };
        Ok(Self {
            decoder,
            scaler: None,
            orientation,
            thinning: Thinning::new(limits.frames_per_second_max),
            limits,
            output,
            upright: Vec::new(),
            description,
            decoded_frames_count: 0,
            emitted_frames_count: 0,
            faults_count: 0,
        })
    }

    fn push(&mut self, packet: Packet) -> Result<(), Stop> {
        if self.decoder.try_push(packet).is_err() {
            self.faults_count = self.faults_count.saturating_add(1);
        }
        self.drain()
    }

    fn flush(&mut self) -> Result<(), Stop> {
        if self.decoder.try_flush().is_err() {
            self.faults_count = self.faults_count.saturating_add(1);
        }
        self.drain()
    }

    fn drain(&mut self) -> Result<(), Stop> {
        loop {
            match self.decoder.take() {
                Ok(Some(frame)) => self.frame(&frame)?,
                Ok(None) => return Ok(()),
                Err(_) => {
                    self.faults_count = self.faults_count.saturating_add(1);
                    return Ok(());
                }
            }
        }
    }

    fn frame(&mut self, frame: &VideoFrame) -> Result<(), Stop> {
        self.decoded_frames_count += 1;
        if self.decoded_frames_count > self.limits.frames_count_max {
            return Err(Refusal::TooLong.into());
        }
        check_pixels(frame.width(), frame.height(), self.limits)?;
        let Some(pts_us) = frame.best_effort_timestamp().as_micros() else {
            self.faults_count = self.faults_count.saturating_add(1);
            return Ok(());
        };
        if pts_us > i64::from(self.limits.duration_ms_max) * 1_000 {
            return Err(Refusal::TooLong.into());
        }
        if !self.thinning.takes(pts_us) {
            return Ok(());
        }
        let scaler = Scaler::for_frame(&mut self.scaler, frame, self.limits.long_side_px_max)?;
        let rgb = scaler.inner.scale(frame).map_err(|_| Refusal::Damaged)?;
        let planes = rgb.planes();
        let rows: Vec<&[u8]> = planes
            .first()
            .map_or_else(Vec::new, |plane| plane.lines().collect());
        let rows = rows
            .get(..usize::from(scaler.height))
            .ok_or(Refusal::Damaged)?;
        self.orientation.turn(rows, scaler.width, &mut self.upright);
        let (width, height) = self.orientation.turn_size(scaler.width, scaler.height);
        self.emitted_frames_count += 1;
        self.output.frame(pts_us, width, height, &self.upright)
    }
}

fn check_pixels(width: usize, height: usize, limits: &ClipLimits) -> Result<(), Refusal> {
    let pixels = width
        .checked_mul(height)
        .and_then(|pixels| u32::try_from(pixels).ok());
    match pixels {
        Some(pixels) if pixels <= limits.coded_pixels_max => Ok(()),
        Some(_) | None => Err(Refusal::TooManyPixels),
    }
}

/// The conversion to RGB at the target size. Made anew when a recording changes its size midway,
/// as it does when a phone is turned.
struct Scaler {
    inner: VideoFrameScaler,
    source: (usize, usize, PixelFormat),
    width: u16,
    height: u16,
}

impl Scaler {
    fn for_frame<'s>(
        slot: &'s mut Option<Self>,
        frame: &VideoFrame,
        long_side_px_max: u16,
    ) -> Result<&'s mut Self, Stop> {
        let source = (frame.width(), frame.height(), frame.pixel_format());
        let kept = slot.take().filter(|scaler| scaler.source == source);
        let scaler = match kept {
            Some(scaler) => scaler,
            None => Self::new(source, long_side_px_max)?,
        };
        Ok(slot.insert(scaler))
    }

    fn new(source: (usize, usize, PixelFormat), long_side_px_max: u16) -> Result<Self, Stop> {
        let (source_width, source_height, format) = source;
        let side = |side| u32::try_from(side).unwrap_or(0);
        let (width, height) =
            scaled_size(side(source_width), side(source_height), long_side_px_max)
                .ok_or(Refusal::Damaged)?;
        let scaler = VideoFrameScaler::builder()
            .source_pixel_format(format)
            .source_width(source_width)
            .source_height(source_height)
            .target_pixel_format(get_pixel_format("rgb24"))
            .target_width(usize::from(width))
            .target_height(usize::from(height))
            .algorithm(Algorithm::Bilinear)
            .build()
            .map_err(|_| Refusal::Damaged)?;
        Ok(Self {
            inner: scaler,
            source,
            width,
            height,
        })
    }
}

#[cfg(stream_side_data)]
fn display_matrix(stream: &Stream) -> Option<Vec<u8>> {
    stream
        .side_data()
        .find(|side| side.data_type().name() == "Display Matrix")
        .map(|side| side.data().to_vec())
}

#[cfg(codec_params_side_data)]
fn display_matrix(stream: &Stream) -> Option<Vec<u8>> {
    let parameters = stream.codec_parameters().into_video_codec_parameters()?;
    parameters
        .coded_side_data()
        .find(|side| matches!(side.data_type().name(), "Display Matrix"))
        .map(|side| side.data().to_vec())
}
