//! Enrols a person, or replaces what is known under the same number.
//!
//! Only the face in numbers is kept, sealed; the photograph is not.

use thiserror::Error;
use zhenren_domain::identity_number::{IdentityNumber, NumberError};
use zhenren_domain::ids::{AccountId, PersonId};
use zhenren_store::people::{self, Person};
use zhenren_store::{audit, retry_busy};
use zhenren_vault::{SecretBytes, SecretText};

use crate::analysis::PhotoRefused;
use crate::context::Context;
use crate::evidence::templates;
use crate::fault::{Fault, carries_faults};
use crate::tenants::Caller;
use crate::text;

/// An enrolled person.
#[derive(Clone, Debug)]
pub struct Enrolled {
    /// The id, kept from the first enrolment of the number.
    pub id: PersonId,
    /// Whether the number was enrolled before.
    pub replaced: bool,
}

/// Why nobody was enrolled.
#[derive(Debug, Error)]
pub enum EnrolError {
    /// The name is empty or too long.
    #[error("name is empty or too long")]
    NameInvalid,
    /// The number is no identity number.
    #[error(transparent)]
    NumberInvalid(#[from] NumberError),
    /// The photograph cannot be a reference.
    #[error("photo cannot be a reference")]
    Photo(#[from] PhotoRefused),
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}
carries_faults!(EnrolError);

/// Enrols a person for the calling tenant.
pub async fn enrol(
    context: &Context,
    caller: &Caller,
    name: &str,
    number: &str,
    photo: Vec<u8>,
) -> Result<Enrolled, EnrolError> {
    enrol_for(context, &caller.account_id, name, number, photo).await
}

/// Enrols a person for an account; what the operator's command uses.
pub async fn enrol_for(
    context: &Context,
    account_id: &AccountId,
    name: &str,
    number: &str,
    photo: Vec<u8>,
) -> Result<Enrolled, EnrolError> {
    let name = text::name(name).ok_or(EnrolError::NameInvalid)?;
    let number = IdentityNumber::parse(number)?;
    let template = templates::read(context, photo).await?.template;
    retry_busy(|| async {
        let at = context.now();
        let person = Person {
            id: PersonId::from_number(context.id_number()),
            account_id: account_id.clone(),
            name: SecretText::from(name.as_str()),
            number: SecretText::from(number.reveal()),
            photo: None,
            template: Some(people::Template {
                features: SecretBytes::new(template.to_bytes()),
                model: template.model.clone(),
            }),
            created_at: at,
            updated_at: at,
        };
        let mut tx = context.pool().begin().await?;
        let enrolled = people::enrol(&mut tx, context.vault(), &person).await?;
        let event = audit::Event {
            chain: account_id.as_str(),
            at,
            actor: "tenant",
            action: "person.enrol",
            subject: enrolled.id.as_str(),
            detail: if enrolled.replaced { "replaced" } else { "new" },
        };
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(Enrolled {
            id: enrolled.id,
            replaced: enrolled.replaced,
        })
    })
    .await
}
