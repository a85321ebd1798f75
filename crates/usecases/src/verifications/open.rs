//! Opens a verification: one transaction, with its price frozen.
//!
//! The same idempotency key with the same body gives the same answer and changes nothing.

use jiff::Timestamp;
use thiserror::Error;
use zhenren_domain::identity_number::IdentityNumber;
use zhenren_domain::ids::{AppId, EvidenceId, VerificationId};
use zhenren_domain::mode::Unsupported;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_domain::retention::IDEMPOTENCY_LIFE;
use zhenren_domain::wish::{Wish, WishError};
use zhenren_store::idempotency::{self, Key, Recall};
use zhenren_store::verifications::{self, Door, Record, ReferenceSource as Kept};
use zhenren_store::{IsBusy, StoreError, Transaction, ledger as money, retry_busy};
use zhenren_vault::SecretText;

use super::tokens;
use crate::analysis::PhotoRefused;
use crate::context::Context;
use crate::evidence::templates::{self, StoredTemplate};
use crate::fault::{Fault, carries_faults};
use crate::ledger::freeze::{self, FreezeError, NewVerification};
use crate::limits::{LimitReached, subjects};
use crate::modes;
use crate::tenants::Caller;
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
    /// The challenge cannot be asked for.
    #[error(transparent)]
    ChallengeInvalid(#[from] WishError),
    /// The challenge cannot run here.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
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
    fn of(context: &Context, app_id: &AppId, idempotency: &Idempotency) -> Self {
        let key = format!("{app_id}/{}", idempotency.key);
        Self {
            key_hash: context.vault().token_hash("idempotency-key", &key),
            // Keyed, because the body holds a name and a number that could be guessed.
            request_hash: context
                .vault()
                .token_hash("idempotency-body", &sha256_hex(&idempotency.body)),
        }
    }

    fn key(&self) -> Key<'_> {
        Key {
            hash: &self.key_hash,
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
        .map(|it| Recognition::of(context, &caller.app_id, it));
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
        let kept = match &photo {
            None => Kept::Enrolled,
            Some(photo) => Kept::CallerPhoto(EvidenceId::clone(&photo.id)),
        };
        // The verification first: if its key is taken, nothing else may have been written.
        let opened =
            match insert(context, &mut tx, caller, &new, &kept, recognition.as_ref()).await? {
                Ok(record) => {
                    write(
                        context,
                        &mut tx,
                        &new,
                        &record,
                        photo.as_ref(),
                        opening.source,
                    )
                    .await?
                }
                Err(before) => before,
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
        Some(wish) => {
            wish.check()?;
            wish.clone().over(&caller.challenge)
        }
    };
    modes::check(context, &challenge)?;
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
    record: &Record,
    photo: Option<&StoredTemplate>,
    source: Source,
) -> Result<Opened, OpenError> {
    if let Some(reached) = subjects::opening(context, tx, new).await? {
        return Err(reached.into());
    }
    if let Some(photo) = photo {
        templates::keep(context, tx, photo).await?;
    }
    let price = freeze::write(context, tx, new, record).await?;
    let capture_token = match source {
        Source::Unicloud => None,
        Source::V1 => Some(tokens::capture_token(context, &record.verification)),
    };
    Ok(opened(record, capture_token, price))
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
    let at = context.now();
    let id = match idempotency::recall(tx, &recognition.key(), forgotten_until(at)).await? {
        Recall::Unknown => return Ok(None),
        Recall::Different => return Err(OpenError::IdempotencyConflict),
        Recall::Same(id) => id,
    };
    let broken = || Fault::new("recalling an answer", "the verification is not there");
    let record = verifications::find_of_app(tx, context.vault(), &caller.app_id, &id)
        .await?
        .ok_or_else(broken)?;
    let price = money::hold_of(tx, &id).await?.ok_or_else(broken)?.amount;
    let is_waiting = tokens::is_waiting(&record.verification, at);
    let token = is_waiting.then(|| tokens::capture_token(context, &record.verification));
    Ok(Some(opened(&record, token, price)))
}

/// Keys of requests until this moment are free again.
fn forgotten_until(at: Timestamp) -> Timestamp {
    at.checked_sub(IDEMPOTENCY_LIFE).unwrap_or(Timestamp::MIN)
}

/// The new verification, or what the same request was answered before.
async fn insert(
    context: &Context,
    tx: &mut Transaction,
    caller: &Caller,
    new: &NewVerification,
    kept: &Kept,
    recognition: Option<&Recognition>,
) -> Result<Result<Record, Opened>, OpenError> {
    let key = recognition.map(Recognition::key);
    let insert = freeze::insert(context, tx, new, kept.clone(), key.as_ref());
    if let Some(record) = insert.await? {
        return Ok(Ok(record));
    }
    if let Some(recognition) = recognition {
        if let Some(opened) = recall(context, tx, caller, recognition).await? {
            return Ok(Err(opened));
        }
        let since = forgotten_until(context.now());
        idempotency::forget(tx, &recognition.key(), since).await?;
    }
    let record = freeze::insert(context, tx, new, kept.clone(), key.as_ref()).await?;
    Ok(Ok(record.ok_or(StoreError::Busy)?))
}
