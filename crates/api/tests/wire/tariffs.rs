//! Prices as data: which tariff holds, what a change between request and answer does, and what a
//! price that cannot be read answers.

use crate::common::{Attempt, NAME, NUMBER, World};
use crate::ledger::{Desk, ask, open};
use crate::unicloud::{Caller, nonce};
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use zhenren_store::testing;
use zhenren_usecases::analysis::scripted::PASSES;

fn flat(price_fen: i64) -> Value {
    json!({ "tiers": [{ "calls_count_max": null, "price_fen": price_fen }] })
}

async fn price(desk: &Desk<'_>) -> i64 {
    desk.get("balance").await["next_price_fen"]
        .as_i64()
        .unwrap()
}

#[tokio::test]
async fn an_own_tariff_goes_first_then_the_one_that_begins_last() {
    let world = World::new().await;
    let desk = Desk::finance(&world).await;
    let all = "/v1/account/tariffs";
    let reply = desk.send_as_is(Method::POST, all, &flat(70)).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    assert_eq!(reply.json["account_id"], Value::Null);
    assert_eq!(price(&desk).await, 70);
    let mut later = flat(60);
    later["valid_from"] = json!((world.clock.now() + SignedDuration::from_secs(1000)).to_string());
    later["valid_until"] = json!((world.clock.now() + SignedDuration::from_secs(2000)).to_string());
    let made = desk.send(Method::POST, "tariffs", &later).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(price(&desk).await, 70);
    // The desk's own calls take their seconds too.
    world.advance_s(900);
    assert_eq!(price(&desk).await, 70);
    world.advance_s(200);
    assert_eq!(price(&desk).await, 60);
    assert_eq!(desk.get("balance").await["tariff_id"], made.json["id"]);
    // A newer one for all does not touch an account that has its own.
    desk.send_as_is(Method::POST, all, &flat(50)).await;
    assert_eq!(price(&desk).await, 60);
    world.advance_s(1000);
    assert_eq!(price(&desk).await, 50);
    let listed = desk.get("tariffs").await;
    let prices: Vec<&Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["tiers"][0]["price_fen"])
        .collect();
    assert_eq!(prices.len(), 3);
    let all_only = desk.send_as_is(Method::GET, all, &Value::Null).await.json;
    assert_eq!(all_only["items"].as_array().unwrap().len(), 2, "{all_only}");
    let page = desk.get("tariffs?limit=1").await;
    let next = page["next"].as_str().unwrap();
    let rest = desk.get(&format!("tariffs?after={next}")).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 2, "{rest}");
}

#[tokio::test]
async fn what_was_charged_does_not_change() {
    let world = World::new().await;
    let desk = Desk::finance(&world).await;
    let at = |seconds| (world.clock.now() + SignedDuration::from_secs(seconds)).to_string();
    let tier = |bound: Value, fen: i64| json!({ "calls_count_max": bound, "price_fen": fen });
    let wrong = [
        json!({ "tiers": [tier(Value::Null, 85)], "valid_from": at(-1) }),
        json!({ "tiers": [tier(Value::Null, 85)], "valid_from": at(5), "valid_until": at(5) }),
        json!({ "tiers": [tier(Value::Null, 85)], "valid_from": "tomorrow" }),
        json!({ "tiers": [] }),
        json!({ "tiers": [tier(json!(5), 85)] }),
        json!({ "tiers": [tier(json!(5), 85), tier(json!(5), 80), tier(Value::Null, 70)] }),
        json!({ "tiers": [tier(Value::Null, -1)] }),
        json!({ "tiers": [tier(Value::Null, 100_001)] }),
    ];
    for body in wrong {
        let reply = desk.send(Method::POST, "tariffs", &body).await;
        assert_eq!(reply.code(), "parameter_invalid", "{body}: {}", reply.text);
    }
    let unknown = json!({ "tiers": [{ "calls_count_max": null, "price": 1 }] });
    assert_eq!(
        desk.send(Method::POST, "tariffs", &unknown).await.code(),
        "body_invalid"
    );
    assert_eq!(price(&desk).await, 85);
}

#[tokio::test]
async fn a_price_that_changed_meanwhile_is_returned_or_taken() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let (_, token) = open(&world, "order-0001").await;
    desk.send(Method::POST, "tariffs", &flat(60)).await;
    finish(&world, &token).await;
    let line = desk.get("ledger?kind=settle&limit=1").await["items"][0].clone();
    assert_eq!(
        (&line["available_fen"], &line["spent_fen"]),
        (&json!(25), &json!(60)),
        "{line}"
    );
    world.advance_s(1);
    let (_, token) = open(&world, "order-0002").await;
    desk.send(Method::POST, "tariffs", &flat(90)).await;
    finish(&world, &token).await;
    let line = desk.get("ledger?kind=settle&limit=1").await["items"][0].clone();
    assert_eq!(
        (&line["available_fen"], &line["spent_fen"]),
        (&json!(-30), &json!(90)),
        "{line}"
    );
    assert_eq!(line["forgiven_fen"], 0);
    let balance = desk.get("balance").await;
    assert_eq!(
        (&balance["frozen_fen"], &balance["spent_fen"]),
        (&json!(0), &json!(150))
    );
    let table = desk.csv("ledger.csv?kind=settle").await;
    assert!(table.contains(",-30,-60,90,0,trf_"), "{table}");
}

