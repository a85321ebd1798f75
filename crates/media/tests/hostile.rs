//! Hostile and broken files through the real worker: an error or a part, never a hang or a crash.
#![expect(
    clippy::panic,
    reason = "a helper of a test that panics is a failed test"
)]

mod common;

use std::time::{Duration, Instant};

use common::{Collected, Dice, collect, decoder, media, real_decoder};
use zhenren_media::{ClipLimits, Decoder, MediaError, ProcessLimits};

/// Per damaged file; far above what any takes, far below a hang.
const PATIENCE: Duration = Duration::from_secs(15);

fn error_of(bytes: &[u8]) -> Option<MediaError> {
    collect(&real_decoder(), bytes, &ClipLimits::default()).error
}

/// A worker that would be noticed: it never answers.
fn error_without_worker(bytes: &[u8]) -> Option<MediaError> {
    let process = ProcessLimits {
        waiting_ms_max: 1,
        ..ProcessLimits::default()
    };
    let limits = ClipLimits {
        process,
        ..ClipLimits::default()
    };
    collect(&decoder(&["ignore-the-job"]), bytes, &limits).error
}

#[test]
fn refused_before_a_worker_is_troubled() {
    let large = vec![0x1a; 50 << 20];
    let size_bytes_max = ClipLimits::default().size_bytes_max;
    assert_eq!(
        error_without_worker(&large),
        Some(MediaError::TooLarge { size_bytes_max })
    );
    let text = "To whom it may concern: this is not a video. ".repeat(40);
    assert_eq!(
        error_without_worker(text.as_bytes()),
        Some(MediaError::NotMedia)
    );
    assert_eq!(error_without_worker(b""), Some(MediaError::NotMedia));
    assert_eq!(error_without_worker(&[0; 1000]), Some(MediaError::NotMedia));

    let source = "-f lavfi -i testsrc2=size=64x64:rate=5:duration=1";
    let tone = "-f lavfi -i sine=duration=1";
    let others = [
        media("old.avi", &format!("{source} -c:v mpeg4")),
        media("tone.mp3", &format!("{tone} -c:a libmp3lame")),
        media("moving.gif", source),
        media("tone.ogg", &format!("{tone} -c:a libvorbis")),
        media("tone.wav", tone),
        media("stream.flv", &format!("{source} -c:v flv")),
        // A picture that only claims to be a recording by its name.
        media("picture.png", &format!("{source} -frames:v 1")),
        media("picture.jpg", &format!("{source} -frames:v 1")),
    ];
    for (index, other) in others.iter().enumerate() {
        assert_eq!(
            error_without_worker(other),
            Some(MediaError::WrongContainer),
            "{index}"
        );
    }
}

#[test]
fn codecs_outside_the_list() {
    let source = "-f lavfi -i testsrc2=size=64x64:rate=5:duration=1";
    let tone = "-f lavfi -i sine=duration=1";
    let files = [
        media("mpeg4.mp4", &format!("{source} -c:v mpeg4")),
        media("mjpeg.mkv", &format!("{source} -c:v mjpeg")),
        media("ffv1.mkv", &format!("{source} -c:v ffv1")),
        media(
            "pcm.mkv",
            &format!("{source} {tone} -c:v libvpx -c:a pcm_s16le"),
        ),
        media(
            "mp3.mp4",
            &format!("{source} {tone} -c:v libx264 -c:a libmp3lame"),
        ),
    ];
    for (index, file) in files.iter().enumerate() {
        assert_eq!(error_of(file), Some(MediaError::CodecNotAllowed), "{index}");
    }
    let only_sound = media("tone.webm", &format!("{tone} -c:a libopus"));
    assert_eq!(error_of(&only_sound), Some(MediaError::NoVideo));
}

#[test]
fn text_behind_a_good_magic_number() {
    let text = "this is not a video ".repeat(500);
    for head in [&b"\x1a\x45\xdf\xa3"[..], b"\0\0\0\x20ftypisom"] {
        let file = [head, text.as_bytes()].concat();
        assert_eq!(error_of(&file), Some(MediaError::Damaged));
    }
}

#[test]
fn caps_on_pixels_frames_and_time() {
    let encode = "-c:v libx264 -preset ultrafast";
    let large = media(
        "uhd.mp4",
        &format!("-f lavfi -i color=gray:size=3840x2160:rate=5:duration=0.4 {encode}"),
    );
    assert_eq!(error_of(&large), Some(MediaError::TooManyPixels));
    let full = media(
        "fhd.mp4",
        &format!("-f lavfi -i color=gray:size=1080x1920:rate=5:duration=0.4 {encode}"),
    );
    assert_eq!(error_of(&full), None);
    let long = media(
        "long.mp4",
        &format!("-f lavfi -i color=gray:size=64x64:rate=1:duration=40 {encode}"),
    );
    assert_eq!(error_of(&long), Some(MediaError::TooLong));
    let dense = media(
        "dense.mkv",
        &format!("-f lavfi -i color=gray:size=64x64:rate=200:duration=7 {encode}"),
    );
    assert_eq!(error_of(&dense), Some(MediaError::TooLong));
    let tone = "-f lavfi -i color=gray:size=64x64:rate=5:duration=1 -f lavfi -i sine=duration=35";
    let much_sound = media("sound.webm", &format!("{tone} -c:v libvpx -c:a libopus"));
    assert_eq!(error_of(&much_sound), Some(MediaError::TooLong));
}

