//! A server that is killed in the middle of analysis: the next one takes the job up again, and
//! nothing is answered or billed twice. Real processes, real media, real kill.

use crate::common::{Place, Server, eventually};
use serde_json::{Value, json};

struct Tenant {
    http: reqwest::Client,
    appid: String,
    secret: String,
}

impl Tenant {
    async fn post(&self, server: &Server, path: &str, body: &Value) -> Value {
        let request = self
            .http
            .post(format!("{}{path}", server.url))
            .basic_auth(&self.appid, Some(&self.secret))
            .header("idempotency-key", "order-0001")
            .json(body);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn read(&self, server: &Server, id: &str) -> Value {
        let request = self
            .http
            .get(format!("{}/v1/verifications/{id}", server.url))
            .basic_auth(&self.appid, Some(&self.secret));
        request.send().await.unwrap().json().await.unwrap()
    }
}

fn text(json: &Value, field: &str) -> String {
    json.get(field)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{field}: {json}"))
        .to_owned()
}

/// Begins, records and completes; the server has the job when this returns.
async fn capture(http: &reqwest::Client, server: &Server, token: &str, clip: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let hash: String = Sha256::digest(clip)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let url = |rest: &str| format!("{}/capture/v1/attempts{rest}", server.url);
    let body = json!({
        "capture_token": token, "consent": { "version": "1", "accepted": true },
    });
    let begun: Value = http
        .post(url(""))
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let (id, bearer) = (text(&begun, "attempt_id"), text(&begun, "attempt_token"));
    let challenge = http
        .post(url(&format!("/{id}/challenge")))
        .bearer_auth(&bearer);
    assert!(challenge.send().await.unwrap().status().is_success());
    let part = http
        .put(url(&format!("/{id}/parts/0")))
        .bearer_auth(&bearer)
        .header("x-part-sha256", &hash)
        .body(clip.to_vec());
    assert!(part.send().await.unwrap().status().is_success());
    let body = json!({
        "parts_count": 1, "bytes": clip.len(), "sha256": hash, "media_type": "video/webm",
    });
    let complete = http
        .post(url(&format!("/{id}/complete")))
        .bearer_auth(&bearer)
        .json(&body);
    assert_eq!(complete.send().await.unwrap().status().as_u16(), 202);
    id
}

#[tokio::test]
async fn a_killed_analysis_is_taken_up_again_and_billed_once() {
    use base64::Engine as _;
    let place = Place::new();
    let (face, clip) = place.portrait_and_clip();
    let photo = std::fs::read(place.path(&face)).unwrap();
    let photo = base64::engine::general_purpose::STANDARD.encode(photo);
    let clip = std::fs::read(place.path(&clip)).unwrap();

    let first = place.serve(&["all"]);
    let (appid, secret) = place.demo();
    let tenant = Tenant {
        http: reqwest::Client::new(),
        appid,
        secret,
    };
    let question = json!({
        "challenge": { "kind": "silent" },
        "reference": { "source": "caller_photo", "photo": photo },
    });
    let opened = tenant.post(&first, "/v1/verifications", &question).await;
    let id = text(&opened, "id");
    capture(&tenant.http, &first, &text(&opened, "capture_token"), &clip).await;
    // Long enough to have leased the job, far too short to have measured the recording.
    tokio::time::sleep(std::time::Duration::from_millis(150)).await;
    first.kill();

    let second = place.serve(&["all"]);
    let report = tenant.read(&second, &id).await;
    assert_eq!(
        report["state"], "analyzing",
        "the kill came too late: {report}"
    );
    eventually("an answer after the restart", async || {
        tenant.read(&second, &id).await["state"] == "closed"
    })
    .await;
    let report = tenant.read(&second, &id).await;
    assert_eq!(report["outcome"], "accepted", "{report}");
    assert_eq!(
        report["attempts"].as_array().map(Vec::len),
        Some(1),
        "{report}"
    );
    assert_eq!(report["billing"]["settled_fen"], 85, "{report}");
    let repeated = tenant.post(&second, "/v1/verifications", &question).await;
    assert_eq!(repeated["id"], opened["id"], "{repeated}");
    second.kill();

    // The books say the same: one call was paid, nothing is frozen.
    let words = [
        "admin",
        "recharge",
        "--account",
        "acc_demo",
        "--fen",
        "100",
        "--reference",
        "after",
    ];
    let ran = place.run(&words);
    assert!(ran.stdout.contains("spent      0.85 yuan"), "{ran:?}");
    assert!(ran.stdout.contains("frozen     0.00 yuan"), "{ran:?}");
}

#[tokio::test]
async fn the_second_start_is_quick_and_keeps_the_demo_app() {
    let place = Place::new();
    drop(place.serve(&["all"]));
    let before = place.demo();
    let started = std::time::Instant::now();
    let server = place.serve(&["all"]);
    let took = started.elapsed();
    assert_eq!(place.demo(), before);
    let ready = reqwest::get(format!("{}/readyz", server.url))
        .await
        .unwrap();
    assert!(ready.status().is_success());
    assert!(took.as_secs_f64() < 3.0, "the second start took {took:?}");
}
