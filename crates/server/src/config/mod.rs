//! The configuration of one process: `zhenren.toml`, `ZHENREN_…` variables, defaults.
//!
//! The only place that reads the environment. Knows nothing of how a value is used; `wiring`
//! turns it into what the use cases and the API take.

#[expect(
    clippy::ptr_arg,
    reason = "a check takes what the section stores, by reference"
)]
mod checks;
mod load;
mod sections;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use zhenren_media::JailLevel;

pub(crate) use checks::{RATE_MAX, RATE_MIN};
pub(crate) use load::{ConfigError, load};
pub(crate) use sections::{
    Database, Engine, Evidence, Identity, Limits, Log, Media, Operators, Server, Vault,
    Verification, Worker,
};

use sections::RawConfig;

/// The file that is read when it lies in the working directory and no other was named.
const DEFAULT_FILE: &str = "zhenren.toml";

/// What kind of installation this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Profile {
    /// A demo account and app, loopback only, keys made on the first start.
    Development,
    /// No demo data; refuses missing or development secrets.
    Production,
}

/// Everything configured, checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// What kind of installation this is.
    pub profile: Profile,
    /// `[server]`.
    pub server: Server,
    /// `[database]`.
    pub database: Database,
    /// `[vault]`.
    pub vault: Vault,
    /// `[evidence]`.
    pub evidence: Evidence,
    /// `[media]`.
    pub media: Media,
    /// `[engine]`.
    pub engine: Engine,
    /// `[worker]`.
    pub worker: Worker,
    /// `[verification]`.
    pub verification: Verification,
    /// `[identity]`.
    pub identity: Identity,
    /// `[limits]`.
    pub limits: Limits,
    /// `[operators]`.
    pub operators: Operators,
    /// `[log]`.
    pub log: Log,
}

impl Config {
    /// Reads the named file, or `zhenren.toml` when it exists, and the environment.
    pub(crate) fn read(file: Option<&Path>, profile: Option<Profile>) -> Result<Self, ConfigError> {
        // Somebody else's variable may hold any bytes; one of ours with such bytes is refused by
        // its check or names a file that is not there.
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .map(|(name, value)| {
                let name = name.to_string_lossy().into_owned();
                (name, value.to_string_lossy().into_owned())
            })
            .collect();
        let named = file
            .map(Path::to_path_buf)
            .or_else(|| environment.get("ZHENREN_CONFIG").map(PathBuf::from));
        let default = PathBuf::from(DEFAULT_FILE);
        let file = named.or_else(|| default.exists().then_some(default));
        load(file.as_deref(), &environment, profile)
    }

    fn assemble(raw: RawConfig, profile: Option<Profile>) -> Result<Self, ConfigError> {
        let written = match raw.profile.as_ref().map(|value| value.get_ref().as_str()) {
            Some("development") => Profile::Development,
            _ => Profile::Production,
        };
        let config = Self {
            profile: profile.unwrap_or(written),
            server: raw.server.resolve(),
            database: raw.database.resolve(),
            vault: raw.vault.resolve(),
            evidence: raw.evidence.resolve(),
            media: raw.media.resolve(),
            engine: raw.engine.resolve(),
            worker: raw.worker.resolve(),
            verification: raw.verification.resolve(),
            identity: raw.identity.resolve(),
            limits: raw.limits.resolve(),
            operators: raw.operators.resolve(),
            log: raw.log.resolve(),
        };
        config.check_together()?;
        Ok(config)
    }

    fn check_together(&self) -> Result<(), ConfigError> {
        if self.profile == Profile::Development && !self.bind_address()?.ip().is_loopback() {
            return Err(ConfigError::Together(format!(
                "the development profile holds a demo app and answers on loopback only, but \
                 `server.bind` is {}; bind 127.0.0.1 or set profile = \"production\"",
                self.server.bind
            )));
        }
        if self.verification.actions_count
            > u32::try_from(self.verification.actions.len()).unwrap_or(u32::MAX)
        {
            return Err(ConfigError::Together(format!(
                "`verification.actions_count` is {} but `verification.actions` lists {}; ask for \
                 at most as many as are listed",
                self.verification.actions_count,
                self.verification.actions.len()
            )));
        }
        Ok(())
    }

    /// The address to listen on.
    pub(crate) fn bind_address(&self) -> Result<SocketAddr, ConfigError> {
        self.server.bind.parse().map_err(|_| {
            ConfigError::Together(String::from("`server.bind` must be an address and port"))
        })
    }

    /// How much of the decoder's jail the kernel must enforce.
    pub(crate) fn jail_level_min(&self) -> JailLevel {
        // The names were checked; the strictest is the answer to anything else.
        checks::JAIL_LEVELS
            .iter()
            .find(|(name, _)| *name == self.media.jail_level_min)
            .map_or(JailLevel::FullyEnforced, |(_, level)| *level)
    }

    /// The address people's browsers use, without a final slash.
    pub(crate) fn public_url(&self) -> String {
        if self.server.public_url.is_empty() {
            format!("http://{}", self.server.bind)
        } else {
            self.server.public_url.clone()
        }
    }
}
