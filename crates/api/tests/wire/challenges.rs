//! Which challenge is drawn for whom: by number, by app, by request, by light, and never a flash
//! for whom it is not good.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhenren_domain::mode::Mode;
use zhenren_usecases::analysis::scripted::{
    NO_FACE, OTHER_DIGITS, PASSES, ScriptedAnalyzer, TOO_MUCH_SUN,
};
use zhenren_usecases::analysis::{Analyzer, ClipError, Measured, PhotoRefused, Portrait, Question};
use zhenren_usecases::settings::Settings;

use crate::common::{Attempt, NAME, NUMBER, Reply, World};

/// The scripted analyzer, without a recogniser of digits.
#[derive(Debug)]
struct DeafAnalyzer;

impl Analyzer for DeafAnalyzer {
    fn features_model(&self) -> &str {
        ScriptedAnalyzer.features_model()
    }

    fn hears_digits(&self) -> bool {
        false
    }

    fn read_photo(&self, photo: &[u8]) -> Result<Portrait, PhotoRefused> {
        ScriptedAnalyzer.read_photo(photo)
    }

    fn measure_clip(&self, clip: &[u8], question: &Question<'_>) -> Result<Measured, ClipError> {
        ScriptedAnalyzer.measure_clip(clip, question)
    }
}

async fn deaf() -> World {
    World::with_analyzer(Settings::default(), Arc::new(DeafAnalyzer)).await
}

async fn begin_with(world: &World, key: &str, check_alive_type: u8) -> Reply {
    let ticket = json!({
        "appid": world.appid, "user_id_key": key, "check_alive_type": check_alive_type,
    });
    world.begin(&ticket).await
}

async fn kind(attempt: &Attempt<'_>, body: &Value) -> String {
    let reply = attempt
        .send(Method::POST, "/challenge", &[], body.to_string())
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.json["challenge"]["kind"].as_str().unwrap().to_owned()
}

async fn send(attempt: &Attempt<'_>, clip: &[u8]) {
    assert_eq!(attempt.part(0, clip).await.status, StatusCode::OK);
    let reply = attempt.complete(&[clip]).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
}

async fn open(world: &World, key: &str, challenge: Value) -> Reply {
    let body = json!({
        "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" },
        "challenge": challenge,
    });
    world
        .v1(Method::POST, "/v1/verifications", key, &body)
        .await
}

async fn begin(world: &World, opened: &Reply) -> Reply {
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.text);
    let token = opened.text_of("capture_token");
    world.begin(&json!({ "capture_token": token })).await
}

#[tokio::test]
async fn the_three_numbers_of_the_dialect_really_run() {
    for (number, drawn, answered) in [
        (0, "read_digits", 0),
        (1, "screen_flash", 1),
        (2, "screen_flash", 1),
    ] {
        let world = World::new().await;
        world.enrol().await;
        let begun = begin_with(&world, &world.user_id_key().await, number).await;
        let attempt = Attempt::of(&world, &begun);
        assert_eq!(begun.json["may_flash"], drawn == "screen_flash");
        assert_eq!(kind(&attempt, &json!({})).await, drawn);
        let digits = attempt.challenge().await.json["challenge"]["steps"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|step| step["digit"].as_str().map(str::to_owned))
            .collect::<String>();
        send(&attempt, PASSES).await;
        world.work().await;
        let info = world.getinfo(&attempt.verify_result).await;
        assert_eq!(info.json["identify_ret"], 0, "{}", info.text);
        assert_eq!(info.json["check_alive_type"], answered);
        assert_eq!(info.json["challenge"], drawn);
        assert_eq!(info.json["validate_data"], digits);
        assert_eq!(digits.is_empty(), number != 0);
    }
}

#[tokio::test]
async fn other_digits_are_heard_told_and_not_accepted() {
    let world = World::new().await;
    world.enrol().await;
    let begun = begin_with(&world, &world.user_id_key().await, 0).await;
    let attempt = Attempt::of(&world, &begun);
    attempt.record(OTHER_DIGITS).await;
    world.work().await;
    let status = attempt.status().await;
    assert_eq!(status.json["result"]["outcome"], "inconclusive");
    assert_eq!(status.json["result"]["hint"], "speak_clearly");
    assert!(!status.text.contains("digits_differ"));
    let info = world.getinfo(&attempt.verify_result).await;
    assert_eq!(info.json["identify_ret"], 10027);
    assert_eq!(info.json["validate_data"], "0");
}

