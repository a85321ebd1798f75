//! `/v1`: credentials, idempotency, photographs, money, and other tenants' ids.

use crate::common::{Attempt, NAME, NUMBER, World, basic};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zhenren_usecases::analysis::scripted::{
    EMPTY_PHOTO, NO_FACE, OTHER_PERSON, PASSES, PORTRAIT, TWO_FACES,
};

fn question() -> Value {
    json!({ "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" } })
}

async fn open(world: &World, key: &str) -> crate::common::Reply {
    world
        .v1(Method::POST, "/v1/verifications", key, &question())
        .await
}

async fn read(world: &World, id: &str) -> Value {
    world
        .v1(
            Method::GET,
            &format!("/v1/verifications/{id}"),
            "",
            &Value::Null,
        )
        .await
        .json
}

#[tokio::test]
async fn credentials_are_demanded_and_both_kinds_are_taken() {
    let world = World::new().await;
    let path = "/v1/verifications/ver_nobody";
    let reply = world.get(path).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::UNAUTHORIZED, "credentials_missing")
    );
    let wrong = basic(&world.appid, "wrong");
    for value in [wrong.as_str(), "Bearer nonsense", "Digest x", "Basic !!!"] {
        let headers = [("authorization", value)];
        let reply = world.call(Method::GET, path, &headers, Body::empty()).await;
        assert_eq!(reply.code(), "credentials_invalid", "{value}");
    }
    let bearer = format!("Bearer {}", world.token().await);
    let headers = [("authorization", bearer.as_str())];
    let reply = world.call(Method::GET, path, &headers, Body::empty()).await;
    assert_eq!(reply.code(), "not_found");
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer() {
    let world = World::new().await;
    world.enrol().await;
    assert_eq!(open(&world, "").await.code(), "idempotency_key_missing");
    let first = open(&world, "order-0001").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    assert_eq!(first.json["price_fen"], 85);
    assert_eq!(open(&world, "order-0001").await.json, first.json);
    let mut other = question();
    other["user_id"] = json!("someone else");
    let reply = world
        .v1(Method::POST, "/v1/verifications", "order-0001", &other)
        .await;
    assert_eq!(reply.code(), "idempotency_conflict");
    assert_ne!(
        open(&world, "order-0002").await.json["id"],
        first.json["id"]
    );
}

#[tokio::test]
async fn a_whole_verification_is_billed_once() {
    let world = World::new().await;
    world.enrol().await;
    let opened = open(&world, "order-0001").await;
    let id = opened.text_of("id");
    assert_eq!(read(&world, &id).await["state"], "open");
    let ticket = json!({ "capture_token": opened.json["capture_token"] });
    let attempt = Attempt::of(&world, &world.begin(&ticket).await);
    assert_eq!(world.begin(&ticket).await.code(), "token_spent");
    assert_eq!(read(&world, &id).await["state"], "capturing");
    attempt.record(PASSES).await;
    assert_eq!(read(&world, &id).await["state"], "analyzing");
    world.work().await;
    world.work().await;
    let report = read(&world, &id).await;
    assert_eq!(report["outcome"], "accepted");
    assert_eq!(
        report["codes"],
        json!({ "identify_ret": 0, "auth_state": "SUCCESS" })
    );
    assert_eq!(report["billing"]["billable"], true);
    assert_eq!(report["billing"]["settled_fen"], 85);
    let judgements = report["attempts"][0]["judgements"].as_array().unwrap();
    assert!(
        judgements
            .iter()
            .any(|judgement| judgement["cue"] == "comparison_fmr")
    );
    assert!(
        judgements
            .iter()
            .all(|judgement| judgement["holds"] == true)
    );
    let cancel = format!("/v1/verifications/{id}/cancel");
    let reply = world.v1(Method::POST, &cancel, "", &Value::Null).await;
    assert_eq!(reply.code(), "already_closed");
}

