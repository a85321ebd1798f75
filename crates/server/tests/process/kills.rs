//! A server that is killed again and again under load, at moments that nobody chose. What it has
//! acknowledged is there, once; money is conserved; nothing is frozen that is not open.
//!
//! Real processes, real SIGKILL, real SQLite. Not shown: a machine that loses power, whose disk
//! may lie about what it wrote.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use zhenren_domain::ids::AccountId;
use zhenren_store::testing::{Snapshot, Tables, invariants};
use zhenren_store::{Pool, audit};

use crate::common::{Place, Server, eventually};
use crate::load::{Load, NAME, NUMBER};

/// Kills in `make test`; `ZHENREN_KILLS` asks for more.
const KILLS_COUNT: u64 = 10;
/// Clients that ask, repeat and withdraw.
const CLIENTS_COUNT: u32 = 4;
/// A server lives so long before it is killed, in milliseconds.
const LIFE_MS: std::ops::Range<u64> = 20..1500;
/// Every so many kills hit a server that is still starting.
const STARTING_EVERY: u64 = 7;

/// Numbers that nobody chose, and that a seed brings back.
struct Dice(u64);

impl Dice {
    fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        // xorshift64: enough to spread moments.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        range.start + self.0 % (range.end - range.start)
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |text| text.parse().unwrap())
}

/// A seed that nobody chose.
fn any_seed() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(0) | 1
}

fn admin(place: &Place, words: &[&str]) {
    let ran = place.run(&[&["admin"], words].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// The demo account with money for all of it, and the person whom the clip shows.
fn prepare(place: &Place) -> Vec<u8> {
    let (face, clip) = place.portrait_and_clip();
    place.write("person.txt", format!("{NAME}\n{NUMBER}\n").as_bytes());
    admin(place, &["enrol", "--file", "person.txt", "--photo", &face]);
    admin(
        place,
        &[
            "recharge",
            "--account",
            "acc_demo",
            "--fen",
            "10000000",
            "--reference",
            "for the load",
        ],
    );
    std::fs::read(place.path(&clip)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_killed_under_load_loses_and_doubles_nothing() {
    let kills_count = number("ZHENREN_KILLS", KILLS_COUNT);
    let seed = number("ZHENREN_KILLS_SEED", any_seed());
    println!("ZHENREN_KILLS={kills_count} ZHENREN_KILLS_SEED={seed}");
    let mut dice = Dice(seed);
    let place = Place::new();
    let clip = prepare(&place);

    let mut server = place.serve(&["all"]);
    let (sender, url) = watch::channel(server.url.clone());
    let load = Arc::new(Load::new(place.demo(), url));
    let mut clients: Vec<_> = (0..CLIENTS_COUNT)
        .map(|number| tokio::spawn(Arc::clone(&load).ask_and_withdraw(number)))
        .collect();
    clients.push(tokio::spawn(Arc::clone(&load).capture(clip)));
    for kill in 1..=kills_count {
        tokio::time::sleep(Duration::from_millis(dice.within(LIFE_MS))).await;
        server.kill();
        if kill % STARTING_EVERY == 0 {
            place
                .start_and_kill(Duration::from_millis(dice.within(20..400)))
                .await;
        }
        server = place.serve(&["all"]);
        sender.send_replace(server.url.clone());
    }
    load.stop();
    for client in clients {
        client.await.unwrap();
    }
    settle(&load, &server).await;
    server.kill();
    look(&place, &load).await;
}

/// Waits until every recording that was sent has its answer; one whose worker died too often has
/// none, and its verification is open again.
async fn settle(load: &Load, server: &Server) {
    for id in load.acknowledged().captured {
        eventually("an answer to every recording", async || {
            load.read(&server.url, &id).await["state"] != "analyzing"
        })
        .await;
    }
}

/// What the database says when nobody is left.
async fn look(place: &Place, load: &Load) {
    let url = format!("sqlite:{}", place.path("data/zhenren.db").display());
    let pool = Pool::connect(&url).await.unwrap();
    let tables = Tables::of(&pool).await.unwrap();
    let now = tables.snapshot(&pool).await.unwrap();
    invariants::money(&now).unwrap();
    invariants::holds(&now).unwrap();
    invariants::counts(&now).unwrap();
    acknowledged_is_there_once(&now, load);
    let mut tx = pool.read().await.unwrap();
    let account = AccountId::parse("acc_demo").unwrap();
    let broken = audit::first_broken(&mut tx, account.as_str())
        .await
        .unwrap();
    assert_eq!(broken, None, "the audit chain is broken");
    drop(tx);
    pool.close().await;
}

fn acknowledged_is_there_once(now: &Snapshot, load: &Load) {
    let acknowledged = load.acknowledged();
    let state = |id: &str| {
        let found: Vec<&str> = now
            .rows("verifications")
            .filter(|row| row.text("id") == id)
            .map(|row| row.text("state"))
            .collect();
        assert_eq!(found.len(), 1, "{id}");
        found[0]
    };
    for (key, id) in &acknowledged.created {
        assert!(!state(id).is_empty(), "{key}");
    }
    for id in &acknowledged.cancelled {
        assert_eq!(state(id), "closed", "{id} was withdrawn");
    }
    // Each key has opened one verification, also those that nobody was told of.
    let verifications_count = now.rows("verifications").count();
    let keyed = now
        .rows("verifications")
        .filter(|row| row.get("idempotency_hash").is_some());
    assert_eq!(keyed.count(), verifications_count);
    assert_eq!(acknowledged.created.len(), verifications_count);
    let count = |wanted: &str| {
        now.rows("holds")
            .filter(|row| row.text("state") == wanted)
            .count()
    };
    println!(
        "{verifications_count} opened, {} withdrawn, {} recorded; holds: {} settled, {} released, \
         {} frozen",
        acknowledged.cancelled.len(),
        acknowledged.captured.len(),
        count("settled"),
        count("released"),
        count("frozen"),
    );
    assert!(
        count("settled") > 0,
        "no call was paid, so nothing was shown"
    );
}