#[tokio::test]
async fn what_a_raised_price_lacks_is_forgiven_in_sight() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let (id, token) = open(&world, "order-0001").await;
    desk.send(Method::POST, "tariffs", &flat(100)).await;
    // Everything but four fen is gone when the answer comes.
    let sql = "UPDATE accounts SET spent_fen = spent_fen + available_fen - 4, available_fen = 4
        WHERE available_fen > 4";
    testing::run(world.context.pool(), sql).await.unwrap();
    finish(&world, &token).await;
    let line = desk.get("ledger?kind=settle&limit=1").await["items"][0].clone();
    let moved = json!([
        line["available_fen"],
        line["frozen_fen"],
        line["spent_fen"],
        line["forgiven_fen"]
    ]);
    assert_eq!(moved, json!([-4, -85, 89, 11]), "{line}");
    let record = desk.get("records").await["items"][0].clone();
    assert_eq!(record["id"], id.as_str());
    assert_eq!(
        (&record["frozen_fen"], &record["settled_fen"]),
        (&json!(85), &json!(89))
    );
    assert_eq!(desk.get("balance").await["available_fen"], 0);
}

async fn finish(world: &World, token: &str) {
    let attempt = Attempt::of(
        world,
        &world.begin(&json!({ "capture_token": token })).await,
    );
    attempt.record(PASSES).await;
    world.work().await;
}

#[tokio::test]
async fn the_tiers_of_the_product_rules_hold_on_the_way_through_the_tables() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let borders = [(99_999, 85, 80), (199_999, 80, 70), (499_999, 70, 60)];
    for (number, (calls, before, after)) in (1..).zip(borders) {
        let sql: &'static str = format!("UPDATE accounts SET calls_count = {calls}").leak();
        testing::run(world.context.pool(), sql).await.unwrap();
        // Two are open at the border: one settles at the old price, the other at the new one.
        let (_, first) = open(&world, &format!("order-{number}-1")).await;
        let (_, second) = open(&world, &format!("order-{number}-2")).await;
        finish(&world, &first).await;
        assert_eq!(price(&desk).await, after, "{calls}");
        world.advance_s(1);
        finish(&world, &second).await;
        let lines = desk.get("ledger?kind=settle&limit=2").await;
        let spent: Vec<&Value> = lines["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["spent_fen"])
            .collect();
        assert_eq!(spent, [&json!(after), &json!(before)], "{calls}");
        world.advance_s(1);
    }
}

#[tokio::test]
async fn each_way_that_freezing_fails_has_its_code() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let caller = Caller {
        world: &world,
        appid: world.appid.clone(),
        secret: world.secret.clone(),
    };
    let body = json!({ "realName": NAME, "idCard": NUMBER });
    desk.send(Method::POST, "tariffs", &flat(60)).await;
    testing::run(world.context.pool(), "UPDATE tariffs SET tiers = '60'")
        .await
        .unwrap();
    let answer = caller.call("getCertifyId", &nonce(1), &body).await;
    assert_eq!(answer["errCode"], 54101, "{answer}");
    let question =
        json!({ "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" } });
    let reply = world
        .v1(Method::POST, "/v1/verifications", "order-0001", &question)
        .await;
    assert_eq!(reply.code(), "internal");
    testing::run(world.context.pool(), "UPDATE tariffs SET tiers = ':60'")
        .await
        .unwrap();
    assert_eq!(
        caller.call("getCertifyId", &nonce(2), &body).await["errCode"],
        0
    );
    let sql = "UPDATE accounts SET spent_fen = spent_fen + available_fen, available_fen = 0";
    testing::run(world.context.pool(), sql).await.unwrap();
    assert_eq!(
        caller.call("getCertifyId", &nonce(3), &body).await["errCode"],
        54100
    );
    let reply = world
        .v1(Method::POST, "/v1/verifications", "order-0002", &question)
        .await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::PAYMENT_REQUIRED, "insufficient_balance")
    );
}

#[tokio::test]
async fn an_unread_price_bills_nobody() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let id = ask(&world, "order-0001", PASSES).await;
    assert_eq!(desk.get("records").await["items"][0]["id"], id.as_str());
    let (_, token) = open(&world, "order-0002").await;
    desk.send(Method::POST, "tariffs", &flat(60)).await;
    testing::run(world.context.pool(), "UPDATE tariffs SET tiers = 'x'")
        .await
        .unwrap();
    let attempt = Attempt::of(
        &world,
        &world.begin(&json!({ "capture_token": token })).await,
    );
    attempt.record(PASSES).await;
    // Tried again until it is given up as our own failure; the hold waits meanwhile.
    for _ in 0..10 {
        world.work().await;
        world.advance_s(600);
    }
    testing::run(world.context.pool(), "UPDATE tariffs SET tiers = ':60'")
        .await
        .unwrap();
    let balance = desk.get("balance").await;
    assert_eq!(balance["spent_fen"], 85, "{balance}");
}
