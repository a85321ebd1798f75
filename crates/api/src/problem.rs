//! The one registry of problem codes of `/v1` and `/capture/v1`, and the RFC 9457 document.
//!
//! A code never changes its meaning. Each has a page at `/problems/<code>`. The WeChat and
//! uniCloud dialects have their own numbers in their own rooms.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use zhenren_domain::limits::LimitKind;
use zhenren_domain::mode::Unsupported;
use zhenren_usecases::fault::Fault;
use zhenren_usecases::limits::LimitReached;

/// One kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable `code`, also the last part of `type`.
    pub name: &'static str,
    /// HTTP status.
    pub status: u16,
    /// One line for people.
    pub title: &'static str,
    /// What to do about it.
    pub help: &'static str,
    /// The number the WeChat dialect has for the same thing; sent on the capture side only.
    pub errcode: Option<i64>,
}

macro_rules! codes {
    ($( $ident:ident = $name:literal, $status:literal, $errcode:expr, $title:literal, $help:literal; )*) => {
        $(
            #[doc = $title]
            pub const $ident: Code = Code {
                name: $name, status: $status, title: $title, help: $help, errcode: $errcode,
            };
        )*
        /// Every code, in the order of this file.
        pub const ALL: &[&Code] = &[$( &$ident, )*];
    };
}

