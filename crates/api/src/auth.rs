//! Who calls on the tenant side: Basic with appid and secret, or Bearer with an access token.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zhenren_domain::standing::Standing;
use zhenren_usecases::limits::calls::{self, CallRefused};
use zhenren_usecases::tenants::Caller;
use zhenren_usecases::tenants::authenticate::{self, SecretError, TokenError};

use crate::Api;
use crate::client_address::ClientAddress;
use crate::problem::{self, Problem};

/// The app behind the `Authorization` header, when it may ask.
pub(crate) async fn caller(
    api: &Api,
    headers: &HeaderMap,
    ClientAddress(from): ClientAddress,
) -> Result<Caller, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(Problem::new(&problem::CREDENTIALS_MISSING));
    };
    let invalid = || Problem::new(&problem::CREDENTIALS_INVALID);
    let caller = authenticated(api, value, invalid).await?;
    calls::admit(&api.context, &caller.app_id, from)
        .await
        .map_err(|error| match error {
            CallRefused::AddressNotAllowed(_) => Problem::new(&problem::ADDRESS_NOT_ALLOWED),
            CallRefused::LimitReached(reached) => Problem::limit_reached(reached),
            CallRefused::Fault(fault) => Problem::fault(&fault),
        })?;
    match caller.standing {
        Standing::Ready => Ok(caller),
        Standing::Frozen => Err(Problem::new(&problem::APP_FROZEN)),
        Standing::AccountNotOpen => Err(Problem::new(&problem::SERVICE_NOT_OPENED)),
        Standing::NotEntitled => Err(Problem::new(&problem::APP_NOT_ENTITLED)),
    }
}

async fn authenticated(
    api: &Api,
    value: &HeaderValue,
    invalid: fn() -> Problem,
) -> Result<Caller, Problem> {
    let (scheme, rest) = value
        .to_str()
        .ok()
        .and_then(|v| v.split_once(' '))
        .ok_or_else(invalid)?;
    if scheme.eq_ignore_ascii_case("basic") {
        let (appid, secret) = basic(rest).ok_or_else(invalid)?;
        authenticate::by_secret(&api.context, &appid, &secret)
            .await
            .map_err(|error| match error {
                SecretError::AppUnknown | SecretError::SecretWrong => invalid(),
                SecretError::Fault(fault) => Problem::fault(&fault),
            })
    } else if scheme.eq_ignore_ascii_case("bearer") {
        authenticate::by_token(&api.context, rest)
            .await
            .map_err(|error| match error {
                TokenError::Malformed | TokenError::Unknown | TokenError::Expired => invalid(),
                TokenError::Fault(fault) => Problem::fault(&fault),
            })
    } else {
        Err(invalid())
    }
}

fn basic(encoded: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (appid, secret) = text.split_once(':')?;
    Some((appid.to_owned(), secret.to_owned()))
}
