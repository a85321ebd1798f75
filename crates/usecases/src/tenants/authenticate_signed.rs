//! Who calls, by a signature over method, path, time, nonce and body. Each nonce counts once.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zhenren_domain::ids::AppId;
use zhenren_domain::retention::{NONCE_LIFE, after};
use zhenren_store::secrets::{self, Holder};
use zhenren_store::{apps, nonces, retry_busy};

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
    /// The method, upper case.
    pub method: &'a str,
    /// The path without the query.
    pub path: &'a str,
    /// The body as it arrived.
    pub body: &'a [u8],
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
    let fits = verifiers
        .iter()
        .fold(subtle::Choice::from(0), |found, verifier| {
            let wanted = sign(verifier.reveal(), &message);
            found | wanted.as_bytes().ct_eq(signed.signature.as_bytes())
        });
    if bool::from(fits) {
        Ok(app.into())
    } else {
        Err(SignedError::Wrong)
    }
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

    /// Computed with Python's hmac and hashlib, so that the Node package can be held to it.
    #[test]
    fn a_known_signature() {
        let signed = Signed {
            appid: "app_demo",
            timestamp_ms: "1790000000000",
            nonce: "0123456789abcdef",
            signature: "",
            method: "POST",
            path: "/unicloud/v1/getCertifyId",
            body: b"{}",
        };
        let verifier = sha256_hex(b"secret");
        assert_eq!(
            sign(&verifier, &message(&signed)),
            "c63261cc040e84f189ff20ca1315b5424fd524ace360c21dd6f715a733784d77"
        );
    }
}
