//! The driver against a small server that speaks the wire: what it sends, what it tries again
//! and what it makes of the codes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::*;

/// What the fake server saw and how it is to behave.
#[derive(Debug, Default)]
struct Script {
    outcome: &'static str,
    identify_ret: i64,
    md5_of: Option<Person>,
    /// Answer the first so many part uploads with 503.
    parts_fail: u32,
    /// Refuse the key as unknown.
    key_unknown: bool,
    parts: Vec<Vec<u8>>,
    completed: Option<Value>,
    enrolled: Option<Value>,
    polls: u32,
}

type Shared = Arc<Mutex<Script>>;

async fn serve(script: Script) -> (Driver, Shared) {
    let shared = Arc::new(Mutex::new(script));
    let router = Router::new()
        .route(
            "/cgi-bin/token",
            get(|| async { Json(json!({ "access_token": "tok en", "expires_in": 7200 })) }),
        )
        .route("/v1/people", post(people))
        .route("/cityservice/face/identify/getuseridkey", post(user_id_key))
        .route("/cityservice/face/identify/getinfo", post(get_info))
        .route("/capture/v1/attempts", post(begin))
        .route("/capture/v1/attempts/{id}", get(status))
        .route("/capture/v1/attempts/{id}/challenge", post(draw))
        .route("/capture/v1/attempts/{id}/parts/{index}", put(part))
        .route("/capture/v1/attempts/{id}/complete", post(complete))
        .with_state(Arc::clone(&shared));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let target = Target {
        url: format!("http://{address}/"),
        appid: "wx1".to_owned(),
        secret: "s".to_owned(),
    };
    let format = Format {
        fps: 5,
        ..Format::default()
    };
    (Driver::new(target, format).expect("a driver"), shared)
}

async fn people(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    assert!(
        headers["authorization"]
            .to_str()
            .expect("text")
            .starts_with("Basic ")
    );
    shared.lock().expect("the script").enrolled = Some(body);
    (
        StatusCode::CREATED,
        Json(json!({ "id": "per_1", "replaced": false })),
    )
        .into_response()
}

async fn user_id_key(Json(body): Json<Value>) -> Json<Value> {
    assert!(body["name"].is_string() && body["id_card_number"].is_string());
    Json(json!({ "errcode": 0, "errmsg": "ok", "user_id_key": "k", "expires_in": 3600 }))
}

async fn begin(State(shared): State<Shared>, Json(body): Json<Value>) -> Response {
    assert_eq!(body["consent"], json!({ "version": "1", "accepted": true }));
    if shared.lock().expect("the script").key_unknown {
        let problem = json!({ "code": "user_id_key_invalid", "errcode": 10041, "detail": "ask for a new key" });
        return (StatusCode::GONE, Json(problem)).into_response();
    }
    let limits = json!({ "bytes_max": 20_971_520, "part_bytes_max": 3_000, "parts_max": 64 });
    let attempt = json!({ "attempt_id": "att_1", "attempt_token": "t", "verify_result": "v", "limits": limits });
    (StatusCode::CREATED, Json(attempt)).into_response()
}

async fn draw(headers: HeaderMap) -> Json<Value> {
    assert_eq!(headers["authorization"], "Bearer t");
    let steps = json!([{ "action": "blink", "at_ms": 300, "window_ms": 900 }]);
    Json(
        json!({ "challenge": { "version": 1, "kind": "single_action", "duration_ms": 1_400, "steps": steps } }),
    )
}

