//! Takes a virtual capture subject through a running server, acting as the tenant's back end and
//! as the device, over the public interface only.
//!
//! Start at [`Driver::verify_once`]; `tenant` and `device` hold the calls of the two sides,
//! `wire` the retries they share.

mod device;
mod tenant;
mod wire;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use zhenren_domain::challenge::Challenge;

use crate::clip::{self, Format};
use crate::paper;
use crate::take::{Cast, SubjectKind, Take};

pub use tenant::{Answer, Person};
pub use wire::{Refused, Target};

use device::Recording;
use wire::Wire;

/// What one verification came to, as the tenant and the device saw it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Run {
    /// Who presented themselves, by the name of [`SubjectKind`].
    pub subject: &'static str,
    /// Seed of the behaviour.
    pub behaviour: u64,
    /// `accepted`, `rejected` or `inconclusive`, as told to the device.
    pub outcome: Option<String>,
    /// What the device was advised.
    pub hint: Option<String>,
    /// What the tenant's query answered.
    pub identify_ret: Option<i64>,
    /// Whether both digests in that answer are those of the name and number asked about.
    pub digests_match: Option<bool>,
    /// Actions asked for, in order.
    pub challenge: Vec<String>,
    /// Size of the recording.
    pub clip_bytes: usize,
    /// From the end of the recording to the answer, in milliseconds.
    pub answer_ms: u64,
    /// The whole run, rendering included, in milliseconds.
    pub total_ms: u64,
    /// Whether this is what ought to happen to this subject.
    pub as_expected: bool,
    /// What went wrong, when the run did not get to an answer.
    pub fault: Option<String>,
}

/// A tenant with a device.
#[derive(Debug)]
pub struct Driver {
    wire: Wire,
    format: Format,
}

impl Driver {
    /// A driver against a server.
    pub fn new(target: Target, format: Format) -> anyhow::Result<Self> {
        Ok(Self {
            wire: Wire::new(target)?,
            format,
        })
    }

    /// Enrols the person of a seed with a rendered photograph.
    pub async fn enrol(&self, seed: u64) -> anyhow::Result<Person> {
        let person = Person::of_seed(seed);
        let photo = tokio::task::spawn_blocking(move || paper::reference_jpeg(seed))
            .await
            .context("rendering the photograph")??;
        tenant::enrol(&self.wire, &person, &photo)
            .await
            .context("enrolling the person")?;
        Ok(person)
    }

    /// One verification of `person` by whoever `kind` and `cast` put before the camera. What the
    /// server refuses or breaks is in the answer, not an error.
    pub async fn verify_once(&self, person: &Person, kind: SubjectKind, cast: Cast) -> Run {
        let started = Instant::now();
        let mut run = Run {
            subject: kind.name(),
            behaviour: cast.behaviour,
            outcome: None,
            hint: None,
            identify_ret: None,
            digests_match: None,
            challenge: Vec::new(),
            clip_bytes: 0,
            answer_ms: 0,
            total_ms: 0,
            as_expected: false,
            fault: None,
        };
        if let Err(error) = self.walk(person, kind, cast, &mut run).await {
            run.fault = Some(format!("{error:#}"));
        }
        run.total_ms = elapsed_ms(started);
        run.as_expected = run.fault.is_none() && is_expected(kind, &run);
        run
    }

    async fn walk(
        &self,
        person: &Person,
        kind: SubjectKind,
        cast: Cast,
        run: &mut Run,
    ) -> anyhow::Result<()> {
        let token = tenant::access_token(&self.wire)
            .await
            .context("fetching an access token")?;
        let key = tenant::user_id_key(&self.wire, &token, person)
            .await
            .context("asking for a user_id_key")?;
        let attempt = device::begin(&self.wire, &key)
            .await
            .context("starting an attempt")?;
        let challenge = device::challenge(&self.wire, &attempt)
            .await
            .context("drawing the challenge")?;
        let drawn_at = Instant::now();
        run.challenge = challenge
            .steps
            .iter()
            .map(|step| step.prompt.member().1)
            .collect();
        let recording = self
            .record(kind, cast, challenge.clone())
            .await
            .context("recording")?;
        run.clip_bytes = recording.bytes.len();
        // A device cannot send what it has not recorded yet.
        let takes = Duration::from_millis(u64::from(challenge.duration_ms));
        tokio::time::sleep(takes.saturating_sub(drawn_at.elapsed())).await;
        let recorded_at = Instant::now();
        device::send(&self.wire, &attempt, &recording)
            .await
            .context("sending the recording")?;
        let result = device::wait(&self.wire, &attempt)
            .await
            .context("waiting for the result")?;
        run.answer_ms = elapsed_ms(recorded_at);
        run.outcome = Some(result.outcome);
        run.hint = result.hint;
        let verify_result = result
            .verify_result
            .or(attempt.verify_result)
            .context("no verify_result was given")?;
        let answer = tenant::get_info(&self.wire, &token, &verify_result)
            .await
            .context("asking for the answer")?;
        run.identify_ret = Some(answer.identify_ret);
        run.digests_match = Some(answer.is_about(person));
        Ok(())
    }

    async fn record(
        &self,
        kind: SubjectKind,
        cast: Cast,
        challenge: Challenge,
    ) -> anyhow::Result<Recording> {
        let format = self.format;
        let render = move || {
            let take = Take::new(kind, cast, &challenge);
            let bytes = clip::encode_take(&take, &format)?;
            Ok(Recording::new(
                bytes,
                format.container.media_type(),
                take.page_log(&challenge, &take.times_ms(format.fps)),
            ))
        };
        tokio::task::spawn_blocking(render)
            .await
            .context("rendering the recording")?
    }
}

/// What ought to happen: only the obedient enrolled person is accepted, somebody else is told
/// apart as such (10004), a print is rejected as no face of a person (10002; where nothing was
/// asked it may be inconclusive), and whoever does nothing is not accepted.
fn is_expected(kind: SubjectKind, run: &Run) -> bool {
    let outcome = run.outcome.as_deref();
    match kind {
        SubjectKind::BonaFide => {
            outcome == Some("accepted")
                && run.identify_ret == Some(0)
                && run.digests_match == Some(true)
        }
        SubjectKind::OtherPerson => outcome == Some("rejected") && run.identify_ret == Some(10_004),
        SubjectKind::Print => {
            let is_silent = run.challenge.is_empty();
            let is_refused =
                outcome == Some("rejected") || is_silent && outcome == Some("inconclusive");
            is_refused && run.identify_ret == Some(10_002)
        }
        // Which of these an attack is refused for depends on what was asked; docs/ACCURACY.md says
        // what no challenge refuses.
        SubjectKind::BentPrint
        | SubjectKind::CutOut
        | SubjectKind::ScreenReplay
        | SubjectKind::Mask
        | SubjectKind::Swap
        | SubjectKind::Earlier
        | SubjectKind::Loop
        | SubjectKind::WrongClock
        | SubjectKind::Passive => {
            matches!(outcome, Some("rejected" | "inconclusive")) && run.identify_ret != Some(0)
        }
    }
}

fn elapsed_ms(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
