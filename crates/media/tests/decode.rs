//! Good files through the real worker: what comes out is what went in.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a helper of a test that panics is a failed test"
)]

mod common;

use common::{collect, media, real_decoder};
use zhenren_media::{ClipLimits, Container, Frame, JailLevel, Record, SAMPLE_RATE_HZ};

/// Frames and sound of a three-second file at the default limits.
fn check_three_seconds(bytes: &[u8], container: Container, video: &str, sound: &str) {
    let collected = collect(&real_decoder(), bytes, &ClipLimits::default());
    assert_eq!(collected.error, None);
    let description = collected.description.expect("a description");
    assert_eq!(description.container, container);
    assert_eq!(description.video_codec, video);
    assert_eq!(
        (description.coded_width, description.coded_height),
        (320, 240)
    );
    assert_eq!(description.sound.expect("sound").codec, sound);

    let end = collected.end.expect("an end");
    assert_eq!(end.decoded_frames_count, 90, "{end:?}");
    assert_eq!(end.faults_count, 0, "{end:?}");
    assert!(!end.is_cut_short);
    // Thirty a second thinned to fifteen.
    assert!(
        (44..=46).contains(&collected.frames.len()),
        "{}",
        collected.frames.len()
    );
    for pair in collected.frames.windows(2) {
        let step_us = pair[1].pts_us - pair[0].pts_us;
        assert!((60_000..=74_000).contains(&step_us), "{step_us}");
    }
    assert!(
        collected
            .frames
            .iter()
            .all(|frame| (frame.width, frame.height) == (320, 240))
    );
    assert!(
        collected
            .frames
            .iter()
            .all(|frame| frame.rgb.len() == 320 * 240 * 3)
    );

    let seconds = f64::from(u32::try_from(collected.samples.len()).unwrap()) / 16_000.0;
    // AAC pads both ends by up to two packets.
    assert!((seconds - 3.0).abs() < 0.1, "{seconds} s of sound");
    let pitch_hz = pitch_hz(&collected.samples);
    assert!((pitch_hz - 440.0).abs() < 3.0, "{pitch_hz} Hz");
}

/// Pitch by counting rising zero crossings, with the edges left out.
fn pitch_hz(samples: &[i16]) -> f64 {
    let middle = &samples[4_000..samples.len() - 4_000];
    let rises = middle
        .windows(2)
        .filter(|pair| pair[0] < 0 && pair[1] >= 0)
        .count();
    let count = |number: usize| f64::from(u32::try_from(number).unwrap());
    count(rises) * f64::from(SAMPLE_RATE_HZ) / count(middle.len())
}

#[test]
fn webm_vp8_opus() {
    check_three_seconds(
        &common::webm_vp8_opus(3),
        Container::Matroska,
        "vp8",
        "opus",
    );
}

#[test]
fn webm_vp9_opus() {
    check_three_seconds(
        &common::webm_vp9_opus(3),
        Container::Matroska,
        "vp9",
        "opus",
    );
}

#[test]
fn mp4_h264_aac() {
    check_three_seconds(&common::mp4_h264_aac(3), Container::Mp4, "h264", "aac");
}

#[test]
fn fragmented_mp4() {
    check_three_seconds(&common::mp4_fragmented(3), Container::Mp4, "h264", "aac");
}

#[test]
fn matroska_h264_opus() {
    check_three_seconds(
        &common::mkv_h264_opus(3),
        Container::Matroska,
        "h264",
        "opus",
    );
}

#[test]
fn av1_without_sound() {
    let collected = collect(&real_decoder(), &common::webm_av1(), &ClipLimits::default());
    assert_eq!(collected.error, None);
    assert_eq!(collected.description.expect("a description").sound, None);
    assert_eq!(collected.frames.len(), 15);
    assert!(collected.samples.is_empty());
}

#[test]
fn sound_beside_its_picture() {
    // Half a second of silence, then a tone; the picture turns white with it.
    let recipe = "-f lavfi -i color=black:size=64x64:rate=30:duration=0.5 \
        -f lavfi -i color=white:size=64x64:rate=30:duration=0.5 \
        -f lavfi -i aevalsrc=0.8*gte(t\\,0.5)*sin(2*PI*880*t):s=48000:d=1 \
        -filter_complex [0][1]concat=n=2 -c:v libvpx -deadline realtime -c:a libopus";
    let collected = collect(
        &real_decoder(),
        &media("onset.webm", recipe),
        &ClipLimits::default(),
    );
    assert_eq!(collected.error, None);
    let white = collected
        .frames
        .iter()
        .find(|frame| frame.rgb[0] > 128)
        .expect("a white frame");
    let loud = collected
        .samples
        .iter()
        .position(|sample| sample.abs() > 8_000)
        .expect("a tone");
    let loud_us =
        collected.first_pcm_pts_us.unwrap() + i64::try_from(loud).unwrap() * 1_000_000 / 16_000;
    assert!(
        (white.pts_us - 500_000).abs() < 70_000,
        "white at {}",
        white.pts_us
    );
    assert!((loud_us - 500_000).abs() < 10_000, "loud at {loud_us}");
}

