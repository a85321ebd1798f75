//! One HTTP call with its retries. Knows addresses and credentials, not what the calls mean.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Limit: a call that fails by the network, or by a fault of the server, is made this often.
pub(super) const TRIES_COUNT_MAX: u32 = 5;
/// First pause before trying again; doubled each time.
const PAUSE_FIRST_MS: u64 = 150;
/// Limit: a long poll answers within 20 s.
const CALL_TIMEOUT_S: u64 = 40;
/// Limit: answers are small JSON documents.
const REPLY_BYTES_MAX: usize = 1 << 20;

/// The server and the app to act for.
#[derive(Clone, serde::Deserialize)]
pub struct Target {
    /// Where the server is, without a path, `http://host:port`.
    pub url: String,
    /// The app's public id.
    pub appid: String,
    /// The app's secret.
    pub secret: String,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("url", &self.url)
            .field("appid", &self.appid)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// The demo app that a server in the development profile wrote down.
    pub fn from_demo_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!(
                "cannot read {}: start the server with `make run`, or give --server, --appid and --secret",
                path.display()
            )
        })?;
        serde_json::from_str(&text)
            .with_context(|| format!("{} does not hold url, appid and secret", path.display()))
    }
}

/// The server understood and said no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// The stable code of the problem, or the number of the dialect.
    pub code: String,
    /// What the server adds for people.
    pub detail: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the server refused with {} (status {}): {}",
            self.code, self.status, self.detail
        )
    }
}

impl std::error::Error for Refused {}

/// Calls to one server.
#[derive(Debug)]
pub(super) struct Wire {
    http: reqwest::Client,
    pub(super) target: Target,
}

impl Wire {
    pub(super) fn new(mut target: Target) -> anyhow::Result<Self> {
        anyhow::ensure!(
            target.url.starts_with("http://"),
            "the server's address must start with http://; {} does not (put the simulator behind the proxy)",
            target.url
        );
        target.url.truncate(target.url.trim_end_matches('/').len());
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(CALL_TIMEOUT_S))
            .no_proxy()
            .build()
            .context("preparing the HTTP client")?;
        Ok(Self { http, target })
    }

    /// A request to a path of the server.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.target.url))
    }

    /// Makes a call until it is answered: network failures, 429 and 5xx are tried again, any
    /// other refusal is an error that holds [`Refused`]. Every call of the protocol may be
    /// repeated without harm, or says so by its refusal.
    pub(super) async fn call(&self, make: impl Fn() -> RequestBuilder) -> anyhow::Result<Value> {
        let mut pause = Duration::from_millis(PAUSE_FIRST_MS);
        let mut tries = 1;
        loop {
            let failure = match attempt(make()).await {
                Ok(Reply::Good(value)) => return Ok(value),
                Ok(Reply::Refused(refused)) if !may_pass(refused.status) => {
                    return Err(refused.into());
                }
                Ok(Reply::Refused(refused)) => anyhow::Error::from(refused),
                Err(error) => error,
            };
            if tries >= TRIES_COUNT_MAX {
                return Err(failure.context(format!("gave up after {tries} tries")));
            }
            tries += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Like [`Self::call`] for the dialect that answers 200 to everything: a number other than
    /// 0 in `errcode` is a refusal.
    pub(super) async fn call_dialect(
        &self,
        make: impl Fn() -> RequestBuilder,
    ) -> anyhow::Result<Value> {
        let value = self.call(make).await?;
        match value.get("errcode").and_then(Value::as_i64) {
            None | Some(0) => Ok(value),
            Some(code) => Err(Refused {
                status: 200,
                code: code.to_string(),
                detail: text(&value, "errmsg"),
            }
            .into()),
        }
    }
}

enum Reply {
    Good(Value),
    Refused(Refused),
}

async fn attempt(request: RequestBuilder) -> anyhow::Result<Reply> {
    let response = request
        .send()
        .await
        .context("the server cannot be reached")?;
    let status = response.status();
    let body = response
        .bytes()
        .await
        .context("the server's answer broke off")?;
    anyhow::ensure!(
        body.len() <= REPLY_BYTES_MAX,
        "the server's answer is larger than {REPLY_BYTES_MAX} bytes"
    );
    let value: Option<Value> = serde_json::from_slice(&body).ok();
    if status.is_success() {
        return value
            .map(Reply::Good)
            .context("the server's answer is not JSON");
    }
    let value = value.unwrap_or_default();
    Ok(Reply::Refused(Refused {
        status: status.as_u16(),
        code: text(&value, "code"),
        detail: text(&value, "detail"),
    }))
}

const fn may_pass(status: u16) -> bool {
    status == 429 || status >= 500
}

/// A text member of a document, empty when there is none.
pub(super) fn text(value: &Value, member: &str) -> String {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// A text member that must be there.
pub(super) fn required(value: &Value, member: &str) -> anyhow::Result<String> {
    let found = value.get(member).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .with_context(|| format!("the answer has no {member}"))
}

/// Bytes as lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}
