//! What decoding costs: `cargo run --release -p zhenren-media --example decode_cost [clips]`.
//!
//! Makes a 6 s recording of 480x640 in H264 and in VP8 with the ffmpeg program, decodes each a
//! number of times in jailed workers, and prints CPU milliseconds per clip for the worker and for
//! the reading parent, as the kernel counts them.
#![expect(clippy::print_stdout, reason = "this program's result is a table")]
#![expect(
    clippy::disallowed_methods,
    reason = "makes its media with ffmpeg; reads its arguments"
)]

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use zhenren_media::{ClipLimits, Decoder, DecoderConfig, MediaError, Record};

const SOURCE: &str = "-f lavfi -i testsrc2=size=480x640:rate=30:duration=6 \
                      -f lavfi -i sine=frequency=440:sample_rate=48000:duration=6";
const FILES: [(&str, &str); 3] = [
    (
        "H264 480x640",
        "-c:v libx264 -preset veryfast -b:v 2500k -pix_fmt yuv420p -c:a libopus",
    ),
    (
        "VP8 480x640",
        "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 2500k -c:a libopus",
    ),
    (
        "VP9 480x640",
        "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 2500k -c:a libopus",
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .first()
        .is_some_and(|argument| argument == "decode-worker")
    {
        return zhenren_media::worker::main();
    }
    let clips_count = arguments
        .first()
        .and_then(|count| count.parse().ok())
        .unwrap_or(20);
    match bench(clips_count) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(clips_count: u32) -> Result<(), Box<dyn std::error::Error>> {
    println!("| 6 s file | size kB | frames | worker CPU ms | parent CPU ms | wall ms |");
    println!("|---|---|---|---|---|---|");
    for (name, recipe) in FILES {
        let file = make(recipe)?;
        let decoder = Decoder::new(DecoderConfig::default())?;
        decoder.check_jail()?;
        let frames_count = decode(&decoder, &file)?;
        let (before, started) = (CpuTimes::now()?, Instant::now());
        for _ in 0..clips_count {
            decode(&decoder, &file)?;
        }
        let wall = started.elapsed() / clips_count;
        let after = CpuTimes::now()?;
        let per_clip = |cpu: Duration| cpu.as_secs_f64() * 1_000.0 / f64::from(clips_count);
        println!(
            "| {name} | {} | {frames_count} | {:.0} | {:.0} | {:.0} |",
            file.len() / 1_000,
            per_clip(after.children.saturating_sub(before.children)),
            per_clip(after.own.saturating_sub(before.own)),
            wall.as_secs_f64() * 1_000.0,
        );
    }
    Ok(())
}

fn decode(decoder: &Decoder, file: &[u8]) -> Result<usize, MediaError> {
    let mut frames_count = 0;
    for record in decoder.decode_clip(file, &ClipLimits::default())? {
        frames_count += usize::from(matches!(record?, Record::Frame(_)));
    }
    Ok(frames_count)
}

fn make(recipe: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("clip.mkv");
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-y", "-loglevel", "error"])
        .args(format!("{SOURCE} {recipe}").split_whitespace())
        .arg(&path)
        .status()?;
    if !status.success() {
        return Err("ffmpeg could not make the recording".into());
    }
    Ok(std::fs::read(path)?)
}

/// User and system time of this process and of the children it has reaped.
struct CpuTimes {
    own: Duration,
    children: Duration,
}

impl CpuTimes {
    fn now() -> Result<Self, Box<dyn std::error::Error>> {
        let stat = std::fs::read_to_string("/proc/self/stat")?;
        // Fields are counted after the program's name, which may hold spaces.
        let fields = stat
            .rsplit_once(')')
            .map(|(_, fields)| fields)
            .unwrap_or_default();
        let ticks: Vec<u64> = fields
            .split_whitespace()
            .skip(11)
            .take(4)
            .filter_map(|field| field.parse().ok())
            .collect();
        let &[user, system, children_user, children_system] = ticks.as_slice() else {
            return Err("unreadable /proc/self/stat".into());
        };
        // Linux reports hundredths of a second on every architecture.
        let duration = |ticks: u64| Duration::from_millis(ticks * 10);
        Ok(Self {
            own: duration(user + system),
            children: duration(children_user + children_system),
        })
    }
}
