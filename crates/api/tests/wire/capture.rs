//! The capture side: one-use tokens, parts, completion, repetition, deadlines, and what it may
//! never tell.

use crate::common::{Attempt, World, content_type, sha256_hex};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhenren_usecases::analysis::scripted::{BREAKS, NO_FACE, OTHER_PERSON, PASSES};

async fn begun(world: &World) -> Attempt<'_> {
    world.enrol().await;
    world.begin_with_key(&world.user_id_key().await).await
}

#[tokio::test]
async fn a_start_needs_consent_and_exactly_one_ticket() {
    let world = World::new().await;
    let reply = world
        .post("/capture/v1/attempts", &json!({ "capture_token": "x" }))
        .await;
    assert_eq!(reply.code(), "consent_missing");
    for ticket in [
        json!({}),
        json!({ "capture_token": "x", "certify_id": "y" }),
        json!({ "appid": "app_demo" }),
    ] {
        assert_eq!(world.begin(&ticket).await.code(), "parameter_invalid");
    }
    let reply = world.begin(&json!({ "capture_token": "x" })).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::NOT_FOUND, "token_unknown")
    );
    let reply = world.begin(&json!({ "certify_id": "ver_nobody" })).await;
    assert_eq!(reply.code(), "token_unknown");
    let reply = world
        .call(Method::POST, "/capture/v1/attempts", &[], "no json")
        .await;
    assert_eq!(reply.code(), "body_invalid");
    assert_eq!(
        reply.headers.get("content-type").unwrap(),
        "application/problem+json"
    );
}

#[tokio::test]
async fn an_attempt_opens_to_its_own_token_only() {
    let world = World::new().await;
    let mut attempt = begun(&world).await;
    let own = std::mem::replace(&mut attempt.token, "0".repeat(64));
    assert_eq!(attempt.challenge().await.status, StatusCode::NOT_FOUND);
    attempt.token = String::new();
    assert_eq!(attempt.challenge().await.status, StatusCode::UNAUTHORIZED);
    attempt.token = own;
    assert_eq!(attempt.challenge().await.status, StatusCode::OK);
    attempt.id = String::from("att_nobody");
    assert_eq!(attempt.challenge().await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_path_or_query_that_cannot_be_read_is_a_problem() {
    let world = World::new().await;
    let attempt = begun(&world).await;
    for query in ["?wait_ms=soon", "?wait_ms=-1", "?wait_ms=0&wait_ms=0"] {
        let reply = attempt.send(Method::GET, query, &[], Body::empty()).await;
        assert_eq!(reply.code(), "parameter_invalid", "{query}: {}", reply.text);
        assert_eq!(reply.errcode(), 10001);
        assert_eq!(content_type(&reply), "application/problem+json");
    }
    for path in ["/capture/v1/attempts/%FF", "/v1/verifications/%FF"] {
        let reply = world.get(path).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::NOT_FOUND, "not_found"),
            "{path}: {}",
            reply.text
        );
    }
}