#[tokio::test]
async fn light_that_is_too_strong_makes_the_next_attempt_digits() {
    let world = World::new().await;
    world.enrol().await;
    let key = world.user_id_key().await;
    let mut attempt = Attempt::of(&world, &begin_with(&world, &key, 2).await);
    assert_eq!(kind(&attempt, &json!({})).await, "screen_flash");
    send(&attempt, TOO_MUCH_SUN).await;
    world.work().await;
    let status = attempt.status().await;
    assert_eq!(
        status.json["result"]["hint"], "less_light",
        "{}",
        status.text
    );
    // It stays so, also when the attempt in between ended for another reason.
    for clip in [NO_FACE, PASSES] {
        world.advance_s(1);
        attempt = Attempt::of(&world, &begin_with(&world, &key, 2).await);
        assert_eq!(kind(&attempt, &json!({})).await, "read_digits");
        send(&attempt, clip).await;
        world.work().await;
    }
    let info = world.getinfo(&attempt.verify_result).await;
    assert_eq!(info.json["identify_ret"], 0);
    assert_eq!(info.json["check_alive_type"], 0);
}

#[tokio::test]
async fn the_page_says_what_light_and_device_allow() {
    let cases = [
        (2, json!({ "cannot": ["flash"] }), "read_digits"),
        (2, json!({ "ambient": "too_bright" }), "read_digits"),
        (
            2,
            json!({ "ambient": "good", "cannot": ["telepathy"] }),
            "screen_flash",
        ),
        (
            2,
            json!({ "ambient": "too_bright", "cannot": ["sound"] }),
            "screen_flash",
        ),
        (2, json!({ "no_flash": true }), "read_digits"),
        (1, json!({ "no_flash": true }), "read_digits"),
        (
            1,
            json!({ "no_flash": true, "cannot": ["sound"] }),
            "multi_action",
        ),
        (1, json!({ "ambient": "too_bright" }), "screen_flash"),
    ];
    let world = World::new().await;
    for (number, body, drawn) in cases {
        let key = world.user_id_key().await;
        let attempt = Attempt::of(&world, &begin_with(&world, &key, number).await);
        assert_eq!(kind(&attempt, &body).await, drawn, "{number} {body}");
        // Drawn once: what the page says later changes nothing.
        assert_eq!(kind(&attempt, &json!({})).await, drawn, "{number} {body}");
    }
    let key = world.user_id_key().await;
    let attempt = Attempt::of(&world, &begin_with(&world, &key, 1).await);
    let body = json!({ "cannot": ["flash"] }).to_string();
    let reply = attempt.send(Method::POST, "/challenge", &[], body).await;
    assert_eq!(reply.code(), "device_cannot");
    assert_eq!(reply.json["errcode"], 90109);
    let body = json!({ "ambient": "sunny" }).to_string();
    let reply = attempt.send(Method::POST, "/challenge", &[], body).await;
    assert_eq!(reply.code(), "parameter_invalid");
}

#[tokio::test]
async fn without_a_recogniser_digits_are_refused_and_never_replaced_in_silence() {
    let world = deaf().await;
    world.enrol().await;
    let support = world.get("/capture/v1/support?check_alive_type=0").await;
    assert_eq!(support.json["errcode"], 10002);
    let support = world.get("/capture/v1/support?check_alive_type=2").await;
    assert_eq!(support.json["errcode"], 0);
    let begun = begin_with(&world, &world.user_id_key().await, 0).await;
    assert_eq!(begun.code(), "model_missing");
    assert_eq!(begun.json["errcode"], 10069);
    let opened = open(&world, "key-00000001", json!({ "kind": "read_digits" })).await;
    assert_eq!(opened.code(), "model_missing", "{}", opened.text);
    // Nobody is shown a flash who must not be: actions take its place.
    let opened = open(
        &world,
        "key-00000002",
        json!({ "kind": "screen_flash", "no_flash": true }),
    )
    .await;
    let attempt = Attempt::of(&world, &begin(&world, &opened).await);
    assert_eq!(kind(&attempt, &json!({})).await, "multi_action");
}

