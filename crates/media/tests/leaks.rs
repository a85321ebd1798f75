//! What a server keeps after many jobs: nothing. Alone in its binary, because it counts the
//! descriptors and children of the whole process.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that panics is a failed test"
)]

mod common;

use std::time::{Duration, Instant};

use common::{MATROSKA_HEAD, collect};
use zhenren_media::{ClipLimits, Decoder, ProcessLimits};

fn open_descriptors_count() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Children of any thread of a process, dead ones that nobody reaped included.
fn children(process: &str) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("children")).ok())
        .flat_map(|line| {
            line.split_whitespace()
                .map(|id| id.parse().unwrap())
                .collect::<Vec<_>>()
        })
        .collect()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn nothing_stays_behind() {
    a_hundred_jobs_leave_nothing();
    workers_outlive_the_threads_that_asked();
    dead_workers_are_replaced();
    many_threads_share_a_decoder();
    workers_die_with_their_server();
}

fn a_hundred_jobs_leave_nothing() {
    let before = (open_descriptors_count(), children("self").len());
    let file = common::webm_av1();
    let mut config = common::config(&["serve"]);
    config.ready_workers_count = 2;
    let decoder = Decoder::new(config).unwrap();
    decoder.check_jail().unwrap();
    wait_until("two workers are ready", || {
        children("self").len() == before.1 + 2
    });
    let running = open_descriptors_count();

    let process = ProcessLimits {
        waiting_ms_max: 20,
        ..ProcessLimits::default()
    };
    let hasty = ClipLimits {
        process,
        ..ClipLimits::default()
    };
    for index in 0..100 {
        match index % 5 {
            // Decoded, refused before and inside the worker, left in the middle, timed out.
            0 => assert_eq!(collect(&decoder, &file, &ClipLimits::default()).error, None),
            1 => assert!(
                decoder
                    .decode_clip(b"text", &ClipLimits::default())
                    .is_err()
            ),
            2 => assert!(
                collect(&decoder, MATROSKA_HEAD, &ClipLimits::default())
                    .error
                    .is_some()
            ),
            3 => drop(
                decoder
                    .decode_clip(&file, &ClipLimits::default())
                    .unwrap()
                    .next(),
            ),
            _ => drop(collect(&decoder, &file, &hasty)),
        }
    }
    wait_until("the pool is full again", || {
        children("self").len() == before.1 + 2
    });
    assert_eq!(
        open_descriptors_count(),
        running,
        "descriptors while running"
    );
    drop(decoder);
    assert_eq!(
        (open_descriptors_count(), children("self").len()),
        before,
        "after the decoder"
    );
}

/// The kernel ends a worker with the thread that started it. Blocking threads of an async runtime
/// come and go; a worker must not depend on them.
fn workers_outlive_the_threads_that_asked() {
    let file = common::webm_vp8_opus(3);
    let decoder = common::real_decoder();
    let mut stream = std::thread::spawn({
        let decoder = decoder.clone();
        let file = file.clone();
        move || decoder.decode_clip(&file, &ClipLimits::default()).unwrap()
    })
    .join()
    .unwrap();
    // The stream keeps what it needs, even without the decoder.
    drop(decoder);
    std::thread::sleep(Duration::from_millis(100));
    assert!(stream.all(|record| record.is_ok()));
}

fn dead_workers_are_replaced() {
    let mut config = common::config(&["serve"]);
    config.ready_workers_count = 2;
    let decoder = Decoder::new(config).unwrap();
    wait_until("two workers are ready", || children("self").len() == 2);
    for id in children("self") {
        let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }
    decoder.check_jail().expect("a new worker took over");
}

fn many_threads_share_a_decoder() {
    let file = common::webm_av1();
    let mut config = common::config(&["serve"]);
    config.ready_workers_count = 2;
    let decoder = Decoder::new(config).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..3 {
                    let collected = collect(&decoder, &file, &ClipLimits::default());
                    assert_eq!((collected.error, collected.frames.len()), (None, 15));
                }
            });
        }
    });
}

fn workers_die_with_their_server() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test plays the operating system"
    )]
    let mut server = std::process::Command::new(env!("CARGO_BIN_EXE_media-test-worker"))
        .arg("server")
        .spawn()
        .unwrap();
    let id = server.id().to_string();
    wait_until("the server has its workers", || children(&id).len() == 2);
    let workers = children(&id);
    server.kill().unwrap();
    server.wait().unwrap();
    let is_there = |id: &u32| {
        std::fs::exists(format!("/proc/{id}/exe")).unwrap_or(false)
            && std::fs::read_link(format!("/proc/{id}/exe")).is_ok()
    };
    wait_until("the workers are gone", || !workers.iter().any(is_there));
}
