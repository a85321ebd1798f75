//! The system calls of a decoder: memory, its two descriptors, the clock, its own end.
//!
//! A call that is not listed ends the process at once. A few calls that the C libraries make in
//! passing (looking for a time zone file, asking whether a log goes to a terminal) are answered
//! "not permitted" instead; they reach nothing either way.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::JailFailed;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Allowed with any arguments.
const ALLOWED: [i64; 29] = [
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_sysinfo,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// Answered with "not permitted".
const DENIED_SOFTLY: &[i64] = &[
    libc::SYS_openat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_ioctl,
    libc::SYS_fcntl,
    libc::SYS_getrusage,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
];

/// Installs both filters; the kernel obeys the stricter answer of the two.
pub(super) fn filter() -> Result<(), JailFailed> {
    // Both are compiled first: compiling may allocate, and nothing is certain after the first.
    let lethal = lethal_filter()?;
    let soft = soft_filter()?;
    apply_filter(&soft).map_err(|_| JailFailed("soft system call filter"))?;
    apply_filter(&lethal).map_err(|_| JailFailed("system call filter"))
}

fn lethal_filter() -> Result<BpfProgram, JailFailed> {
    let mut rules = any_arguments(&ALLOWED);
    rules.extend(any_arguments(DENIED_SOFTLY));
    rules.insert(libc::SYS_prctl, Vec::new());
    // Memory may be mapped and protected, but never made executable.
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![rule(vec![argument_lacks(2, libc::PROT_EXEC)?])?]);
    }
    // A process may abort itself, and signal nobody else.
    let own_pid = rustix::process::getpid().as_raw_nonzero().get();
    let abort_self = vec![argument_is(0, own_pid)?, argument_is(2, libc::SIGABRT)?];
    rules.insert(libc::SYS_tgkill, vec![rule(abort_self)?]);
    compile(rules, SeccompAction::KillProcess, SeccompAction::Allow)
}

fn soft_filter() -> Result<BpfProgram, JailFailed> {
    let denied = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    let mut rules = any_arguments(DENIED_SOFTLY);
    // Installing the second filter repeats this one request; all others are refused.
    let no_new_privs = u64::from(libc::PR_SET_NO_NEW_PRIVS.unsigned_abs());
    rules.insert(
        libc::SYS_prctl,
        vec![rule(vec![condition(0, SeccompCmpOp::Ne, no_new_privs)?])?],
    );
    compile(rules, SeccompAction::Allow, denied)
}

fn any_arguments(calls: &[i64]) -> Rules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn argument_is(index: u8, value: i32) -> Result<SeccompCondition, JailFailed> {
    condition(index, SeccompCmpOp::Eq, value.unsigned_abs().into())
}

fn argument_lacks(index: u8, flag: i32) -> Result<SeccompCondition, JailFailed> {
    condition(index, SeccompCmpOp::MaskedEq(flag.unsigned_abs().into()), 0)
}

fn condition(index: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompCondition, JailFailed> {
    SeccompCondition::new(index, SeccompCmpArgLen::Dword, is, value)
        .map_err(|_| JailFailed("system call condition"))
}

fn rule(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, JailFailed> {
    SeccompRule::new(conditions).map_err(|_| JailFailed("system call rule"))
}

fn compile(
    rules: Rules,
    otherwise: SeccompAction,
    listed: SeccompAction,
) -> Result<BpfProgram, JailFailed> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)
        .map_err(|_| JailFailed("system call filter for this architecture"))?;
    SeccompFilter::new(rules, otherwise, listed, architecture)
        .and_then(BpfProgram::try_from)
        .map_err(|_| JailFailed("system call filter program"))
}
