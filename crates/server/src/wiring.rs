//! From configuration to the things the use cases and the API take. The only file that knows both.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::SignedDuration;
use zhenren_biometrics::{Engine, Loadout};
use zhenren_domain::challenge::Action;
use zhenren_domain::limits::Limits;
use zhenren_domain::mode::Mode;
use zhenren_domain::policy::Policy;
use zhenren_domain::retention::Retention;
use zhenren_media::{Decoder, DecoderConfig, JailLevel, MediaError};
use zhenren_packs::Packs;
use zhenren_store::Pool;
use zhenren_usecases::analysis::Analyzer;
use zhenren_usecases::analysis::engine::EngineAnalyzer;
use zhenren_usecases::clock::Clock;
use zhenren_usecases::context::{Context, Pieces};
use zhenren_usecases::entropy::Entropy;
use zhenren_usecases::settings::{OperatorSettings, PasswordCost, Settings, Sources};
use zhenren_vault::{EvidenceStore, Vault};

use crate::config::{self, Config, Operators, Profile, Verification};
use crate::exit::{Exit, Sentence, sentence};

/// Marks a key file that was made for development; production refuses it.
const DEVELOPMENT_MARK: &str = "# development key, refused by the production profile\n";

/// The installed packs.
pub(crate) fn packs(config: &Config) -> Packs {
    Packs::at(Path::new(&config.engine.packs_directory))
}

/// What the engine is made of.
pub(crate) fn loadout(config: &Config) -> Result<Loadout> {
    let threads = usize::try_from(config.engine.threads).unwrap_or(1);
    let models = Path::new(&config.engine.models_directory);
    Ok(packs(config).loadout(models, threads)?)
}

/// The loaded engine.
pub(crate) fn engine(config: &Config) -> Result<Engine> {
    Ok(Engine::open(&loadout(config)?)?)
}

/// The decoder, with its workers started, and how strong its jail is. Below the configured
/// minimum there is none.
pub(crate) fn decoder(config: &Config) -> Result<(Decoder, JailLevel)> {
    let decoder = Decoder::new(DecoderConfig {
        jail_level_min: config.jail_level_min(),
        ..DecoderConfig::default()
    })?;
    match decoder.check_jail() {
        Ok(level) => Ok((decoder, level)),
        Err(MediaError::JailTooWeak { reached, required }) => Err(sentence(
            Exit::Config,
            format!(
                "the decoder's jail is {reached} on this kernel and `media.jail_level_min` asks \
                 for {required}; use a newer kernel (5.13 for partial, 6.12 for full Landlock, \
                 and a container profile that permits it), or read docs/SECURITY.md before \
                 lowering the setting"
            ),
        )),
        Err(error) => Err(error.into()),
    }
}

/// Decoder and engine together.
pub(crate) fn analyzer(config: &Config) -> Result<Arc<dyn Analyzer>> {
    Ok(Arc::new(engine_analyzer(config)?))
}

/// The same, for those who ask more of it than a worker does.
pub(crate) fn engine_analyzer(config: &Config) -> Result<EngineAnalyzer> {
    let engine = engine(config).context("the engine cannot be loaded; try `zhenren doctor`")?;
    let (decoder, level) = match decoder(config) {
        Ok(started) => started,
        // Already a whole sentence.
        Err(error) if error.is::<Sentence>() => return Err(error),
        Err(error) => {
            return Err(error.context("the decoder cannot be started; try `zhenren doctor`"));
        }
    };
    if level < JailLevel::FullyEnforced {
        tracing::warn!(
            "the decoder's jail is {level} by this kernel: the system call filter alone denies \
             what Landlock does not; see docs/SECURITY.md"
        );
    }
    Ok(EngineAnalyzer::new(decoder, Arc::new(engine)))
}

/// The keys. Development makes the file when it is not there; production never does.
pub(crate) fn vault(config: &Config) -> Result<Vault> {
    let path = Path::new(&config.vault.master_key_file);
    let shown = path.display();
    match config.profile {
        Profile::Development => {
            make_folder_of(path)?;
            let (vault, is_new) = Vault::load_or_create(path)?;
            if is_new {
                mark(path)?;
            }
            Ok(vault)
        }
        Profile::Production => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                sentence(
                    Exit::Config,
                    format!(
                        "the key file {shown} cannot be read ({error}); make one with `zhenren \
                         admin create-key {shown}` and back it up"
                    ),
                )
            })?;
            if text.contains(DEVELOPMENT_MARK.trim()) {
                let text = format!(
                    "{shown} is a development key; the production profile refuses it. Make \
                     another with `zhenren admin create-key FILE` and name it in \
                     `vault.master_key_file`"
                );
                return Err(sentence(Exit::Config, text));
            }
            Ok(Vault::load(path)?)
        }
    }
}

fn mark(path: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
    file.write_all(DEVELOPMENT_MARK.as_bytes())?;
    Ok(())
}

/// Makes the folder a file is to lie in.
pub(crate) fn make_folder_of(path: &Path) -> Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    }
    Ok(())
}

/// Where recordings are kept.
pub(crate) fn evidence(config: &Config) -> Result<EvidenceStore> {
    Ok(EvidenceStore::local(Path::new(&config.evidence.directory))?)
}

