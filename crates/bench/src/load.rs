//! A closed loop of requests over keep-alive connections, as thin as HTTP allows: what the load
//! costs is taken from the server it measures.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::App;

/// Measured seconds are preceded by so many that only warm up.
const WARM_UP: Duration = Duration::from_secs(1);

/// What is asked.
pub(crate) struct Target {
    address: String,
    /// The `Authorization` value of each app; empty for the bare handler.
    credentials: Vec<String>,
}

impl Target {
    /// The bare handler.
    pub(crate) fn bare(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            credentials: Vec::new(),
        }
    }

    /// `POST /v1/verifications` as these apps.
    pub(crate) fn create(address: &str, apps: &[App]) -> Self {
        let credentials = apps
            .iter()
            .map(|app| STANDARD.encode(format!("{}:{}", app.appid, app.secret)))
            .collect();
        Self {
            address: address.to_owned(),
            credentials,
        }
    }

    /// Everybody is asked about once, as limits for each person want it.
    fn request(&self, key: &str, turn: u64) -> String {
        let person = turn % 1_000_000_000_000;
        let body = format!(
            "{{\"name\":\"张三\",\"id_number\":\"310101{person:012}\",\
             \"reference\":{{\"source\":\"enrolled\"}}}}"
        );
        let head = "HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json";
        let length = body.len();
        if self.credentials.is_empty() {
            return format!(
                "POST /insert {head}\r\nidempotency-key: {key}\r\ncontent-length: {length}\r\n\r\n{body}"
            );
        }
        let count = u64::try_from(self.credentials.len()).unwrap_or(1);
        let place = usize::try_from(turn % count).unwrap_or(0);
        let credentials = self.credentials.get(place).map_or("", String::as_str);
        format!(
            "POST /v1/verifications {head}\r\nauthorization: Basic {credentials}\r\n\
             idempotency-key: {key}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
    }
}

/// What came of it.
pub(crate) struct Measured {
    pub(crate) rate: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Ids of every verification that was acknowledged, those of the warm-up too.
    pub(crate) acknowledged: Vec<String>,
}

/// Asks over so many connections for so long.
pub(crate) async fn measure(
    target: Target,
    connections: usize,
    length: Duration,
) -> Result<Measured> {
    let target = Arc::new(target);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let begin = Instant::now() + WARM_UP;
    let clients: Vec<_> = (0..connections)
        .map(|number| {
            let client = Client {
                target: Arc::clone(&target),
                name: format!("bench-{run}-{number}"),
                seed: u64::try_from(number).unwrap_or(0),
                begin,
                end: begin + length,
            };
            tokio::spawn(client.run())
        })
        .collect();
    let mut latencies: Vec<Duration> = Vec::new();
    let mut acknowledged = Vec::new();
    for client in clients {
        let done = client.await??;
        latencies.extend(done.latencies);
        acknowledged.extend(done.acknowledged);
    }
    latencies.sort_unstable();
    let at = |thousandth: usize| {
        let place = latencies.len().saturating_mul(thousandth) / 1000;
        latencies.get(place).map_or(0.0, Duration::as_secs_f64) * 1000.0
    };
    let count = u32::try_from(latencies.len())?;
    Ok(Measured {
        rate: f64::from(count) / length.as_secs_f64(),
        p50_ms: at(500),
        p99_ms: at(990),
        acknowledged,
    })
}

/// Keeps the idempotency keys of one run apart from those of the next.
static RUNS: AtomicU64 = AtomicU64::new(0);

struct Client {
    target: Arc<Target>,
    name: String,
    seed: u64,
    begin: Instant,
    end: Instant,
}

struct Done {
    latencies: Vec<Duration>,
    acknowledged: Vec<String>,
}

impl Client {
    async fn run(self) -> Result<Done> {
        let mut stream = TcpStream::connect(&self.target.address).await?;
        stream.set_nodelay(true)?;
        let mut answer = Vec::with_capacity(4096);
        let mut done = Done {
            latencies: Vec::new(),
            acknowledged: Vec::new(),
        };
        for turn in 0_u64.. {
            let asked = Instant::now();
            if asked >= self.end {
                break;
            }
            let request = self
                .target
                .request(&format!("{}-{turn}", self.name), mixed(self.seed, turn));
            stream.write_all(request.as_bytes()).await?;
            let body = read(&mut stream, &mut answer).await?;
            if asked >= self.begin {
                done.latencies.push(asked.elapsed());
            }
            if !self.target.credentials.is_empty() {
                done.acknowledged.push(id(body)?);
            }
        }
        Ok(done)
    }
}

/// Spreads turns over the accounts without order (the finaliser of splitmix64).
const fn mixed(seed: u64, turn: u64) -> u64 {
    let mut z = (seed << 32)
        .wrapping_add(turn)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Reads one answer and gives its body; anything but 201 ends the measurement.
async fn read<'a>(stream: &mut TcpStream, answer: &'a mut Vec<u8>) -> Result<&'a str> {
    answer.clear();
    let (head, length) = loop {
        if stream.read_buf(answer).await? == 0 {
            bail!("the server closed the connection");
        }
        if let Some(found) = head(answer)? {
            break found;
        }
    };
    while answer.len() < head + length {
        if stream.read_buf(answer).await? == 0 {
            bail!("the server closed the connection");
        }
    }
    let text = std::str::from_utf8(answer)?;
    if !text.starts_with("HTTP/1.1 201") {
        bail!("not created: {text}");
    }
    text.get(head..).context("an answer has a body")
}

/// Where the body begins and how long it is, once the head is there.
fn head(answer: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = std::str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let length = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer says its length")?
        .1
        .trim()
        .parse()?;
    Ok(Some((end + 4, length)))
}

fn id(body: &str) -> Result<String> {
    let json: serde_json::Value = serde_json::from_str(body)?;
    let id = json.get("id").and_then(serde_json::Value::as_str);
    Ok(id.context("an answer has an id")?.to_owned())
}
