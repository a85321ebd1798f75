//! What an operator may set, as values. Knows no file and no environment.

use jiff::SignedDuration;
use zhenren_domain::limits::Limits;
use zhenren_domain::mode::Mode;
use zhenren_domain::policy::Policy;
use zhenren_domain::retention::{self, Retention};

/// Everything that may be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What is demanded of a recording.
    pub policy: Policy,
    /// What may be asked for at all.
    pub modes: Vec<Mode>,
    /// How long after the drawn challenge a recording must be complete; without it as long as it
    /// lasts and two minutes.
    pub capture_limit: Option<SignedDuration>,
    /// What one capture attempt may send.
    pub upload: UploadLimits,
    /// How long things are kept.
    pub retention: Retention,
    /// How long after opening a capture may be started.
    pub start_window: SignedDuration,
    /// How long an unused verification lives, and its hold with it.
    pub verification_life: SignedDuration,
    /// How long a `user_id_key` lives.
    pub user_id_key_life: SignedDuration,
    /// Whether a wrong check character is refused at `getuseridkey`.
    pub strict_id_check: bool,
    /// Where references may come from.
    pub sources: Sources,
    /// Verifications a test app may open in all, unless its approval says otherwise.
    pub test_calls_quota: u64,
    /// How often things may happen.
    pub limits: Limits,
    /// How long a worker may hold a recording before another takes it up.
    pub lease: SignedDuration,
    /// Passwords and sign-ins of operators.
    pub operators: OperatorSettings,
}

/// Passwords and sign-ins of operators.
#[derive(Clone, Copy, Debug)]
pub struct OperatorSettings {
    /// What a password is hashed at.
    pub password: PasswordCost,
    /// How long a sign-in lives, used or not.
    pub session_life: SignedDuration,
    /// Failed sign-ins in a row after which a login is locked.
    pub failures_max: u32,
    /// How long it is locked.
    pub lock: SignedDuration,
}

/// What one argon2id hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB, at least eight times `parallelism`.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

impl Default for OperatorSettings {
    fn default() -> Self {
        Self {
            // The smallest that OWASP recommends for argon2id with this memory.
            password: PasswordCost {
                memory_kib: 19_456,
                iterations: 2,
                parallelism: 1,
            },
            session_life: SignedDuration::from_hours(12),
            failures_max: 5,
            lock: SignedDuration::from_mins(15),
        }
    }
}

/// What one capture attempt may send.
#[derive(Clone, Copy, Debug)]
pub struct UploadLimits {
    /// Bytes of the whole recording.
    pub bytes_max: u64,
    /// Bytes of one part.
    pub part_bytes_max: u64,
    /// Number of parts.
    pub parts_max: u32,
}

/// Where references may come from. None of them is a refusal, never a pass.
#[derive(Clone, Copy, Debug)]
pub struct Sources {
    /// The tenant's own enrolled people.
    pub enrolled: bool,
    /// A photograph sent with the request.
    pub caller_photo: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::current(),
            modes: Mode::ALL.to_vec(),
            capture_limit: None,
            upload: UploadLimits {
                bytes_max: 20 * 1024 * 1024,
                part_bytes_max: 1024 * 1024,
                parts_max: 64,
            },
            retention: Retention::default(),
            start_window: retention::START_WINDOW,
            verification_life: retention::VERIFICATION_LIFE,
            user_id_key_life: retention::IDENTITY_KEY_LIFE,
            strict_id_check: false,
            sources: Sources {
                enrolled: true,
                caller_photo: true,
            },
            test_calls_quota: 100,
            limits: Limits::default(),
            lease: SignedDuration::from_secs(60),
            operators: OperatorSettings::default(),
        }
    }
}
