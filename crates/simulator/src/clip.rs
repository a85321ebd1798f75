//! Makes container files of rendered frames by piping them through the `ffmpeg` program, as a
//! browser's recorder would have made them.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use crate::render::Picture;
use crate::speech::{RATE_HZ, SoundTrack};
use crate::take::Take;

/// Limit: one minute at 30 frames a second; the platform takes far less.
pub const FRAMES_COUNT_MAX: u32 = 1_800;
/// Limit: what a minute of video at the highest rate below can amount to, twice.
const CLIP_BYTES_MAX: u64 = 64 << 20;

/// Container and codecs of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Container {
    /// `WebM` with VP8 and Opus.
    Vp8,
    /// Matroska with H.264 and Opus, what Chromium records when asked for H.264.
    H264,
}

impl Container {
    /// The media type a browser's recorder would name.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Vp8 => "video/webm;codecs=vp8,opus",
            Self::H264 => "video/x-matroska;codecs=avc1,opus",
        }
    }

    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Vp8 => &[
                "-c:v",
                "libvpx",
                "-deadline",
                "realtime",
                "-cpu-used",
                "8",
                "-f",
                "webm",
            ],
            Self::H264 => &[
                "-c:v",
                "libx264",
                "-preset",
                "veryfast",
                "-tune",
                "zerolatency",
                "-f",
                "matroska",
            ],
        }
    }
}

/// What is on the sound track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// No sound track.
    None,
    /// A quiet room.
    Room,
    /// What the take sounds like; a quiet room where there is no take.
    Take,
}

/// How a clip is to be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Format {
    /// Container and codecs.
    pub container: Container,
    /// Frames a second, 1 to 60.
    pub fps: u32,
    /// Kilobits a second for the video.
    pub kbit_rate: u32,
    /// The sound track.
    pub sound: Sound,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            container: Container::Vp8,
            fps: 15,
            kbit_rate: 2_000,
            sound: Sound::Take,
        }
    }
}

/// Encodes a take with its sound.
pub fn encode_take(take: &Take, format: &Format) -> anyhow::Result<Vec<u8>> {
    let sound = match format.sound {
        Sound::Take => Some(take.sound()?),
        Sound::None | Sound::Room => None,
    };
    encode_with(take.frames(format.fps), sound.as_ref(), format)
}

/// Encodes frames, all of one size, into one file. There is no take, so its sound is a room's.
pub fn encode(frames: impl Iterator<Item = Picture>, format: &Format) -> anyhow::Result<Vec<u8>> {
    encode_with(frames, None, format)
}

fn encode_with(
    frames: impl Iterator<Item = Picture>,
    sound: Option<&SoundTrack>,
    format: &Format,
) -> anyhow::Result<Vec<u8>> {
    ensure!(
        (1..=60).contains(&format.fps),
        "frames a second must be from 1 to 60"
    );
    let mut frames = frames.peekable();
    let first = frames.peek().context("a clip needs at least one frame")?;
    let (width, height) = (first.width, first.height);
    // Sound cannot come through the same pipe as the pictures.
    let sound = sound.map(sound_file).transpose()?;
    let mut child = start(width, height, sound.as_ref(), format)?;
    let output = child
        .stdout
        .take()
        .context("the encoder's output is piped")?;
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        output
            .take(CLIP_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    });
    let fed = feed(&mut child, frames, (width, height));
    let bytes = reader
        .join()
        .map_err(|_| anyhow::anyhow!("reading the encoder's output failed"))?;
    let status = child.wait().context("waiting for ffmpeg")?;
    let mut complaint = String::new();
    if let Some(mut errors) = child.stderr.take() {
        errors
            .read_to_string(&mut complaint)
            .context("reading ffmpeg's messages")?;
    }
    ensure!(
        status.success(),
        "ffmpeg failed ({status}): {}",
        complaint.trim()
    );
    fed?;
    let bytes = bytes.context("reading the encoder's output")?;
    ensure!(
        u64::try_from(bytes.len())? <= CLIP_BYTES_MAX,
        "the clip is larger than {CLIP_BYTES_MAX} bytes"
    );
    Ok(bytes)
}

