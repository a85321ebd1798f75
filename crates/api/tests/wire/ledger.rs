//! Money on the wire: recharges, the balance, every line of the ledger, and who pays for which
//! attempt.

use crate::common::{Attempt, NAME, NUMBER, Reply, World};
use crate::operators::Tokens;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhenren_domain::roles::{Role, Scope};
use zhenren_usecases::analysis::scripted::{
    CHANGES_FACE, IGNORES_PROMPTS, NO_FACE, OTHER_PERSON, PASSES,
};
use zhenren_usecases::tenants::demo;

/// Somebody on the account side of the demo account, signed in anew for each call.
pub(crate) struct Desk<'a> {
    world: &'a World,
    tokens: Tokens<'a>,
}

impl<'a> Desk<'a> {
    pub(crate) async fn finance(world: &'a World) -> Self {
        let tokens = Tokens::of(world).await;
        // Lists are newest first; what is equally old comes in any order.
        world.advance_s(1);
        Self { world, tokens }
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Reply {
        let join = if path.contains('?') { '&' } else { '?' };
        let account = demo::account_id();
        let uri = format!("/v1/account/{path}{join}account_id={account}");
        self.send_as_is(method, &uri, body).await
    }

    pub(crate) async fn send_as_is(&self, method: Method, uri: &str, body: &Value) -> Reply {
        let token = self.tokens.operator(Role::Finance).await;
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        self.world.call(method, uri, &headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.send(Method::GET, path, &Value::Null).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        reply.json
    }

    pub(crate) async fn csv(&self, path: &str) -> String {
        let reply = self.send(Method::GET, path, &Value::Null).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        let kind = reply.headers.get("content-type").unwrap();
        assert_eq!(kind, "text/csv; charset=utf-8; header=present");
        reply.text.strip_prefix('\u{feff}').unwrap().to_owned()
    }
}

/// Opens a question of the demo app; answers its id and capture token.
pub(crate) async fn open(world: &World, key: &str) -> (String, String) {
    world.advance_s(1);
    let body = json!({ "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" } });
    let reply = world
        .v1(Method::POST, "/v1/verifications", key, &body)
        .await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    (reply.text_of("id"), reply.text_of("capture_token"))
}

/// Opens a question and answers it with this recording.
pub(crate) async fn ask(world: &World, key: &str, clip: &[u8]) -> String {
    let (id, token) = open(world, key).await;
    let attempt = Attempt::of(
        world,
        &world.begin(&json!({ "capture_token": token })).await,
    );
    attempt.record(clip).await;
    world.advance_s(1);
    world.work().await;
    id
}

async fn report(world: &World, id: &str) -> Value {
    let path = format!("/v1/verifications/{id}");
    world.v1(Method::GET, &path, "", &Value::Null).await.json
}

#[tokio::test]
async fn a_recharge_is_booked_once_for_each_reference() {
    let world = World::new().await;
    let desk = Desk::finance(&world).await;
    let before = desk.get("balance").await["available_fen"].as_i64().unwrap();
    let body = json!({ "amount_fen": 1000, "reference": "bank-7" });
    let first = desk.send(Method::POST, "recharges", &body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    assert_eq!(first.json["amount_fen"], 1000);
    world.advance_s(60);
    let again = desk.send(Method::POST, "recharges", &body).await;
    assert_eq!((again.status, &again.json), (first.status, &first.json));
    let other = json!({ "amount_fen": 1001, "reference": "bank-7" });
    let refused = desk.send(Method::POST, "recharges", &other).await;
    assert_eq!(refused.code(), "recharge_conflict");
    let after = desk.get("balance").await;
    assert_eq!(after["available_fen"], before + 1000);
    assert_eq!(after["recharged_fen"], before + 1000);
    let lines = desk.get("ledger?kind=recharge&limit=1").await;
    let line = &lines["items"][0];
    assert_eq!(line["reference"], "bank-7");
    assert_eq!(line["booked_by"], first.json["booked_by"]);
    assert_eq!(line["id"], first.json["id"]);
    let wrong = [
        json!({ "amount_fen": 99, "reference": "x" }),
        json!({ "amount_fen": -1, "reference": "x" }),
        json!({ "amount_fen": 1_000_000_001, "reference": "x" }),
        json!({ "amount_fen": 100, "reference": " " }),
        json!({ "amount_fen": 100, "reference": "x".repeat(65) }),
        json!({ "amount_fen": 100, "reference": "a\nb" }),
    ];
    for body in wrong {
        let reply = desk.send(Method::POST, "recharges", &body).await;
        assert_eq!(reply.code(), "parameter_invalid", "{body}: {}", reply.text);
    }
    let unknown = "/v1/account/recharges?account_id=acc_none";
    let reply = desk.send_as_is(Method::POST, unknown, &body).await;
    assert_eq!(reply.code(), "not_found");
}

#[tokio::test]
async fn the_ledger_tells_of_every_move() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    let start = desk.get("balance").await;
    assert_eq!(start["tier"], 1);
    assert_eq!(start["next_price_fen"], 85);
    assert_eq!(start["tiers"][0]["calls_count_max"], 100_000);
    assert_eq!(start["tiers"][3]["calls_count_max"], Value::Null);
    let id = ask(&world, "order-0001", PASSES).await;
    world.advance_s(1);
    let (lost, _) = open(&world, "order-0002").await;
    let now = desk.get("balance").await;
    let available = start["available_fen"].as_i64().unwrap();
    assert_eq!(now["available_fen"], available - 170);
    assert_eq!(
        (&now["frozen_fen"], &now["spent_fen"]),
        (&json!(85), &json!(85))
    );
    assert_eq!(now["recharged_fen"], start["recharged_fen"]);
    assert_eq!(now["year"]["calls_count"], 1);
    // An unused question dies after 23 hours and its price returns.
    world.advance_s(23 * 3600 + 1);
    world.work().await;
    let lines = desk.get("ledger").await["items"].clone();
    let short: Vec<Value> = lines
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            json!([
                line["kind"],
                line["available_fen"],
                line["frozen_fen"],
                line["spent_fen"],
                line["verification_id"]
            ])
        })
        .collect();
    let expected = [
        json!(["release", 85, -85, 0, lost]),
        json!(["freeze", -85, 85, 0, lost]),
        json!(["settle", 0, -85, 85, id]),
        json!(["freeze", -85, 85, 0, id]),
    ];
    assert_eq!(short[..4], expected);
    assert_eq!(short[4][0], "recharge");
    assert_eq!(lines[0]["hold_id"], lines[1]["hold_id"]);
    pages_and_filters(&world, &desk, &lines).await;
}