#[tokio::test]
async fn the_challenge_is_drawn_once() {
    let world = World::new().await;
    let attempt = begun(&world).await;
    let first = attempt.challenge().await;
    world.advance_s(5);
    assert_eq!(first.json, attempt.challenge().await.json);
    let challenge = &first.json["challenge"];
    assert_eq!(challenge["version"], 2);
    assert_eq!(challenge["steps"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn parts_may_be_repeated_but_not_changed() {
    let world = World::new().await;
    let attempt = begun(&world).await;
    assert_eq!(attempt.part(0, b"a").await.code(), "not_challenged");
    attempt.challenge().await;
    assert_eq!(
        attempt.part(0, b"abc").await.json,
        json!({ "index": 0, "bytes": 3 })
    );
    assert_eq!(attempt.part(0, b"abc").await.status, StatusCode::OK);
    assert_eq!(attempt.part(0, b"abd").await.code(), "part_conflict");
    let wrong = [("x-part-sha256", "00")];
    let reply = attempt.send(Method::PUT, "/parts/1", &wrong, "x").await;
    assert_eq!(reply.code(), "part_hash_mismatch");
    let large = vec![0_u8; 1024 * 1024 + 1];
    assert_eq!(attempt.part(1, &large).await.code(), "too_large");
    assert_eq!(attempt.part(64, b"x").await.code(), "too_large");
    let reply = attempt
        .send(Method::GET, "/parts", &[], Body::empty())
        .await;
    let listed = json!({ "parts": [{ "index": 0, "bytes": 3, "sha256": sha256_hex(b"abc") }] });
    assert_eq!(reply.json, listed);
}

#[tokio::test]
async fn a_recording_is_complete_once() {
    let world = World::new().await;
    let attempt = begun(&world).await;
    attempt.challenge().await;
    let (one, two): (&[u8], &[u8]) = (b"pas", b"ses");
    attempt.part(0, one).await;
    assert_eq!(
        attempt.complete(&[one, two]).await.code(),
        "parts_incomplete"
    );
    attempt.part(1, two).await;
    assert_eq!(
        attempt.complete(&[one, b"SES"]).await.code(),
        "digest_mismatch"
    );
    let first = attempt.complete(&[one, two]).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text);
    let second = attempt.complete(&[one, two]).await;
    assert_eq!(
        (second.status, &second.json),
        (StatusCode::ACCEPTED, &first.json)
    );
    assert_eq!(
        attempt.complete(&[one, b"SES"]).await.code(),
        "already_completed"
    );
    assert_eq!(
        attempt.cancel("cancelled").await.code(),
        "already_completed"
    );
    world.work().await;
    assert_eq!(
        attempt.complete(&[one, two]).await.status,
        StatusCode::ACCEPTED
    );
    assert_eq!(attempt.status().await.json["result"]["outcome"], "accepted");
}

#[tokio::test]
async fn the_device_learns_no_score_and_no_reason() {
    for clip in [PASSES, OTHER_PERSON, NO_FACE] {
        let world = World::new().await;
        let attempt = begun(&world).await;
        attempt.record(clip).await;
        world.work().await;
        let status = attempt.status().await;
        let names: Vec<&String> = status.json["result"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["errcode", "hint", "outcome", "retry"]);
        for word in ["score", "threshold", "reason", "fmr", "cue"] {
            assert!(!status.text.contains(word), "{}", status.text);
        }
    }
}

#[tokio::test]
async fn an_inconclusive_attempt_hands_out_a_token_for_the_next() {
    let world = World::new().await;
    let attempt = begun(&world).await;
    attempt.record(NO_FACE).await;
    world.work().await;
    let status = attempt.status().await;
    assert_eq!(status.json["result"]["outcome"], "inconclusive");
    assert_eq!(status.json["result"]["hint"], "look_straight");
    let token = status.json["result"]["retry"]["capture_token"].clone();
    assert_eq!(
        attempt.status().await.json["result"]["retry"]["capture_token"],
        token
    );
    let ticket = json!({ "capture_token": token });
    let next = Attempt::of(&world, &world.begin(&ticket).await);
    assert_eq!(world.begin(&ticket).await.code(), "token_spent");
    next.record(PASSES).await;
    world.work().await;
    assert_eq!(next.status().await.json["result"]["outcome"], "accepted");
    assert_eq!(attempt.status().await.json["result"]["retry"], Value::Null);
}

#[tokio::test]
async fn a_page_loaded_again_supersedes_its_attempt() {
    let world = World::new().await;
    let key = world.user_id_key().await;
    let first = world.begin_with_key(&key).await;
    first.challenge().await;
    let second = world.begin_with_key(&key).await;
    assert_eq!(first.verify_result, second.verify_result);
    assert_eq!(first.status().await.json["state"], "cancelled");
    assert_eq!(first.part(0, b"x").await.code(), "attempt_ended");
    assert_eq!(second.challenge().await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_attempt_ends_at_its_deadline() {
    let world = World::new().await;
    let attempt = begun(&world).await;
    attempt.challenge().await;
    world.advance_s(300);
    assert_eq!(attempt.part(0, b"x").await.code(), "attempt_expired");
    world.work().await;
    assert_eq!(attempt.status().await.json["state"], "expired");
    assert_eq!(
        world.getinfo(&attempt.verify_result).await.json["identify_ret"],
        90107
    );
}

#[tokio::test]
async fn a_beacon_may_carry_its_token_in_the_body() {
    let world = World::new().await;
    let attempt = begun(&world).await;
    let body = json!({ "reason": "left", "attempt_token": attempt.token }).to_string();
    let path = format!("/capture/v1/attempts/{}/cancel", attempt.id);
    let text = [("content-type", "text/plain;charset=UTF-8")];
    let reply = world.call(Method::POST, &path, &text, body).await;
    assert_eq!(reply.json["state"], "cancelled");
}

#[tokio::test]
async fn a_failing_machine_is_tried_again_and_at_last_told() {
    let world = World::new().await;
    let attempt = begun(&world).await;
    attempt.record(BREAKS).await;
    for _ in 0..20 {
        world.work().await;
        world.advance_s(301);
    }
    world.work().await;
    let status = attempt.status().await;
    assert_eq!(
        status.json["result"]["outcome"], "inconclusive",
        "{}",
        status.text
    );
    assert_eq!(
        world.getinfo(&attempt.verify_result).await.json["identify_ret"],
        10045
    );
}

#[tokio::test]
async fn only_listed_origins_may_call_from_elsewhere() {
    let world = World::new().await;
    for (origin, allowed) in [
        ("https://shop.example", true),
        ("https://evil.example", false),
    ] {
        let headers = [("origin", origin), ("access-control-request-method", "PUT")];
        let path = "/capture/v1/attempts";
        let reply = world
            .call(Method::OPTIONS, path, &headers, Body::empty())
            .await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT);
        assert_eq!(
            reply.headers.contains_key("access-control-allow-origin"),
            allowed
        );
    }
}
