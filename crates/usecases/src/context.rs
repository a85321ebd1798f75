//! What every use case takes: the time, ids and randomness as values, and the things it works on.
//!
//! Knows no configuration file; `server::wiring` builds it, tests build it with a manual clock.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::Notify;
use zhenren_store::Pool;
use zhenren_vault::{EvidenceStore, Vault};

use crate::analysis::Analyzer;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::fault::Fault;
use crate::limits::calls::Calls;
use crate::settings::Settings;

/// Cheap to clone; all clones share the same things.
#[derive(Clone, Debug)]
pub struct Context(Arc<Shared>);

/// What a context is made of.
#[derive(Debug)]
pub struct Pieces {
    /// Where the time comes from.
    pub clock: Clock,
    /// Where randomness comes from.
    pub entropy: Entropy,
    /// Rows.
    pub pool: Pool,
    /// Keys.
    pub vault: Vault,
    /// Sealed recordings.
    pub evidence: EvidenceStore,
    /// What measures; a process that only serves may have none.
    pub analyzer: Option<Arc<dyn Analyzer>>,
    /// What the operator has set.
    pub settings: Settings,
}

#[derive(Debug)]
struct Shared {
    pieces: Pieces,
    started: Instant,
    work: Notify,
    change: Notify,
    calls: Calls,
}

impl Context {
    /// A context of these pieces.
    pub fn new(pieces: Pieces) -> Self {
        Self(Arc::new(Shared {
            pieces,
            started: Instant::now(),
            work: Notify::new(),
            change: Notify::new(),
            calls: Calls::default(),
        }))
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.0.pieces.clock.now()
    }

    /// Milliseconds since the process started; for durations in logs only.
    pub fn monotonic_ms(&self) -> u128 {
        self.0.started.elapsed().as_millis()
    }

    /// Random bytes.
    pub fn random_bytes<const COUNT: usize>(&self) -> [u8; COUNT] {
        let mut bytes = [0; COUNT];
        self.0.pieces.entropy.fill(&mut bytes);
        bytes
    }

    /// A random number.
    pub fn random_u64(&self) -> u64 {
        u64::from_le_bytes(self.random_bytes())
    }

    /// A number for a new id: 48 bits of time in front, so that ids sort by age, 80 random bits.
    pub fn id_number(&self) -> u128 {
        let milliseconds = u128::try_from(self.now().as_millisecond()).unwrap_or(0);
        let random = u128::from_le_bytes(self.random_bytes()) >> 48;
        ((milliseconds & 0xFFFF_FFFF_FFFF) << 80) | random
    }

    /// A new secret for a token: 64 lower-case hexadecimal digits, 256 random bits.
    pub fn token(&self) -> String {
        crate::text::hex(&self.random_bytes::<32>())
    }

    /// Rows.
    pub fn pool(&self) -> &Pool {
        &self.0.pieces.pool
    }

    /// Keys.
    pub fn vault(&self) -> &Vault {
        &self.0.pieces.vault
    }

    /// Sealed recordings.
    pub fn evidence(&self) -> &EvidenceStore {
        &self.0.pieces.evidence
    }

    /// What measures, or the fault that there is nothing.
    pub fn analyzer(&self) -> Result<Arc<dyn Analyzer>, Fault> {
        self.0
            .pieces
            .analyzer
            .clone()
            .ok_or_else(|| Fault::new("measuring", "this process has no engine"))
    }

    /// Whether this process could recognise spoken digits.
    pub fn hears_digits(&self) -> bool {
        let analyzer = self.0.pieces.analyzer.as_ref();
        analyzer.is_some_and(|analyzer| analyzer.hears_digits())
    }

    /// What the operator has set.
    pub fn settings(&self) -> &Settings {
        &self.0.pieces.settings
    }

    /// Calls of apps that this process has reserved.
    pub(crate) fn calls(&self) -> &Calls {
        &self.0.calls
    }

    /// Whether a recording that is sent now could be answered.
    pub fn can_analyse(&self) -> bool {
        self.settings().sources.enrolled || self.settings().sources.caller_photo
    }

    /// Whether the database answers.
    pub async fn is_store_ready(&self) -> Result<(), Fault> {
        let mut tx = self.pool().read().await?;
        zhenren_store::jobs::counts(&mut tx).await?;
        Ok(())
    }

    /// Tells this process's worker that there is work.
    pub fn call_worker(&self) {
        self.0.work.notify_one();
    }

    /// Waits until somebody calls the worker.
    pub async fn called(&self) {
        self.0.work.notified().await;
    }

    /// Tells this process's long polls that something changed.
    pub fn announce_change(&self) {
        self.0.change.notify_waiters();
    }

    /// What a long poll waits on. Must be made before the state is read.
    pub fn change(&self) -> tokio::sync::futures::Notified<'_> {
        self.0.change.notified()
    }
}

/// When an id of this number was made; nothing when it has none, or one that we never gave.
pub(crate) fn made_at(number: Option<u128>) -> Option<Timestamp> {
    let milliseconds = i64::try_from(number? >> 80).ok()?;
    Timestamp::from_millisecond(milliseconds).ok()
}