/// The lines of the ledger, asked for in other ways.
async fn pages_and_filters(world: &World, desk: &Desk<'_>, lines: &Value) {
    // Pages of two give the same lines; a line that comes meanwhile does not move them.
    let page = desk.get("ledger?limit=2").await;
    open(world, "order-0003").await;
    let next = page["next"].as_str().unwrap();
    let rest = desk.get(&format!("ledger?limit=200&after={next}")).await;
    assert_eq!(
        page["items"].as_array().unwrap()[..],
        lines.as_array().unwrap()[..2]
    );
    assert_eq!(
        rest["items"].as_array().unwrap()[..],
        lines.as_array().unwrap()[2..]
    );
    let day = zhenren_domain::tariff::civil_day(world.clock.now());
    let today = desk.get(&format!("ledger?day={day}")).await;
    let kinds: Vec<&Value> = today["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["kind"])
        .collect();
    assert_eq!(kinds, ["freeze", "release"]);
    let reply = desk
        .send(Method::GET, "ledger?kind=gift", &Value::Null)
        .await;
    assert_eq!(reply.code(), "parameter_invalid");
    let table = desk.csv("ledger.csv").await;
    assert_eq!(table.lines().count(), 1 + 6, "{table}");
    assert!(table.contains(",settle,"), "{table}");
}

#[tokio::test]
async fn a_reference_is_no_formula() {
    let world = World::new().await;
    let desk = Desk::finance(&world).await;
    let body = json!({ "amount_fen": 100, "reference": "=HYPERLINK(\"x\",\"y\")" });
    assert_eq!(
        desk.send(Method::POST, "recharges", &body).await.status,
        StatusCode::CREATED
    );
    let table = desk.csv("ledger.csv?kind=recharge").await;
    assert!(
        table.contains(",\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\","),
        "{table}"
    );
}

#[tokio::test]
async fn each_attempt_says_who_pays_and_one_at_most_does() {
    let world = World::new().await;
    world.enrol().await;
    let (id, token) = open(&world, "order-0001").await;
    // Superseded by a reload, cancelled, then answered.
    let ticket = json!({ "capture_token": token });
    let first = Attempt::of(&world, &world.begin(&ticket).await);
    assert_eq!(
        report(&world, &id).await["attempts"][0]["billable"],
        Value::Null
    );
    assert_eq!(first.cancel("cancelled").await.status, StatusCode::OK);
    world.advance_s(1);
    let again = world
        .v1(
            Method::POST,
            "/v1/verifications",
            "order-0001",
            &json!({ "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" } }),
        )
        .await;
    let ticket = json!({ "capture_token": again.text_of("capture_token") });
    let second = Attempt::of(&world, &world.begin(&ticket).await);
    second.record(NO_FACE).await;
    world.work().await;
    world.advance_s(1);
    let again = world
        .v1(
            Method::POST,
            "/v1/verifications",
            "order-0001",
            &json!({ "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" } }),
        )
        .await;
    let ticket = json!({ "capture_token": again.text_of("capture_token") });
    let third = Attempt::of(&world, &world.begin(&ticket).await);
    third.record(PASSES).await;
    world.work().await;
    let seen = report(&world, &id).await;
    let who: Vec<Value> = seen["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| json!([it["billable"], it["billing_reason"]]))
        .collect();
    let expected = [
        json!([false, "not_captured"]),
        json!([false, "not_usable"]),
        json!([true, "compared"]),
    ];
    assert_eq!(who, expected, "{seen}");
    assert_eq!(seen["billing"]["settled_fen"], 85);
}

