//! Who calls, by a signature over method, path, time, nonce and body. Each nonce counts once.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zhenren_domain::ids::{AccountId, AppId, SpaceId};
use zhenren_domain::retention::{NONCE_LIFE, after};
use zhenren_store::secrets::{self, Holder};
use zhenren_store::{Transaction, apps, nonces, retry_busy, spaces};
use zhenren_vault::SecretText;

use super::Caller;
use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::text::{hex, sha256_hex};

/// Limit: how far the caller's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_secs(300);

/// Limit: a shorter nonce could repeat by chance, a longer one only fills the table.
const NONCE_CHARS: std::ops::RangeInclusive<usize> = 16..=128;

/// A signed call as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `X-Zhenren-App-Id`.
    pub appid: &'a str,
    /// `X-Zhenren-Timestamp`, milliseconds since 1970.
    pub timestamp_ms: &'a str,
    /// `X-Zhenren-Nonce`.
    pub nonce: &'a str,
    /// `X-Zhenren-Signature`, lower-case hexadecimal.
    pub signature: &'a str,
    /// The service space that calls, when one is named.
    pub space: Option<SignedSpace<'a>>,
    /// The method, upper case.
    pub method: &'a str,
    /// The path without the query.
    pub path: &'a str,
    /// The body as it arrived.
    pub body: &'a [u8],
}

/// The service space of a signed call.
#[derive(Clone, Copy, Debug)]
pub struct SignedSpace<'a> {
    /// `X-Zhenren-Space-Id`.
    pub id: &'a str,
    /// `X-Zhenren-Space-Signature`, lower-case hexadecimal.
    pub signature: &'a str,
}

/// Why a signed call is not taken.
#[derive(Debug, Error)]
pub enum SignedError {
    /// A header is missing or has a form it never has.
    #[error("call is not signed")]
    Missing,
    /// There is no such app.
    #[error("app does not exist")]
    AppUnknown,
    /// The timestamp is too far from our clock.
    #[error("signature is too old or too early")]
    Stale,
    /// The nonce was used before.
    #[error("nonce was used before")]
    Replayed,
    /// The signature is not that of the app's secret.
    #[error("signature does not fit")]
    Wrong,
    /// The account has no such service space.
    #[error("service space does not exist")]
    SpaceUnknown,
    /// The space's signature is missing or not that of its secret.
    #[error("signature of the service space does not fit")]
    SpaceWrong,
    /// The account lists the spaces that may call, and this is none of them.
    #[error("service space is not on the allow list")]
    SpaceNotListed,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(SignedError);

/// The app that signed.
pub async fn authenticate(context: &Context, signed: &Signed<'_>) -> Result<Caller, SignedError> {
    let fits = NONCE_CHARS.contains(&signed.nonce.len())
        && signed.nonce.bytes().all(|byte| byte.is_ascii_graphic());
    if signed.appid.is_empty() || signed.signature.is_empty() || !fits {
        return Err(SignedError::Missing);
    }
    let at: i64 = signed
        .timestamp_ms
        .parse()
        .map_err(|_| SignedError::Missing)?;
    let app_id = AppId::parse(signed.appid).map_err(|_| SignedError::AppUnknown)?;
    let caller = check_signature(context, &app_id, signed).await?;
    let at = Timestamp::from_millisecond(at).map_err(|_| SignedError::Stale)?;
    if context.now().duration_since(at).abs() > SKEW {
        return Err(SignedError::Stale);
    }
    retry_busy(|| async {
        let expires_at = after(context.now(), NONCE_LIFE);
        let mut tx = context.pool().begin().await?;
        if !nonces::remember(&mut tx, &app_id, signed.nonce, expires_at).await? {
            return Err(SignedError::Replayed);
        }
        tx.commit().await?;
        Ok(())
    })
    .await?;
    Ok(caller)
}

async fn check_signature(
    context: &Context,
    app_id: &AppId,
    signed: &Signed<'_>,
) -> Result<Caller, SignedError> {
    let mut tx = context.pool().read().await?;
    let app = apps::find_with_standing(&mut tx, app_id)
        .await?
        .ok_or(SignedError::AppUnknown)?;
    let message = message(signed);
    let verifiers = secrets::active(&mut tx, context.vault(), Holder::App(app_id)).await?;
    if !fits(&verifiers, &message, signed.signature) {
        return Err(SignedError::Wrong);
    }
    let caller = Caller::from(app);
    check_space(context, &mut tx, &caller.account_id, signed).await?;
    Ok(caller)
}

/// The space proves itself before it is looked up in the list: whoever has no secret of it does
/// not learn whether it is listed.
async fn check_space(
    context: &Context,
    tx: &mut Transaction,
    account_id: &AccountId,
    signed: &Signed<'_>,
) -> Result<(), SignedError> {
    let allowed = spaces::allow_list(tx, account_id).await?;
    let Some(space) = &signed.space else {
        return if allowed.is_empty() {
            Ok(())
        } else {
            Err(SignedError::SpaceNotListed)
        };
    };
    let id = SpaceId::parse(space.id).map_err(|_| SignedError::SpaceUnknown)?;
    if spaces::find(tx, account_id, &id).await?.is_none() {
        return Err(SignedError::SpaceUnknown);
    }
    let verifiers = secrets::active(tx, context.vault(), Holder::Space(&id)).await?;
    if !fits(
        &verifiers,
        &space_message(signed, space.id),
        space.signature,
    ) {
        return Err(SignedError::SpaceWrong);
    }
    if allowed.is_empty() || allowed.contains(&id) {
        Ok(())
    } else {
        Err(SignedError::SpaceNotListed)
    }
}

/// Whether the signature is that of one of the secrets.
fn fits(verifiers: &[SecretText], message: &str, signature: &str) -> bool {
    let found = verifiers
        .iter()
        .fold(subtle::Choice::from(0), |found, verifier| {
            let wanted = sign(verifier.reveal(), message);
            found | wanted.as_bytes().ct_eq(signature.as_bytes())
        });
    bool::from(found)
}

/// What a space signs: the app's message, and which app and space it is for, so that a signature
/// is worth nothing beside another app or under another space's name.
fn space_message(signed: &Signed<'_>, space_id: &str) -> String {
    format!("{}\n{}\n{space_id}", message(signed), signed.appid)
}

fn message(signed: &Signed<'_>) -> String {
    let Signed {
        timestamp_ms,
        nonce,
        method,
        path,
        body,
        ..
    } = signed;
    format!(
        "v1\n{method}\n{path}\n{timestamp_ms}\n{nonce}\n{}",
        sha256_hex(body)
    )
}

fn sign(verifier: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(verifier.as_bytes())
        .expect("HMAC takes keys of every length");
    mac.update(message.as_bytes());
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with Python's hmac and hashlib, so that the Node package can be held to them.
    #[test]
    fn known_signatures_of_an_app_and_a_space() {
        let signed = Signed {
            appid: "app_demo",
            timestamp_ms: "1790000000000",
            nonce: "0123456789abcdef",
            signature: "",
            space: None,
            method: "POST",
            path: "/unicloud/v1/getCertifyId",
            body: b"{}",
        };
        let verifier = sha256_hex(b"secret");
        assert_eq!(
            sign(&verifier, &message(&signed)),
            "c63261cc040e84f189ff20ca1315b5424fd524ace360c21dd6f715a733784d77"
        );
        let verifier = sha256_hex(b"space secret");
        assert_eq!(
            sign(&verifier, &space_message(&signed, "spc_demo")),
            "b990444b1a5d1ba3b7c5652a9db37164ce2248738be934e8ea707e2a56e74ca7"
        );
    }
}
