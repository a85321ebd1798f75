//! The uniCloud dialect: signatures, codes, and who may ask about a certificate.

use crate::common::{Attempt, NAME, NUMBER, World, sha256_hex};
use axum::http::{Method, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use zhenren_usecases::analysis::scripted::{OTHER_PERSON, PASSES};

/// The headers of a signed call, as a client makes them.
fn signed(secret: &str, path: &str, at_ms: i64, nonce: &str, body: &str) -> String {
    let key = sha256_hex(secret.as_bytes());
    let digest = sha256_hex(body.as_bytes());
    let message = format!("v1\nPOST\n{path}\n{at_ms}\n{nonce}\n{digest}");
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) struct Caller<'a> {
    pub(crate) world: &'a World,
    pub(crate) appid: String,
    pub(crate) secret: String,
}

impl Caller<'_> {
    pub(crate) async fn call(&self, name: &str, nonce: &str, body: &Value) -> Value {
        let at_ms = self.world.clock.now().as_millisecond();
        self.call_at(name, nonce, at_ms, body).await
    }

    async fn call_at(&self, name: &str, nonce: &str, at_ms: i64, body: &Value) -> Value {
        let path = format!("/unicloud/v1/{name}");
        let body = body.to_string();
        let signature = signed(&self.secret, &path, at_ms, nonce, &body);
        let at_ms = at_ms.to_string();
        let headers = [
            ("x-zhenren-app-id", self.appid.as_str()),
            ("x-zhenren-timestamp", at_ms.as_str()),
            ("x-zhenren-nonce", nonce),
            ("x-zhenren-signature", signature.as_str()),
        ];
        let reply = self.world.call(Method::POST, &path, &headers, body).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.json["errSubject"], "uni-cloud-verify");
        reply.json
    }
}

pub(crate) fn demo(world: &World) -> Caller<'_> {
    Caller {
        world,
        appid: world.appid.clone(),
        secret: world.secret.clone(),
    }
}

pub(crate) fn nonce(number: u32) -> String {
    format!("nonce-{number:016}")
}

#[tokio::test]
async fn a_call_without_a_right_signature_is_refused() {
    let world = World::new().await;
    let body = json!({ "realName": NAME, "idCard": NUMBER });
    let reply = world.post("/unicloud/v1/getCertifyId", &body).await;
    assert_eq!(reply.json["errCode"], 54021);
    let mut caller = demo(&world);
    assert_eq!(
        caller.call("getCertifyId", "short", &body).await["errCode"],
        54021
    );
    let now = world.clock.now().as_millisecond();
    for offset in [-301_000, 301_000] {
        let answer = caller
            .call_at("getCertifyId", &nonce(1), now + offset, &body)
            .await;
        assert_eq!(answer["errCode"], 54021, "{answer}");
    }
    let first = caller.call("getCertifyId", &nonce(2), &body).await;
    assert_eq!(first["errCode"], 0, "{first}");
    let replayed = caller.call("getCertifyId", &nonce(2), &body).await;
    assert_eq!(replayed["errCode"], 54021);
    caller.secret = String::from("wrong");
    assert_eq!(
        caller.call("getCertifyId", &nonce(3), &body).await["errCode"],
        54021
    );
    caller.appid = String::from("app_nobody");
    assert_eq!(
        caller.call("getCertifyId", &nonce(4), &body).await["errCode"],
        54003
    );
}

#[tokio::test]
async fn parameters_are_missing_or_wrong() {
    let world = World::new().await;
    let caller = demo(&world);
    let cases = [
        ("getCertifyId", json!({ "idCard": NUMBER }), 50001),
        (
            "getCertifyId",
            json!({ "realName": " ", "idCard": NUMBER }),
            50001,
        ),
        (
            "getCertifyId",
            json!({ "realName": 7, "idCard": NUMBER }),
            50002,
        ),
        (
            "getCertifyId",
            json!({ "realName": NAME, "idCard": "7" }),
            50002,
        ),
        (
            "getCertifyId",
            json!({ "realName": NAME, "idCard": NUMBER, "needPicture": "y" }),
            50002,
        ),
        ("getCertifyId", json!([]), 50002),
        ("getAuthResult", json!({}), 50001),
        ("getAuthResult", json!({ "certifyId": 7 }), 50002),
        (
            "getAuthResult",
            json!({ "certifyId": "ver_x", "needAlivePhoto": "?" }),
            50002,
        ),
        ("getAuthResult", json!({ "certifyId": "ver_nobody" }), 54020),
        (
            "getAuthResult",
            json!({ "certifyId": "no id at all" }),
            54020,
        ),
    ];
    for (number, (name, body, code)) in (10_u32..).zip(cases) {
        let answer = caller.call(name, &nonce(number), &body).await;
        assert_eq!(answer["errCode"], code, "{name} {body}: {answer}");
    }
}

