//! A whole server without a socket: real router, real SQLite, a clock that tests move, and an
//! analyzer that answers what the recording's text says.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use zhenren_api::{Api, DemoApp, Settings as ApiSettings};
use zhenren_store::Pool;
use zhenren_store::testing::Cluster;
use zhenren_usecases::analysis::Analyzer;
use zhenren_usecases::analysis::scripted::{PORTRAIT, ScriptedAnalyzer};
use zhenren_usecases::clock::Clock;
use zhenren_usecases::context::{Context, Pieces};
use zhenren_usecases::entropy::Entropy;
use zhenren_usecases::people::enrol;
use zhenren_usecases::settings::{PasswordCost, Settings};
use zhenren_usecases::tenants::demo;
use zhenren_usecases::worker;
use zhenren_vault::{EvidenceStore, Vault};

/// A number with a right check character, of nobody.
pub(crate) const NUMBER: &str = "11010519491231002X";
/// The name that goes with it here.
pub(crate) const NAME: &str = "张三";

/// Where calls without a socket come from.
pub(crate) const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Passwords that cost nothing to hash; what they cost elsewhere is tested beside the hash.
pub(crate) const CHEAP: PasswordCost = PasswordCost {
    memory_kib: 8,
    iterations: 1,
    parallelism: 1,
};

/// A running world.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) context: Context,
    pub(crate) clock: Clock,
    pub(crate) appid: String,
    pub(crate) secret: String,
    folder: Arc<tempfile::TempDir>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Reply {
    /// Reads a whole response.
    pub(crate) async fn of(response: axum::response::Response) -> Self {
        let status = response.status();
        let headers = response.headers().clone();
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 22)
            .await
            .unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status,
            headers,
            json,
            text,
        }
    }

    /// `errcode` of the WeChat dialect.
    pub(crate) fn errcode(&self) -> i64 {
        self.json
            .get("errcode")
            .and_then(Value::as_i64)
            .unwrap_or(0)
    }

    /// `code` of a problem.
    pub(crate) fn code(&self) -> &str {
        self.json
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A text field.
    pub(crate) fn text_of(&self, field: &str) -> String {
        self.json
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::with_analyzer(settings, Arc::new(ScriptedAnalyzer)).await
    }

    pub(crate) async fn with_analyzer(settings: Settings, analyzer: Arc<dyn Analyzer>) -> Self {
        Self::with_evidence(settings, analyzer, EvidenceStore::in_memory()).await
    }

    pub(crate) async fn with_evidence(
        mut settings: Settings,
        analyzer: Arc<dyn Analyzer>,
        evidence: EvidenceStore,
    ) -> Self {
        settings.operators.password = CHEAP;
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self::at(&url, folder, settings, analyzer, evidence).await
    }

    /// On this database.
    async fn at(
        url: &str,
        folder: tempfile::TempDir,
        settings: Settings,
        analyzer: Arc<dyn Analyzer>,
        evidence: EvidenceStore,
    ) -> Self {
        let clock = Clock::manual(Timestamp::from_second(1_790_000_000).unwrap());
        let pool = Pool::connect(url).await.unwrap();
        pool.migrate(clock.now()).await.unwrap();
        let context = Context::new(Pieces {
            clock: clock.clone(),
            entropy: Entropy::seeded(7),
            pool,
            vault: Vault::ephemeral().unwrap(),
            evidence,
            analyzer: Some(analyzer),
            settings,
        });
        Self::over(context, clock, Arc::new(folder)).await
    }

    /// Another process on the same database; nothing in memory is shared. Its randomness has a
    /// seed of its own, so that its ids are others.
    pub(crate) async fn another_node(&self, seed: u64) -> Self {
        let context = Context::new(Pieces {
            clock: self.clock.clone(),
            entropy: Entropy::seeded(seed),
            pool: self.context.pool().clone(),
            vault: self.context.vault().clone(),
            evidence: self.context.evidence().clone(),
            analyzer: self.context.analyzer().ok(),
            settings: self.context.settings().clone(),
        });
        Self::over(context, self.clock.clone(), Arc::clone(&self.folder)).await
    }

    async fn over(context: Context, clock: Clock, folder: Arc<tempfile::TempDir>) -> Self {
        let ready = demo::ensure(&context).await.unwrap();
        let demo = DemoApp {
            appid: ready.appid.clone(),
            secret: ready.secret.clone(),
        };
        let settings = ApiSettings {
            public_url: String::from("http://127.0.0.1:1"),
            trusted_proxies: Vec::new(),
            capture_origins: vec![String::from("https://shop.example")],
            demo: Some(demo),
        };
        let api = Api {
            context: context.clone(),
            settings: Arc::new(settings),
        };
        let router = zhenren_api::router(api);
        let (appid, secret) = (ready.appid, ready.secret);
        Self {
            router,
            context,
            clock,
            appid,
            secret,
            folder,
        }
    }

    /// One on each database there is. What is named keeps the databases of tests apart.
    pub(crate) async fn on_both(name: &str, test: impl AsyncFn(&Self)) {
        test(&Self::new().await).await;
        let Some(cluster) = Cluster::start_or_skip() else {
            return;
        };
        let url = cluster.database(name).await;
        let folder = tempfile::tempdir().unwrap();
        let analyzer = Arc::new(ScriptedAnalyzer);
        let evidence = EvidenceStore::in_memory();
        let world = Self::at(&url, folder, Settings::default(), analyzer, evidence).await;
        test(&world).await;
        world.context.pool().close().await;
        cluster.remove().await;
    }

    /// Another process's connections to the same SQLite file.
    pub(crate) async fn other_process(&self) -> Pool {
        let path = self.folder.path().join("test.db");
        let url = format!("sqlite:{}", path.display());
        Pool::connect(&url).await.unwrap()
    }

    /// Enrols the person of [`NAME`] and [`NUMBER`] for the demo account.
    pub(crate) async fn enrol(&self) {
        let account = demo::account_id();
        enrol::enrol_for(&self.context, &account, NAME, NUMBER, PORTRAIT.to_vec())
            .await
            .unwrap();
    }

    /// Another tenant, without money.
    pub(crate) async fn stranger(&self) -> (String, String) {
        let made = demo::tenant(&self.context, "Stranger").await.unwrap();
        (made.app_id.to_string(), made.secret)
    }

    pub(crate) fn advance_s(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Runs every job that is due now.
    pub(crate) async fn work(&self) -> u32 {
        worker::run_due(&self.context).await.unwrap()
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        Reply::of(response).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, &[], body.to_string()).await
    }

    pub(crate) async fn token(&self) -> String {
        let path = format!(
            "/cgi-bin/token?grant_type=client_credential&appid={}&secret={}",
            self.appid, self.secret
        );
        self.get(&path).await.text_of("access_token")
    }

    pub(crate) async fn face(&self, name: &str, token: &str, body: &Value) -> Reply {
        let path = format!("/cityservice/face/identify/{name}?access_token={token}");
        self.post(&path, body).await
    }

    pub(crate) async fn user_id_key(&self) -> String {
        let token = self.token().await;
        let body = json!({ "name": NAME, "id_card_number": NUMBER });
        self.face("getuseridkey", &token, &body)
            .await
            .text_of("user_id_key")
    }

    /// `getinfo` with a token that was fetched before.
    pub(crate) async fn getinfo_with(&self, token: &str, verify_result: &str) -> Reply {
        let body = json!({ "verify_result": verify_result });
        self.face("getinfo", token, &body).await
    }

    pub(crate) async fn getinfo(&self, verify_result: &str) -> Reply {
        let token = self.token().await;
        self.face(
            "getinfo",
            &token,
            &json!({ "verify_result": verify_result }),
        )
        .await
    }

    pub(crate) async fn v1(&self, method: Method, path: &str, key: &str, body: &Value) -> Reply {
        let app = (self.appid.clone(), self.secret.clone());
        self.v1_as(&app, method, path, key, body).await
    }

    /// A call of `/v1` by this app and its secret.
    pub(crate) async fn v1_as(
        &self,
        app: &(String, String),
        method: Method,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Reply {
        let basic = basic(&app.0, &app.1);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let headers = [("authorization", basic.as_str()), ("idempotency-key", key)];
        self.call(method, path, &headers, body).await
    }

    /// Starts an attempt; answers the whole reply.
    pub(crate) async fn begin(&self, ticket: &Value) -> Reply {
        let mut body = json!({ "consent": { "version": "1", "accepted": true }, "locale": "en" });
        for (name, value) in ticket.as_object().unwrap() {
            body[name] = value.clone();
        }
        self.post("/capture/v1/attempts", &body).await
    }

    pub(crate) async fn begin_with_key(&self, key: &str) -> Attempt<'_> {
        let ticket = json!({ "appid": self.appid, "user_id_key": key });
        Attempt::of(self, &self.begin(&ticket).await)
    }
}

