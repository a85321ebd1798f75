//! Every configuration key: its section, type, default and the values it allows.
//!
//! One declaration feeds four readers: the file parser, the environment, the range check and the
//! test that every key is in the sample. It does not know where a value came from; `load` does.

use serde::Deserialize;
use toml::Spanned;
use zhenren_domain::limits::Limits as Defaults;
use zhenren_domain::wish::CAPTURE_SECONDS;

use super::checks;

/// The limits of an installation that sets none.
const LIMITS: Defaults = Defaults::STANDARD;

/// How a key is written in the environment and in messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    /// The table, empty at the top level.
    pub section: &'static str,
    /// The key inside the table.
    pub name: &'static str,
}

/// A value that was read but is not allowed.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Which key.
    pub key: Key,
    /// Byte range of the value in the text it came from.
    pub span: std::ops::Range<usize>,
    /// What is allowed, as a clause.
    pub allowed: String,
}

macro_rules! section {
    (
        $(#[$meta:meta])* $name:ident, $raw:ident, $section:literal {
            $( $(#[$doc:meta])* $key:ident : $kind:ty = $default:expr, $check:expr; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name { $( $(#[$doc])* pub $key: $kind, )* }

        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $raw { $( pub(super) $key: Option<Spanned<$kind>>, )* }

        impl $raw {
            /// The keys of this section.
            pub(super) fn keys() -> Vec<Key> {
                vec![$( Key { section: $section, name: stringify!($key) }, )*]
            }

            /// The first value that is not allowed.
            pub(super) fn check(&self) -> Result<(), Refused> {
                $( if let Some(value) = &self.$key {
                    let check: fn(&$kind) -> Result<(), String> = $check;
                    check(value.get_ref()).map_err(|allowed| Refused {
                        key: Key { section: $section, name: stringify!($key) },
                        span: value.span(),
                        allowed,
                    })?;
                } )*
                Ok(())
            }

            /// Takes every value that `other` has.
            pub(super) fn overlay(&mut self, other: Self) {
                $( if other.$key.is_some() { self.$key = other.$key; } )*
            }

            /// The section with defaults filled in.
            pub(super) fn resolve(self) -> $name {
                $name { $( $key: self.$key.map_or_else(|| $default, Spanned::into_inner), )* }
            }
        }
    };
}

section! {
    /// Where the server listens and how others reach it.
    Server, RawServer, "server" {
        /// Address and port to listen on.
        bind: String = String::from("127.0.0.1:8710"), checks::socket_address;
        /// The address people's browsers use; empty means `http://` and `bind`.
        public_url: String = String::new(), checks::empty_or_http_url;
        /// Origins of pages on other hosts that may call `/capture/v1`.
        capture_origins: Vec<String> = Vec::new(), checks::origins;
        /// Proxies whose X-Forwarded-For is believed, as address ranges.
        trusted_proxies: Vec<String> = Vec::new(), checks::address_ranges;
    }
}

section! {
    /// Where rows are kept.
    Database, RawDatabase, "database" {
        /// `sqlite:PATH` or `postgres://…`.
        url: String = String::from("sqlite:./data/zhenren.db"), checks::database_url;
    }
}

section! {
    /// The key that seals personal columns and evidence.
    Vault, RawVault, "vault" {
        /// File with the master key, readable by the server's account only.
        master_key_file: String = String::from("./data/master.key"), checks::not_empty;
    }
}

section! {
    /// What is kept of a capture attempt, and for how long.
    Evidence, RawEvidence, "evidence" {
        /// Folder of the sealed objects.
        directory: String = String::from("./data/evidence"), checks::not_empty;
        /// Hours until evidence, personal columns and answers are destroyed.
        retention_hours: u32 = 72, |v| checks::range(*v, 1, 8_760);
        /// Days after that during which a re-query says "expired" instead of "unknown".
        tombstone_days: u32 = 30, |v| checks::range(*v, 0, 3_650);
    }
}

section! {
    /// The decoder of strangers' media.
    Media, RawMedia, "media" {
        /// How much of its jail the kernel must enforce, by the names of `JailLevel`.
        jail_level_min: String = String::from("partially_enforced"), checks::jail_level;
    }
}

section! {
    /// The measuring engine.
    Engine, RawEngine, "engine" {
        /// Folder with the models and the inference library.
        models_directory: String = String::from("./runtime/models"), checks::not_empty;
        /// Folder of the packs that `zhenren pack` installs.
        packs_directory: String = String::from("./data/packs"), checks::not_empty;
        /// Threads of one inference.
        threads: u32 = 1, |v| checks::range(*v, 1, 64);
    }
}

section! {
    /// The worker that analyses recordings.
    Worker, RawWorker, "worker" {
        /// Recordings analysed at the same time by one process.
        concurrency: u32 = 1, |v| checks::range(*v, 1, 64);
        /// Seconds after which a job of a dead worker is taken up again.
        lease_seconds: u32 = 60, |v| checks::range(*v, 5, 3_600);
        /// Milliseconds between two looks for work when nobody called.
        poll_ms: u32 = 500, |v| checks::range(*v, 20, 60_000);
    }
}

section! {
    /// The rules of a verification.
    Verification, RawVerification, "verification" {
        /// What is asked when the request does not say.
        challenge: String = String::from("multi_action"), checks::mode;
        /// What may be asked for at all.
        modes: Vec<String> = checks::all_modes(), checks::modes;
        /// Flashing light is never shown: digits take its place, or actions.
        no_flash: bool = false, |_| Ok(());
        /// The actions that may be drawn.
        actions: Vec<String> = checks::all_actions(), checks::actions;
        /// How many actions a multi-action challenge has.
        actions_count: u32 = 3, |v| checks::range(*v, 1, 3);
        /// How many digits are read.
        digits_count: u32 = 4, |v| checks::range(*v, 4, 6);
        /// How many colours are shown.
        flashes_count: u32 = 10, |v| checks::range(*v, 10, 14);
        /// Seconds from the drawn challenge to the complete recording.
        capture_seconds: u32 = 130,
            |v| checks::range(*v, CAPTURE_SECONDS.0, CAPTURE_SECONDS.1);
        /// The false match rate at which the comparison threshold is set.
        fmr_max: f64 = 1e-4, |v| checks::rate(*v);
        /// Capture attempts one verification has.
        attempts_max: u32 = 5, |v| checks::range(*v, 1, 100);
        /// Minutes after opening during which a capture may be started.
        start_minutes: u32 = 30, |v| checks::range(*v, 1, 1_440);
        /// Hours until an unused verification dies and its hold is released.
        certificate_hours: u32 = 23, |v| checks::range(*v, 1, 720);
        /// Minutes a `user_id_key` lives.
        user_id_key_minutes: u32 = 60, |v| checks::range(*v, 1, 1_440);
        /// Refuse identity numbers with a wrong check character at `getuseridkey`.
        strict_id_check: bool = false, |_| Ok(());
    }
}

section! {
    /// Where references come from.
    Identity, RawIdentity, "identity" {
        /// Any of `enrolled`, `caller_photo`; an empty list refuses every verification.
        sources: Vec<String> =
            vec![String::from("enrolled"), String::from("caller_photo")], checks::sources;
    }
}

section! {
    /// How often things may happen; 0 switches a limit off.
    Limits, RawLimits, "limits" {
        /// Calls of an app a minute, unless the app has its own limit.
        app_minute_calls_max: u64 = LIMITS.app_minute_calls_max, |v| checks::limit(*v);
        /// Calls of an app a day of Asia/Shanghai, unless the app has its own limit.
        app_day_calls_max: u64 = LIMITS.app_day_calls_max, |v| checks::limit(*v);
        /// Verifications of an account about one identity number a day.
        identity_day_max: u64 = LIMITS.identity_day_max, |v| checks::limit(*v);
        /// Verifications of an app about one of its users a day.
        user_day_max: u64 = LIMITS.user_day_max, |v| checks::limit(*v);
        /// Attempts that one device begins in a day.
        device_day_max: u64 = LIMITS.device_day_max, |v| checks::limit(*v);
        /// Attempts that are begun from one address in an hour.
        address_hour_max: u64 = LIMITS.address_hour_max, |v| checks::limit(*v);
        /// Sign-ins of operators that are tried from one address in an hour.
        sign_in_hour_max: u64 = LIMITS.sign_in_hour_max, |v| checks::limit(*v);
        /// Verifications a test app may open in all, unless its approval says otherwise.
        test_calls_quota: u64 = 100, |v| checks::range(*v, 1, 100_000_000);
    }
}

section! {
    /// The people who run the platform: their passwords and sign-ins.
    Operators, RawOperators, "operators" {
        /// Memory of one argon2id hash, in KiB.
        password_memory_kib: u32 = 19_456, |v| checks::range(*v, 7_168, 1_048_576);
        /// Passes of one argon2id hash.
        password_iterations: u32 = 2, |v| checks::range(*v, 1, 64);
        /// Lanes of one argon2id hash.
        password_parallelism: u32 = 1, |v| checks::range(*v, 1, 16);
        /// Hours a sign-in lives, used or not.
        session_hours: u32 = 12, |v| checks::range(*v, 1, 720);
        /// Failed sign-ins in a row after which a login is locked.
        sign_in_failures_max: u32 = 5, |v| checks::range(*v, 1, 100);
        /// Minutes a login is locked.
        lock_minutes: u32 = 15, |v| checks::range(*v, 1, 1_440);
    }
}

section! {
    /// What is written to standard error.
    Log, RawLog, "log" {
        /// `text` or `json`.
        format: String = String::from("text"), checks::log_format;
        /// Filter of the log lines, for instance `info` or `zhenren_api=debug,info`.
        filter: String = String::from("info,tokio_postgres=warn"), checks::log_filter;
    }
}

/// The file as written, every key optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfig {
    pub(super) profile: Option<Spanned<String>>,
    pub(super) server: RawServer,
    pub(super) database: RawDatabase,
    pub(super) vault: RawVault,
    pub(super) evidence: RawEvidence,
    pub(super) media: RawMedia,
    pub(super) engine: RawEngine,
    pub(super) worker: RawWorker,
    pub(super) verification: RawVerification,
    pub(super) identity: RawIdentity,
    pub(super) limits: RawLimits,
    pub(super) operators: RawOperators,
    pub(super) log: RawLog,
}

impl RawConfig {
    /// Every key there is.
    pub(super) fn keys() -> Vec<Key> {
        let mut keys = vec![Key {
            section: "",
            name: "profile",
        }];
        keys.extend(RawServer::keys());
        keys.extend(RawDatabase::keys());
        keys.extend(RawVault::keys());
        keys.extend(RawEvidence::keys());
        keys.extend(RawMedia::keys());
        keys.extend(RawEngine::keys());
        keys.extend(RawWorker::keys());
        keys.extend(RawVerification::keys());
        keys.extend(RawIdentity::keys());
        keys.extend(RawLimits::keys());
        keys.extend(RawOperators::keys());
        keys.extend(RawLog::keys());
        keys
    }

    /// The first value that is not allowed.
    pub(super) fn check(&self) -> Result<(), Refused> {
        if let Some(profile) = &self.profile {
            checks::profile(profile.get_ref()).map_err(|allowed| Refused {
                key: Key {
                    section: "",
                    name: "profile",
                },
                span: profile.span(),
                allowed,
            })?;
        }
        self.server.check()?;
        self.database.check()?;
        self.vault.check()?;
        self.evidence.check()?;
        self.media.check()?;
        self.engine.check()?;
        self.worker.check()?;
        self.verification.check()?;
        self.identity.check()?;
        self.limits.check()?;
        self.operators.check()?;
        self.log.check()
    }

    /// Takes every value that `other` has.
    pub(super) fn overlay(&mut self, other: Self) {
        if other.profile.is_some() {
            self.profile = other.profile;
        }
        self.server.overlay(other.server);
        self.database.overlay(other.database);
        self.vault.overlay(other.vault);
        self.evidence.overlay(other.evidence);
        self.media.overlay(other.media);
        self.engine.overlay(other.engine);
        self.worker.overlay(other.worker);
        self.verification.overlay(other.verification);
        self.identity.overlay(other.identity);
        self.limits.overlay(other.limits);
        self.operators.overlay(other.operators);
        self.log.overlay(other.log);
    }
}
