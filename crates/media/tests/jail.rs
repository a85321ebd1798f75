//! The jail from the inside: each probe plays a decoder that was taken over.

mod common;

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use common::{MATROSKA_HEAD, collect, decoder};
use zhenren_media::{ClipLimits, Decoder, JailLevel, MediaError, ProcessLimits};

const SUCCEEDED: MediaError = MediaError::Died { exit_code: 40 };
const DENIED: MediaError = MediaError::Died { exit_code: 41 };
const FORBIDDEN_CALL: MediaError = MediaError::Killed {
    signal: libc::SIGSYS,
};

/// How a worker in this mode ends.
fn ending(mode: &[&str]) -> MediaError {
    ending_under(mode, ProcessLimits::default())
}

fn ending_under(mode: &[&str], process: ProcessLimits) -> MediaError {
    let limits = ClipLimits {
        process,
        ..ClipLimits::default()
    };
    collect(&decoder(mode), MATROSKA_HEAD, &limits)
        .error
        .expect("probes decode nothing")
}

#[test]
fn forbidden_calls_kill() {
    let own_pid = std::process::id();
    let kill_parent = format!("kill={own_pid}");
    let abort_parent = format!("tgkill={own_pid}");
    let read_parent = format!("process-vm-readv={own_pid}");
    let open_parent = format!("pidfd-open={own_pid}");
    let probes = [
        "socket",
        "socketpair",
        "fork",
        "thread",
        "execve",
        "execveat-input",
        "ptrace",
        "mmap-rwx",
        "mprotect-exec",
        "pkey-mprotect",
        "memfd-create",
        "io-uring",
        "userfaultfd",
        "unshare",
        "bpf",
        "mount",
        "chroot",
        "setuid",
        "prlimit",
        "keyctl",
        "recvmsg",
        "sendto",
        "perf-event-open",
        "sleep",
        "abstract-socket=x",
        "tcp=80",
        &kill_parent,
        &abort_parent,
        &read_parent,
        &open_parent,
    ];
    for probe in probes {
        assert_eq!(ending(&["probe", probe]), FORBIDDEN_CALL, "{probe}");
    }
}

#[test]
fn calls_libraries_make_in_passing_are_only_refused() {
    for probe in ["open", "create", "ioctl", "dumpable", "mmap-2-gib"] {
        assert_eq!(ending(&["probe", probe]), DENIED, "{probe}");
    }
}

#[test]
fn the_input_can_be_read_and_nothing_else_is_open() {
    assert_eq!(ending(&["probe", "read-own-input"]), SUCCEEDED);
    // No file may grow, and the seal would not allow it anyway.
    let no_file_may_grow = MediaError::Killed {
        signal: libc::SIGXFSZ,
    };
    assert_eq!(ending(&["probe", "write-input"]), no_file_may_grow);
    // A descriptor that some library opened without care, as a server may have.
    let careless = rustix::io::dup(std::io::stderr()).unwrap();
    let flags = rustix::io::fcntl_getfd(&careless).unwrap();
    assert!(
        !flags.contains(rustix::io::FdFlags::CLOEXEC),
        "the leak has to be inheritable"
    );
    assert_eq!(ending(&["probe", "other-descriptor"]), DENIED);
    drop(careless);
}

/// Without these the tests above would prove nothing.
#[test]
fn the_same_probes_succeed_outside() {
    for probe in [
        "open",
        "socket",
        "fork",
        "mmap-rwx",
        "mmap-2-gib",
        "memfd-create",
        "unshare",
    ] {
        assert_eq!(ending(&["free", probe]), SUCCEEDED, "{probe}");
    }
}

/// The layer behind the system call filter, looked at alone.
#[test]
fn landlock_denies_files_network_and_signals() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = format!("tcp={}", listener.local_addr().unwrap().port());
    let name = format!("zhenren-probe-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _socket = UnixListener::bind_addr(&address).unwrap();
    let socket = format!("abstract-socket={name}");
    let kill = format!("kill={}", std::process::id());
    for probe in ["open", "create", &tcp, &socket, &kill] {
        assert_eq!(ending(&["confined", probe]), DENIED, "{probe}");
    }
    for probe in ["open", &tcp, &socket] {
        assert_eq!(ending(&["free", probe]), SUCCEEDED, "{probe}");
    }
}

#[test]
fn the_identity_is_given_up() {
    assert_eq!(ending(&["confined", "identity"]), DENIED);
    assert_eq!(ending(&["free", "identity"]), SUCCEEDED);
}

#[test]
fn limits_kill() {
    let one_second = ProcessLimits {
        cpu_s_max: 1,
        ..ProcessLimits::default()
    };
    let burnt = ending_under(&["probe", "burn-cpu"], one_second);
    assert_eq!(
        burnt,
        MediaError::Killed {
            signal: libc::SIGXCPU
        }
    );

    // The allocator gives up and aborts.
    let aborted = MediaError::Killed {
        signal: libc::SIGABRT,
    };
    let little_memory = ProcessLimits {
        address_space_bytes_max: 768 << 20,
        ..ProcessLimits::default()
    };
    assert_eq!(
        ending_under(&["probe", "eat-memory"], little_memory),
        aborted
    );
    assert_eq!(ending(&["probe", "abort"]), aborted);
}

#[test]
fn a_worker_with_threads_refuses_to_work() {
    // Landlock would bind one of the threads only.
    assert!(matches!(
        ending(&["threads"]),
        MediaError::Spawn { .. } | MediaError::Died { exit_code: 71 }
    ));
}

#[test]
fn the_real_worker_reports_its_jail() {
    let level = decoder(&["serve"]).check_jail().expect("a jail");
    assert_eq!(
        level,
        JailLevel::FullyEnforced,
        "this kernel offers less than the default asks for"
    );
}

#[test]
fn a_weak_jail_is_refused_unless_allowed() {
    let reached = JailLevel::PartiallyEnforced;
    let required = JailLevel::FullyEnforced;
    assert_eq!(
        ending(&["lie", "partial-jail"]),
        MediaError::JailTooWeak { reached, required }
    );
    let mut config = common::config(&["lie", "partial-jail"]);
    config.jail_level_min = JailLevel::PartiallyEnforced;
    let opened = Decoder::new(config)
        .unwrap()
        .decode_clip(MATROSKA_HEAD, &ClipLimits::default());
    assert!(opened.is_ok(), "{opened:?}");
    let reached = JailLevel::NotEnforced;
    assert_eq!(
        ending(&["lie", "weak-jail"]),
        MediaError::JailTooWeak { reached, required }
    );
}
