//! Opens a verification: one transaction with its price frozen and its end planned.
//!
//! The same idempotency key with the same body gives the same answer and changes nothing.

use jiff::Timestamp;
use serde_json::{Value, json};
use thiserror::Error;
use zhenren_domain::draw::Wish;
use zhenren_domain::identity_number::IdentityNumber;
use zhenren_domain::ids::{AppId, EvidenceId, VerificationId};
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_domain::retention::{IDEMPOTENCY_LIFE, after};
use zhenren_store::idempotency::{self, Key, Recall};
use zhenren_store::verifications::{self, Door, Record, ReferenceSource as Kept};
use zhenren_store::{IsBusy, StoreError, Transaction, capture_tokens, ledger as money, retry_busy};
use zhenren_vault::SecretText;

use super::tokens;
use crate::analysis::PhotoRefused;
use crate::context::Context;
use crate::evidence::templates::{self, StoredTemplate};
use crate::fault::{Fault, carries_faults};
use crate::ledger::freeze::{self, FreezeError, NewVerification};
use crate::limits::{LimitReached, subjects};
use crate::tenants::{Caller, can_be_drawn};
use crate::text::{self, sha256_hex};

/// Limit: characters of the tenant's own id of a person.
const USER_ID_CHARS_MAX: usize = 128;

/// Whom the question is about.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    /// The name; may be empty with a caller photo.
    pub name: String,
    /// The identity number; may be empty with a caller photo.
    pub id_number: String,
}

/// What to compare with.
#[derive(Clone, Debug)]
pub enum ReferenceSource {
    /// The tenant's own enrolled people.
    Enrolled,
    /// This photograph.
    CallerPhoto(Vec<u8>),
}

/// A key under which the request may be repeated, and its body.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// The key.
    pub key: String,
    /// The body as it arrived.
    pub body: Vec<u8>,
}

/// Through which dialect it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// uniCloud; the verification's id is its own ticket.
    Unicloud,
    /// `/v1`; a capture token is its ticket.
    V1,
}

/// A question.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Whom it is about.
    pub subject: Subject,
    /// The tenant's own id of the person.
    pub user_id: Option<String>,
    /// What to ask for instead of the policy's challenge.
    pub challenge: Option<Wish>,
    /// What to compare with.
    pub reference: ReferenceSource,
    /// How the request may be repeated.
    pub idempotency: Option<Idempotency>,
    /// Through which dialect.
    pub source: Source,
}

/// An opened verification.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its id.
    pub verification_id: VerificationId,
    /// Where it stands: `open` unless the request was repeated later.
    pub state: &'static str,
    /// How it closed.
    pub outcome: Option<Outcome>,
    /// Why.
    pub reason: Option<Reason>,
    /// The ticket of the next attempt, while it is unused.
    pub capture_token: Option<String>,
    /// When it dies unused.
    pub expires_at: Timestamp,
    /// The price that was frozen.
    pub price: Fen,
}