#[test]
fn a_recording_that_changes_its_size_midway() {
    // A phone that is turned while it records VP8.
    let part = |size: &str| {
        format!(
            "-f lavfi -i testsrc2=size={size}:rate=10:duration=0.5 -c:v libvpx -deadline realtime"
        )
    };
    let (first, second) = (
        media("wide.ivf", &part("96x64")),
        media("high.ivf", &part("64x96")),
    );
    // Joined by hand: IVF is a 32-byte header and frames with a 12-byte header of size and time.
    let mut joined = first.clone();
    let mut at = 32;
    let mut time = 5_u64;
    while at + 12 <= second.len() {
        let size = u32::from_le_bytes(second[at..at + 4].try_into().unwrap());
        joined.extend(size.to_le_bytes());
        joined.extend(time.to_le_bytes());
        let body = at + 12..at + 12 + usize::try_from(size).unwrap();
        joined.extend(&second[body.clone()]);
        at = body.end;
        time += 1;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("joined.ivf");
    std::fs::write(&path, joined).unwrap();
    let file = media("joined.webm", &format!("-i {} -c copy", path.display()));
    let collected = collect(&real_decoder(), &file, &ClipLimits::default());
    assert_eq!(collected.error, None);
    let sizes: Vec<_> = collected
        .frames
        .iter()
        .map(|frame| (frame.width, frame.height))
        .collect();
    assert_eq!(
        (sizes.first(), sizes.last()),
        (Some(&(96, 64)), Some(&(64, 96)))
    );
}

fn base_files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("webm vp8 opus", common::webm_vp8_opus(1)),
        ("webm vp9 opus", common::webm_vp9_opus(1)),
        ("mp4 h264 aac", common::mp4_h264_aac(1)),
        ("mp4 fragments", common::mp4_fragmented(1)),
        ("mkv h264 opus", common::mkv_h264_opus(1)),
        ("webm av1", common::webm_av1()),
    ]
}

/// An answer is fine when it is an error of the file's own making, or a part and an honest end.
fn check_answer(name: &str, collected: &Collected, took: Duration) {
    assert!(took < PATIENCE, "{name} took {took:?}");
    match collected.error {
        None => assert!(collected.end.is_some(), "{name} ended without an end"),
        Some(
            MediaError::NotMedia
            | MediaError::WrongContainer
            | MediaError::CodecNotAllowed
            | MediaError::NoVideo
            | MediaError::TooManyPixels
            | MediaError::TooLong
            | MediaError::Damaged,
        ) => {}
        Some(error) => panic!("{name}: {error} ({})", error.kind()),
    }
}

fn decode_all(decoder: &Decoder, cases: &[(String, Vec<u8>)]) -> (usize, usize) {
    let (mut parts_count, mut errors_count) = (0, 0);
    for (name, bytes) in cases {
        let started = Instant::now();
        let collected = collect(decoder, bytes, &ClipLimits::default());
        check_answer(name, &collected, started.elapsed());
        if collected.error.is_none() {
            parts_count += 1;
        } else {
            errors_count += 1;
        }
    }
    (parts_count, errors_count)
}

#[test]
fn truncated_files() {
    let mut cases = Vec::new();
    for (name, bytes) in base_files() {
        for percent in [1, 20, 50, 80, 99] {
            let kept = bytes.len() * percent / 100;
            cases.push((format!("{name} cut at {percent} %"), bytes[..kept].to_vec()));
        }
    }
    assert_eq!(cases.len(), 30);
    let (parts_count, errors_count) = decode_all(&real_decoder(), &cases);
    println!("{parts_count} partly decoded, {errors_count} refused");
    assert!(
        parts_count > 0 && errors_count > 0,
        "the cases do not test both answers"
    );
}

#[test]
fn half_a_webm_gives_half_of_it() {
    let file = common::webm_vp8_opus(3);
    let collected = collect(
        &real_decoder(),
        &file[..file.len() / 2],
        &ClipLimits::default(),
    );
    assert_eq!(collected.error, None);
    let frames_count = collected.end.unwrap().decoded_frames_count;
    assert!((20..=80).contains(&frames_count), "{frames_count}");
    assert!(collected.samples.len() > 8_000);
}

#[test]
fn flipped_bytes() {
    let bases = base_files();
    let mut dice = Dice::new(2024);
    let mut cases = Vec::new();
    for index in 0..170 {
        let (name, base) = &bases[index % bases.len()];
        let mut bytes = base.clone();
        // Half of them in the first two kilobytes, where the headers are.
        let reach = if index % 2 == 0 {
            bytes.len().min(2_048)
        } else {
            bytes.len()
        };
        for _ in 0..=dice.below(12) {
            let at = dice.below(reach);
            bytes[at] ^= u8::try_from(1 + dice.below(255)).unwrap();
        }
        cases.push((format!("{name}, seed 2024, case {index}"), bytes));
    }
    let (parts_count, errors_count) = decode_all(&real_decoder(), &cases);
    println!("{parts_count} decoded at least partly, {errors_count} refused");
    assert!(
        parts_count > 0 && errors_count > 0,
        "the cases do not test both answers"
    );
}