async fn part(
    State(shared): State<Shared>,
    Path((_, index)): Path<(String, usize)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut script = shared.lock().expect("the script");
    if script.parts_fail > 0 {
        script.parts_fail -= 1;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let digest = wire::hex(&Sha256::digest(&body));
    assert_eq!(headers["x-part-sha256"], digest.as_str());
    assert!(body.len() <= 3_000);
    assert_eq!(index, script.parts.len());
    script.parts.push(body.to_vec());
    Json(json!({ "index": index, "bytes": body.len() })).into_response()
}

async fn complete(
    State(shared): State<Shared>,
    Json(body): Json<Value>,
) -> (StatusCode, Json<Value>) {
    shared.lock().expect("the script").completed = Some(body);
    (StatusCode::ACCEPTED, Json(json!({ "state": "analyzing" })))
}

async fn status(State(shared): State<Shared>) -> Json<Value> {
    let mut script = shared.lock().expect("the script");
    script.polls += 1;
    if script.polls < 3 {
        return Json(json!({ "state": "analyzing", "result": null }));
    }
    Json(
        json!({ "state": "done", "result": { "outcome": script.outcome, "errcode": 0, "hint": null, "retry": null } }),
    )
}

async fn get_info(State(shared): State<Shared>, Json(body): Json<Value>) -> Json<Value> {
    assert_eq!(body, json!({ "verify_result": "v" }));
    let script = shared.lock().expect("the script");
    let person = script.md5_of.clone().unwrap_or_else(|| Person::of_seed(1));
    Json(json!({
        "errcode": 0,
        "errmsg": "ok",
        "identify_ret": script.identify_ret,
        "id_card_number_md5": tenant::md5_hex(&person.id_number),
        "name_utf8_md5": tenant::md5_hex(&person.name),
    }))
}

const CAST: Cast = Cast {
    enrolled: 1,
    other: 2,
    behaviour: 3,
};

async fn once(kind: SubjectKind, script: Script) -> (Run, Shared) {
    let (driver, shared) = serve(script).await;
    let person = driver.enrol(1).await.expect("enrolled");
    let run = driver.verify_once(&person, kind, CAST).await;
    (run, shared)
}

#[tokio::test]
async fn a_whole_run_sends_every_byte_and_reads_the_answer() {
    let script = Script {
        outcome: "accepted",
        parts_fail: 2,
        ..Script::default()
    };
    let (run, shared) = once(SubjectKind::BonaFide, script).await;
    assert_eq!(run.fault, None);
    assert!(run.as_expected && run.digests_match == Some(true));
    assert_eq!(run.challenge, ["blink"]);
    // Limit: the device does not send before the recording could have been made.
    assert!(run.total_ms >= 1_400, "{} ms", run.total_ms);
    let script = shared.lock().expect("the script");
    let sent = script.parts.concat();
    assert_eq!((script.parts_fail, sent.len()), (0, run.clip_bytes));
    let completed = script.completed.as_ref().expect("completed");
    let digest = wire::hex(&Sha256::digest(&sent));
    assert_eq!(completed["sha256"], digest.as_str());
    assert_eq!(completed["parts_count"], script.parts.len());
    assert_eq!(
        completed["clock"]["onsets_ms"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(
        completed["clock"]["frames_ms"].as_array().map(Vec::len),
        Some(8)
    );
    let photo = script.enrolled.as_ref().expect("enrolled")["photo"]
        .as_str()
        .expect("base64");
    assert!(photo.starts_with("/9j/"), "a JPEG");
}

#[tokio::test]
async fn only_the_right_outcome_is_as_expected() {
    let accepted = |identify_ret| Script {
        outcome: "accepted",
        identify_ret,
        ..Script::default()
    };
    let rejected = |identify_ret| Script {
        outcome: "rejected",
        identify_ret,
        ..Script::default()
    };
    let inconclusive = |identify_ret| Script {
        outcome: "inconclusive",
        identify_ret,
        ..Script::default()
    };
    let stranger = Script {
        md5_of: Some(Person::of_seed(2)),
        ..accepted(0)
    };
    let cases = [
        (SubjectKind::BonaFide, rejected(10_003), false),
        (SubjectKind::BonaFide, stranger, false),
        (SubjectKind::OtherPerson, rejected(10_004), true),
        (SubjectKind::OtherPerson, rejected(10_003), false),
        (SubjectKind::Passive, accepted(0), false),
        (SubjectKind::Passive, rejected(10_014), true),
        (SubjectKind::Print, rejected(10_002), true),
        (SubjectKind::Print, rejected(10_004), false),
        (SubjectKind::Print, inconclusive(10_002), false),
        (SubjectKind::Print, accepted(0), false),
    ];
    for (kind, script, expected) in cases {
        let told = format!("{kind:?} {script:?}");
        let (run, _) = once(kind, script).await;
        assert_eq!(run.fault, None, "{told}");
        assert_eq!(run.as_expected, expected, "{told}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_by_its_code_and_not_tried_again() {
    let (run, shared) = once(
        SubjectKind::BonaFide,
        Script {
            key_unknown: true,
            ..Script::default()
        },
    )
    .await;
    let fault = run.fault.expect("a fault");
    assert!(
        fault.contains("user_id_key_invalid") && fault.contains("starting an attempt"),
        "{fault}"
    );
    assert!(!fault.contains("tries"), "{fault}");
    assert!(!run.as_expected);
    assert!(shared.lock().expect("the script").parts.is_empty());
}

#[tokio::test]
async fn a_server_that_stays_broken_is_given_up_on() {
    let script = Script {
        outcome: "accepted",
        parts_fail: 1_000,
        ..Script::default()
    };
    let (run, shared) = once(SubjectKind::BonaFide, script).await;
    let fault = run.fault.expect("a fault");
    assert!(
        fault.contains("part 0") && fault.contains("gave up after 5 tries"),
        "{fault}"
    );
    assert_eq!(
        shared.lock().expect("the script").parts_fail,
        1_000 - wire::TRIES_COUNT_MAX
    );
}

#[tokio::test]
async fn nobody_at_home_and_odd_addresses_are_named() {
    let target = |url: &str| Target {
        url: url.to_owned(),
        appid: "a".to_owned(),
        secret: "s".to_owned(),
    };
    assert!(Driver::new(target("https://example.com"), Format::default()).is_err());
    // A listener that is closed again leaves a port that nobody answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let driver =
        Driver::new(target(&format!("http://{address}")), Format::default()).expect("a driver");
    let error = format!("{:#}", driver.enrol(1).await.expect_err("nobody there"));
    assert!(error.contains("cannot be reached"), "{error}");
}