#[tokio::test]
async fn a_mismatch_is_billed_and_a_cancelled_question_is_free() {
    let world = World::new().await;
    world.enrol().await;
    let opened = open(&world, "order-0001").await;
    let ticket = json!({ "capture_token": opened.json["capture_token"] });
    Attempt::of(&world, &world.begin(&ticket).await)
        .record(OTHER_PERSON)
        .await;
    world.work().await;
    let report = read(&world, &opened.text_of("id")).await;
    assert_eq!(
        (&report["outcome"], &report["reason"]),
        (&json!("rejected"), &json!("comparison_non_match"))
    );
    assert_eq!(report["billing"]["billable"], true);

    let opened = open(&world, "order-0002").await;
    let cancel = format!("/v1/verifications/{}/cancel", opened.text_of("id"));
    let report = world.v1(Method::POST, &cancel, "", &Value::Null).await.json;
    assert_eq!(
        (&report["state"], &report["reason"]),
        (&json!("closed"), &json!("cancelled"))
    );
    assert_eq!(report["billing"]["billable"], false);
    assert_eq!(report["billing"]["settled_fen"], 0);
    let ticket = json!({ "capture_token": opened.json["capture_token"] });
    assert_eq!(world.begin(&ticket).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn attempts_run_out_and_time_runs_out() {
    let world = World::new().await;
    world.enrol().await;
    let opened = open(&world, "order-0001").await;
    let mut token = opened.json["capture_token"].clone();
    for _ in 0..world.context.settings().policy.attempts_max {
        let ticket = json!({ "capture_token": token });
        let attempt = Attempt::of(&world, &world.begin(&ticket).await);
        attempt.record(NO_FACE).await;
        world.work().await;
        token = attempt.status().await.json["result"]["retry"]["capture_token"].clone();
    }
    assert_eq!(token, Value::Null);
    let report = read(&world, &opened.text_of("id")).await;
    assert_eq!(
        (&report["state"], &report["reason"]),
        (&json!("closed"), &json!("no_face"))
    );

    let opened = open(&world, "order-0002").await;
    world.advance_s(31 * 60);
    let ticket = json!({ "capture_token": opened.json["capture_token"] });
    assert_eq!(world.begin(&ticket).await.code(), "token_expired");
    world.advance_s(23 * 3600);
    world.work().await;
    let report = read(&world, &opened.text_of("id")).await;
    assert_eq!(
        (&report["state"], &report["reason"]),
        (&json!("closed"), &json!("expired"))
    );
    assert_eq!(report["billing"]["settled_fen"], 0);
}

#[tokio::test]
async fn another_tenants_ids_do_not_exist() {
    let world = World::new().await;
    world.enrol().await;
    let id = open(&world, "order-0001").await.text_of("id");
    let (appid, secret) = world.stranger().await;
    let theirs = basic(&appid, &secret);
    let headers = [("authorization", theirs.as_str())];
    for (method, path) in [
        (Method::GET, format!("/v1/verifications/{id}")),
        (Method::POST, format!("/v1/verifications/{id}/cancel")),
    ] {
        let reply = world.call(method, &path, &headers, Body::empty()).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::NOT_FOUND, "not_found")
        );
    }
    let headers = [
        ("authorization", theirs.as_str()),
        ("idempotency-key", "order-0001"),
    ];
    let body = question().to_string();
    let reply = world
        .call(Method::POST, "/v1/verifications", &headers, body)
        .await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::PAYMENT_REQUIRED, "insufficient_balance")
    );
}

