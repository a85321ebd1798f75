//! A new version of the agreement. Accounts that accepted an earlier one stay open.

use zhenren_domain::agreement::{is_body, is_version};
use zhenren_domain::roles::Permission;
use zhenren_store::agreements::{self, AgreementText};
use zhenren_store::audit::{self, SYSTEM_CHAIN};
use zhenren_store::retry_busy;

use super::AgreementError;
use crate::context::Context;
use crate::operators::actor::Actor;
use crate::text::sha256_hex;

/// Publishes a text under a name that was not used before.
pub async fn publish(
    context: &Context,
    actor: &Actor,
    version: &str,
    body: &str,
) -> Result<AgreementText, AgreementError> {
    actor.may_everywhere(Permission::PublishAgreement)?;
    if !is_version(version) || !is_body(body) {
        return Err(AgreementError::TextInvalid);
    }
    retry_busy(|| async {
        let mut tx = context.pool().begin().await?;
        // The default text is first in every history, whenever somebody publishes another.
        super::newest(context, &mut tx).await?;
        let text = AgreementText {
            version: version.to_owned(),
            body: body.to_owned(),
            sha256: sha256_hex(body.as_bytes()),
            published_at: context.now(),
            published_by: actor.name().to_owned(),
        };
        if !agreements::publish(&mut tx, &text).await? {
            return Err(AgreementError::VersionTaken);
        }
        let event = audit::Event {
            chain: SYSTEM_CHAIN,
            at: text.published_at,
            actor: actor.name(),
            action: "agreement.publish",
            subject: version,
            detail: &text.sha256,
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(text)
    })
    .await
}
