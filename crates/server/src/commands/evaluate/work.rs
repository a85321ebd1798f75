//! Measuring many files: every core that may be used, nothing twice, a bar.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zhenren_biometrics::{ENGINE_VERSION, Engine, Loadout};
use zhenren_media::Decoder;

use crate::config::Config;
use crate::wiring;

/// What a file gave.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) enum Item {
    /// Features of the one face.
    Features(Vec<f32>),
    /// A score.
    Score(f64),
    /// Nothing, and why.
    Refused(String),
}

/// Measures one file with a thread's own decoder and engine. Faults of the machine are errors.
pub(super) type Measure = fn(&Decoder, &Engine, &Path, &[u8]) -> Result<Item>;

/// How the work is done.
pub(super) struct Plan<'a> {
    /// Kind of measurement, part of the cache's keys.
    pub(super) kind: &'static str,
    pub(super) config: &'a Config,
    pub(super) loadout: &'a Loadout,
    pub(super) cache: &'a Path,
    pub(super) threads: Option<usize>,
    pub(super) measure: Measure,
}

/// Measures every file, in the order of the list.
pub(super) fn measure_all(plan: &Plan<'_>, files: &[PathBuf]) -> Result<Vec<Item>> {
    prepare(plan.cache)?;
    // Limited by the processor quota of the control group, too.
    let may_use = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = plan.threads.unwrap_or(may_use).clamp(1, files.len().max(1));
    let next = AtomicUsize::new(0);
    let (results, arrived) = mpsc::channel();
    let mut items: Vec<Option<Item>> = vec![None; files.len()];
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (results, next) = (results.clone(), &next);
            scope.spawn(move || {
                let outcome = work(plan, files, next, &results);
                if let Err(error) = outcome {
                    // The collector has gone when another thread failed first.
                    drop(results.send(Err(error)));
                }
            });
        }
        drop(results);
        let mut bar = Bar::start(files.len());
        for result in arrived {
            match result {
                Ok((index, item)) => {
                    if let Some(place) = items.get_mut(index) {
                        *place = Some(item);
                    }
                    bar.step();
                }
                Err(error) => {
                    // Nothing new is begun.
                    next.store(files.len(), Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        bar.end();
        Ok(())
    })?;
    items
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .context("a file was not measured")
}

type Sent = Result<(usize, Item)>;

fn work(
    plan: &Plan<'_>,
    files: &[PathBuf],
    next: &AtomicUsize,
    results: &mpsc::Sender<Sent>,
) -> Result<()> {
    // Models are opened by the first file that is not in the cache.
    let mut tools: Option<(Decoder, Engine)> = None;
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(path) = files.get(index) else {
            return Ok(());
        };
        let item = match fs::read(path) {
            Err(error) => Item::Refused(format!("cannot be read: {error}")),
            Ok(bytes) => {
                let place = plan.cache.join(key(plan, &bytes));
                if let Some(item) = known(&place) {
                    item
                } else {
                    if tools.is_none() {
                        let (decoder, _) = wiring::decoder(plan.config)?;
                        tools = Some((decoder, Engine::open(plan.loadout)?));
                    }
                    let (decoder, engine) = tools.as_ref().context("the models are open")?;
                    let item = (plan.measure)(decoder, engine, path, &bytes)
                        .with_context(|| path.display().to_string())?;
                    keep(&place, &item)?;
                    item
                }
            }
        };
        if results.send(Ok((index, item))).is_err() {
            return Ok(());
        }
    }
}

/// The cache holds templates of people: for its owner only.
fn prepare(cache: &Path) -> Result<()> {
    fs::create_dir_all(cache).with_context(|| cache.display().to_string())?;
    fs::set_permissions(cache, fs::Permissions::from_mode(0o700))?;
    Ok(())
}

/// Which file, measured how: another engine or pack measures again.
fn key(plan: &Plan<'_>, bytes: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(plan.kind);
    hash.update(ENGINE_VERSION.to_le_bytes());
    hash.update(plan.loadout.identity());
    hash.update(Sha256::digest(bytes));
    let digest = hash.finalize();
    let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}.json", hex.concat())
}

fn known(place: &Path) -> Option<Item> {
    serde_json::from_slice(&fs::read(place).ok()?).ok()
}

/// Written aside and renamed: a file that is there is whole.
fn keep(place: &Path, item: &Item) -> Result<()> {
    let thread = format!("{:?}", std::thread::current().id());
    let number: String = thread.chars().filter(char::is_ascii_digit).collect();
    let aside = place.with_extension(format!("{}-{number}.tmp", std::process::id()));
    fs::write(&aside, serde_json::to_vec(item)?)?;
    fs::rename(&aside, place)?;
    Ok(())
}

/// Progress on standard error: a line that rewrites itself on a terminal, else one in ten seconds.
struct Bar {
    done: usize,
    all: usize,
    started: Instant,
    shown: Option<Instant>,
}

impl Bar {
    const WIDTH: usize = 30;

    fn start(all: usize) -> Self {
        Self {
            done: 0,
            all,
            started: Instant::now(),
            shown: None,
        }
    }

    fn step(&mut self) {
        self.done += 1;
        let is_terminal = std::io::stderr().is_terminal();
        let pause = Duration::from_millis(if is_terminal { 100 } else { 10_000 });
        let is_due = self.shown.is_none_or(|shown| shown.elapsed() >= pause);
        if !is_due && self.done < self.all {
            return;
        }
        self.shown = Some(Instant::now());
        let full = Self::WIDTH * self.done / self.all.max(1);
        let bar = "#".repeat(full) + &"·".repeat(Self::WIDTH - full);
        let seconds = self.started.elapsed().as_secs();
        let line = format!("[{bar}] {}/{} files, {seconds} s", self.done, self.all);
        let mut out = std::io::stderr().lock();
        let _gone = if is_terminal {
            write!(out, "\r{line} ")
        } else {
            writeln!(out, "{line}")
        };
    }

    fn end(&self) {
        if self.shown.is_some() && std::io::stderr().is_terminal() {
            let _gone = writeln!(std::io::stderr().lock());
        }
    }
}