/// Why it was not opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The source that was asked for is not configured.
    #[error("identity source is not configured")]
    IdentitySourceMissing,
    /// The balance does not cover the price.
    #[error("not enough money is available")]
    InsufficientFen,
    /// A test app has no calls left.
    #[error("the app's quota is used up")]
    QuotaUsedUp,
    /// The price could not be looked up.
    #[error("price could not be looked up")]
    PriceUnknown(#[source] Fault),
    /// No money could be reserved: others were in the way to the end, or nobody is there to pay.
    #[error("money could not be reserved")]
    NotFrozen(#[source] Fault),
    /// The person was asked about too often.
    #[error(transparent)]
    LimitReached(#[from] LimitReached),
    /// The name is empty or too long.
    #[error("name is empty or too long")]
    NameInvalid,
    /// The number is no identity number.
    #[error("number is no identity number")]
    NumberInvalid,
    /// The tenant's id of the person is empty or too long.
    #[error("user id is empty or too long")]
    UserIdInvalid,
    /// The challenge cannot be drawn.
    #[error("challenge cannot be drawn")]
    ChallengeInvalid,
    /// The key was used for another request.
    #[error("idempotency key was used for another request")]
    IdempotencyConflict,
    /// The photograph cannot be a reference.
    #[error("photo cannot be a reference")]
    Photo(#[from] PhotoRefused),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(OpenError);

impl OpenError {
    /// A database that stayed busy through every try froze nothing.
    fn or_not_frozen(self) -> Self {
        if let Self::Fault(fault) = self {
            if fault.is_busy() {
                return Self::NotFrozen(fault);
            }
            return Self::Fault(fault);
        }
        self
    }
}

impl From<FreezeError> for OpenError {
    fn from(error: FreezeError) -> Self {
        match error {
            FreezeError::InsufficientFen => Self::InsufficientFen,
            FreezeError::QuotaUsedUp => Self::QuotaUsedUp,
            FreezeError::AccountUnknown => Self::NotFrozen(Fault::new("reserving money", error)),
            FreezeError::PriceUnknown(fault) => Self::PriceUnknown(fault),
            FreezeError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// What a repeated request is recognised by.
struct Recognition {
    key_hash: String,
    request_hash: String,
}

impl Recognition {
    fn of(context: &Context, idempotency: &Idempotency) -> Self {
        Self {
            key_hash: context
                .vault()
                .token_hash("idempotency-key", &idempotency.key),
            // Keyed, because the body holds a name and a number that could be guessed.
            request_hash: context
                .vault()
                .token_hash("idempotency-body", &sha256_hex(&idempotency.body)),
        }
    }

    fn key<'a>(&'a self, app_id: &'a AppId) -> Key<'a> {
        Key {
            app_id,
            key_hash: &self.key_hash,
            request_hash: &self.request_hash,
        }
    }
}

/// Opens a verification.
pub async fn open(
    context: &Context,
    caller: &Caller,
    opening: Opening,
) -> Result<Opened, OpenError> {
    let recognition = opening
        .idempotency
        .as_ref()
        .map(|it| Recognition::of(context, it));
    let new = check(context, caller, &opening)?;
    let photo = match opening.reference {
        ReferenceSource::Enrolled => None,
        ReferenceSource::CallerPhoto(photo) => {
            // Measuring a photograph again would be work for nothing.
            if let Some(recognition) = &recognition {
                let mut tx = context.pool().read().await?;
                if let Some(opened) = recall(context, &mut tx, caller, recognition).await? {
                    return Ok(opened);
                }
            }
            Some(templates::store(context, &caller.app_id, &new.verification_id, photo).await?)
        }
    };
    let opened = retry_busy(|| async {
        let account_id = caller.account_id.as_str();
        let mut tx = context.pool().begin_in_turn(account_id).await?;
        let before = match &recognition {
            None => None,
            Some(it) => recall_or_remember(context, &mut tx, caller, it, &new).await?,
        };
        let opened = match before {
            Some(opened) => opened,
            None => write(context, &mut tx, &new, photo.as_ref(), opening.source).await?,
        };
        // What was recalled may be on its way to the disk still.
        tx.commit().await?;
        Ok(opened)
    })
    .await
    .map_err(OpenError::or_not_frozen);
    let may_be_kept = match &opened {
        Ok(opened) => opened.verification_id == new.verification_id,
        // A commit that was not answered may have happened. Without a row nobody has the key.
        Err(error) => matches!(error, OpenError::Fault(_)),
    };
    if let (false, Some(photo)) = (may_be_kept, &photo) {
        // Refused, or the same request was faster: no row refers to the bytes, remove them now.
        context.evidence().destroy(photo.id.as_str(), 1).await?;
    }
    opened
}

fn check(
    context: &Context,
    caller: &Caller,
    opening: &Opening,
) -> Result<NewVerification, OpenError> {
    let sources = context.settings().sources;
    let is_enrolled = matches!(opening.reference, ReferenceSource::Enrolled);
    if !(if is_enrolled {
        sources.enrolled
    } else {
        sources.caller_photo
    }) {
        return Err(OpenError::IdentitySourceMissing);
    }
    let Subject { name, id_number } = &opening.subject;
    let name = match text::name(name) {
        None if !is_enrolled && name.trim().is_empty() => None,
        None => return Err(OpenError::NameInvalid),
        Some(name) => Some(SecretText::from(name)),
    };
    let number = match IdentityNumber::accept(id_number) {
        Ok(number) => Some(SecretText::from(number.reveal())),
        Err(_) if !is_enrolled && id_number.trim().is_empty() => None,
        Err(_) => return Err(OpenError::NumberInvalid),
    };
    let user_id = opening.user_id.as_deref().map(user_id).transpose()?;
    let challenge = match &opening.challenge {
        None => caller.challenge.clone(),
        Some(wish) if can_be_drawn(wish) => wish.clone(),
        Some(_) => return Err(OpenError::ChallengeInvalid),
    };
    let door = match opening.source {
        Source::Unicloud => Door::Unicloud,
        Source::V1 => Door::V1,
    };
    Ok(NewVerification {
        verification_id: VerificationId::from_number(context.id_number()),
        account_id: caller.account_id.clone(),
        app_id: caller.app_id.clone(),
        is_counted: caller.has_quota,
        door,
        challenge,
        subject: verifications::Subject {
            name,
            number,
            tenant_reference: user_id,
            identity_key: None,
        },
        identity_key_hash: None,
    })
}

fn user_id(text: &str) -> Result<SecretText, OpenError> {
    let fits = (1..=USER_ID_CHARS_MAX).contains(&text.chars().count());
    let plain = !text.chars().any(char::is_control);
    if fits && plain {
        Ok(SecretText::from(text))
    } else {
        Err(OpenError::UserIdInvalid)
    }
}

async fn write(
    context: &Context,
    tx: &mut Transaction,
    new: &NewVerification,
    photo: Option<&StoredTemplate>,
    source: Source,
) -> Result<Opened, OpenError> {
    if let Some(reached) = subjects::opening(context, tx, new).await? {
        return Err(reached.into());
    }
    let reference = match photo {
        None => Kept::Enrolled,
        Some(photo) => {
            templates::keep(context, tx, photo).await?;
            Kept::CallerPhoto(EvidenceId::clone(&photo.id))
        }
    };
    let (record, price) = freeze::write(context, tx, new, reference).await?;
    let capture_token = match source {
        Source::Unicloud => None,
        Source::V1 => Some(issue_token(context, tx, &record).await?),
    };
    Ok(opened(&record, capture_token, price))
}

/// Issues the token of the next attempt.
pub(crate) async fn issue_token(
    context: &Context,
    tx: &mut Transaction,
    record: &Record,
) -> Result<String, StoreError> {
    let verification = &record.verification;
    let token = tokens::capture_token(context, verification);
    let hash = tokens::capture_token_hash(context, &token);
    let until = verification.startable_until;
    capture_tokens::issue(tx, &hash, &verification.id, context.now(), until).await?;
    Ok(token)
}

fn opened(record: &Record, capture_token: Option<String>, price: Fen) -> Opened {
    let verification = &record.verification;
    Opened {
        verification_id: verification.id.clone(),
        state: verification.state.name(),
        outcome: verification.closing().map(|closing| closing.outcome),
        reason: verification.closing().map(|closing| closing.reason),
        capture_token,
        expires_at: verification.expires_at,
        price,
    }
}

async fn recall(
    context: &Context,
    tx: &mut Transaction,
    caller: &Caller,
    recognition: &Recognition,
) -> Result<Option<Opened>, OpenError> {
    let key = recognition.key(&caller.app_id);
    let answer = match idempotency::recall(tx, context.vault(), &key, context.now()).await? {
        Recall::Unknown => return Ok(None),
        Recall::Different => return Err(OpenError::IdempotencyConflict),
        Recall::Same(answer) => answer,
    };
    let broken = || Fault::new("recalling an answer", "the stored answer does not parse");
    let json: Value = serde_json::from_str(answer.reveal()).map_err(|_| broken())?;
    let id = json.get("id").and_then(Value::as_str).ok_or_else(broken)?;
    let id = VerificationId::parse(id).map_err(|_| broken())?;
    let record = verifications::find_of_app(tx, context.vault(), &caller.app_id, &id)
        .await?
        .ok_or_else(broken)?;
    let price = money::hold_of(tx, &id).await?.ok_or_else(broken)?.amount;
    let token = tokens::capture_token(context, &record.verification);
    let hash = tokens::capture_token_hash(context, &token);
    let is_unspent = capture_tokens::is_unspent(tx, &hash, context.now()).await?;
    Ok(Some(opened(&record, is_unspent.then_some(token), price)))
}

/// What the same request was answered before; nothing when it is remembered from now on.
async fn recall_or_remember(
    context: &Context,
    tx: &mut Transaction,
    caller: &Caller,
    recognition: &Recognition,
    new: &NewVerification,
) -> Result<Option<Opened>, OpenError> {
    let answer = json!({ "id": new.verification_id.as_str() }).to_string();
    let at = context.now();
    let times = (at, after(at, IDEMPOTENCY_LIFE));
    let key = recognition.key(&caller.app_id);
    let answer = SecretText::from(answer);
    if idempotency::remember(tx, context.vault(), &key, &answer, times).await? {
        return Ok(None);
    }
    // One that expired between the two looks at the clock is free for the next try.
    match recall(context, tx, caller, recognition).await? {
        Some(opened) => Ok(Some(opened)),
        None => Err(Fault::from(StoreError::Busy).into()),
    }
}
