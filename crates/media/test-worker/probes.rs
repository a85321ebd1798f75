//! What a decoder that was taken over might try. Each probe ends with an exit code: it was denied,
//! or it succeeded. Being killed on the way is the third, and usual, answer.
#![expect(unsafe_code, reason = "probes are raw system calls")]
#![expect(clippy::as_conversions, reason = "system call arguments are untyped")]

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::ExitCode;

const SUCCEEDED: u8 = 40;
const DENIED: u8 = 41;
const UNKNOWN_PROBE: u8 = 42;

pub(crate) fn run(name: &str) -> ExitCode {
    let (name, argument) = name.split_once('=').unwrap_or((name, ""));
    let number = argument.parse::<i64>().unwrap_or(0);
    let succeeded = match name {
        "open" => std::fs::File::open("/etc/hostname").is_ok(),
        "create" => std::fs::File::create("/tmp/zhenren-probe").is_ok(),
        "read-own-input" => call(libc::SYS_pread64, [3, 0, 0, 0, 0, 0]) == 0,
        "write-input" => call(libc::SYS_write, [3, c"x".as_ptr() as i64, 1, 0, 0, 0]) == 1,
        "other-descriptor" => (4..1024).any(|fd| {
            call(libc::SYS_lseek, [fd, 0, 1, 0, 0, 0]) >= 0
                || std::io::Error::last_os_error().raw_os_error() != Some(libc::EBADF)
        }),
        "tcp" => u16::try_from(number).is_ok_and(|port| {
            TcpStream::connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).is_ok()
        }),
        "abstract-socket" => SocketAddr::from_abstract_name(argument)
            .and_then(|address| UnixStream::connect_addr(&address))
            .is_ok(),
        "fork" => call(libc::SYS_clone, [i64::from(libc::SIGCHLD), 0, 0, 0, 0, 0]) >= 0,
        "thread" => std::thread::Builder::new().spawn(|| {}).is_ok(),
        "mmap-rwx" => map(4096, libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC),
        "mmap-2-gib" => map(2 << 30, libc::PROT_READ | libc::PROT_WRITE),
        "identity" => is_anybody(),
        "burn-cpu" => burn(),
        "eat-memory" => eat(),
        "abort" => std::process::abort(),
        "panic-free-exit" => true,
        _ => match system_call(name, number) {
            Some(result) => result >= 0,
            None => return ExitCode::from(UNKNOWN_PROBE),
        },
    };
    ExitCode::from(if succeeded { SUCCEEDED } else { DENIED })
}

/// Calls that need no preparation. Their arguments are chosen so that they would work outside.
fn system_call(name: &str, number: i64) -> Option<i64> {
    let path = c"/bin/true".as_ptr() as i64;
    let root = c"/".as_ptr() as i64;
    let page = std::ptr::from_ref(&PAGE) as i64 & !4095;
    let (call_number, arguments) = match name {
        "socket" => (libc::SYS_socket, [2, 1, 0, 0, 0, 0]),
        "socketpair" => (libc::SYS_socketpair, [1, 1, 0, page, 0, 0]),
        "execve" => (libc::SYS_execve, [path, 0, 0, 0, 0, 0]),
        "execveat-input" => (
            libc::SYS_execveat,
            [3, c"".as_ptr() as i64, 0, 0, 0x1000, 0],
        ),
        "kill" => (libc::SYS_kill, [number, 0, 0, 0, 0, 0]),
        "tgkill" => (libc::SYS_tgkill, [number, number, 6, 0, 0, 0]),
        "ptrace" => (libc::SYS_ptrace, [0, 0, 0, 0, 0, 0]),
        "process-vm-readv" => (libc::SYS_process_vm_readv, [number, 0, 0, 0, 0, 0]),
        "mprotect-exec" => (libc::SYS_mprotect, [page, 4096, 5, 0, 0, 0]),
        "pkey-mprotect" => (libc::SYS_pkey_mprotect, [page, 4096, 5, -1, 0, 0]),
        "memfd-create" => (libc::SYS_memfd_create, [root, 0, 0, 0, 0, 0]),
        "io-uring" => (libc::SYS_io_uring_setup, [1, page, 0, 0, 0, 0]),
        "userfaultfd" => (libc::SYS_userfaultfd, [1, 0, 0, 0, 0, 0]),
        "unshare" => (libc::SYS_unshare, [0x1000_0000, 0, 0, 0, 0, 0]),
        "bpf" => (libc::SYS_bpf, [0, 0, 0, 0, 0, 0]),
        "mount" => (libc::SYS_mount, [root, root, 0, 0x1000, 0, 0]),
        "chroot" => (libc::SYS_chroot, [root, 0, 0, 0, 0, 0]),
        "setuid" => (libc::SYS_setuid, [0, 0, 0, 0, 0, 0]),
        "prlimit" => (libc::SYS_prlimit64, [0, 7, 0, 0, 0, 0]),
        "pidfd-open" => (libc::SYS_pidfd_open, [number, 0, 0, 0, 0, 0]),
        "keyctl" => (libc::SYS_keyctl, [0, -3, 1, 0, 0, 0]),
        "ioctl" => (libc::SYS_ioctl, [1, 0x541b, page, 0, 0, 0]),
        "dumpable" => (libc::SYS_prctl, [4, 1, 0, 0, 0, 0]),
        "recvmsg" => (libc::SYS_recvmsg, [0, page, 0, 0, 0, 0]),
        "sendto" => (libc::SYS_sendto, [0, page, 1, 0, 0, 0]),
        "perf-event-open" => (libc::SYS_perf_event_open, [page, 0, -1, -1, 0, 0]),
        "sleep" => (libc::SYS_nanosleep, [page, 0, 0, 0, 0, 0]),
        _ => return None,
    };
    Some(call(call_number, arguments))
}

static PAGE: [u8; 8192] = [0; 8192];

fn call(number: i64, arguments: [i64; 6]) -> i64 {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    // Safety: none is promised. The process exists for this call and ends right after it.
    unsafe { libc::syscall(number, first, second, third, fourth, fifth, sixth) }
}

fn map(size_bytes: i64, protection: i32) -> bool {
    let flags = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    call(
        libc::SYS_mmap,
        [0, size_bytes, i64::from(protection), flags, -1, 0],
    ) > 0
}

/// True when anything is left of the identity and the powers the process was started with.
fn is_anybody() -> bool {
    let prctl = |option: i32| call(libc::SYS_prctl, [i64::from(option), 0, 0, 0, 0, 0]);
    let mut death_signal = 0_i32;
    let address = std::ptr::from_mut(&mut death_signal) as i64;
    call(
        libc::SYS_prctl,
        [i64::from(libc::PR_GET_PDEATHSIG), address, 0, 0, 0, 0],
    );
    let is_root = call(libc::SYS_geteuid, [0; 6]) == 0 || call(libc::SYS_getegid, [0; 6]) == 0;
    let can_return = call(libc::SYS_setuid, [0; 6]) == 0;
    let has_groups = call(libc::SYS_getgroups, [0; 6]) > 0;
    is_root
        || can_return
        || has_groups
        || prctl(libc::PR_GET_DUMPABLE) != 0
        || prctl(libc::PR_GET_NO_NEW_PRIVS) != 1
        || death_signal != libc::SIGKILL
}

fn burn() -> bool {
    let mut number = 1_u64;
    loop {
        number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005));
    }
}

fn eat() -> bool {
    let mut pages = Vec::new();
    loop {
        pages.push(vec![1_u8; 16 << 20]);
        std::hint::black_box(&pages);
    }
}