#[tokio::test]
async fn photographs_are_checked_before_anything_is_kept() {
    let world = World::new().await;
    let enrol = |photo: Vec<u8>| {
        let world = &world;
        let body = json!({ "name": NAME, "id_number": NUMBER, "photo": STANDARD.encode(photo) });
        async move { world.v1(Method::POST, "/v1/people", "", &body).await }
    };
    assert_eq!(enrol(EMPTY_PHOTO.to_vec()).await.code(), "no_face");
    assert_eq!(enrol(TWO_FACES.to_vec()).await.code(), "several_faces");
    assert_eq!(enrol(b"text".to_vec()).await.code(), "photo_unreadable");
    assert_eq!(
        enrol(vec![0; 4 * 1024 * 1024 + 1]).await.code(),
        "photo_too_large"
    );
    let first = enrol(PORTRAIT.to_vec()).await;
    assert_eq!(
        (first.status, &first.json["replaced"]),
        (StatusCode::CREATED, &json!(false))
    );
    let second = enrol(PORTRAIT.to_vec()).await;
    assert_eq!(
        (&second.json["replaced"], &second.json["id"]),
        (&json!(true), &first.json["id"])
    );
    let wrong = json!({ "name": NAME, "id_number": "310101199801011234", "photo": "" });
    let reply = world.v1(Method::POST, "/v1/people", "", &wrong).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_photo_sent_with_the_question_is_the_reference() {
    let world = World::new().await;
    let ask = |photo: &[u8], key: &'static str| {
        let body = json!({
            "challenge": { "kind": "single_action", "actions": ["blink"] },
            "reference": { "source": "caller_photo", "photo": STANDARD.encode(photo) },
        });
        let world = &world;
        async move {
            world
                .v1(Method::POST, "/v1/verifications", key, &body)
                .await
        }
    };
    assert_eq!(ask(EMPTY_PHOTO, "order-0001").await.code(), "no_face");
    let opened = ask(PORTRAIT, "order-0002").await;
    let ticket = json!({ "capture_token": opened.json["capture_token"] });
    let attempt = Attempt::of(&world, &world.begin(&ticket).await);
    let challenge = attempt.challenge().await;
    assert_eq!(challenge.json["challenge"]["kind"], "single_action");
    assert_eq!(challenge.json["challenge"]["steps"][0]["action"], "blink");
    attempt.part(0, PASSES).await;
    attempt.complete(&[PASSES]).await;
    world.work().await;
    assert_eq!(
        read(&world, &opened.text_of("id")).await["outcome"],
        "accepted"
    );
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let world = World::new().await;
    let reference = json!({ "source": "enrolled" });
    let cases = [
        (json!({ "reference": reference }), "name"),
        (
            json!({ "name": NAME, "id_number": "12", "reference": reference }),
            "id_number",
        ),
        (json!({ "name": NAME, "id_number": NUMBER }), "reference"),
        (
            json!({ "name": NAME, "id_number": NUMBER, "reference": { "source": "police" } }),
            "source",
        ),
        (
            json!({ "name": NAME, "id_number": NUMBER, "reference": reference, "extra": 1 }),
            "extra",
        ),
        (
            json!({ "name": NAME, "id_number": NUMBER, "reference": reference,
                    "challenge": { "kind": "dance" } }),
            "challenge.kind",
        ),
    ];
    for (index, (body, word)) in cases.iter().enumerate() {
        let key = format!("order-000{index}");
        let reply = world
            .v1(Method::POST, "/v1/verifications", &key, body)
            .await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text);
        assert!(reply.text_of("detail").contains(word), "{}", reply.text);
        assert!(!reply.text.contains(NUMBER), "{}", reply.text);
    }
}

#[tokio::test]
async fn pages_headers_and_unknown_addresses() {
    let world = World::new().await;
    let reply = world.get("/no/such/address").await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::NOT_FOUND, "not_found")
    );
    let reply = world
        .call(Method::DELETE, "/v1/people", &[], Body::empty())
        .await;
    assert_eq!(reply.code(), "method_not_allowed");
    let reply = world.get("/problems/token_spent").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(
        reply
            .headers
            .get("content-type")
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert_eq!(
        world.get("/problems/nonsense").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.get("/healthz").await.json["status"], "ok");
    let reply = world.get("/readyz").await;
    assert_eq!(reply.json["status"], "ready");
    for name in [
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
    ] {
        assert!(reply.headers.contains_key(name), "{name}");
    }
}