/// Connects to the database; the folder of a SQLite file is made.
pub(crate) async fn pool(config: &Config) -> Result<Pool> {
    if let Some(path) = config.database.url.strip_prefix("sqlite:") {
        let path = path.split('?').next().unwrap_or_default();
        make_folder_of(Path::new(path))?;
    }
    Pool::connect(&config.database.url)
        .await
        .context("the database cannot be opened")
}

/// What `doctor` says about the database; creates nothing.
pub(crate) async fn look_at_store(config: &Config) -> Result<String> {
    if let Some(path) = config.database.url.strip_prefix("sqlite:") {
        let path = path.trim_start_matches("//");
        if !Path::new(path).exists() {
            return Ok(format!("{path} is made at the first start"));
        }
    }
    let pool = Pool::connect(&config.database.url)
        .await
        .context("the database cannot be opened; check `database.url`")?;
    pool.check_schema().await?;
    Ok(String::from("opens, schema is current"))
}

/// The policy with what the operator has set.
pub(crate) fn policy(verification: &Verification) -> Policy {
    let mut policy = Policy::current();
    if let Some(mode) = Mode::from_name(&verification.challenge) {
        policy.mode = mode;
    }
    policy.no_flash = verification.no_flash;
    policy.actions = verification
        .actions
        .iter()
        .filter_map(|name| Action::from_name(name))
        .collect();
    let count = |number: u32| usize::try_from(number).unwrap_or(1);
    policy.actions_count = count(verification.actions_count);
    policy.digits_count = count(verification.digits_count);
    policy.flashes_count = count(verification.flashes_count);
    policy.fmr_max = verification.fmr_max;
    policy.attempts_max = verification.attempts_max;
    policy
}

/// Everything the operator has set, as the use cases take it.
pub(crate) fn settings(config: &Config) -> Settings {
    let verification = &config.verification;
    let hours = |count: u32| SignedDuration::from_hours(i64::from(count));
    let minutes = |count: u32| SignedDuration::from_mins(i64::from(count));
    let has = |source: &str| config.identity.sources.iter().any(|known| known == source);
    Settings {
        policy: policy(verification),
        modes: verification
            .modes
            .iter()
            .filter_map(|name| Mode::from_name(name))
            .collect(),
        capture_limit: Some(SignedDuration::from_secs(i64::from(
            verification.capture_seconds,
        ))),
        retention: Retention {
            evidence: hours(config.evidence.retention_hours),
            result: hours(config.evidence.retention_hours),
            tombstone: hours(config.evidence.tombstone_days.saturating_mul(24)),
        },
        start_window: minutes(verification.start_minutes),
        verification_life: hours(verification.certificate_hours),
        user_id_key_life: minutes(verification.user_id_key_minutes),
        strict_id_check: verification.strict_id_check,
        sources: Sources {
            enrolled: has("enrolled"),
            caller_photo: has("caller_photo"),
        },
        limits: limits(&config.limits),
        test_calls_quota: config.limits.test_calls_quota,
        lease: SignedDuration::from_secs(i64::from(config.worker.lease_seconds)),
        operators: operators(&config.operators),
        ..Settings::default()
    }
}

fn limits(section: &config::Limits) -> Limits {
    Limits {
        app_minute_calls_max: section.app_minute_calls_max,
        app_day_calls_max: section.app_day_calls_max,
        identity_day_max: section.identity_day_max,
        user_day_max: section.user_day_max,
        device_day_max: section.device_day_max,
        address_hour_max: section.address_hour_max,
        sign_in_hour_max: section.sign_in_hour_max,
    }
}

fn operators(config: &Operators) -> OperatorSettings {
    OperatorSettings {
        password: PasswordCost {
            memory_kib: config.password_memory_kib,
            iterations: config.password_iterations,
            parallelism: config.password_parallelism,
        },
        session_life: SignedDuration::from_hours(i64::from(config.session_hours)),
        failures_max: config.sign_in_failures_max,
        lock: SignedDuration::from_mins(i64::from(config.lock_minutes)),
    }
}

/// Held as long as a server runs: nobody rotates its keys meanwhile.
pub(crate) fn key_file_shared(config: &Config) -> Result<File> {
    let path = Path::new(&config.vault.master_key_file);
    let file = File::open(path)?;
    match file.try_lock_shared() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let text = "`zhenren admin key rotate` is running; start again when it has ended";
            Err(sentence(Exit::Failure, text))
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Held while keys are rotated.
pub(crate) fn key_file_alone(path: &Path) -> Result<File> {
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let text = format!("a server uses {}; stop it first", path.display());
            Err(sentence(Exit::Usage, text))
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// A context over a migrated database.
pub(crate) async fn context(
    config: &Config,
    analyzer: Option<Arc<dyn Analyzer>>,
) -> Result<Context> {
    let pieces = Pieces {
        clock: Clock::System,
        entropy: Entropy::System,
        pool: pool(config).await?,
        vault: vault(config)?,
        evidence: evidence(config)?,
        analyzer,
        settings: settings(config),
    };
    Ok(Context::new(pieces))
}
