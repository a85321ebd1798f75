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
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a test that fails should panic, and says what it did"
)]

mod analyzer;
mod check;
mod crowd;
mod memory;
mod op;
mod reproduction;
mod request;
mod run;
mod world;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use tokio::runtime::{Builder, Runtime};
use zhenren_store::testing::Cluster;

use world::Shard;

/// Cases that `make test` runs.
const CASES_COUNT: u32 = 500;
/// Which cases those are.
const SEED: u64 = 1;
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
    let cases_count = number("ZHENREN_SIMULATION_CASES", u64::from(CASES_COUNT));
    let seed = number("ZHENREN_SIMULATION_SEED", SEED);
    println!("ZHENREN_SIMULATION_CASES={cases_count} ZHENREN_SIMULATION_SEED={seed}");
    let cluster = Cluster::start_or_skip();
    let shards_count = std::thread::available_parallelism().map_or(1, usize::from);
    let shares = u32::try_from(cases_count)
        .unwrap()
        .div_ceil(u32::try_from(shards_count).unwrap());
    let found: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..shards_count)
            .map(|shard| scope.spawn(move_in(shard, shares, seed, cluster.as_ref())))
            .collect();
        threads
            .into_iter()
            .filter_map(|thread| thread.join().unwrap())
            .collect()
    });
    if let Some(cluster) = cluster {
        runtime().block_on(cluster.remove());
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

/// One thread's share of the cases; what went wrong, with the shortest list that shows it.
fn move_in(
    shard: usize,
    cases_count: u32,
    seed: u64,
    cluster: Option<&Cluster>,
) -> impl FnOnce() -> Option<String> + Send {
    move || {
        let runtime = runtime();
        let place = runtime.block_on(Shard::new(cluster, shard));
        let config = Config {
            cases: cases_count,
            failure_persistence: None,
            max_shrink_iters: SHRINKS_COUNT_MAX,
            ..Config::default()
        };
        let mut seeds = [0; 32];
        seeds[..8].copy_from_slice(&seed.to_le_bytes());
        seeds[8..16].copy_from_slice(&u64::try_from(shard).unwrap().to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seeds);
        let done = TestRunner::new_with_rng(config, rng).run(&op::ops(), |ops| {
            let ran = runtime.block_on(run::run(&place, seed, &ops));
            ran.map(drop).map_err(TestCaseError::fail)
        });
        done.err()
            .map(|error| format!("thread {shard}, seed {seed}: {error}"))
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