/// A device in the middle of an attempt.
pub(crate) struct Attempt<'a> {
    world: &'a World,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) verify_result: String,
}

impl<'a> Attempt<'a> {
    pub(crate) fn of(world: &'a World, reply: &Reply) -> Self {
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        Self {
            world,
            id: reply.text_of("attempt_id"),
            token: reply.text_of("attempt_token"),
            verify_result: reply.text_of("verify_result"),
        }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        rest: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        let path = format!("/capture/v1/attempts/{}{rest}", self.id);
        self.world.call(method, &path, &all, body).await
    }

    pub(crate) async fn challenge(&self) -> Reply {
        self.send(Method::POST, "/challenge", &[], Body::empty())
            .await
    }

    pub(crate) async fn part(&self, index: u32, bytes: &[u8]) -> Reply {
        let hash = sha256_hex(bytes);
        let rest = format!("/parts/{index}");
        self.send(
            Method::PUT,
            &rest,
            &[("x-part-sha256", &hash)],
            bytes.to_vec(),
        )
        .await
    }

    pub(crate) async fn complete(&self, parts: &[&[u8]]) -> Reply {
        let whole = parts.concat();
        let body = json!({
            "parts_count": parts.len(), "bytes": whole.len(), "sha256": sha256_hex(&whole),
            "media_type": "video/webm", "clock": { "onsets_ms": [], "frames_ms": [] },
        });
        self.send(Method::POST, "/complete", &[], body.to_string())
            .await
    }

    pub(crate) async fn status(&self) -> Reply {
        self.send(Method::GET, "", &[], Body::empty()).await
    }

    pub(crate) async fn cancel(&self, reason: &str) -> Reply {
        self.send(
            Method::POST,
            "/cancel",
            &[],
            json!({ "reason": reason }).to_string(),
        )
        .await
    }

    /// Challenge, one part, complete.
    pub(crate) async fn record(&self, clip: &[u8]) {
        assert_eq!(self.challenge().await.status, StatusCode::OK);
        assert_eq!(self.part(0, clip).await.status, StatusCode::OK);
        let reply = self.complete(&[clip]).await;
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    }
}

pub(crate) fn basic(appid: &str, secret: &str) -> String {
    use base64::Engine as _;
    let text = format!("{appid}:{secret}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(text)
    )
}

pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn content_type(reply: &Reply) -> &str {
    reply
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
}
