//! Call records of a day and daily statistics.

use crate::common::World;
use crate::ledger::{Desk, ask, open};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use zhenren_domain::tariff::civil_day;
use zhenren_store::testing::{self, Snapshot, Tables};
use zhenren_usecases::analysis::scripted::{CHANGES_FACE, OTHER_PERSON, PASSES};

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_records_of_a_day_newest_first() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(open(&world, &format!("order-{number:04}")).await.0);
    }
    made.push(ask(&world, "order-0005", PASSES).await);
    made.push(ask(&world, "order-0006", OTHER_PERSON).await);
    made.reverse();
    let all = desk.get("records").await;
    assert_eq!(ids(&all), made);
    assert_eq!(all["next"], Value::Null);
    let closed = &all["items"][1];
    let expected = json!({
        "id": made[1], "app_id": world.appid, "door": "v1", "state": "closed",
        "outcome": "accepted", "reason": "passed", "attempts_count": 1, "billable": true,
        "billing_reason": "compared", "frozen_fen": 85, "settled_fen": 85,
        "created_at": closed["created_at"], "closed_at": closed["closed_at"],
    });
    assert_eq!(*closed, expected);
    assert_eq!(all["items"][6]["billable"], Value::Null);
    pages_stay(&world, &desk, &made).await;
    filters(&world, &desk).await;
}

/// Pages stay where they are while new calls arrive.
async fn pages_stay(world: &World, desk: &Desk<'_>, made: &[String]) {
    let mut found = Vec::new();
    let mut after = String::new();
    for number in 10.. {
        let page = desk.get(&format!("records?limit=3{after}")).await;
        found.extend(ids(&page));
        open(world, &format!("order-{number:04}")).await;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(found, made);
}

async fn filters(world: &World, desk: &Desk<'_>) {
    for (filter, count) in [
        ("outcome=rejected", 1),
        ("billable=true", 2),
        ("billable=false", 0),
        ("state=closed", 2),
        ("door=wechat", 0),
        ("app_id=app_none", 0),
        (&format!("app_id={}&state=open", world.appid), 8),
    ] {
        assert_eq!(
            ids(&desk.get(&format!("records?{filter}")).await).len(),
            count,
            "{filter}"
        );
    }
    for wrong in [
        "door=window",
        "state=shut",
        "outcome=maybe",
        "billable=1",
        "app_id=x",
        "day=today",
        "day=2026-02-30",
        "limit=0",
        "after=x",
        "colour=red",
    ] {
        let reply = desk
            .send(Method::GET, &format!("records?{wrong}"), &Value::Null)
            .await;
        assert_eq!(reply.code(), "parameter_invalid", "{wrong}: {}", reply.text);
    }
}

#[tokio::test]
async fn days_can_be_read_for_thirty_days_of_shanghai() {
    let world = World::new().await;
    let desk = Desk::finance(&world).await;
    let first = civil_day(world.clock.now());
    let id = open(&world, "order-0001").await.0;
    world.advance_s(29 * 86_400);
    let path = format!("records?day={first}");
    assert_eq!(ids(&desk.get(&path).await), [id]);
    assert!(ids(&desk.get("records").await).is_empty());
    world.advance_s(86_400);
    let reply = desk.send(Method::GET, &path, &Value::Null).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::BAD_REQUEST, "day_out_of_range")
    );
    let from = first.tomorrow().unwrap().to_string();
    let to = civil_day(world.clock.now()).to_string();
    let detail = reply.text_of("detail");
    assert!(detail.contains(&from) && detail.contains(&to), "{detail}");
    let reply = desk
        .send(Method::GET, "records.csv?day=2999-01-01", &Value::Null)
        .await;
    assert_eq!(reply.code(), "day_out_of_range");
}

#[tokio::test]
async fn a_table_of_a_whole_day_is_sent_in_pages() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let first = open(&world, "order-000000").await.0;
    // More than two pages of the table, at three moments.
    let sql = "INSERT INTO verifications (id, app_id, account_id, door, state, attempts_count,
            attempts_max, created_at, startable_until, expires_at, policy_version,
            challenge_actions, reference_source, need_picture)
        WITH RECURSIVE numbers(number) AS (
            SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 1100)
        SELECT printf('ver_%032d', number), app_id, account_id, door, state, attempts_count,
            attempts_max, created_at + number % 3, startable_until, expires_at, policy_version,
            challenge_actions, reference_source, need_picture
        FROM verifications, numbers";
    testing::run(world.context.pool(), sql).await.unwrap();
    let table = desk.csv("records.csv").await;
    let mut lines = table.lines();
    let header = lines.next().unwrap();
    assert!(header.starts_with("id,app_id,door,created_at,"));
    let found: Vec<&str> = lines.map(|line| line.split(',').next().unwrap()).collect();
    let different: BTreeSet<&str> = found.iter().copied().collect();
    assert_eq!((found.len(), different.len()), (1101, 1101));
    assert!(different.contains(first.as_str()));
    assert_eq!(
        desk.csv("records.csv?state=closed").await.lines().count(),
        1
    );
    let reply = desk
        .send(Method::GET, "records.csv?limit=5", &Value::Null)
        .await;
    assert_eq!(reply.code(), "parameter_invalid");
}

