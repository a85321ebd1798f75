//! Applications for access. The form is sealed whole: it names people and their telephones.
//! Does not know the form's fields; whoever wrote it reads it.

use jiff::Timestamp;
use zhenren_domain::application::ApplicationState;
use zhenren_domain::ids::{AccountId, AppId, ApplicationId};
use zhenren_vault::{Place, SecretText, Vault};

use crate::error::StoreError;
use crate::sql::{Row, Transaction};
use crate::value::values;

const TABLE: &str = "applications";

/// One application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Who applies.
    pub account_id: AccountId,
    /// The app that is to have access.
    pub formal_app_id: AppId,
    /// The app for trying out, if one is wanted.
    pub test_app_id: Option<AppId>,
    /// Where it stands.
    pub state: ApplicationState,
    /// The form, as its writer wrote it.
    pub form: SecretText,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// By whom.
    pub submitted_by: String,
    /// How it was decided, if it was.
    pub decision: Option<Decision>,
}

/// How an application was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why not; none when it was approved.
    pub refusal: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, formal_app_id, test_app_id, state, form_sealed, submitted_at,
                submitted_by, decided_at, decided_by, refusal_sealed
            FROM applications ",
            $rest
        )
    };
}

/// Keeps a submitted application. `false` when one of its apps has an undecided application
/// already: nothing changed.
pub async fn submit(
    tx: &mut Transaction,
    vault: &Vault,
    application: &Application,
) -> Result<bool, StoreError> {
    let place = Place::new(TABLE, application.id.as_str(), "form_sealed");
    let form = vault.seal(&place, application.form.reveal().as_bytes())?;
    let sql = "INSERT INTO applications (id, account_id, formal_app_id, test_app_id, state,
            form_sealed, submitted_at, submitted_by)
        SELECT $1, $2, $3, $4, 'submitted', $5, $6, $7
        WHERE NOT EXISTS (
            SELECT 1 FROM applications
            WHERE account_id = $2 AND state = 'submitted'
                AND (formal_app_id IN ($3, $4) OR test_app_id IN ($3, $4))
        )";
    let values = values![
        &application.id,
        &application.account_id,
        &application.formal_app_id,
        application.test_app_id.as_ref(),
        form,
        application.submitted_at,
        application.submitted_by.as_str(),
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Decides an application. `false` when it was decided before: nothing changed.
pub async fn decide(
    tx: &mut Transaction,
    vault: &Vault,
    id: &ApplicationId,
    decision: &Decision,
) -> Result<bool, StoreError> {
    let state = match decision.refusal {
        None => ApplicationState::Approved,
        Some(_) => ApplicationState::Refused,
    };
    // A reason in free words may name people.
    let place = Place::new(TABLE, id.as_str(), "refusal_sealed");
    let seal = |text: &String| vault.seal(&place, text.as_bytes());
    let refusal = decision.refusal.as_ref().map(seal).transpose()?;
    let sql = "UPDATE applications
        SET state = $2, decided_at = $3, decided_by = $4, refusal_sealed = $5
        WHERE id = $1 AND state = 'submitted'";
    let values = values![id, state.name(), decision.at, decision.by.as_str(), refusal,];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The application with this id.
pub async fn find(
    tx: &mut Transaction,
    vault: &Vault,
    id: &ApplicationId,
) -> Result<Option<Application>, StoreError> {
    let sql = select!("WHERE id = $1");
    let row = tx.fetch_optional(TABLE, sql, values![id]).await?;
    row.map(|row| read(vault, &row)).transpose()
}

/// Which applications are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Of one account, or of all.
    pub account_id: Option<&'a AccountId>,
    /// In one state, or in any.
    pub state: Option<ApplicationState>,
    /// After this id; empty for the first page.
    pub after: &'a str,
    /// At most so many.
    pub count_max: u32,
}

/// Applications by id, which is by age.
pub async fn list(
    tx: &mut Transaction,
    vault: &Vault,
    wanted: &Wanted<'_>,
) -> Result<Vec<Application>, StoreError> {
    let sql = select!(
        "WHERE id > $1 AND ($2 = '' OR account_id = $2) AND ($3 = '' OR state = $3)
            ORDER BY id
            LIMIT $4"
    );
    let values = values![
        wanted.after,
        wanted.account_id.map_or("", AccountId::as_str),
        wanted.state.map_or("", ApplicationState::name),
        wanted.count_max,
    ];
    let rows = tx.fetch_all(TABLE, sql, values).await?;
    rows.iter().map(|row| read(vault, row)).collect()
}

fn read(vault: &Vault, row: &Row) -> Result<Application, StoreError> {
    let id: ApplicationId = row.id("id")?;
    let place = Place::new(TABLE, id.as_str(), "form_sealed");
    let decision = match row.opt_time("decided_at")? {
        None => None,
        Some(at) => Some(Decision {
            at,
            by: row.text("decided_by")?,
            refusal: refusal(vault, row, &id)?,
        }),
    };
    Ok(Application {
        account_id: row.id("account_id")?,
        formal_app_id: row.id("formal_app_id")?,
        test_app_id: row.opt_id("test_app_id")?,
        state: row.parsed("state", ApplicationState::from_name)?,
        form: vault.open_text(&place, &row.bytes("form_sealed")?)?,
        submitted_at: row.time("submitted_at")?,
        submitted_by: row.text("submitted_by")?,
        decision,
        id,
    })
}

fn refusal(vault: &Vault, row: &Row, id: &ApplicationId) -> Result<Option<String>, StoreError> {
    let place = Place::new(TABLE, id.as_str(), "refusal_sealed");
    let Some(sealed) = row.opt_bytes("refusal_sealed")? else {
        return Ok(None);
    };
    Ok(Some(vault.open_text(&place, &sealed)?.reveal().to_owned()))
}
