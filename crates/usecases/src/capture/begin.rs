//! A ticket buys one attempt. A page that is loaded again supersedes the attempt still running.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::json;
use thiserror::Error;
use zhenren_domain::attempt::Attempt;
use zhenren_domain::ids::{AccountId, AppId, AttemptId, JobId, VerificationId};
use zhenren_domain::jobs::JobKind;
use zhenren_domain::mode::{Mode, Unsupported};
use zhenren_domain::outcome::Reason;
use zhenren_domain::standing::Standing;
use zhenren_domain::verification::{Refusal, State};
use zhenren_domain::wish::Wish;
use zhenren_store::apps::App;
use zhenren_store::attempts::{self, NewAttempt};
use zhenren_store::identity_keys::{self, Start};
use zhenren_store::jobs::{self, NewJob};
use zhenren_store::verifications::{self, Door, Record, ReferenceSource, Subject};
use zhenren_store::{Transaction, apps, retry_busy};
use zhenren_vault::SecretText;

use super::abandon;
use super::access::ATTEMPT_TOKEN;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::ledger::close::advance;
use crate::ledger::freeze::{self, FreezeError, NewVerification};
use crate::limits::{LimitReached, subjects};
use crate::modes::{self, mode_of_type};
use crate::tenants::issue_user_id_key::USER_ID_KEY;
use crate::verifications::tokens::{self, Shown};

/// Limit: characters kept of what a page says about its language and openid.
const WORD_CHARS_MAX: usize = 128;

/// What an attempt is bought with.
#[derive(Clone, Debug)]
pub enum Ticket {
    /// A one-use token of `/v1`, or of a retry.
    CaptureToken(String),
    /// The id of a uniCloud verification.
    CertifyId(String),
    /// A key of the WeChat dialect; opens a verification when none is open under it.
    UserIdKey {
        /// The app the page names.
        appid: String,
        /// The key.
        key: String,
        /// 0, 1 or 2; without it the app's own challenge is asked for.
        check_alive_type: Option<u8>,
        /// The person under the app, kept for the answer; may be empty.
        openid: String,
    },
}

/// What the page says about itself and the person.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Language.
    pub locale: String,
    /// SDK, user agent and media types, as JSON.
    pub client: serde_json::Value,
    /// Version of the consent text that was accepted.
    pub consent_version: String,
    /// What the page calls its device; counted, not kept.
    pub device_id: Option<String>,
    /// Where it calls from; counted, not kept.
    pub address: Option<IpAddr>,
}

/// A begun attempt.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its id.
    pub attempt_id: AttemptId,
    /// The right to act on it.
    pub attempt_token: String,
    /// What the tenant's server asks with later; the WeChat dialect only.
    pub verify_result: Option<String>,
    /// By when the challenge must be fetched.
    pub deadline_at: Timestamp,
    /// Who asks, in words for the person.
    pub app_name: String,
    /// What will be asked for, so that the page can prepare the person and the microphone.
    pub mode: Mode,
    /// Whether the screen may flash for it.
    pub may_flash: bool,
}

/// Why nothing was begun.
#[derive(Debug, Error)]
pub enum BeginError {
    /// Never issued, or of a form tickets never have.
    #[error("ticket is unknown")]
    TokenUnknown,
    /// Used before.
    #[error("ticket was used")]
    TokenSpent,
    /// Too late.
    #[error("ticket has expired")]
    TokenExpired,
    /// Unknown, foreign, expired, or used up by a pass.
    #[error("user_id_key is not valid")]
    UserIdKeyInvalid,
    /// No starts are left.
    #[error("there were too many starts")]
    TooManyAttempts,
    /// The device, the address or the person has had too many.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
    /// The balance does not cover the price.
    #[error("not enough money is available")]
    InsufficientFen,
    /// A test app has no calls left.
    #[error("the app's quota is used up")]
    QuotaUsedUp,
    /// The app may not ask.
    #[error("the app may not ask")]
    NotReady(Standing),
    /// There is nothing to compare with.
    #[error("no identity source is configured")]
    IdentitySourceMissing,
    /// The challenge cannot run here.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// A recording is being analysed.
    #[error("a recording is being analysed")]
    Analyzing,
    /// The verification has its answer.
    #[error("verification is closed")]
    Closed,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(BeginError);

impl From<Refusal> for BeginError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::AlreadyClosed => Self::Closed,
            Refusal::Analyzing | Refusal::NotTheRunningAttempt | Refusal::NotYetExpired => {
                Self::Analyzing
            }
            Refusal::Expired => Self::TokenExpired,
            Refusal::NoAttemptsLeft => Self::TooManyAttempts,
        }
    }
}

