//! Accepting the newest version. The first acceptance opens the account, and its agreement year
//! begins on that day in Shanghai; later ones do not move it.

use zhenren_domain::ids::{AcceptanceId, AccountId};
use zhenren_domain::roles::Permission;
use zhenren_store::agreements::{self, Acceptance};
use zhenren_store::{Transaction, accounts, retry_busy};
use zhenren_vault::SecretText;

use super::AgreementError;
use crate::accounts::note;
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::text;

/// What is accepted, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// The version.
    pub version: &'a str,
    /// SHA-256 of the text that was read, in hexadecimal digits.
    pub sha256: &'a str,
    /// The name of the person who agrees.
    pub signer: &'a str,
}

/// An acceptance.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// As it is kept; the first one when the version was accepted before.
    pub acceptance: Acceptance,
    /// Whether it was made now.
    pub is_new: bool,
    /// Whether it opened the account.
    pub has_opened: bool,
}

/// Accepts in the name of an account.
pub async fn accept(
    context: &Context,
    actor: &Actor,
    account_id: &AccountId,
    signing: &Signing<'_>,
) -> Result<Accepted, AgreementError> {
    actor.may(Permission::AcceptAgreement, account_id)?;
    let signer = text::name(signing.signer).ok_or(AgreementError::SignerInvalid)?;
    let signer = SecretText::from(signer);
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        let account = accounts::find(&mut tx, account_id)
            .await?
            .ok_or(AgreementError::Unknown)?;
        let newest = super::newest(context, &mut tx).await?;
        if newest.version != signing.version {
            return Err(AgreementError::NotNewest);
        }
        if !newest.sha256.eq_ignore_ascii_case(signing.sha256) {
            return Err(AgreementError::TextDiffers);
        }
        if account.real_name_at.is_none() {
            return Err(AgreementError::RealNameMissing);
        }
        let acceptance = Acceptance {
            id: AcceptanceId::from_number(context.id_number()),
            account_id: account_id.clone(),
            version: newest.version,
            sha256: newest.sha256,
            signer: signer.clone(),
            accepted_by: actor.name().to_owned(),
            accepted_at: context.now(),
        };
        let accepted = keep(context, &mut tx, actor, acceptance).await?;
        tx.commit().await?;
        Ok(accepted)
    })
    .await
}

/// Keeps it, and opens the account when it is the first.
pub(crate) async fn keep(
    context: &Context,
    tx: &mut Transaction,
    actor: &Actor,
    acceptance: Acceptance,
) -> Result<Accepted, AgreementError> {
    let (vault, id) = (context.vault(), acceptance.account_id.clone());
    let is_new = agreements::accept(tx, vault, &acceptance).await?;
    if !is_new {
        let earlier = agreements::acceptances(tx, vault, &id).await?;
        let same = |it: &Acceptance| it.version == acceptance.version;
        return Ok(Accepted {
            acceptance: earlier.into_iter().find(same).unwrap_or(acceptance),
            is_new,
            has_opened: false,
        });
    }
    let version = acceptance.version.as_str();
    let said = ("agreement.accept", acceptance.id.as_str(), version);
    note(context, tx, actor, &id, said).await?;
    let has_opened = accounts::open(tx, &id, acceptance.accepted_at).await?;
    if has_opened {
        note(
            context,
            tx,
            actor,
            &id,
            ("account.open", id.as_str(), version),
        )
        .await?;
    }
    Ok(Accepted {
        acceptance,
        is_new,
        has_opened,
    })
}
