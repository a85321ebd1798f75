//! What the worker gives up before it looks at a stranger's bytes.
//!
//! Two steps, because a worker may wait for its job: [`confine`] at its start (identity, files,
//! network, signals), [`close`] when it holds its job (limits, system calls).
//! Both act on the calling process and cannot be undone. The reasons are in docs/SECURITY.md.

mod system_calls;

use std::fmt;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetError,
    RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use serde::{Deserialize, Serialize};

use crate::limits::ProcessLimits;

/// The identity of a worker that was started by root: the system's "nobody".
const NOBODY: u32 = 65_534;
/// Limit: standard descriptors, the input, and a few that never come to be used.
const OPEN_FILES_MAX: u64 = 16;

/// How much of the demanded Landlock restriction the kernel enforces.
///
/// Identity, limits and the system call filter are not part of it: without them no worker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JailLevel {
    /// The kernel has no Landlock; files and network are denied by the system call filter alone.
    NotEnforced,
    /// An older kernel (before 6.12) that knows some of the restrictions.
    PartiallyEnforced,
    /// Files, TCP, abstract sockets and signals to the outside are denied twice.
    FullyEnforced,
}

impl JailLevel {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::NotEnforced => 0,
            Self::PartiallyEnforced => 1,
            Self::FullyEnforced => 2,
        }
    }

    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::NotEnforced),
            1 => Some(Self::PartiallyEnforced),
            2 => Some(Self::FullyEnforced),
            _ => None,
        }
    }
}

impl fmt::Display for JailLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotEnforced => "not enforced",
            Self::PartiallyEnforced => "partially enforced",
            Self::FullyEnforced => "fully enforced",
        })
    }
}

/// The step of building the jail that failed. The worker ends; it never decodes outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the jail could not be closed: {0}")]
pub struct JailFailed(pub &'static str);

/// First step: gives up identity, files, network and the power to gain any of them back.
///
/// Landlock and the identity calls bind one thread, so the process must have only one.
pub fn confine() -> Result<JailLevel, JailFailed> {
    if !is_single_threaded() {
        return Err(JailFailed("more than one thread"));
    }
    set_limit(Resource::Core, 0, 0)?;
    set_limit(Resource::Fsize, 0, 0)?;
    become_nobody()?;
    // After the change of identity, which resets both.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|_| JailFailed("parent death signal"))?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|_| JailFailed("not dumpable"))?;
    rustix::thread::set_no_new_privs(true).map_err(|_| JailFailed("no new privileges"))?;
    deny_files_and_network().map_err(|_| JailFailed("landlock"))
}

/// Second step: sets the limits of the job and denies every system call that decoding does not need.
pub fn close(limits: &ProcessLimits) -> Result<(), JailFailed> {
    set_limit(Resource::Nofile, OPEN_FILES_MAX, OPEN_FILES_MAX)?;
    // The first limit ends the process with a signal of its own, the second with a plain kill.
    let cpu_s_max = u64::from(limits.cpu_s_max);
    set_limit(Resource::Cpu, cpu_s_max, cpu_s_max.saturating_add(1))?;
    let address_space = limits.address_space_bytes_max;
    set_limit(Resource::As, address_space, address_space)?;
    system_calls::filter()
}

fn is_single_threaded() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|tasks| tasks.count() == 1)
}

fn set_limit(resource: Resource, current: u64, maximum: u64) -> Result<(), JailFailed> {
    // Only lowering is possible without privilege, and the service may run under less already.
    let before = rustix::process::getrlimit(resource).maximum;
    let lower = |wanted: u64| Some(before.map_or(wanted, |before| before.min(wanted)));
    let limit = Rlimit {
        current: lower(current),
        maximum: lower(maximum),
    };
    rustix::process::setrlimit(resource, limit).map_err(|_| JailFailed("resource limit"))
}

fn become_nobody() -> Result<(), JailFailed> {
    use rustix::fs::{Gid, Uid};
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    let changed = rustix::thread::set_thread_groups(&[])
        .and_then(|()| rustix::thread::set_thread_res_gid(gid, gid, gid))
        .and_then(|()| rustix::thread::set_thread_res_uid(uid, uid, uid));
    changed.map_err(|_| JailFailed("identity"))
}

/// Landlock with every right handled and no rule that grants one.
fn deny_files_and_network() -> Result<JailLevel, RulesetError> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => JailLevel::FullyEnforced,
        RulesetStatus::PartiallyEnforced => JailLevel::PartiallyEnforced,
        RulesetStatus::NotEnforced => JailLevel::NotEnforced,
    })
}

/// Closes every descriptor from `first` on, whoever left it open.
#[expect(unsafe_code, reason = "no safe wrapper exists for close_range")]
pub(crate) fn close_descriptors(first: u32) -> Result<(), JailFailed> {
    // Safety: the call touches no memory, and no owner of a descriptor from `first` on exists: the
    // worker calls it before it receives its input, when it owns the standard descriptors alone.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    if result == 0 {
        Ok(())
    } else {
        Err(JailFailed("close descriptors"))
    }
}
