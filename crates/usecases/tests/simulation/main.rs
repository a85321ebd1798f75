//! Lists of generated operations against the real use cases, on SQLite and PostgreSQL at once.
//!
//! Real: every use case, both databases, the vault and its key file, evidence as files. Not real:
//! the clock and randomness (moved by hand and seeded, invariant I12), and what is measured (the
//! recording's own text says it). After every operation the invariants I1, I2, I9 and I10 are
//! looked at over all rows; I4 whenever retention ran; I3 when the last deadline has passed.
//!
//! A failure is: an invariant that does not hold, an answer or a row in which the databases differ,
//! a fault of the machine, a job that fails without having been told to. No failure is: a refusal,
//! however odd the request; bytes in the evidence folder whose key was never stored because the
//! process died before (nobody can open them).
//!
//! Not under control, and therefore not compared: sealed bytes and the keys of objects (the vault
//! takes its nonces from the operating system; their lengths are compared), and how fast anything
//! is. A process dies at the n-th waypoint of the store, not at the n-th poll, because polls depend
//! on timing and on the database; two requests never really run at the same time, but for a worker
//! that is held while another does its job. Races are the conformance suite's business.
//!
//! Webhooks are not simulated yet, and so neither is a receiver that is down.
//!
//! `ZHENREN_SIMULATION_CASES` and `ZHENREN_SIMULATION_SEED` say how many cases and which;
//! docs/TESTING.md tells more.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a test that fails should panic, and says what it did"
)]

mod analyzer;
mod check;
mod crowd;
mod doors;
mod memory;
mod op;
mod reproduction;
mod request;
mod run;
mod standings;
mod steps;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};
use zhenren_store::testing::Cluster;

use world::Shard;

/// Cases that `make test` runs.
const CASES_COUNT: u64 = 500;
/// Which cases those are.
const SEED: u64 = 1;
/// Cases that share a generator, so that a seed means the same on any number of cores.
const BLOCK: u64 = 25;
/// Limit: runs spent on making a failure smaller.
const SHRINKS_COUNT_MAX: u32 = 300;

fn number(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().unwrap())
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn generated_operations_keep_every_invariant() {
    let cases_count = number("ZHENREN_SIMULATION_CASES", CASES_COUNT);
    let seed = number("ZHENREN_SIMULATION_SEED", SEED);
    println!("ZHENREN_SIMULATION_CASES={cases_count} ZHENREN_SIMULATION_SEED={seed}");
    let cluster = Cluster::start_or_skip();
    let threads_count = std::thread::available_parallelism().map_or(1, usize::from);
    let blocks = AtomicU64::new(0);
    let found: Vec<String> = std::thread::scope(|scope| {
        let work = |thread| {
            let (cluster, blocks) = (cluster.as_ref(), &blocks);
            scope.spawn(move || work(thread, cluster, seed, blocks, cases_count))
        };
        let threads: Vec<_> = (0..threads_count).map(work).collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap().err())
            .collect()
    });
    if let Some(cluster) = cluster {
        runtime().block_on(cluster.remove());
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

/// One thread: takes blocks of cases until none is left. What went wrong otherwise, with the
/// shortest list that shows it.
fn work(
    thread: usize,
    cluster: Option<&Cluster>,
    seed: u64,
    blocks: &AtomicU64,
    cases_count: u64,
) -> Result<(), String> {
    let runtime = runtime();
    let shard = runtime.block_on(Shard::new(cluster, thread));
    loop {
        let block = blocks.fetch_add(1, Ordering::SeqCst);
        let left = cases_count.saturating_sub(block * BLOCK);
        if left == 0 {
            return Ok(());
        }
        let config = Config {
            cases: u32::try_from(left.min(BLOCK)).unwrap(),
            failure_persistence: None,
            max_shrink_iters: SHRINKS_COUNT_MAX,
            ..Config::default()
        };
        let mut seeds = [0; 32];
        seeds[..8].copy_from_slice(&seed.to_le_bytes());
        seeds[8..16].copy_from_slice(&block.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seeds);
        let done = TestRunner::new_with_rng(config, rng).run(&op::ops(), |ops| {
            let ran = runtime.block_on(run::run(&shard, seed, &ops));
            ran.map(drop).map_err(TestCaseError::fail)
        });
        done.map_err(|error| format!("seed {seed}, block {block}: {error}"))?;
    }
}

#[test]
fn what_was_found_stays_fixed() {
    let runtime = runtime();
    let cluster = Cluster::start_or_skip();
    let shard = runtime.block_on(Shard::new(cluster.as_ref(), 0));
    for (name, ops) in reproduction::CASES {
        let ran = runtime.block_on(run::run(&shard, SEED, &ops()));
        assert!(ran.is_ok(), "{name}: {}", ran.unwrap_err());
    }
    if let Some(cluster) = cluster {
        runtime.block_on(cluster.remove());
    }
}

#[test]
fn a_seed_replays_the_whole_run() {
    let runtime = runtime();
    let shard = runtime.block_on(Shard::new(None, 0));
    let (_, ops) = reproduction::CASES[0];
    let run = |seed| runtime.block_on(run::run(&shard, seed, &ops())).unwrap();
    let first = run(7);
    assert_eq!(first.differences(&run(7)), Vec::<String>::new());
    assert_ne!(first, run(8));
}