#[tokio::test]
async fn a_certificate_is_answered_to_its_own_caller() {
    let world = World::new().await;
    world.enrol().await;
    let caller = demo(&world);
    let body = json!({ "realName": NAME, "idCard": NUMBER, "metaInfo": {}, "userId": "u1" });
    let made = caller.call("getCertifyId", &nonce(1), &body).await;
    let id = made["certifyId"].clone();
    let mine = json!({ "certifyId": id, "userId": "u1" });
    let answer = caller.call("getAuthResult", &nonce(2), &mine).await;
    assert_eq!(answer["authState"], "PROCESSING", "{answer}");
    assert!(answer.get("score").is_none());
    let attempt = Attempt::of(&world, &world.begin(&json!({ "certify_id": id })).await);
    attempt.record(PASSES).await;
    world.work().await;
    let answer = caller.call("getAuthResult", &nonce(3), &mine).await;
    assert_eq!(answer["authState"], "SUCCESS", "{answer}");
    assert!(
        answer["score"]
            .as_f64()
            .is_some_and(|score| (0.0..=100.0).contains(&score))
    );
    let wrong = [
        json!({ "certifyId": id }),
        json!({ "certifyId": id, "userId": "u2" }),
    ];
    for (number, wrong) in (40_u32..).zip(wrong) {
        assert_eq!(
            caller.call("getAuthResult", &nonce(number), &wrong).await["errCode"],
            54020
        );
    }
    let (appid, secret) = world.stranger().await;
    let stranger = Caller {
        world: &world,
        appid,
        secret,
    };
    assert_eq!(
        stranger.call("getAuthResult", &nonce(5), &mine).await["errCode"],
        54020
    );
    let photo = json!({ "certifyId": id, "userId": "u1", "needAlivePhoto": "Y_O" });
    let answer = caller.call("getAuthResult", &nonce(6), &photo).await;
    assert_eq!(answer["photoStatus"], "NOT_RETAINED");
    let status = attempt.status().await;
    assert_eq!(status.json["result"]["errcode"], 0);
}

#[tokio::test]
async fn failures_end_for_pollers() {
    let world = World::new().await;
    world.enrol().await;
    let caller = demo(&world);
    let body = json!({ "realName": NAME, "idCard": NUMBER });
    let id = caller.call("getCertifyId", &nonce(1), &body).await["certifyId"].clone();
    let attempt = Attempt::of(&world, &world.begin(&json!({ "certify_id": id })).await);
    attempt.record(OTHER_PERSON).await;
    world.work().await;
    let ask = json!({ "certifyId": id });
    let answer = caller.call("getAuthResult", &nonce(2), &ask).await;
    assert_eq!(
        (&answer["authState"], &answer["subCode"]),
        (&json!("FAIL"), &json!("FACE_MISMATCH"))
    );
    assert_eq!(attempt.status().await.json["result"]["errcode"], 10013);

    let id = caller.call("getCertifyId", &nonce(3), &body).await["certifyId"].clone();
    world.advance_s(23 * 3600 + 1);
    world.work().await;
    let answer = caller
        .call("getAuthResult", &nonce(4), &json!({ "certifyId": id }))
        .await;
    assert_eq!(
        (&answer["authState"], &answer["subCode"]),
        (&json!("FAIL"), &json!("EXPIRED"))
    );
}

#[tokio::test]
async fn an_empty_account_cannot_ask() {
    let world = World::new().await;
    let (appid, secret) = world.stranger().await;
    let stranger = Caller {
        world: &world,
        appid,
        secret,
    };
    let body = json!({ "realName": NAME, "idCard": NUMBER });
    assert_eq!(
        stranger.call("getCertifyId", &nonce(1), &body).await["errCode"],
        54100
    );
}
