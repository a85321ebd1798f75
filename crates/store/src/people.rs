//! People that a tenant enrolled: its own library of references. Sealed, found by blind index.

use jiff::Timestamp;
use zhenren_domain::ids::{AccountId, EvidenceId, PersonId};
use zhenren_vault::{IndexPurpose, Place, SecretBytes, SecretText, Vault};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "people";

/// A person as enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: PersonId,
    /// The tenant whose library it is.
    pub account_id: AccountId,
    /// The name.
    pub name: SecretText,
    /// The normalised identity number.
    pub number: SecretText,
    /// The photograph.
    pub photo: Option<EvidenceId>,
    /// Features of the photograph.
    pub template: Option<Template>,
    /// When enrolled first.
    pub created_at: Timestamp,
    /// When enrolled last.
    pub updated_at: Timestamp,
}

/// Features that were extracted once. Never stored unsealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The features as bytes.
    pub features: SecretBytes,
    /// Which model they are of; features of another model are worthless.
    pub model: String,
}

/// What became of an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// The id, kept from the first enrolment of this number.
    pub id: PersonId,
    /// Whether the number was enrolled before.
    pub replaced: bool,
    /// The photograph that was replaced; give it a deadline.
    pub former_photo: Option<EvidenceId>,
}

/// Enrols a person, or replaces what is known of the same number under the same tenant.
pub async fn enrol(
    tx: &mut Transaction,
    vault: &Vault,
    person: &Person,
) -> Result<Enrolled, StoreError> {
    let number_index = vault.blind_index(IndexPurpose::IdentityNumber, person.number.reveal());
    let former = find_row(tx, &person.account_id, &number_index).await?;
    let id: PersonId = match &former {
        Some(row) => row.id("id")?,
        None => person.id.clone(),
    };
    let seal = |column, bytes: &[u8]| vault.seal(&Place::new(TABLE, id.as_str(), column), bytes);
    let template = person.template.as_ref();
    let features = template
        .map(|template| seal("features_sealed", template.features.reveal()))
        .transpose()?;
    let sql = "INSERT INTO people (id, account_id, name_sealed, number_sealed, number_index,
            photo_evidence_id, features_sealed, features_model, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (account_id, number_index) DO UPDATE
        SET name_sealed = excluded.name_sealed, number_sealed = excluded.number_sealed,
            photo_evidence_id = excluded.photo_evidence_id,
            features_sealed = excluded.features_sealed,
            features_model = excluded.features_model, updated_at = excluded.updated_at";
    let values = values![
        &id,
        &person.account_id,
        seal("name_sealed", person.name.reveal().as_bytes())?,
        seal("number_sealed", person.number.reveal().as_bytes())?,
        number_index,
        person.photo.as_ref(),
        features,
        template.map(|template| template.model.as_str()),
        person.created_at,
        person.updated_at,
    ];
    tx.execute(sql, values).await?;
    let former_photo = former
        .as_ref()
        .map(|row| row.opt_id("photo_evidence_id"))
        .transpose()?;
    Ok(Enrolled {
        id,
        replaced: former.is_some(),
        former_photo: former_photo.flatten(),
    })
}

/// The person of a tenant with this normalised number.
pub async fn find_by_number(
    tx: &mut Transaction,
    vault: &Vault,
    account_id: &AccountId,
    number: &str,
) -> Result<Option<Person>, StoreError> {
    let number_index = vault.blind_index(IndexPurpose::IdentityNumber, number);
    let row = find_row(tx, account_id, &number_index).await?;
    row.map(|row| read(vault, &row)).transpose()
}

/// Whether a tenant has enrolled anyone: without a library there is no identity source.
pub async fn any(tx: &mut Transaction, account_id: &AccountId) -> Result<bool, StoreError> {
    let sql = "SELECT id FROM people WHERE account_id = $1 LIMIT 1";
    Ok(tx
        .fetch_optional(TABLE, sql, values![account_id])
        .await?
        .is_some())
}

/// Deletes a person of a tenant and answers what photograph is left to destroy.
pub async fn delete(
    tx: &mut Transaction,
    account_id: &AccountId,
    id: &PersonId,
) -> Result<Option<Option<EvidenceId>>, StoreError> {
    let sql = "DELETE FROM people
        WHERE id = $1 AND account_id = $2
        RETURNING id, photo_evidence_id";
    let row = tx
        .fetch_optional(TABLE, sql, values![id, account_id])
        .await?;
    row.map(|row| row.opt_id("photo_evidence_id")).transpose()
}

async fn find_row(
    tx: &mut Transaction,
    account_id: &AccountId,
    number_index: &str,
) -> Result<Option<Row>, StoreError> {
    let sql = "SELECT id, account_id, name_sealed, number_sealed, photo_evidence_id,
            features_sealed, features_model, created_at, updated_at
        FROM people
        WHERE account_id = $1 AND number_index = $2";
    tx.fetch_optional(TABLE, sql, values![account_id, number_index])
        .await
}

fn read(vault: &Vault, row: &Row) -> Result<Person, StoreError> {
    let id: PersonId = row.id("id")?;
    let place = |column| Place::new(TABLE, id.as_str(), column);
    let name = vault.open_text(&place("name_sealed"), &row.bytes("name_sealed")?)?;
    let number = vault.open_text(&place("number_sealed"), &row.bytes("number_sealed")?)?;
    let template = match row.opt_bytes("features_sealed")? {
        Some(sealed) => Some(Template {
            features: vault.open(&place("features_sealed"), &sealed)?,
            model: row.text("features_model")?,
        }),
        None => None,
    };
    Ok(Person {
        account_id: row.id("account_id")?,
        name,
        number,
        photo: row.opt_id("photo_evidence_id")?,
        template,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        id,
    })
}
