//! The calls of the device: begin, draw the challenge, send the recording in parts, wait.

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zhenren_domain::challenge::{Challenge, ClockLog};

use super::wire::{Wire, hex, required};
use crate::prompt;

/// What a recorder hands over at a time.
const PART_BYTES: usize = 256 * 1024;
/// Limit: long polls of at most 20 s each until somebody should look at the server.
const POLLS_COUNT_MAX: u32 = 12;
/// How long the server may hold a poll open.
const POLL_WAIT_MS: u32 = 15_000;

/// A running attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    id: String,
    token: String,
    pub(super) verify_result: Option<String>,
    part_bytes_max: usize,
}

/// The end of an attempt as the device learns it.
#[derive(Debug)]
pub(super) struct AttemptResult {
    pub(super) outcome: String,
    pub(super) hint: Option<String>,
    pub(super) verify_result: Option<String>,
}

/// A finished recording with its clock log.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) bytes: Vec<u8>,
    media_type: &'static str,
    onsets_ms: Vec<f64>,
    frames_ms: Vec<f64>,
}

impl Recording {
    /// `log` is what the page's clock says.
    pub(super) fn new(bytes: Vec<u8>, media_type: &'static str, log: ClockLog) -> Self {
        let frames_ms = log
            .frames_ms
            .iter()
            .map(|(shown_ms, _)| *shown_ms)
            .collect();
        Self {
            bytes,
            media_type,
            onsets_ms: log.onsets_ms,
            frames_ms,
        }
    }
}

pub(super) async fn begin(wire: &Wire, user_id_key: &str) -> anyhow::Result<Attempt> {
    let body = json!({
        "appid": wire.target.appid,
        "user_id_key": user_id_key,
        "locale": "zh-CN",
        "client": { "sdk": "simulator", "user_agent": "zhenren-simulator", "media_types": [] },
        "consent": { "version": "1", "accepted": true },
    });
    let answer = wire
        .call(|| {
            wire.request(Method::POST, "/capture/v1/attempts")
                .json(&body)
        })
        .await?;
    let part_bytes_max = answer
        .pointer("/limits/part_bytes_max")
        .and_then(Value::as_u64);
    Ok(Attempt {
        id: required(&answer, "attempt_id")?,
        token: required(&answer, "attempt_token")?,
        verify_result: answer
            .get("verify_result")
            .and_then(Value::as_str)
            .map(str::to_owned),
        part_bytes_max: usize::try_from(
            part_bytes_max.context("the answer has no limits.part_bytes_max")?,
        )?,
    })
}

pub(super) async fn challenge(wire: &Wire, attempt: &Attempt) -> anyhow::Result<Challenge> {
    let path = format!("/capture/v1/attempts/{}/challenge", attempt.id);
    let answer = wire
        .call(|| {
            wire.request(Method::POST, &path)
                .bearer_auth(&attempt.token)
        })
        .await?;
    prompt::from_json(
        answer
            .get("challenge")
            .context("the answer has no challenge")?,
    )
}

/// Uploads the parts and completes the attempt.
pub(super) async fn send(
    wire: &Wire,
    attempt: &Attempt,
    recording: &Recording,
) -> anyhow::Result<()> {
    let part_bytes = PART_BYTES.min(attempt.part_bytes_max).max(1);
    let mut parts_count = 0;
    for (index, part) in recording.bytes.chunks(part_bytes).enumerate() {
        let path = format!("/capture/v1/attempts/{}/parts/{index}", attempt.id);
        let digest = sha256_hex(part);
        let put = || {
            let request = wire.request(Method::PUT, &path).bearer_auth(&attempt.token);
            request.header("X-Part-SHA256", &digest).body(part.to_vec())
        };
        wire.call(put)
            .await
            .with_context(|| format!("part {index}"))?;
        parts_count += 1;
    }
    let path = format!("/capture/v1/attempts/{}/complete", attempt.id);
    let frames: Vec<(f64, Option<f64>)> =
        recording.frames_ms.iter().map(|ms| (*ms, None)).collect();
    let body = json!({
        "parts_count": parts_count,
        "bytes": recording.bytes.len(),
        "sha256": sha256_hex(&recording.bytes),
        "media_type": recording.media_type,
        "clock": { "onsets_ms": recording.onsets_ms, "frames_ms": frames },
    });
    let complete = || {
        wire.request(Method::POST, &path)
            .bearer_auth(&attempt.token)
            .json(&body)
    };
    wire.call(complete).await.context("completing")?;
    Ok(())
}

/// Waits until the attempt has ended.
pub(super) async fn wait(wire: &Wire, attempt: &Attempt) -> anyhow::Result<AttemptResult> {
    let path = format!("/capture/v1/attempts/{}?wait_ms={POLL_WAIT_MS}", attempt.id);
    for _ in 0..POLLS_COUNT_MAX {
        let answer = wire
            .call(|| wire.request(Method::GET, &path).bearer_auth(&attempt.token))
            .await?;
        let state = required(&answer, "state")?;
        match state.as_str() {
            "done" => return ended(&answer),
            "cancelled" | "expired" => bail!("the attempt ended as {state}"),
            _ => {}
        }
    }
    bail!("no result after {POLLS_COUNT_MAX} polls of {POLL_WAIT_MS} ms")
}

fn ended(answer: &Value) -> anyhow::Result<AttemptResult> {
    let result = answer
        .get("result")
        .context("the attempt is done without a result")?;
    let optional = |member: &str| {
        result
            .get(member)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    Ok(AttemptResult {
        outcome: required(result, "outcome")?,
        hint: optional("hint"),
        verify_result: answer
            .get("verify_result")
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