codes! {
    BODY_INVALID = "body_invalid", 400, Some(10001),
        "The request body is not what this call takes",
        "Send a JSON object in UTF-8 with the fields of the API description; the detail names the first field that is wrong.";
    PARAMETER_INVALID = "parameter_invalid", 400, Some(10001),
        "A field has a value this call does not take",
        "Change the field that the detail names.";
    DAY_OUT_OF_RANGE = "day_out_of_range", 400, None,
        "The day is not one that can be read",
        "Ask for a day within the range that the detail names; days are those of Asia/Shanghai.";
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing", 400, None,
        "This call costs money and needs an Idempotency-Key",
        "Send a header Idempotency-Key with 8 to 128 visible ASCII characters, new for each new verification and the same when you repeat a request.";
    CREDENTIALS_MISSING = "credentials_missing", 401, None,
        "The request carries no credentials",
        "Send Authorization: Basic with appid and secret, or Bearer with a token of /cgi-bin/token.";
    CREDENTIALS_INVALID = "credentials_invalid", 401, None,
        "The credentials are not valid",
        "Check appid and secret, or fetch a new access token; a token lives two hours and dies five minutes after the next one was fetched.";
    ATTEMPT_TOKEN_INVALID = "attempt_token_invalid", 401, None,
        "The attempt token is missing or wrong",
        "Send Authorization: Bearer with the attempt_token that the start of this attempt returned.";
    SIGN_IN_REFUSED = "sign_in_refused", 401, None,
        "Login or password is wrong",
        "Check both; after some failures in a row the login is locked for a while. A disabled operator is answered the same.";
    INSUFFICIENT_BALANCE = "insufficient_balance", 402, None,
        "The balance does not cover this verification",
        "Recharge the account, then repeat the request.";
    NOT_PERMITTED = "not_permitted", 403, None,
        "This role may not do that",
        "Ask an operator with the owner role; docs/OPERATORS.md lists what each role and scope may do.";
    SERVICE_NOT_OPENED = "service_not_opened", 403, Some(10006),
        "The service is not opened for this account",
        "Have the real name of the account's holder recorded, then accept the newest agreement with POST /v1/account/acceptances.";
    APP_NOT_ENTITLED = "app_not_entitled", 403, Some(10006),
        "The app has no access",
        "Submit an application for access with POST /v1/account/applications and wait for its approval.";
    APP_FROZEN = "app_frozen", 403, Some(10006),
        "The app is frozen",
        "Unfreeze it with POST /v1/account/apps/{id}/unfreeze when its secrets are safe again.";
    ADDRESS_NOT_ALLOWED = "address_not_allowed", 403, None,
        "The app may not be used from this address",
        "Call from an address of the app's list, or add yours with PUT /v1/account/apps/{id}/address-ranges.";
    PASSWORD_WRONG = "password_wrong", 403, None,
        "The present password is wrong",
        "Send the password you signed in with; an owner can set another one.";
    NOT_FOUND = "not_found", 404, None,
        "There is nothing here",
        "Check the id and the address; what belongs to another tenant looks the same as what never existed.";
    TOKEN_UNKNOWN = "token_unknown", 404, Some(10001),
        "The capture token is not known",
        "Ask the server that sent you here for a new link.";
    METHOD_NOT_ALLOWED = "method_not_allowed", 405, None,
        "This address does not take this method",
        "Use the method of the API description.";
    IDEMPOTENCY_CONFLICT = "idempotency_conflict", 409, None,
        "The Idempotency-Key was used for a different request",
        "Use a new key for a new request, or repeat the old request unchanged.";
    LOGIN_TAKEN = "login_taken", 409, None,
        "Another operator has this login",
        "Choose another login, or change the operator that has it.";
    LAST_OWNER = "last_owner", 409, None,
        "The last active owner stays one",
        "Make another operator an owner first; somebody must be able to let others in.";
    RECHARGE_CONFLICT = "recharge_conflict", 409, None,
        "The reference was booked with another amount",
        "Use a new reference for a new recharge, or repeat the old one with its own amount.";
    REAL_NAME_MISSING = "real_name_missing", 409, None,
        "Nobody has recorded who holds the account",
        "Ask the operator to record the real name of the holder, then accept the agreement.";
    AGREEMENT_OUTDATED = "agreement_outdated", 409, None,
        "That is not the newest version of the agreement",
        "Read the first one that GET /v1/account/agreements lists, and accept that one.";
    AGREEMENT_DIFFERS = "agreement_differs", 409, None,
        "The sha256 is not that of the published text",
        "Read the text with GET /v1/account/agreements/{version} and send the sha256 that comes with it.";
    VERSION_TAKEN = "version_taken", 409, None,
        "A version of that name is published already",
        "Publish the text under another name; published texts never change.";
    APPLICATION_WAITING = "application_waiting", 409, None,
        "An application for this app is waiting for a decision",
        "Wait until it is decided; a refused one may be followed by another.";
    APPLICATION_DECIDED = "application_decided", 409, None,
        "The application was decided before",
        "Read it; to change limits afterwards set the limits of the app.";
    SECRETS_FULL = "secrets_full", 409, None,
        "Two secrets are valid already",
        "Revoke the one that is no longer used, then make another.";
    SPACE_LISTED = "space_listed", 409, None,
        "The space is on the allow list",
        "Take it off with PUT /v1/account/space-allow-list first; an empty list lets every space in.";
    ALREADY_CLOSED = "already_closed", 409, None,
        "The verification is closed",
        "Read it; a closed verification does not change any more.";
    ALREADY_COMPLETED = "already_completed", 409, None,
        "The attempt was completed with other content",
        "Wait for its result; start a new attempt to send another recording.";
    NOT_CHALLENGED = "not_challenged", 409, None,
        "The challenge was not fetched yet",
        "Fetch the challenge of this attempt, record, then send the parts.";
    ATTEMPT_ENDED = "attempt_ended", 409, None,
        "The attempt has ended",
        "Start a new attempt.";
    PART_CONFLICT = "part_conflict", 409, None,
        "This part was sent before with other bytes",
        "Send each part once; after a reload start a new attempt.";
    TOKEN_SPENT = "token_spent", 410, Some(10001),
        "The capture token was used already",
        "A capture token starts one attempt; ask the server that sent you here for a new link.";
    TOKEN_EXPIRED = "token_expired", 410, Some(10020),
        "The capture token has expired",
        "Ask the server that sent you here for a new link.";
    ATTEMPT_EXPIRED = "attempt_expired", 410, Some(10020),
        "The time for this attempt is over",
        "Start a new attempt.";
    TOO_LARGE = "too_large", 413, None,
        "More bytes than this call takes",
        "Send parts of at most part_bytes_max bytes and at most bytes_max in all.";
    USER_ID_KEY_INVALID = "user_id_key_invalid", 422, Some(10041),
        "The key for name and number is not valid",
        "Fetch a new user_id_key with getuseridkey; it lives one hour and belongs to one appid.";
    IDENTITY_SOURCE_MISSING = "identity_source_missing", 422, Some(10009),
        "There is no reference to compare with",
        "Configure an identity source, enrol the person, or send a photo with the request.";
    MODEL_MISSING = "model_missing", 422, Some(10069),
        "This challenge needs a model that is not installed",
        "Install a recogniser of digits, or ask for a challenge that GET /capture/v1/support answers with 0.";
    MODE_SWITCHED_OFF = "mode_switched_off", 422, Some(10069),
        "This challenge is switched off",
        "Ask for another one, or allow it in verification.modes of the configuration and in the modes of the app.";
    DEVICE_CANNOT = "device_cannot", 422, Some(90109),
        "The device cannot show this challenge",
        "Use another device or browser; flash_else_digits and multi_action ask less of a device.";
    CONSENT_MISSING = "consent_missing", 422, Some(90101),
        "The capture subject has not agreed",
        "Show the consent text and start again when it was accepted.";
    PASSWORD_REFUSED = "password_refused", 422, None,
        "The password is not taken",
        "Choose one of 12 to 128 characters that is not made of the login or of the words that are guessed first.";
    PART_HASH_MISMATCH = "part_hash_mismatch", 422, None,
        "The bytes do not have the hash that was sent",
        "Send the part again.";
    PARTS_INCOMPLETE = "parts_incomplete", 422, None,
        "Not all parts have arrived",
        "List the parts of the attempt, send the missing ones, then complete.";
    DIGEST_MISMATCH = "digest_mismatch", 422, None,
        "The whole recording does not have the digest that was sent",
        "Send the recording again as a new attempt.";
    NO_FACE = "no_face", 422, None,
        "The photo shows no face",
        "Send a frontal photo of one uncovered face.";
    SEVERAL_FACES = "several_faces", 422, None,
        "The photo shows more than one face",
        "Send a photo of the person alone.";
    FACE_TOO_SMALL = "face_too_small", 422, None,
        "The face in the photo is too small",
        "Send a photo in which the eyes are at least 40 pixels apart.";
    PHOTO_POOR = "photo_poor", 422, None,
        "The face in the photo cannot be compared",
        "Send a sharp, evenly lit, frontal photo.";
    PHOTO_UNREADABLE = "photo_unreadable", 422, None,
        "The photo is not a JPEG, PNG or WebP picture",
        "Send base64 of a whole JPEG, PNG or WebP file.";
    PHOTO_TOO_LARGE = "photo_too_large", 413, None,
        "The photo has too many bytes or pixels",
        "Send a photo of at most 4 MiB and 40 megapixels.";
    TOO_MANY_ATTEMPTS = "too_many_attempts", 429, Some(10042),
        "There were too many starts",
        "Fetch a new user_id_key or open a new verification later.";
    QUOTA_EXHAUSTED = "quota_exhausted", 429, Some(10042),
        "The quota of this test app is used up",
        "Use the formal app, or ask the operator for a larger quota.";
    TOO_MANY_REQUESTS = "too_many_requests", 429, Some(10042),
        "There are too many requests",
        "Wait as many seconds as the header Retry-After says, then repeat the request; docs/LIMITS.md lists the limits.";
    SIGN_IN_LOCKED = "sign_in_locked", 429, None,
        "There were too many failed sign-ins",
        "Wait until the lock is over; an owner, or the command line of the server, can lift it.";
    INTERNAL = "internal", 500, Some(10045),
        "The server failed",
        "Repeat the request; when it fails again, give the operator the request id.";
    UNAVAILABLE = "unavailable", 503, Some(10069),
        "The server cannot do this at the moment",
        "Repeat the request in a few seconds.";
}

