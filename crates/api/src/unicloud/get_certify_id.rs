//! `getCertifyId`: opens a verification about a name and a number, and freezes its price.

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};
use zhenren_usecases::verifications::open::{self, OpenError, Opening, ReferenceSource, Subject};

use super::{Refusal, admit, finish, object, optional_text, text};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::client_address::ClientAddress;
use crate::request_id::RequestId;

/// The path, part of what is signed.
pub(super) const PATH: &str = "/unicloud/v1/getCertifyId";

/// The handler.
pub(super) async fn get_certify_id(
    State(api): State<Api>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    from: ClientAddress,
    body: Body,
) -> Response {
    finish(
        open_verification(&api, &headers, from, body).await,
        &request_id,
    )
}

async fn open_verification(
    api: &Api,
    headers: &HeaderMap,
    from: ClientAddress,
    body: Body,
) -> Result<Map<String, Value>, Refusal> {
    let bytes = body::read(body, JSON_BYTES_MAX)
        .await
        .map_err(|_| Refusal::new(50002, "the body is too large or broken"))?;
    let caller = admit(api, PATH, headers, from, &bytes).await?;
    let object = object(&bytes)?;
    let name = text(&object, "realName")?;
    let number = text(&object, "idCard")?;
    let user_id = optional_text(&object, "userId")?.map(str::to_owned);
    check_ignored(&object)?;
    let opening = Opening {
        subject: Subject {
            name: name.to_owned(),
            id_number: number.to_owned(),
        },
        user_id,
        challenge: None,
        reference: ReferenceSource::Enrolled,
        idempotency: None,
        source: open::Source::Unicloud,
    };
    let opened = open::open(&api.context, &caller, opening)
        .await
        .map_err(|error| refused(&error))?;
    let mut answer = Map::new();
    answer.insert(
        String::from("certifyId"),
        json!(opened.verification_id.as_str()),
    );
    Ok(answer)
}

/// `metaInfo` and `needPicture` are taken for compatibility; their types are still checked.
fn check_ignored(object: &Map<String, Value>) -> Result<(), Refusal> {
    match object.get("metaInfo") {
        None | Some(Value::Null | Value::String(_) | Value::Object(_)) => {}
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_)) => {
            return Err(Refusal::new(
                50002,
                "metaInfo must be a string or an object",
            ));
        }
    }
    match object.get("needPicture") {
        None | Some(Value::Null | Value::Bool(_)) => Ok(()),
        Some(_) => Err(Refusal::new(50002, "needPicture must be a boolean")),
    }
}

fn refused(error: &OpenError) -> Refusal {
    match error {
        OpenError::IdentitySourceMissing => Refusal::new(
            55001,
            "no identity source is configured; enrol people or configure one",
        ),
        OpenError::InsufficientFen => Refusal::new(54100, "balance insufficient; recharge"),
        OpenError::Unsupported(_) => Refusal::new(
            60000,
            "service unavailable: the challenge of this appId cannot run on this server",
        ),
        OpenError::QuotaUsedUp => Refusal::new(
            60000,
            "service unavailable: the calls of this test appId are used up",
        ),
        OpenError::PriceUnknown(fault) => {
            Refusal::of_fault(54101, "the price could not be looked up", fault)
        }
        OpenError::NotFrozen(fault) => Refusal::of_fault(
            54102,
            "the balance could not be frozen; repeat the request",
            fault,
        ),
        OpenError::LimitReached(reached) => Refusal::limit_reached(*reached),
        OpenError::NameInvalid => {
            Refusal::new(50002, "realName has a length that names never have")
        }
        OpenError::NumberInvalid => Refusal::new(50002, "idCard is not an identity number"),
        OpenError::ChallengeInvalid(_)
        | OpenError::UserIdInvalid
        | OpenError::IdempotencyConflict
        | OpenError::Photo(_) => Refusal::new(50002, "a parameter has a wrong value"),
        OpenError::Fault(fault) => Refusal::fault(fault),
    }
}
