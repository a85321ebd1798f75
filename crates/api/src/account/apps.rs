//! `/v1/account/apps`: the apps of an account; their secrets and address ranges.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::ids::{AccountId, AppId, SecretId};
use zhenren_domain::roles::Permission;
use zhenren_domain::wish::Wish;
use zhenren_usecases::apps::update::{self, Change};
use zhenren_usecases::apps::{App, AppError, address_ranges, freeze, read, secrets};
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::tenants::AppKind;
use zhenren_usecases::tenants::create_app::{self, CreateError, NewApp};

use super::actor::{account, actor, denied};
use super::page::Page;
use super::query::{AccountQuery, ListQuery};
use super::shapes::{listed, made};
use super::{Needs, Route};
use crate::Api;
use crate::asked::{self, AskedFields};
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::{Fields, Path};
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const READ: Needs = Needs::Account(Permission::Read);
    const MANAGE: Needs = Needs::Account(Permission::ManageApps);
    vec![
        Route::get("/v1/account/apps", READ, list),
        Route::post("/v1/account/apps", MANAGE, create),
        Route::get("/v1/account/apps/{id}", READ, find),
        Route::patch("/v1/account/apps/{id}", MANAGE, change),
        Route::post("/v1/account/apps/{id}/freeze", MANAGE, freeze),
        Route::post("/v1/account/apps/{id}/unfreeze", MANAGE, unfreeze),
        Route::get("/v1/account/apps/{id}/secrets", READ, list_secrets),
        Route::post("/v1/account/apps/{id}/secrets", MANAGE, make_secret),
        Route::delete(
            "/v1/account/apps/{id}/secrets/{secret_id}",
            MANAGE,
            revoke_secret,
        ),
        Route::get("/v1/account/apps/{id}/address-ranges", READ, list_ranges),
        Route::put("/v1/account/apps/{id}/address-ranges", MANAGE, set_ranges),
    ]
}

/// Who calls, whose apps, and which of them.
async fn named(
    api: &Api,
    headers: &HeaderMap,
    query: &AccountQuery,
    id: &str,
) -> Result<(Actor, AccountId, AppId), Problem> {
    let actor = actor(api, headers).await?;
    let account_id = account(api, &actor, query.account_id.as_deref()).await?;
    let id = AppId::parse(id).map_err(|_| Problem::new(&problem::NOT_FOUND))?;
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
    let after = page.after(|[id]| AppId::parse(id).ok())?;
    let after = after.as_ref().map_or("", AppId::as_str);
    let count = page.fetch_count();
    let found = read::list(&api.context, &actor, &account_id, after, count)
        .await
        .map_err(refused)?;
    Ok(page.answer(found, shape, |app| [app.id.to_string()]))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFields {
    name: String,
    kind: Option<String>,
    strict_id_check: Option<bool>,
    challenge: Option<AskedFields>,
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
    let kind = fields.kind.as_deref().unwrap_or(AppKind::Formal.name());
    let new = NewApp {
        kind: AppKind::from_name(kind).ok_or_else(|| invalid("kind must be formal or test."))?,
        strict_id_check: fields.strict_id_check.unwrap_or(false),
        challenge: wish(fields.challenge)?.unwrap_or_default(),
        ..NewApp::named(Some(account_id.clone()), &fields.name)
    };
    let created = create_app::create(&api.context, &actor, new)
        .await
        .map_err(|error| match error {
            CreateError::Denied(reason) => denied(reason),
            CreateError::AccountUnknown => Problem::new(&problem::NOT_FOUND),
            CreateError::NameInvalid | CreateError::ChallengeInvalid(_) => {
                invalid(format!("{error}."))
            }
            CreateError::Fault(fault) => Problem::fault(&fault),
        })?;
    let app = read::find(&api.context, &actor, &account_id, &created.app_id)
        .await
        .map_err(refused)?;
    let mut answer = shape(&app);
    if let Some(object) = answer.as_object_mut() {
        let secret_id = json!(created.secret_id.as_str());
        object.insert(String::from("secret_id"), secret_id);
        object.insert(String::from("secret"), json!(created.secret));
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn find(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let app = read::find(&api.context, &actor, &account_id, &id)
        .await
        .map_err(refused)?;
    Ok(Json(shape(&app)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeFields {
    name: Option<String>,
    strict_id_check: Option<bool>,
    challenge: Option<AskedFields>,
    /// Goes back to the operator's challenge.
    #[serde(default)]
    without_challenge: bool,
}

async fn change(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let fields: ChangeFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let challenge = match (wish(fields.challenge)?, fields.without_challenge) {
        (Some(_), true) => {
            return Err(invalid("Send challenge or without_challenge, not both."));
        }
        (None, true) => Some(Wish::default()),
        (asked, false) => asked,
    };
    let change = Change {
        name: fields.name,
        strict_id_check: fields.strict_id_check,
        challenge,
    };
    let app = update::update(&api.context, &actor, (&account_id, &id), &change)
        .await
        .map_err(refused)?;
    Ok(Json(shape(&app)))
}

async fn freeze(
    state: State<Api>,
    path: Path<String>,
    query: Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    set_frozen(state, path, query, headers, true).await
}

async fn unfreeze(
    state: State<Api>,
    path: Path<String>,
    query: Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    set_frozen(state, path, query, headers, false).await
}

async fn set_frozen(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    is_frozen: bool,
) -> Result<Json<Value>, Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let app = freeze::set(&api.context, &actor, (&account_id, &id), is_frozen)
        .await
        .map_err(refused)?;
    Ok(Json(shape(&app)))
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

async fn list_ranges(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let ranges = address_ranges::list(&api.context, &actor, &account_id, &id)
        .await
        .map_err(refused)?;
    Ok(Json(json!({ "ranges": ranges })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RangesFields {
    ranges: Vec<String>,
}

async fn set_ranges(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let (actor, account_id, id) = named(&api, &headers, &query, &id).await?;
    let fields: RangesFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let names = (&account_id, &id);
    let ranges = address_ranges::set(&api.context, &actor, names, &fields.ranges)
        .await
        .map_err(refused)?;
    Ok(Json(json!({ "ranges": ranges })))
}

fn wish(fields: Option<AskedFields>) -> Result<Option<Wish>, Problem> {
    fields.map(AskedFields::for_app).transpose()
}

fn shape(app: &App) -> Value {
    json!({
        "id": app.id.as_str(),
        "account_id": app.account_id.as_str(),
        "name": app.name,
        "kind": app.kind.name(),
        "entitled": app.entitled,
        "frozen_at": app.frozen_at.map(|at| at.to_string()),
        "strict_id_check": app.strict_id_check,
        "challenge": asked::shape(&app.challenge),
        "minute_calls_max": app.limits.minute_calls_max,
        "day_calls_max": app.limits.day_calls_max,
        "calls_quota": app.limits.calls_quota,
        "calls_count": app.limits.calls_quota.map(|_| app.calls_count),
        "created_at": app.created_at.to_string(),
    })
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}

fn refused(error: AppError) -> Problem {
    match error {
        AppError::Denied(reason) => denied(reason),
        AppError::Unknown => Problem::new(&problem::NOT_FOUND),
        AppError::NameInvalid
        | AppError::ChallengeInvalid(_)
        | AppError::RangeInvalid(_)
        | AppError::TooManyRanges => invalid(format!("{error}.")),
        AppError::SecretsFull => Problem::new(&problem::SECRETS_FULL),
        AppError::Fault(fault) => Problem::fault(&fault),
    }
}
