//! `/v1/account/tokens`: with which a tenant's own programs run its account.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::ids::AccountTokenId;
use zhenren_domain::roles::{Permission, Scope};
use zhenren_usecases::operators::create_token::{self, AccountToken, CreateError, NewToken};
use zhenren_usecases::operators::list_tokens::{self, ListError};
use zhenren_usecases::operators::revoke_token::{self, RevokeError};

use super::actor::{account, actor, denied};
use super::page::Page;
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::{Fields, Path};
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const MANAGE: Needs = Needs::Account(Permission::ManageTokens);
    vec![
        Route::get("/v1/account/tokens", Needs::Account(Permission::Read), list),
        Route::post("/v1/account/tokens", MANAGE, create),
        Route::delete("/v1/account/tokens/{id}", MANAGE, revoke),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    account_id: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[at, id]| Some((at.parse().ok()?, id.parse().ok()?)))?;
    let tokens = list_tokens::list(&api.context, &actor, &account_id, after, page.fetch_count())
        .await
        .map_err(|error| match error {
            ListError::Denied(reason) => denied(reason),
            ListError::Fault(fault) => Problem::fault(&fault),
        })?;
    let cursor = |token: &AccountToken| [token.created_at.to_string(), token.id.to_string()];
    Ok(page.answer(tokens, shape, cursor))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountQuery {
    account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFields {
    name: String,
    scope: String,
    expires_at: Option<String>,
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
    let scope =
        Scope::from_name(&fields.scope).ok_or_else(|| invalid("scope must be manage or read."))?;
    let expires_at = fields
        .expires_at
        .map(|text| text.parse())
        .transpose()
        .map_err(|_| invalid("expires_at must be a time such as 2027-01-31T00:00:00Z."))?;
    let new = NewToken {
        name: &fields.name,
        scope,
        expires_at,
    };
    let made = create_token::create(&api.context, &actor, &account_id, &new)
        .await
        .map_err(|error| match error {
            CreateError::Denied(reason) => denied(reason),
            CreateError::AccountUnknown => Problem::new(&problem::NOT_FOUND),
            CreateError::NameInvalid => invalid("name must have 1 to 64 characters."),
            CreateError::EndsInThePast => invalid("expires_at must lie in the future."),
            CreateError::ReachesFurther => Problem::with_detail(
                &problem::NOT_PERMITTED,
                "A token makes tokens of at most its own scope and its own end; send an \
                 expires_at that is not later.",
            ),
            CreateError::Fault(fault) => Problem::fault(&fault),
        })?;
    let mut answer = shape(&made.token);
    if let Some(object) = answer.as_object_mut() {
        object.insert(String::from("token"), json!(made.text));
    }
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn revoke(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let id = AccountTokenId::parse(&id).map_err(|_| Problem::new(&problem::NOT_FOUND))?;
    let token = revoke_token::revoke(&api.context, &actor, &account_id, &id)
        .await
        .map_err(|error| match error {
            RevokeError::Denied(reason) => denied(reason),
            RevokeError::TokenUnknown => Problem::new(&problem::NOT_FOUND),
            RevokeError::Fault(fault) => Problem::fault(&fault),
        })?;
    Ok(Json(shape(&token)))
}

fn shape(token: &AccountToken) -> Value {
    json!({
        "id": token.id.as_str(),
        "account_id": token.account_id.as_str(),
        "name": token.name,
        "scope": token.scope.name(),
        "created_at": token.created_at.to_string(),
        "created_by": token.created_by,
        "expires_at": token.expires_at.map(|at| at.to_string()),
        "revoked_at": token.revoked_at.map(|at| at.to_string()),
    })
}

fn invalid(detail: &str) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}
