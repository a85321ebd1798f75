//! Clients that go on whatever happens to the server: they ask, repeat, withdraw and record, and
//! remember what was acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// Whom all questions are about.
pub(crate) const NAME: &str = "张三";
/// A number with a right check character, of nobody.
pub(crate) const NUMBER: &str = "11010519491231002X";

/// Between two requests of one client.
const PAUSE: Duration = Duration::from_millis(10);
/// Between two recordings; each takes a second or two to analyse.
const CAPTURE_PAUSE: Duration = Duration::from_secs(3);
/// Limit: a request that takes longer met a server that is gone.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What the server has said yes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acknowledged {
    /// The verification that each key opened.
    pub(crate) created: BTreeMap<String, String>,
    /// Those that were withdrawn.
    pub(crate) cancelled: BTreeSet<String>,
    /// Those whose recording is complete.
    pub(crate) captured: BTreeSet<String>,
}

/// The clients of one test.
pub(crate) struct Load {
    http: reqwest::Client,
    app: (String, String),
    url: watch::Receiver<String>,
    is_stopped: AtomicBool,
    acknowledged: Mutex<Acknowledged>,
}

/// The server went away.
struct Gone;

impl Load {
    pub(crate) fn new(app: (String, String), url: watch::Receiver<String>) -> Self {
        Self {
            http: reqwest::Client::builder().timeout(TIMEOUT).build().unwrap(),
            app,
            url,
            is_stopped: AtomicBool::new(false),
            acknowledged: Mutex::new(Acknowledged::default()),
        }
    }

    /// Lets every client finish what it has begun.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
    }

    pub(crate) fn acknowledged(&self) -> Acknowledged {
        self.acknowledged.lock().unwrap().clone()
    }

    fn goes_on(&self) -> bool {
        !self.is_stopped.load(Ordering::SeqCst)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", *self.url.borrow());
        self.http.request(method, url)
    }

    fn as_tenant(&self, method: Method, path: &str) -> RequestBuilder {
        let (appid, secret) = &self.app;
        self.request(method, path).basic_auth(appid, Some(secret))
    }

    /// The report of a verification.
    pub(crate) async fn read(&self, url: &str, id: &str) -> Value {
        let (appid, secret) = &self.app;
        let request = self.http.get(format!("{url}/v1/verifications/{id}"));
        let request = request.basic_auth(appid, Some(secret));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// One client: asks, repeats, withdraws some.
    pub(crate) async fn ask_and_withdraw(self: Arc<Self>, client: u32) {
        let mut number = 0;
        while self.goes_on() {
            number += 1;
            let key = format!("client-{client}-{number:05}");
            let id = self.create(&key, &json!({})).await["id"].clone();
            let id = id.as_str().unwrap().to_owned();
            self.note_created(&key, &id);
            if number % 4 == 0 {
                let earlier = format!("client-{client}-{:05}", number / 2);
                let again = self.create(&earlier, &json!({})).await;
                let first = self.acknowledged().created[&earlier].clone();
                assert_eq!(again["id"].as_str(), Some(first.as_str()), "{earlier}");
            }
            if number % 3 == 0 {
                self.withdraw(&id).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn note_created(&self, key: &str, id: &str) {
        let mut acknowledged = self.acknowledged.lock().unwrap();
        let earlier = acknowledged.created.insert(key.to_owned(), id.to_owned());
        assert!(earlier.is_none_or(|earlier| earlier == id), "{key}");
    }

    /// Asks until there is an answer, always with the same key.
    async fn create(&self, key: &str, wish: &Value) -> Value {
        let mut body = json!({
            "name": NAME, "id_number": NUMBER, "reference": { "source": "enrolled" },
        });
        for (name, value) in wish.as_object().unwrap() {
            body[name] = value.clone();
        }
        let (status, answer) = self
            .insist(|| {
                let request = self.as_tenant(Method::POST, "/v1/verifications");
                request.header("idempotency-key", key).json(&body)
            })
            .await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer
    }

    async fn withdraw(&self, id: &str) {
        let path = format!("/v1/verifications/{id}/cancel");
        let (status, answer) = self.insist(|| self.as_tenant(Method::POST, &path)).await;
        // The one before may have been heard although nobody was told.
        let is_known = [StatusCode::OK, StatusCode::CONFLICT].contains(&status);
        assert!(is_known, "{status}: {answer}");
        self.acknowledged
            .lock()
            .unwrap()
            .cancelled
            .insert(id.to_owned());
    }

    /// Sends until somebody answers.
    async fn insist(&self, make: impl Fn() -> RequestBuilder) -> (StatusCode, Value) {
        loop {
            if let Ok(answer) = answer(make()).await {
                return answer;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One device after another; what a kill interrupts is left to its deadlines.
    pub(crate) async fn capture(self: Arc<Self>, clip: Vec<u8>) {
        let mut number = 0;
        // One more after the last kill, so that at least one is paid.
        let mut is_last = false;
        while !is_last {
            is_last = !self.goes_on();
            number += 1;
            let key = format!("capture-{number:05}");
            let opened = self
                .create(&key, &json!({ "challenge": { "kind": "silent" } }))
                .await;
            let id = opened["id"].as_str().unwrap().to_owned();
            self.note_created(&key, &id);
            if let Some(token) = opened["capture_token"].as_str()
                && self.record(token, &clip).await.is_ok()
            {
                self.acknowledged.lock().unwrap().captured.insert(id);
            }
            if !is_last {
                tokio::time::sleep(CAPTURE_PAUSE).await;
            }
        }
    }

    /// Begins, records and completes.
    async fn record(&self, token: &str, clip: &[u8]) -> Result<(), Gone> {
        let hash: String = Sha256::digest(clip)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let root = "/capture/v1/attempts";
        let body = json!({
            "capture_token": token, "consent": { "version": "1", "accepted": true },
        });
        let (_, begun) = answer(self.request(Method::POST, root).json(&body)).await?;
        let id = begun["attempt_id"].as_str().unwrap_or_default();
        let bearer = begun["attempt_token"].as_str().unwrap_or_default();
        let act = |method, rest: &str| {
            let request = self.request(method, &format!("{root}/{id}{rest}"));
            request.bearer_auth(bearer)
        };
        answer(act(Method::POST, "/challenge")).await?;
        let part = act(Method::PUT, "/parts/0").header("x-part-sha256", &hash);
        answer(part.body(clip.to_vec())).await?;
        let body = json!({
            "parts_count": 1, "bytes": clip.len(), "sha256": hash, "media_type": "video/webm",
        });
        match answer(act(Method::POST, "/complete").json(&body)).await? {
            (StatusCode::ACCEPTED, _) => Ok(()),
            (status, answer) => panic!("{status}: {answer}"),
        }
    }
}

/// The whole answer, or that nobody is there to give one.
async fn answer(request: RequestBuilder) -> Result<(StatusCode, Value), Gone> {
    let response = request.send().await.map_err(|_| Gone)?;
    let status = response.status();
    let json = response.json().await.map_err(|_| Gone)?;
    Ok((status, json))
}
