//! The agreement: its versions, and who accepted which. The first acceptance opens the account.
//!
//! A default text (Chinese, then English) comes with the program and is published when nobody has
//! published another; texts and their digests never change.

pub mod accept;
pub mod publish;
pub mod read;

use thiserror::Error;
use zhenren_store::agreements::{self, AgreementText};
use zhenren_store::{StoreError, Transaction};

use crate::context::Context;
use crate::fault::{Fault, carries_faults};
use crate::operators::actor::Denied;
use crate::text::sha256_hex;

/// The default text.
const DEFAULT_BODY: &str = include_str!("1.md");
/// What the default text is called.
const DEFAULT_VERSION: &str = "1";
/// Who published the default text, in records.
pub(crate) const PROGRAM: &str = "program";

/// Why nothing was done.
#[derive(Debug, Error)]
pub enum AgreementError {
    /// Not for this actor.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such account or version.
    #[error("there is no such account or version")]
    Unknown,
    /// The version has a name that versions never have, or no text to agree to.
    #[error(
        "a version has 1 to 32 letters, digits, dots and hyphens and a text of 1 to 100000 \
             characters"
    )]
    TextInvalid,
    /// A version of that name is there; texts never change.
    #[error("a version of that name is published already")]
    VersionTaken,
    /// The signer's name is empty or too long.
    #[error("signer must have 1 to 64 characters")]
    SignerInvalid,
    /// A newer version was published, or this one never was.
    #[error("that is not the newest version of the agreement")]
    NotNewest,
    /// The text that was read is not the text of that version.
    #[error("sha256 is not that of the published text")]
    TextDiffers,
    /// Nobody has recorded who holds the account.
    #[error("the real name of the account's holder is not recorded")]
    RealNameMissing,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(AgreementError);

/// The newest version; the default text is published when there is none.
pub(crate) async fn newest(
    context: &Context,
    tx: &mut Transaction,
) -> Result<AgreementText, StoreError> {
    if let Some(newest) = agreements::newest(tx).await? {
        return Ok(newest);
    }
    let text = AgreementText {
        version: String::from(DEFAULT_VERSION),
        body: String::from(DEFAULT_BODY),
        sha256: sha256_hex(DEFAULT_BODY.as_bytes()),
        published_at: context.now(),
        published_by: String::from(PROGRAM),
    };
    if agreements::publish(tx, &text).await? {
        Ok(text)
    } else {
        // Somebody else published at the same time.
        Err(StoreError::Busy)
    }
}
