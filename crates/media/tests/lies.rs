//! The parent against workers that break the protocol, hang or die.
#![expect(
    clippy::panic,
    reason = "a helper of a test that panics is a failed test"
)]

mod common;

use std::time::Duration;

use common::{MATROSKA_HEAD, collect, decoder};
use zhenren_media::{ClipLimits, MediaError, ProcessLimits, StillLimits};

/// A server must be free again soon after its limit, on a loaded machine too.
const PATIENCE: Duration = Duration::from_secs(20);

fn limits() -> ClipLimits {
    let process = ProcessLimits {
        waiting_ms_max: 700,
        ..ProcessLimits::default()
    };
    ClipLimits {
        process,
        ..ClipLimits::default()
    }
}

fn answer_to(lie: &'static str) -> MediaError {
    // In a thread, so that a parent that hangs is a failed test and not a test that hangs.
    let (answer, answered) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let collected = collect(&decoder(&["lie", lie]), MATROSKA_HEAD, &limits());
        let _sent = answer.send(collected);
    });
    let collected = answered
        .recv_timeout(PATIENCE)
        .unwrap_or_else(|_| panic!("{lie} kept the parent for {PATIENCE:?}"));
    assert_eq!(collected.end, None, "{lie} was believed");
    collected
        .error
        .unwrap_or_else(|| panic!("{lie} was believed"))
}

#[test]
fn every_lie_is_named() {
    let lies = [
        ("garbage", "unknown record kind"),
        ("unknown-jail", "unknown jail level"),
        ("frame-before-jail", "record out of order"),
        ("unreadable-description", "unreadable record"),
        ("padded-description", "unreadable record"),
        ("refused-unknown", "unknown refusal"),
        ("huge-record", "frame of impossible size"),
        ("huge-frame", "frame of impossible size"),
        ("short-frame", "picture size and record size differ"),
        ("endless-frames", "more frames than allowed"),
        ("endless-sound", "more sound than allowed"),
        ("time-goes-back", "frame times do not grow"),
        ("far-future", "frame time out of range"),
        ("wrong-end", "the end counts other records"),
        ("after-end", "record after the end"),
        ("unheard-of", "unknown record kind"),
    ];
    for (lie, rule) in lies {
        assert_eq!(
            answer_to(lie),
            MediaError::ProtocolViolation { rule },
            "{lie}"
        );
    }
}

#[test]
fn early_deaths_are_told_apart() {
    assert_eq!(answer_to("nothing"), MediaError::Died { exit_code: 0 });
    assert_eq!(answer_to("half-header"), MediaError::Died { exit_code: 0 });
    assert_eq!(answer_to("half-frame"), MediaError::Died { exit_code: 0 });
    assert_eq!(
        answer_to("end-then-fail"),
        MediaError::Died { exit_code: 1 }
    );
    assert_eq!(
        answer_to("end-then-crash"),
        MediaError::Killed {
            signal: libc::SIGABRT
        }
    );
}

#[test]
fn the_clock_ends_what_does_not_end() {
    for lie in ["silence", "drip", "end-then-stay"] {
        assert_eq!(answer_to(lie), MediaError::TimedOut, "{lie}");
    }
    let ignored = decoder(&["ignore-the-job"]).decode_clip(MATROSKA_HEAD, &limits());
    assert_eq!(ignored.err(), Some(MediaError::TimedOut));
}

#[test]
fn a_slow_reader_does_not_use_up_the_workers_time() {
    let file = common::webm_vp8_opus(3);
    let process = ProcessLimits {
        waiting_ms_max: 2_500,
        ..ProcessLimits::default()
    };
    let limits = ClipLimits {
        process,
        ..ClipLimits::default()
    };
    let mut stream = common::real_decoder().decode_clip(&file, &limits).unwrap();
    assert!(stream.next().is_some());
    // Longer than the worker may keep us waiting; here it is the worker who waits.
    std::thread::sleep(Duration::from_secs(3));
    assert!(stream.all(|record| record.is_ok()));
}

#[test]
fn programs_that_are_no_workers() {
    let gone = decoder(&["leave-at-once"])
        .decode_clip(MATROSKA_HEAD, &limits())
        .err();
    assert!(
        matches!(
            gone,
            Some(MediaError::Died { exit_code: 9 } | MediaError::Spawn { .. })
        ),
        "{gone:?}"
    );
    let mut config = common::config(&[]);
    config.program.path = "/nonexistent/program".into();
    config.ready_workers_count = 2;
    let missing = zhenren_media::Decoder::new(config).unwrap();
    for _ in 0..3 {
        let error = missing.check_jail().err();
        assert_eq!(
            error,
            Some(MediaError::Spawn {
                stage: "start the program"
            })
        );
    }
}

#[test]
fn a_liar_cannot_pass_off_a_clip_as_a_still() {
    let png = b"\x89PNG\r\n\x1a\n----------------";
    let error = decoder(&["lie", "endless-frames"]).decode_still(png, &StillLimits::default());
    assert!(
        matches!(error, Err(MediaError::ProtocolViolation { .. })),
        "{error:?}"
    );
}