fn feed(
    child: &mut Child,
    frames: impl Iterator<Item = Picture>,
    size: (usize, usize),
) -> anyhow::Result<()> {
    // Dropping the pipe at the end tells the encoder that there is no more.
    let mut input = child.stdin.take().context("the encoder's input is piped")?;
    for (index, frame) in (0_u32..).zip(frames) {
        if index >= FRAMES_COUNT_MAX {
            bail!("a clip has at most {FRAMES_COUNT_MAX} frames");
        }
        ensure!(
            (frame.width, frame.height) == size,
            "frame {index} has another size"
        );
        input
            .write_all(&frame.rgb)
            .context("handing a frame to ffmpeg")?;
    }
    Ok(())
}

/// Samples in a file of their own, gone when it is dropped.
fn sound_file(sound: &SoundTrack) -> anyhow::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new().context("making a file for the sound")?;
    let bytes: Vec<u8> = sound
        .samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    file.write_all(&bytes).context("writing the sound")?;
    file.flush().context("writing the sound")?;
    Ok(file)
}

fn start(
    width: usize,
    height: usize,
    sound: Option<&tempfile::NamedTempFile>,
    format: &Format,
) -> anyhow::Result<Child> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator makes its own clips; nothing a stranger sent is run through here"
    )]
    let mut command = Command::new("ffmpeg");
    let rate = format.fps.to_string();
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin"]);
    command.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-r", &rate]);
    command.args(["-s", &format!("{width}x{height}"), "-i", "pipe:0"]);
    if let Some(file) = sound {
        command.args(["-f", "s16le", "-ac", "1", "-ar", &RATE_HZ.to_string(), "-i"]);
        command.arg(file.path());
    } else if format.sound != Sound::None {
        command.args([
            "-f",
            "lavfi",
            "-i",
            "anoisesrc=amplitude=0.002:sample_rate=48000:seed=1",
        ]);
    }
    if format.sound != Sound::None {
        command.args(["-c:a", "libopus", "-b:a", "32k", "-ac", "1", "-shortest"]);
    }
    // One thread and no build identifiers: the same frames give the same bytes.
    command.args([
        "-threads",
        "1",
        "-fflags",
        "+bitexact",
        "-pix_fmt",
        "yuv420p",
        "-g",
        &rate,
    ]);
    command.args(["-b:v", &format!("{}k", format.kbit_rate)]);
    command.args(format.container.arguments());
    command.arg("pipe:1");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
        .spawn()
        .context("cannot start ffmpeg; install it (apt-get install ffmpeg)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(level: u8) -> Picture {
        Picture {
            width: 64,
            height: 96,
            rgb: vec![level; 64 * 96 * 3],
        }
    }

    /// Frame count by decoding again with ffmpeg, and the mean of the first frame.
    fn decode(bytes: &[u8]) -> (usize, f64) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("clip");
        std::fs::write(&file, bytes).expect("the clip is written");
        #[expect(
            clippy::disallowed_methods,
            reason = "the round trip decodes with ffmpeg"
        )]
        let output = Command::new("ffmpeg")
            .args(["-loglevel", "error", "-i"])
            .arg(&file)
            .args([
                "-map",
                "0:v",
                "-f",
                "rawvideo",
                "-pix_fmt",
                "rgb24",
                "-fps_mode",
                "passthrough",
                "pipe:1",
            ])
            .output()
            .expect("ffmpeg runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let size = 64 * 96 * 3;
        let sum: f64 = output.stdout[..size].iter().map(|b| f64::from(*b)).sum();
        (
            output.stdout.len() / size,
            sum / f64::from(u32::try_from(size).expect("small")),
        )
    }

    fn check(container: Container, magic: &[u8]) {
        let format = Format {
            container,
            fps: 20,
            ..Format::default()
        };
        let clip = encode((0..33).map(|i| grey(100 + i)), &format).expect("a clip");
        assert!(clip.starts_with(magic), "{:?}", &clip[..8]);
        let (frames, mean) = decode(&clip);
        assert_eq!(frames, 33);
        assert!((mean - 100.0).abs() < 4.0, "first frame {mean}");
    }

    #[test]
    fn vp8_round_trip_keeps_every_frame() {
        check(Container::Vp8, &[0x1a, 0x45, 0xdf, 0xa3]);
    }

    #[test]
    fn h264_round_trip_keeps_every_frame() {
        check(Container::H264, &[0x1a, 0x45, 0xdf, 0xa3]);
    }

    #[test]
    fn nothing_and_mixed_sizes_are_refused() {
        assert!(encode(std::iter::empty(), &Format::default()).is_err());
        let small = Picture {
            width: 2,
            height: 2,
            rgb: vec![0; 12],
        };
        assert!(encode([grey(1), small].into_iter(), &Format::default()).is_err());
    }
}
