//! `/v1/account` and `/v1/account/accounts`: accounts, and who really holds them.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::holder::HolderKind;
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_usecases::accounts::read::{Account, Details};
use zhenren_usecases::accounts::record_real_name::{self, RealName};
use zhenren_usecases::accounts::{AccountError, create, read, rename};

use super::actor::{account, actor, denied};
use super::page::Page;
use super::query::AccountQuery;
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::Fields;
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    use Permission as P;
    vec![
        Route::get(
            "/v1/account/accounts",
            Needs::Platform(P::Read),
            list_accounts,
        ),
        Route::post(
            "/v1/account/accounts",
            Needs::Platform(P::ManageAccounts),
            create_account,
        ),
        Route::get("/v1/account", Needs::Account(P::Read), read_account),
        Route::patch(
            "/v1/account",
            Needs::Account(P::ManageAccounts),
            change_account,
        ),
        Route::put(
            "/v1/account/real-name",
            Needs::Account(P::RecordRealName),
            put_real_name,
        ),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    limit: Option<String>,
    after: Option<String>,
}

async fn list_accounts(
    State(api): State<Api>,
    Fields(query): Fields<PageQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[id]| AccountId::parse(id).ok())?;
    let after = after.as_ref().map_or("", AccountId::as_str);
    let found = read::list(&api.context, &actor, after, page.fetch_count())
        .await
        .map_err(refused)?;
    Ok(page.answer(found, brief, |account| [account.id.to_string()]))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NameFields {
    name: String,
}

async fn create_account(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let actor = actor(&api, &headers).await?;
    let fields: NameFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let id = create::create(&api.context, &actor, &fields.name)
        .await
        .map_err(refused)?;
    let made = read::find(&api.context, &actor, &id)
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, Json(whole(&made))))
}

async fn read_account(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let id = account(&api, &actor, query.account_id.as_deref()).await?;
    let found = read::find(&api.context, &actor, &id)
        .await
        .map_err(refused)?;
    Ok(Json(whole(&found)))
}

async fn change_account(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let id = account(&api, &actor, query.account_id.as_deref()).await?;
    let fields: NameFields = body::read_json(body, JSON_BYTES_MAX).await?;
    rename::rename(&api.context, &actor, &id, &fields.name)
        .await
        .map_err(refused)?;
    let found = read::find(&api.context, &actor, &id)
        .await
        .map_err(refused)?;
    Ok(Json(whole(&found)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RealNameFields {
    kind: String,
    name: String,
    number: String,
}

async fn put_real_name(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let id = account(&api, &actor, query.account_id.as_deref()).await?;
    let fields: RealNameFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let kind = HolderKind::from_name(&fields.kind)
        .ok_or_else(|| invalid("kind must be person or organisation."))?;
    let real_name = RealName {
        kind,
        name: &fields.name,
        number: &fields.number,
    };
    record_real_name::record(&api.context, &actor, &id, &real_name)
        .await
        .map_err(refused)?;
    let found = read::find(&api.context, &actor, &id)
        .await
        .map_err(refused)?;
    Ok(Json(whole(&found)))
}

fn brief(account: &Account) -> Value {
    json!({
        "id": account.id.as_str(),
        "name": account.name,
        "opened_at": account.opened_at.map(|at| at.to_string()),
        "real_name_recorded_at": account.real_name_at.map(|at| at.to_string()),
        "created_at": account.created_at.to_string(),
    })
}

fn whole(details: &Details) -> Value {
    let mut answer = brief(&details.account);
    let agreement = details.account.opened_at.map(|_| {
        json!({
            "started_on": details.agreement.started_on.to_string(),
            "year_started_on": details.agreement.year_started_on.to_string(),
            "calls_count": details.agreement.calls_count,
        })
    });
    let real_name = details.real_name.as_ref().map(|shown| {
        json!({
            "kind": shown.kind.name(),
            "name_masked": shown.name,
            "number_masked": shown.number,
            "recorded_at": shown.recorded_at.to_string(),
            "recorded_by": shown.recorded_by,
        })
    });
    if let Some(object) = answer.as_object_mut() {
        object.insert(String::from("agreement"), json!(agreement));
        let accepted = json!(details.accepted_version);
        object.insert(String::from("accepted_version"), accepted);
        object.insert(String::from("real_name"), json!(real_name));
    }
    answer
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}

fn refused(error: AccountError) -> Problem {
    match error {
        AccountError::Denied(reason) => denied(reason),
        AccountError::Unknown => Problem::new(&problem::NOT_FOUND),
        AccountError::NameInvalid | AccountError::Holder(_) => invalid(format!("{error}.")),
        AccountError::Fault(fault) => Problem::fault(&fault),
    }
}