/// One problem, ready to be sent.
#[derive(Debug)]
pub struct Problem {
    code: &'static Code,
    detail: Option<String>,
    reached: Option<LimitReached>,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// A problem whose detail is the help of its code.
    pub const fn new(code: &'static Code) -> Self {
        Self {
            code,
            detail: None,
            reached: None,
            retry_after_s: None,
        }
    }

    /// A problem with its own detail: a sentence that says what to do.
    pub fn with_detail(code: &'static Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: Some(detail.into()),
            reached: None,
            retry_after_s: None,
        }
    }

    /// Too often: which limit, and for how long.
    pub fn limit_reached(reached: LimitReached) -> Self {
        Self {
            code: &TOO_MANY_REQUESTS,
            detail: Some(limit_sentence(reached).to_owned()),
            reached: Some(reached),
            retry_after_s: Some(reached.rest_s),
        }
    }

    /// The same, with the seconds after which it may be tried again.
    #[must_use]
    pub const fn after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// A challenge that cannot run.
    pub const fn unsupported(unsupported: Unsupported) -> Self {
        Self::new(match unsupported {
            Unsupported::ModelMissing => &MODEL_MISSING,
            Unsupported::SwitchedOff => &MODE_SWITCHED_OFF,
            Unsupported::DeviceCannot => &DEVICE_CANNOT,
        })
    }

    /// Our own failure, logged here and nowhere else.
    pub fn fault(fault: &Fault) -> Self {
        tracing::error!(error = fault.chain(), "a use case failed");
        Self::new(&INTERNAL)
    }

    /// Others were in the way to the end, logged here and nowhere else.
    pub fn busy(fault: &Fault) -> Self {
        tracing::warn!(error = fault.chain(), "a use case was given up");
        Self::new(&UNAVAILABLE)
    }

    /// Which kind it is.
    pub const fn code(&self) -> &'static Code {
        self.code
    }

    /// The document as the tenant side sees it.
    fn document(&self) -> Map<String, Value> {
        let mut document = Map::new();
        document.insert(
            String::from("type"),
            json!(format!("/problems/{}", self.code.name)),
        );
        document.insert(String::from("title"), json!(self.code.title));
        document.insert(String::from("status"), json!(self.code.status));
        document.insert(String::from("code"), json!(self.code.name));
        let detail = self.detail.as_deref().unwrap_or(self.code.help);
        document.insert(String::from("detail"), json!(detail));
        if let Some(reached) = self.reached {
            document.insert(String::from("limit"), json!(reached.kind.name()));
        }
        document
    }

    fn respond(&self, document: Map<String, Value>) -> Response {
        let status =
            StatusCode::from_u16(self.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(Value::Object(document))).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some(seconds) = self.retry_after_s {
            let seconds = HeaderValue::from(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if self.code.status == 401 {
            let challenge = HeaderValue::from_static("Basic realm=\"zhenren\", Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.respond(self.document())
    }
}

/// A problem on the capture side, where a WeChat-style number goes with it when one exists.
#[derive(Debug)]
pub struct CaptureProblem(pub Problem);

impl From<Problem> for CaptureProblem {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for CaptureProblem {
    fn into_response(self) -> Response {
        let mut document = self.0.document();
        if let Some(errcode) = self.0.code.errcode {
            document.insert(String::from("errcode"), json!(errcode));
        }
        let mut response = self.0.respond(document);
        // The capture token is no HTTP authentication scheme a browser could prompt for.
        response.headers_mut().remove(header::WWW_AUTHENTICATE);
        response
    }
}

/// What to do about a limit, for whoever reached it.
pub(crate) const fn limit_sentence(reached: LimitReached) -> &'static str {
    match reached.kind {
        LimitKind::AppMinute => "The app has made its calls of this minute; go on in the next one.",
        LimitKind::AppDay => {
            "The app has made its calls of this day; go on tomorrow (Asia/Shanghai)."
        }
        LimitKind::IdentityDay => {
            "This identity number was asked about too often today; try again tomorrow \
             (Asia/Shanghai)."
        }
        LimitKind::UserDay => {
            "This user was asked about too often today; try again tomorrow (Asia/Shanghai)."
        }
        LimitKind::DeviceDay => {
            "This device has begun too often today; try again tomorrow, or on another device."
        }
        LimitKind::AddressHour => {
            "Too many captures were begun from this address; try again in an hour."
        }
        LimitKind::SignInHour => {
            "Too many sign-ins were tried from this address; try again in an hour."
        }
    }
}

/// The page of a code, or nothing when there is no such code.
pub fn page(name: &str) -> Option<String> {
    let code = ALL.iter().find(|code| code.name == name)?;
    Some(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{name}</title>\n\
         <h1>{title}</h1>\n<p>{help}</p>\n<p>HTTP {status}, code <code>{name}</code>{errcode}</p>\n\
         </html>\n",
        title = code.title,
        help = code.help,
        status = code.status,
        errcode = code
            .errcode
            .map_or_else(String::new, |number| format!(", errcode {number}")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_has_a_page_that_says_what_to_do() {
        let mut seen = std::collections::BTreeSet::new();
        for code in ALL {
            assert!(seen.insert(code.name), "{} is there twice", code.name);
            assert!(StatusCode::from_u16(code.status).is_ok_and(|s| s.as_u16() >= 400));
            assert!(page(code.name).is_some_and(|text| text.contains(code.help)));
            assert!(
                code.help.ends_with('.'),
                "{} needs a whole sentence",
                code.name
            );
        }
        assert!(page("no_such_code").is_none());
    }

    #[test]
    fn the_tenant_side_never_carries_errcode_and_the_capture_side_does() {
        let problem = Problem::new(&USER_ID_KEY_INVALID);
        assert!(!problem.document().contains_key("errcode"));
        assert_eq!(USER_ID_KEY_INVALID.errcode, Some(10041));
    }
}
