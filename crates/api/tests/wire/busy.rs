//! Another process holds the database for as long as anybody tries: no money can be frozen (54102),
//! and nothing is half-written.

use std::pin::Pin;

use crate::common::{NAME, NUMBER, World};
use crate::unicloud::{demo, nonce};
use axum::http::Method;
use serde_json::{Value, json};
use zhenren_store::testing::{Stop, Stoppable, Tables, Waypoint};

/// Limit: transactions of one call.
const BEGINS_COUNT_MAX: u32 = 20;
/// What a question writes; who called and how often may be written before.
const WRITTEN: [&str; 8] = [
    "accounts",
    "apps",
    "verifications",
    "holds",
    "ledger_entries",
    "daily_usage",
    "audit_log",
    "jobs",
];

type Asking<'a> = Pin<Box<dyn Future<Output = Value> + 'a>>;

/// How many transactions a call begins.
async fn begins_count<'a>(ask: impl Fn(u32) -> Asking<'a>) -> u32 {
    let mut count = 0;
    loop {
        assert!(count < BEGINS_COUNT_MAX, "a call begins that many");
        let stop = Stop::AfterKind(Waypoint::Begin, count);
        let mut asking = Stoppable::new(stop, ask(count));
        if asking.run_to_stop().await.is_some() {
            return count;
        }
        asking.resume().await;
        count += 1;
    }
}

/// Asks, and from its last transaction on somebody else has the database; answers what was said.
async fn ask_when_held<'a>(world: &World, ask: impl Fn(u32) -> Asking<'a>) -> Value {
    let tables = Tables::of(world.context.pool()).await.unwrap();
    let written = async || {
        let now = tables.snapshot(world.context.pool()).await.unwrap();
        WRITTEN.map(|table| format!("{:?}", now.rows(table).collect::<Vec<_>>()))
    };
    let last = begins_count(&ask).await.checked_sub(1).unwrap();
    let before = written().await;
    let stop = Stop::AfterKind(Waypoint::Begin, last);
    let mut asking = Stoppable::new(stop, ask(100));
    assert_eq!(asking.run_to_stop().await, None);
    let other = world.other_process().await;
    let held = other.begin().await.unwrap();
    // Ten seconds, sixty times: nobody waits for them here.
    tokio::time::pause();
    let answer = asking.resume().await;
    tokio::time::resume();
    assert_eq!(written().await, before);
    drop(held);
    other.close().await;
    answer
}

#[tokio::test]
async fn a_hold_that_is_never_free_is_54102_and_leaves_nothing() {
    let world = World::new().await;
    let body = json!({ "realName": NAME, "idCard": NUMBER });
    let (world, body) = (&world, &body);
    let ask = |number| -> Asking<'_> {
        Box::pin(async move { demo(world).call("getCertifyId", &nonce(number), body).await })
    };
    let answer = ask_when_held(world, ask).await;
    assert_eq!(answer["errCode"], 54102, "{answer}");
    assert!(
        answer["errMsg"].as_str().unwrap().contains("repeat"),
        "{answer}"
    );
    let again = ask(101).await;
    assert_eq!(again["errCode"], 0, "{again}");
}

#[tokio::test]
async fn v1_says_unavailable_and_the_same_key_asks_again() {
    let world = World::new().await;
    let body = json!({
        "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" },
    });
    let (world, body) = (&world, &body);
    let ask = |number| -> Asking<'_> {
        Box::pin(async move {
            let key = format!("order-{number:04}");
            let path = "/v1/verifications";
            let reply = world.v1(Method::POST, path, &key, body).await;
            json!({ "status": reply.status.as_u16(), "code": reply.code() })
        })
    };
    let refused = ask_when_held(world, ask).await;
    assert_eq!(refused, json!({ "status": 503, "code": "unavailable" }));
    let asked = ask(100).await;
    assert_eq!(asked, json!({ "status": 201, "code": "" }));
}
