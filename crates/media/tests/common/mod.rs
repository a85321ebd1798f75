//! What the wall tests share: decoders over the test worker, and media made by the ffmpeg program.
#![expect(dead_code, reason = "each test binary uses its own part")]

use std::path::PathBuf;

use zhenren_media::{
    ClipDescription, ClipEnd, ClipLimits, Decoder, DecoderConfig, Frame, MediaError, Record,
    WorkerProgram,
};

/// The test worker in one of its modes.
pub(crate) fn config(mode: &[&str]) -> DecoderConfig {
    let program = WorkerProgram {
        path: env!("CARGO_BIN_EXE_media-test-worker").into(),
        arguments: mode.iter().map(Into::into).collect(),
    };
    DecoderConfig {
        program,
        ready_workers_count: 0,
        ..DecoderConfig::default()
    }
}

/// A decoder that starts its workers when they are needed.
pub(crate) fn decoder(mode: &[&str]) -> Decoder {
    Decoder::new(config(mode)).expect("a decoder")
}

/// The real worker.
pub(crate) fn real_decoder() -> Decoder {
    decoder(&["serve"])
}

/// Bytes that reach a worker, whatever they are worth to it.
pub(crate) const MATROSKA_HEAD: &[u8] = &[
    0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
];

/// Everything one recording gave.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) description: Option<ClipDescription>,
    pub(crate) frames: Vec<Frame>,
    pub(crate) samples: Vec<i16>,
    pub(crate) first_pcm_pts_us: Option<i64>,
    pub(crate) end: Option<ClipEnd>,
    pub(crate) error: Option<MediaError>,
}

pub(crate) fn collect(decoder: &Decoder, bytes: &[u8], limits: &ClipLimits) -> Collected {
    let mut collected = Collected::default();
    let stream = match decoder.decode_clip(bytes, limits) {
        Ok(stream) => stream,
        Err(error) => {
            return Collected {
                error: Some(error),
                ..collected
            };
        }
    };
    for record in stream {
        match record {
            Ok(Record::Described(description)) => collected.description = Some(description),
            Ok(Record::Frame(frame)) => collected.frames.push(frame),
            Ok(Record::Pcm(pcm)) => {
                collected.first_pcm_pts_us.get_or_insert(pcm.pts_us);
                collected.samples.extend(pcm.samples);
            }
            Ok(Record::End(end)) => collected.end = Some(end),
            Err(error) => collected.error = Some(error),
        }
    }
    collected
}

/// Runs the ffmpeg program once per recipe and keeps the result between runs.
///
/// `recipe` is the command line without the output file; the name's extension picks the format.
pub(crate) fn media(name: &str, recipe: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("media-files");
    std::fs::create_dir_all(&folder).expect("a folder for test media");
    // The recipe is part of the name, so that a changed recipe is run again.
    let digest = recipe
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let path = folder.join(format!("{digest:016x}-{name}"));
    if let Ok(bytes) = std::fs::read(&path) {
        return bytes;
    }
    // Made under a name of its own: tests run side by side.
    let draft = folder.join(format!("{}-{digest:016x}-{name}", std::process::id()));
    #[expect(
        clippy::disallowed_methods,
        reason = "tests make their media with ffmpeg"
    )]
    let output = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-y", "-loglevel", "error"])
        .args(recipe.split_whitespace())
        // Encoder threads that spin for each other take minutes on a loaded machine.
        .args(["-threads", "1"])
        .arg(&draft)
        .output()
        .expect("the ffmpeg program is needed to make test media: install the package `ffmpeg`");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "ffmpeg could not make {name}: {complaint}"
    );
    std::fs::rename(&draft, &path).expect("keep the test media");
    std::fs::read(&path).expect("read the test media")
}

/// A moving test picture, 30 frames a second, with a 440 Hz tone.
fn source(seconds: u32) -> String {
    format!(
        "-f lavfi -i testsrc2=size=320x240:rate=30:duration={seconds} \
         -f lavfi -i sine=frequency=440:sample_rate=48000:duration={seconds}"
    )
}

pub(crate) fn webm_vp8_opus(seconds: u32) -> Vec<u8> {
    let recipe = "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 600k -g 30 -c:a libopus -b:a 48k";
    media("vp8.webm", &format!("{} {recipe}", source(seconds)))
}

pub(crate) fn webm_vp9_opus(seconds: u32) -> Vec<u8> {
    let recipe =
        "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 600k -g 30 -c:a libopus -b:a 48k";
    media("vp9.webm", &format!("{} {recipe}", source(seconds)))
}

pub(crate) fn mp4_h264_aac(seconds: u32) -> Vec<u8> {
    let recipe = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 30 -c:a aac";
    media("h264.mp4", &format!("{} {recipe}", source(seconds)))
}

/// As a phone's browser records: fragments, each of which can be read alone.
pub(crate) fn mp4_fragmented(seconds: u32) -> Vec<u8> {
    let recipe = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 15 -c:a aac \
                  -movflags frag_keyframe+empty_moov+default_base_moof";
    media("fragments.mp4", &format!("{} {recipe}", source(seconds)))
}

pub(crate) fn mkv_h264_opus(seconds: u32) -> Vec<u8> {
    let recipe = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -g 30 -c:a libopus";
    media("h264.mkv", &format!("{} {recipe}", source(seconds)))
}

pub(crate) fn webm_av1() -> Vec<u8> {
    let recipe = "-an -c:v libaom-av1 -usage realtime -cpu-used 8 -b:v 400k";
    let source = "-f lavfi -i testsrc2=size=160x120:rate=15:duration=1";
    media("av1.webm", &format!("{source} {recipe}"))
}

/// A small generator with a seed, so that a failing case can be named and repeated.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963);
        let drawn = usize::try_from(self.0 >> 33).expect("31 bits fit");
        drawn % limit
    }
}