/// The statistic of a day, counted again over all rows.
fn recounted(rows: &Snapshot, day: &str) -> Value {
    let is_on = |micros: i64| {
        let at = jiff::Timestamp::from_microsecond(micros).unwrap();
        civil_day(at).to_string() == day
    };
    let mut counts = [0_i64; 7];
    for row in rows.rows("verifications") {
        counts[0] += i64::from(is_on(row.int("created_at")));
        if row.get("closed_at").is_none() || !is_on(row.int("closed_at")) {
            continue;
        }
        counts[1] += i64::from(row.text("billing_reason") == "compared");
        counts[2] += row.int("billable");
        for (index, outcome) in (3..).zip(["accepted", "rejected", "inconclusive"]) {
            counts[index] += i64::from(row.text("outcome") == outcome);
        }
        counts[6] += row.int("settled_fen");
    }
    json!({
        "day": day, "requests_count": counts[0], "compared_count": counts[1],
        "billed_count": counts[2], "accepted_count": counts[3], "rejected_count": counts[4],
        "inconclusive_count": counts[5], "billed_fen": counts[6],
    })
}

#[tokio::test]
async fn statistics_are_what_the_rows_add_up_to() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let tables = Tables::of(world.context.pool()).await.unwrap();
    let on = json!({ "bills_attacks": true });
    desk.send(Method::PATCH, "billing", &on).await;
    ask(&world, "order-0001", PASSES).await;
    // To a quarter to midnight in Shanghai: asked on one day, answered on the next.
    let now = world.clock.now().as_second() + 8 * 3600;
    world.advance_s(86_400 - 900 - now % 86_400);
    let (_, token) = open(&world, "order-0002").await;
    let desk_day = civil_day(world.clock.now());
    world.advance_s(1_000);
    assert_ne!(civil_day(world.clock.now()), desk_day);
    let attempt = crate::common::Attempt::of(
        &world,
        &world.begin(&json!({ "capture_token": token })).await,
    );
    attempt.record(PASSES).await;
    world.work().await;
    let tier = json!({ "tiers": [{ "calls_count_max": 3, "price_fen": 85 }, { "calls_count_max": null, "price_fen": 7 }] });
    desk.send(Method::POST, "tariffs", &tier).await;
    for (number, clip) in [(3, CHANGES_FACE), (4, OTHER_PERSON), (5, PASSES)] {
        ask(&world, &format!("order-000{number}"), clip).await;
    }
    open(&world, "order-0006").await;
    world.advance_s(24 * 3600);
    world.work().await;
    let found = desk.get("statistics").await;
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 30);
    let rows = tables.snapshot(world.context.pool()).await.unwrap();
    for item in items {
        assert_eq!(*item, recounted(&rows, item["day"].as_str().unwrap()));
    }
    let total = &found["total"];
    assert_eq!(total["requests_count"], 6);
    assert_eq!(total["billed_count"], 5, "{total}");
    assert_eq!(total["compared_count"], 4);
    assert_eq!(total["billed_fen"], 85 * 3 + 7 * 2);
    other_ranges(&world, &desk, desk_day).await;
}

/// The same statistic over other days, of another app, and as a table.
async fn other_ranges(world: &World, desk: &Desk<'_>, desk_day: jiff::civil::Date) {
    let today = civil_day(world.clock.now());
    let one = desk
        .get(&format!("statistics?from={desk_day}&to={desk_day}"))
        .await;
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    assert_eq!(one["total"]["requests_count"], 2, "{one}");
    assert_eq!(one["total"]["billed_count"], 1);
    let other = desk
        .get(&format!("statistics?to={today}&app_id=app_none"))
        .await;
    assert_eq!(other["total"]["requests_count"], 0);
    let table = desk.csv("statistics.csv").await;
    assert_eq!(table.lines().count(), 31);
    for wrong in [
        "from=2020-01-01&to=2021-01-01",
        "from=2021-01-02&to=2021-01-01",
    ] {
        let reply = desk
            .send(Method::GET, &format!("statistics?{wrong}"), &Value::Null)
            .await;
        assert_eq!(reply.code(), "day_out_of_range", "{wrong}");
    }
}