#[tokio::test]
async fn support_answers_for_each_mode() {
    let settings = Settings {
        modes: vec![Mode::MultiAction, Mode::ScreenFlash],
        ..Settings::default()
    };
    let world = World::with(settings).await;
    let support = world.get("/capture/v1/support").await;
    assert_eq!(support.json["errcode"], 0);
    assert_eq!(support.json["mode"], "multi_action");
    assert_eq!(support.json["modes"]["near_far"], 10003);
    assert_eq!(support.json["modes"]["screen_flash"], 0);
    let flash = world.get("/capture/v1/support?check_alive_type=1").await;
    assert_eq!(flash.json["errcode"], 0);
    let digits = world.get("/capture/v1/support?check_alive_type=0").await;
    assert_eq!(digits.json["errcode"], 10003);
    for wrong in [
        "check_alive_type=3",
        "mode=dance",
        "mode=silent&check_alive_type=0",
    ] {
        let reply = world.get(&format!("/capture/v1/support?{wrong}")).await;
        assert_eq!(reply.code(), "parameter_invalid", "{wrong}");
        assert_eq!(reply.json["errcode"], 10001, "{wrong}");
    }
    let begun = begin_with(&world, &world.user_id_key().await, 0).await;
    assert_eq!(begun.code(), "mode_switched_off");
}

#[tokio::test]
async fn a_request_says_counts_limits_and_mode_within_bounds() {
    let world = World::new().await;
    world.enrol().await;
    let opened = open(
        &world,
        "key-00000001",
        json!({ "kind": "read_digits", "digits_count": 6, "capture_seconds": 45, "attempts_max": 1 }),
    )
    .await;
    let attempt = Attempt::of(&world, &begin(&world, &opened).await);
    let reply = attempt.challenge().await;
    assert_eq!(
        reply.json["challenge"]["steps"].as_array().unwrap().len(),
        6
    );
    world.advance_s(46);
    assert_eq!(attempt.part(0, PASSES).await.code(), "attempt_expired");
    world.work().await;
    let id = opened.text_of("id");
    let path = format!("/v1/verifications/{id}");
    let report = world
        .v1(Method::GET, &path, "key-00000009", &Value::Null)
        .await;
    assert_eq!(report.json["state"], "closed", "{}", report.text);
    assert_eq!(report.json["challenge"], "read_digits");
    assert_eq!(report.json["attempts"][0]["challenge"], "read_digits");
}

#[tokio::test]
async fn a_request_out_of_bounds_is_told_which_bound() {
    let world = World::new().await;
    world.enrol().await;
    let wrong = [
        (json!({ "kind": "dance" }), "challenge.kind must be one of"),
        (
            json!({ "digits_count": 7 }),
            "challenge.digits_count must be from 4 to 6.",
        ),
        (
            json!({ "flashes_count": 9 }),
            "challenge.flashes_count must be from 10 to 14.",
        ),
        (
            json!({ "actions_count": 0 }),
            "challenge.actions_count must be from 1 to 3.",
        ),
        (
            json!({ "actions": ["nod"], "actions_count": 2 }),
            "more than the listed actions",
        ),
        (
            json!({ "capture_seconds": 29 }),
            "challenge.capture_seconds must be from 30 to 600.",
        ),
        (
            json!({ "attempts_max": 101 }),
            "challenge.attempts_max must be from 1 to 100.",
        ),
        (
            json!({ "kind": "silent", "actions": ["nod"] }),
            "left out for silent",
        ),
        (
            json!({ "actions": ["nod", "nod"] }),
            "must list different values",
        ),
        (
            json!({ "modes": ["silent"] }),
            "challenge.modes belongs to an app",
        ),
    ];
    for (index, (challenge, words)) in wrong.into_iter().enumerate() {
        let reply = open(&world, &format!("key-1000000{index}"), challenge).await;
        assert_eq!(reply.code(), "parameter_invalid", "{}", reply.text);
        assert!(reply.text_of("detail").contains(words), "{}", reply.text);
    }
}