#[tokio::test]
async fn an_attempt_pushed_aside_or_expired_is_free() {
    let world = World::new().await;
    world.enrol().await;
    let key = world.user_id_key().await;
    world.begin_with_key(&key).await;
    world.advance_s(1);
    let second = world.begin_with_key(&key).await;
    world.advance_s(3600);
    world.work().await;
    let desk = Desk::finance(&world).await;
    let record = desk.get("records").await["items"][0].clone();
    let id = record["id"].as_str().unwrap();
    let seen = report(&world, id).await;
    let who: Vec<&Value> = seen["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["billing_reason"])
        .collect();
    assert_eq!(who, ["not_captured", "not_captured"], "{seen}");
    assert_eq!(seen["attempts"][1]["id"], second.id);
    world.advance_s(23 * 3600);
    world.work().await;
    let seen = report(&world, id).await;
    assert_eq!(seen["billing"]["reason"], "expired", "{seen}");
    assert_eq!(seen["billing"]["billable"], false);
}

#[tokio::test]
async fn attacks_are_billed_where_that_was_agreed() {
    let world = World::new().await;
    world.enrol().await;
    let desk = Desk::finance(&world).await;
    assert_eq!(desk.get("billing").await["bills_attacks"], false);
    let free = ask(&world, "order-0001", CHANGES_FACE).await;
    let seen = report(&world, &free).await;
    assert_eq!(seen["reason"], "subject_changed", "{seen}");
    assert_eq!(
        seen["billing"],
        json!({ "billable": false, "reason": "presence_not_shown", "settled_fen": 0 })
    );
    let on = json!({ "bills_attacks": true });
    let reply = desk.send(Method::PATCH, "billing", &on).await;
    assert_eq!(reply.json["bills_attacks"], true, "{}", reply.text);
    assert_eq!(desk.get("billing").await["bills_attacks"], true);
    let paid = ask(&world, "order-0002", CHANGES_FACE).await;
    let seen = report(&world, &paid).await;
    assert_eq!(
        seen["billing"],
        json!({ "billable": true, "reason": "presence_not_shown", "settled_fen": 85 })
    );
    assert_eq!(seen["attempts"][0]["billable"], true);
    // What may be tried again stays free, and a comparison is billed as ever.
    let (id, token) = open(&world, "order-0003").await;
    let attempt = Attempt::of(
        &world,
        &world.begin(&json!({ "capture_token": token })).await,
    );
    attempt.record(IGNORES_PROMPTS).await;
    world.work().await;
    let seen = report(&world, &id).await;
    assert_eq!(seen["attempts"][0]["billable"], false, "{seen}");
    let other = ask(&world, "order-0004", OTHER_PERSON).await;
    assert_eq!(
        report(&world, &other).await["billing"]["reason"],
        "compared"
    );
    // It is in the audit log who changed it.
    let mut tx = world.context.pool().read().await.unwrap();
    let account = demo::account_id();
    let lines = zhenren_store::audit::list(&mut tx, account.as_str(), 0, 100)
        .await
        .unwrap();
    assert!(
        lines
            .iter()
            .any(|line| line.action == "billing.change" && line.detail == "bills_attacks")
    );
}

#[tokio::test]
async fn a_tenant_reads_its_money_and_moves_none() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let own = tokens.account(&demo::account_id(), Scope::Manage).await;
    let bearer = format!("Bearer {own}");
    let headers = [("authorization", bearer.as_str())];
    // Its own account, without naming it.
    let reply = world
        .call(Method::GET, "/v1/account/balance", &headers, Body::empty())
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(reply.json["account_id"], demo::account_id().as_str());
    let body = json!({ "amount_fen": 100, "reference": "mine" }).to_string();
    let reply = world
        .call(Method::POST, "/v1/account/recharges", &headers, body)
        .await;
    assert_eq!(reply.code(), "not_permitted");
}
