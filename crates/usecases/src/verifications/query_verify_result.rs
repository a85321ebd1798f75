//! The answer behind a `verify_result`: the same however often it is asked, while it is kept.

use thiserror::Error;
use zhenren_domain::attempt::State as AttemptState;
use zhenren_domain::challenge::ChallengeKind;
use zhenren_domain::codes::wechat_code_of;
use zhenren_domain::retention::Readable;
use zhenren_store::attempts::{self, Record as Attempt};
use zhenren_store::verifications;

use super::tokens;
use crate::capture::begin::check_alive_type;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::modes;
use crate::tenants::Caller;
use crate::text::md5_hex;

/// What the dialect answers.
#[derive(Clone, Debug)]
pub struct VerifyResult {
    /// The verification, for those who also speak `/v1`.
    pub verification_id: String,
    /// 0 is a pass.
    pub identify_ret: i32,
    /// When the check began, Unix seconds.
    pub identify_time_s: i64,
    /// When it ended, Unix seconds; 0 before.
    pub finish_time_s: i64,
    /// The person under the app, as the page named them; may be empty.
    pub openid: String,
    /// The key the check was started with.
    pub user_id_key: String,
    /// MD5 of the number.
    pub number_md5: String,
    /// MD5 of the name.
    pub name_md5: String,
    /// 0 for digits, 1 for flashes; what the page asked for when it was another challenge.
    pub check_alive_type: u8,
    /// What was really asked of the person, once that is drawn; before, what will be.
    pub challenge: &'static str,
    /// The digits that were heard; empty for every other challenge.
    pub heard_digits: String,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum QueryError {
    /// Never issued to this app.
    #[error("verify_result is unknown")]
    Unknown,
    /// Kept for so long that the person was forgotten.
    #[error("answer has expired")]
    Expired,
    /// Even the fact that there was one is old.
    #[error("answer is gone")]
    Gone,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(QueryError);

/// Looks the answer up.
pub async fn query(
    context: &Context,
    caller: &Caller,
    verify_result: &str,
) -> Result<VerifyResult, QueryError> {
    let hash = tokens::verify_result_hash(context, verify_result);
    let mut tx = context.pool().read().await?;
    let vault = context.vault();
    let record = verifications::find_by_result(&mut tx, vault, &caller.app_id, &hash)
        .await?
        .ok_or(QueryError::Unknown)?;
    if let Some(closing) = record.verification.closing() {
        match context
            .settings()
            .retention
            .readable(closing.at, context.now())
        {
            Readable::Result => {}
            Readable::Tombstone => return Err(QueryError::Expired),
            Readable::Gone => return Err(QueryError::Gone),
        }
    }
    let attempts = attempts::of_verification(&mut tx, &record.verification.id).await?;
    let last = attempts.last();
    let client = match last {
        Some(last) => attempts::client(&mut tx, vault, &last.attempt.id).await?,
        None => None,
    };
    let drawn = last.and_then(|last| last.challenge.as_ref());
    let drawn = drawn.map(|challenge| challenge.kind);
    let asked = client.as_ref().map_or(0, check_alive_type);
    let (Some(name), Some(number)) = (&record.subject.name, &record.subject.number) else {
        return Err(QueryError::Expired);
    };
    Ok(VerifyResult {
        verification_id: record.verification.id.to_string(),
        identify_ret: wechat_code_of(&record.verification.state, record.verification.last_reason),
        identify_time_s: last.map_or(0, |last| last.attempt.begun_at.as_second()),
        finish_time_s: last.map_or(0, ended_at_s),
        openid: revealed(record.subject.tenant_reference.as_ref()),
        user_id_key: revealed(record.subject.identity_key.as_ref()),
        number_md5: md5_hex(number.reveal()),
        name_md5: md5_hex(name.reveal()),
        check_alive_type: modes::answered_type(drawn, asked),
        challenge: match drawn {
            Some(kind) => kind.name(),
            None => modes::mode_of(context, &record.challenge).name(),
        },
        heard_digits: heard_digits(drawn, last),
    })
}

fn ended_at_s(attempt: &Attempt) -> i64 {
    match &attempt.attempt.state {
        AttemptState::Begun | AttemptState::Challenged { .. } | AttemptState::Analyzing { .. } => 0,
        AttemptState::Done { at, .. }
        | AttemptState::Cancelled { at, .. }
        | AttemptState::Expired { at } => at.as_second(),
    }
}

fn heard_digits(drawn: Option<ChallengeKind>, last: Option<&Attempt>) -> String {
    if drawn != Some(ChallengeKind::ReadDigits) {
        return String::new();
    }
    let analysis = last.and_then(|last| last.analysis.as_ref());
    analysis
        .and_then(|it| it.measurements.heard_digits.clone())
        .unwrap_or_default()
}

fn revealed(text: Option<&zhenren_vault::SecretText>) -> String {
    text.map(|text| text.reveal().to_owned())
        .unwrap_or_default()
}
