//! `/v1/account/spaces` and `/v1/account/space-allow-list`: service spaces, their secrets, and
//! which of them may call.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::ids::{AccountId, SecretId, SpaceId};
use zhenren_domain::roles::Permission;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::spaces::{Space, SpaceError, allow_list, manage, secrets};

use super::actor::{account, actor, denied};
use super::page::Page;
use super::query::{AccountQuery, ListQuery};
use super::shapes::{listed, made};
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::{Fields, Path};
use crate::problem::{self, Problem};

/// The routes of these nouns.
pub(super) fn routes() -> Vec<Route> {
    const READ: Needs = Needs::Account(Permission::Read);
    const MANAGE: Needs = Needs::Account(Permission::ManageApps);
    vec![
        Route::get("/v1/account/spaces", READ, list),
        Route::post("/v1/account/spaces", MANAGE, create),
        Route::delete("/v1/account/spaces/{id}", MANAGE, remove),
        Route::get("/v1/account/spaces/{id}/secrets", READ, list_secrets),
        Route::post("/v1/account/spaces/{id}/secrets", MANAGE, make_secret),
        Route::delete(
            "/v1/account/spaces/{id}/secrets/{secret_id}",
            MANAGE,
            revoke_secret,
        ),
        Route::get("/v1/account/space-allow-list", READ, read_list),
        Route::put("/v1/account/space-allow-list", MANAGE, set_list),
    ]
}

/// Who calls, whose spaces, and which of them.
async fn named(
    api: &Api,
    headers: &HeaderMap,
    query: &AccountQuery,
    id: &str,
) -> Result<(Actor, AccountId, SpaceId), Problem> {
    let actor = actor(api, headers).await?;
    let account_id = account(api, &actor, query.account_id.as_deref()).await?;
    let id = SpaceId::parse(id).map_err(|_| Problem::new(&problem::NOT_FOUND))?;
    Ok((actor, account_id, id))
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[id]| SpaceId::parse(id).ok())?;
    let after = after.as_ref().map_or("", SpaceId::as_str);
    let count = page.fetch_count();
    let found = manage::list(&api.context, &actor, &account_id, after, count)
        .await
        .map_err(refused)?;
    Ok(page.answer(found, shape, |space| [space.id.to_string()]))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFields {
    name: String,
}

async fn create(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let fields: NewFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let (space, secret) = manage::create(&api.context, &actor, &account_id, &fields.name)
        .await
        .map_err(refused)?;
    let mut answer = shape(&space);
    if let Some(object) = answer.as_object_mut() {
        object.insert(String::from("secret_id"), json!(secret.id.as_str()));
        object.insert(String::from("secret"), json!(secret.secret));
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn remove(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let space = manage::remove(&api.context, &actor, &account_id, &id)
        .await
        .map_err(refused)?;
    Ok(Json(shape(&space)))
}

async fn list_secrets(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let found = secrets::list(&api.context, &actor, &account_id, &id)
        .await
        .map_err(refused)?;
    Ok(Json(listed(&found)))
}

async fn make_secret(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let secret = secrets::make(&api.context, &actor, &account_id, &id)
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, Json(made(&secret))))
}

async fn revoke_secret(
    State(api): State<Api>,
    Path((id, secret_id)): Path<(String, String)>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let secret_id = SecretId::parse(&secret_id).map_err(|_| Problem::new(&problem::NOT_FOUND))?;
    let names = (&account_id, &id);
    secrets::revoke(&api.context, &actor, names, &secret_id)
        .await
        .map_err(refused)?;
    let found = secrets::list(&api.context, &actor, &account_id, &id)
        .await
        .map_err(refused)?;
    Ok(Json(listed(&found)))
}

async fn read_list(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let found = allow_list::read(&api.context, &actor, &account_id)
        .await
        .map_err(refused)?;
    Ok(Json(ids(&found)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFields {
    space_ids: Vec<String>,
}

async fn set_list(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let fields: ListFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let found = allow_list::set(&api.context, &actor, &account_id, &fields.space_ids)
        .await
        .map_err(refused)?;
    Ok(Json(ids(&found)))
}

fn ids(found: &[SpaceId]) -> Value {
    let ids: Vec<&str> = found.iter().map(SpaceId::as_str).collect();
    json!({ "space_ids": ids })
}

fn shape(space: &Space) -> Value {
    json!({
        "id": space.id.as_str(),
        "account_id": space.account_id.as_str(),
        "name": space.name,
        "created_at": space.created_at.to_string(),
    })
}

fn refused(error: SpaceError) -> Problem {
    match error {
        SpaceError::Denied(reason) => denied(reason),
        SpaceError::Unknown => Problem::new(&problem::NOT_FOUND),
        SpaceError::NameInvalid | SpaceError::TooMany | SpaceError::ListedUnknown => {
            Problem::with_detail(&problem::PARAMETER_INVALID, format!("{error}."))
        }
        SpaceError::Listed => Problem::new(&problem::SPACE_LISTED),
        SpaceError::SecretsFull => Problem::new(&problem::SECRETS_FULL),
        SpaceError::Fault(fault) => Problem::fault(&fault),
    }
}