/// Mean colour of one quarter of a picture: left or right, top or bottom.
fn quarter(frame: &Frame, is_right: bool, is_bottom: bool) -> [u8; 3] {
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    let x = if is_right { width * 3 / 4 } else { width / 4 };
    let y = if is_bottom {
        height * 3 / 4
    } else {
        height / 4
    };
    let at = (y * width + x) * 3;
    frame.rgb[at..at + 3].try_into().unwrap()
}

#[test]
fn a_phone_held_upright() {
    // Stored lying: red top left, green top right, blue bottom left, black bottom right.
    let recipe = "-f lavfi -i color=red:size=80x60:duration=0.5 -f lavfi -i color=lime:size=80x60 \
        -f lavfi -i color=blue:size=80x60 -f lavfi -i color=black:size=80x60 \
        -filter_complex [0][1]hstack[t];[2][3]hstack[b];[t][b]vstack=shortest=1 -t 0.5 \
        -c:v libx264 -pix_fmt yuv420p";
    let stored = media("lying.mp4", recipe);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lying.mp4");
    std::fs::write(&path, stored).unwrap();
    let turned = media(
        "turned.mp4",
        &format!("-i {} -c copy -metadata:s:v rotate=270", path.display()),
    );
    let collected = collect(&real_decoder(), &turned, &ClipLimits::default());
    assert_eq!(collected.error, None);
    let description = collected.description.unwrap();
    assert_eq!(
        (description.coded_width, description.coded_height),
        (160, 120)
    );
    assert_eq!(description.orientation, 6, "turned clockwise");
    let frame = &collected.frames[0];
    assert_eq!((frame.width, frame.height), (120, 160));
    // A quarter turn clockwise: bottom left comes to the top left.
    let corners = [
        quarter(frame, false, false),
        quarter(frame, true, false),
        quarter(frame, false, true),
    ];
    let dominant = corners.map(
        |[red, green, blue]| match (red > 128, green > 128, blue > 128) {
            (true, false, false) => "red",
            (false, true, false) => "green",
            (false, false, true) => "blue",
            _ => "other",
        },
    );
    assert_eq!(dominant, ["blue", "red", "other"]);
    assert_eq!(
        quarter(frame, true, true).map(|channel| channel > 128),
        [false, true, false]
    );
}

#[test]
fn large_pictures_are_scaled_and_small_ones_are_not() {
    let recipe =
        "-f lavfi -i testsrc2=size=1280x720:rate=10:duration=0.5 -c:v libx264 -preset ultrafast";
    let file = media("hd.mp4", recipe);
    let decoder = real_decoder();
    let sizes = |limits: &ClipLimits| {
        let collected = collect(&decoder, &file, limits);
        assert_eq!(collected.error, None);
        (
            collected.frames[0].width,
            collected.frames[0].height,
            collected.frames.len(),
        )
    };
    assert_eq!(sizes(&ClipLimits::default()), (640, 360, 5));
    let small = ClipLimits {
        long_side_px_max: 160,
        frames_per_second_max: 5,
        ..ClipLimits::default()
    };
    let (width, height, frames_count) = sizes(&small);
    assert_eq!((width, height), (160, 90));
    assert!((2..=3).contains(&frames_count));
}

#[test]
fn colours_survive() {
    let recipe = "-f lavfi -i color=0xC08040:size=64x64:rate=10:duration=0.3 -c:v libx264 -qp 5";
    let collected = collect(
        &real_decoder(),
        &media("colour.mp4", recipe),
        &ClipLimits::default(),
    );
    let pixel = &collected.frames[0].rgb[..3];
    for (channel, expected) in pixel.iter().zip([0xC0_u8, 0x80, 0x40]) {
        assert!(channel.abs_diff(expected) <= 4, "{pixel:02x?}");
    }
}

#[test]
fn the_same_file_gives_the_same_records() {
    let file = common::webm_vp8_opus(3);
    let decoder = real_decoder();
    let first = collect(&decoder, &file, &ClipLimits::default());
    let second = collect(&decoder, &file, &ClipLimits::default());
    assert!(first.frames == second.frames && first.samples == second.samples);
    assert!(!first.frames.is_empty());
}

#[test]
fn a_stream_can_be_left_at_any_time() {
    let file = common::mp4_h264_aac(3);
    let decoder = real_decoder();
    for left_after in 0..4 {
        let stream = decoder.decode_clip(&file, &ClipLimits::default()).unwrap();
        assert!(stream.jail_level() >= JailLevel::NotEnforced);
        let records: Vec<_> = stream.take(left_after).collect();
        assert!(records.iter().all(Result::is_ok));
    }
}

#[test]
fn the_stream_is_empty_after_its_end() {
    let file = common::webm_av1();
    let mut stream = real_decoder()
        .decode_clip(&file, &ClipLimits::default())
        .unwrap();
    let last = stream.by_ref().last().unwrap();
    assert!(matches!(last, Ok(Record::End(_))), "{last:?}");
    assert!(stream.next().is_none());
}