impl From<FreezeError> for BeginError {
    fn from(error: FreezeError) -> Self {
        match error {
            FreezeError::InsufficientFen => Self::InsufficientFen,
            FreezeError::QuotaUsedUp => Self::QuotaUsedUp,
            FreezeError::AccountUnknown => Self::Fault(Fault::new("reserving money", error)),
            FreezeError::PriceUnknown(fault) | FreezeError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Begins an attempt.
pub async fn begin(context: &Context, ticket: Ticket, page: &Page) -> Result<Begun, BeginError> {
    let payer = payer(context, &ticket).await?;
    let begun = retry_busy(|| async {
        let mut tx = match &payer {
            Some(account_id) => context.pool().begin_in_turn(account_id.as_str()).await?,
            None => context.pool().begin().await?,
        };
        let device_id = page.device_id.as_deref();
        if let Some(reached) = subjects::attempt(context, &mut tx, device_id, page.address).await? {
            return Err(reached.into());
        }
        let attempt_id = AttemptId::from_number(context.id_number());
        let record = redeem(context, &mut tx, &ticket).await?;
        let begun = write(context, &mut tx, &record, attempt_id, &ticket, page).await?;
        tx.commit().await?;
        Ok::<_, BeginError>(begun)
    })
    .await?;
    context.announce_change();
    Ok(begun)
}

/// Whose money beginning may reserve: only a key opens a verification.
async fn payer(context: &Context, ticket: &Ticket) -> Result<Option<AccountId>, BeginError> {
    let Ticket::UserIdKey { appid, .. } = ticket else {
        return Ok(None);
    };
    let Ok(app_id) = AppId::parse(appid) else {
        return Ok(None);
    };
    let mut tx = context.pool().read().await?;
    Ok(apps::find(&mut tx, &app_id)
        .await?
        .map(|app| app.account_id))
}

/// The verification a ticket stands for.
async fn redeem(
    context: &Context,
    tx: &mut Transaction,
    ticket: &Ticket,
) -> Result<Record, BeginError> {
    match ticket {
        Ticket::CaptureToken(token) => {
            let id = tokens::named_by(token).ok_or(BeginError::TokenUnknown)?;
            let found = verifications::find(tx, context.vault(), &id).await?;
            let record = found.ok_or(BeginError::TokenUnknown)?;
            match tokens::shown(context, &record.verification, token, context.now()) {
                Shown::Good => Ok(record),
                Shown::Spent => Err(BeginError::TokenSpent),
                Shown::Expired => Err(BeginError::TokenExpired),
                Shown::Unknown => Err(BeginError::TokenUnknown),
            }
        }
        Ticket::CertifyId(id) => {
            let id = VerificationId::parse(id).map_err(|_| BeginError::TokenUnknown)?;
            let found = verifications::find(tx, context.vault(), &id).await?;
            found
                .filter(|record| record.door == Door::Unicloud)
                .ok_or(BeginError::TokenUnknown)
        }
        Ticket::UserIdKey {
            appid,
            key,
            openid,
            check_alive_type,
        } => {
            let app_id = AppId::parse(appid).map_err(|_| BeginError::UserIdKeyInvalid)?;
            // Before the key: what the app may not do has no better answer than that.
            let found = apps::find_with_standing(tx, &app_id).await?;
            let (app, standing) = found.ok_or(BeginError::UserIdKeyInvalid)?;
            ready(standing)?;
            redeem_key(context, tx, app, key, (*check_alive_type, openid)).await
        }
    }
}

/// The open verification under a key, or a new one.
async fn redeem_key(
    context: &Context,
    tx: &mut Transaction,
    app: App,
    key: &str,
    (check_alive_type, openid): (Option<u8>, &str),
) -> Result<Record, BeginError> {
    let mode = mode_of_type(context, &app.challenge, check_alive_type);
    let at = context.now();
    let hash = context.vault().token_hash(USER_ID_KEY, key);
    let kept = match identity_keys::start(tx, context.vault(), &app.id, &hash, at).await? {
        Start::Started(kept) => kept,
        Start::Invalid => return Err(BeginError::UserIdKeyInvalid),
        Start::TooMany => return Err(BeginError::TooManyAttempts),
    };
    let earlier = verifications::of_identity_key(tx, context.vault(), &app.id, &hash).await?;
    if let Some(record) = earlier.into_iter().next() {
        match &record.verification.state {
            State::Analyzing { .. } => return Err(BeginError::Analyzing),
            State::Open | State::Capturing { .. } if record.verification.is_startable(at) => {
                let has_type = check_alive_type.is_some();
                return with_mode(tx, record, has_type.then_some(mode)).await;
            }
            // It takes no further attempt, but the running one could still be answered beside the
            // new verification, and one key would be billed twice.
            State::Capturing { attempt_id } => {
                let closed = record.verification.clone().cancel(at)?;
                abandon(tx, attempt_id, Reason::Cancelled, at).await?;
                advance(context, tx, &record, closed).await?;
            }
            State::Open | State::Closed(_) => {}
        }
    }
    if !context.settings().sources.enrolled {
        return Err(BeginError::IdentitySourceMissing);
    }
    let challenge = Wish {
        mode: Some(mode),
        ..app.challenge
    };
    // Before money is reserved: what cannot run has no better answer than that.
    modes::check(context, &challenge)?;
    let openid = short(openid);
    let new = NewVerification {
        verification_id: VerificationId::from_number(context.id_number()),
        account_id: app.account_id,
        app_id: app.id,
        is_counted: app.limits.calls_quota.is_some(),
        door: Door::Wechat,
        challenge,
        subject: Subject {
            name: Some(kept.name),
            number: Some(kept.number),
            tenant_reference: (!openid.is_empty()).then(|| SecretText::from(openid)),
            identity_key: Some(kept.key),
        },
        identity_key_hash: Some(hash),
    };
    if let Some(reached) = subjects::opening(context, tx, &new).await? {
        return Err(reached.into());
    }
    let record = freeze::insert(context, tx, &new, ReferenceSource::Enrolled, None)
        .await?
        .ok_or_else(|| Fault::new("opening a verification", "a request without a key has one"))?;
    freeze::write(context, tx, &new, &record).await?;
    Ok(record)
}

/// A page that is opened again may ask for another type of check.
async fn with_mode(
    tx: &mut Transaction,
    record: Record,
    mode: Option<Mode>,
) -> Result<Record, BeginError> {
    match mode {
        Some(mode) if record.challenge.mode != Some(mode) => {
            verifications::set_mode(tx, &record.verification.id, mode).await?;
            let challenge = Wish {
                mode: Some(mode),
                ..record.challenge
            };
            Ok(Record {
                challenge,
                ..record
            })
        }
        Some(_) | None => Ok(record),
    }
}

async fn write(
    context: &Context,
    tx: &mut Transaction,
    record: &Record,
    attempt_id: AttemptId,
    ticket: &Ticket,
    page: &Page,
) -> Result<Begun, BeginError> {
    let at = context.now();
    modes::check(context, &record.challenge)?;
    let begun = record.verification.clone().begin(attempt_id.clone(), at)?;
    advance(context, tx, record, begun.verification).await?;
    if let Some(superseded) = begun.superseded {
        supersede(tx, &superseded, at).await?;
    }
    let attempt = Attempt::begin(attempt_id.clone(), at);
    let attempt_token = context.token();
    let new = NewAttempt {
        attempt: &attempt,
        verification_id: &record.verification.id,
        app_id: &record.app_id,
        token_hash: &context.vault().token_hash(ATTEMPT_TOKEN, &attempt_token),
        locale: &short(&page.locale),
        client: &client(ticket, page),
        consent_version: &page.consent_version,
    };
    attempts::insert(tx, context.vault(), &new).await?;
    let job = NewJob {
        id: &JobId::from_number(context.id_number()),
        kind: JobKind::ExpireAttempt,
        subject: attempt_id.as_str(),
        run_at: attempt.deadline_at,
        at,
    };
    jobs::add(tx, &job).await?;
    let app = apps::find_with_standing(tx, &record.app_id).await?;
    let app_name = match app {
        None => String::new(),
        Some((app, standing)) => {
            ready(standing)?;
            app.name
        }
    };
    let verify_result = match record.door {
        Door::Wechat => Some(tokens::verify_result(context, &record.verification.id)),
        Door::Unicloud | Door::V1 => None,
    };
    Ok(Begun {
        attempt_id,
        attempt_token,
        verify_result,
        deadline_at: attempt.deadline_at,
        app_name,
        mode: modes::mode_of(context, &record.challenge),
        may_flash: modes::may_flash(context, &record.challenge),
    })
}

/// Whatever ticket a page holds: an app that may not ask starts nothing.
fn ready(standing: Standing) -> Result<(), BeginError> {
    match standing {
        Standing::Ready => Ok(()),
        Standing::Frozen | Standing::AccountNotOpen | Standing::NotEntitled => {
            Err(BeginError::NotReady(standing))
        }
    }
}

async fn supersede(tx: &mut Transaction, id: &AttemptId, at: Timestamp) -> Result<(), BeginError> {
    let Some(before) = attempts::find(tx, id).await? else {
        return Ok(());
    };
    if let Ok(after) = before.attempt.clone().cancel(Reason::Cancelled, at) {
        attempts::advance(tx, &before.attempt, &after).await?;
    }
    Ok(())
}

fn client(ticket: &Ticket, page: &Page) -> SecretText {
    let check_alive_type = match ticket {
        Ticket::UserIdKey {
            check_alive_type, ..
        } => *check_alive_type,
        Ticket::CaptureToken(_) | Ticket::CertifyId(_) => None,
    };
    let client = json!({ "check_alive_type": check_alive_type, "page": page.client });
    SecretText::from(client.to_string())
}

fn short(word: &str) -> String {
    word.chars()
        .filter(|c| !c.is_control())
        .take(WORD_CHARS_MAX)
        .collect()
}

/// The `check_alive_type` that a page sent, out of what was kept of it.
pub(crate) fn check_alive_type(client: &SecretText) -> u8 {
    let json: serde_json::Value = serde_json::from_str(client.reveal()).unwrap_or_default();
    let number = json
        .get("check_alive_type")
        .and_then(serde_json::Value::as_u64);
    number
        .and_then(|number| u8::try_from(number).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_check_survives_being_kept() {
        let ticket = Ticket::UserIdKey {
            appid: String::new(),
            key: String::new(),
            check_alive_type: Some(2),
            openid: String::new(),
        };
        assert_eq!(check_alive_type(&client(&ticket, &Page::default())), 2);
        let other = Ticket::CaptureToken(String::new());
        assert_eq!(check_alive_type(&client(&other, &Page::default())), 0);
    }
}
