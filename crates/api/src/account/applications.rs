//! `/v1/account/applications`: applications for access.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::application::{ApplicationState, Wished};
use zhenren_domain::ids::{AppId, ApplicationId};
use zhenren_domain::roles::Permission;
use zhenren_usecases::applications::decide::{self, Verdict};
use zhenren_usecases::applications::{Application, ApplicationError, form, read, submit};
use zhenren_usecases::operators::actor::Actor;

use super::actor::{account, actor, denied};
use super::page::Page;
use super::query::AccountQuery;
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::{Fields, Path};
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    use Permission as P;
    const DECIDE: Needs = Needs::Account(P::DecideApplication);
    vec![
        Route::get("/v1/account/applications", Needs::Account(P::Read), list),
        Route::post(
            "/v1/account/applications",
            Needs::Account(P::SubmitApplication),
            submit,
        ),
        Route::get(
            "/v1/account/applications/{id}",
            Needs::Account(P::Read),
            find,
        ),
        Route::post("/v1/account/applications/{id}/approve", DECIDE, approve),
        Route::post("/v1/account/applications/{id}/refuse", DECIDE, refuse),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    account_id: Option<String>,
    state: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    // Whoever decides looks at those of all accounts.
    let account_id = match (&actor, &query.account_id) {
        (Actor::Operator { .. } | Actor::CommandLine, None) => None,
        _ => Some(account(&api, &actor, query.account_id.as_deref()).await?),
    };
    let state = query
        .state
        .map(|name| ApplicationState::from_name(&name).ok_or(name))
        .transpose()
        .map_err(|_| invalid("state must be submitted, approved or refused."))?;
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[id]| ApplicationId::parse(id).ok())?;
    let after = after.as_ref().map_or("", ApplicationId::as_str);
    let wanted = read::wanted(account_id.as_ref(), state, after, page.fetch_count());
    let found = read::list(&api.context, &actor, &wanted)
        .await
        .map_err(refused)?;
    Ok(page.answer(found, shape, |it| [it.row.id.to_string()]))
}

async fn submit(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let form: Value = body::read_json(body, JSON_BYTES_MAX).await?;
    let made = submit::submit(&api.context, &actor, &account_id, &form)
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, Json(shape(&made))))
}

async fn find(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let id = parse(&id)?;
    let found = read::find(&api.context, &actor, &account_id, &id)
        .await
        .map_err(refused)?;
    Ok(Json(shape(&found)))
}

/// The body may be left out: then everything follows from the form.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ApproveFields {
    minute_calls_max: Option<u64>,
    day_calls_max: Option<u64>,
    calls_quota: Option<u64>,
}

async fn approve(
    state: State<Api>,
    path: Path<String>,
    query: Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let bytes = body::read(body, JSON_BYTES_MAX).await?;
    decided(state, path, query, headers, || {
        let fields: ApproveFields = if bytes.is_empty() {
            ApproveFields::default()
        } else {
            body::parse_json(&bytes)?
        };
        Ok(Verdict::Approve(Wished {
            minute_calls_max: fields.minute_calls_max,
            day_calls_max: fields.day_calls_max,
            calls_quota: fields.calls_quota,
        }))
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefuseFields {
    reason: String,
}

async fn refuse(
    state: State<Api>,
    path: Path<String>,
    query: Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let bytes = body::read(body, JSON_BYTES_MAX).await?;
    decided(state, path, query, headers, || {
        let fields: RefuseFields = body::parse_json(&bytes)?;
        Ok(Verdict::Refuse(fields.reason))
    })
    .await
}

/// Who calls is asked before the body is looked at.
async fn decided(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    verdict: impl FnOnce() -> Result<Verdict, Problem>,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let verdict = verdict()?;
    let id = parse(&id)?;
    let found = decide::decide(&api.context, &actor, (&account_id, &id), &verdict)
        .await
        .map_err(refused)?;
    Ok(Json(shape(&found)))
}

fn parse(id: &str) -> Result<ApplicationId, Problem> {
    ApplicationId::parse(id).map_err(|_| Problem::new(&problem::NOT_FOUND))
}

fn shape(application: &Application) -> Value {
    let Application { row, form } = application;
    let decision = row.decision.as_ref();
    json!({
        "id": row.id.as_str(),
        "account_id": row.account_id.as_str(),
        "formal_app_id": row.formal_app_id.as_str(),
        "test_app_id": row.test_app_id.as_ref().map(AppId::as_str),
        "state": row.state.name(),
        "submitted_at": row.submitted_at.to_string(),
        "submitted_by": row.submitted_by,
        "decided_at": decision.map(|decision| decision.at.to_string()),
        "decided_by": decision.map(|decision| decision.by.clone()),
        "refusal": decision.and_then(|decision| decision.refusal.clone()),
        "form": form::write(form),
    })
}

fn invalid(detail: impl Into<String>) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}

fn refused(error: ApplicationError) -> Problem {
    match error {
        ApplicationError::Denied(reason) => denied(reason),
        ApplicationError::Unknown => Problem::new(&problem::NOT_FOUND),
        ApplicationError::Fields(_) => invalid(error.sentence()),
        ApplicationError::Waiting => Problem::new(&problem::APPLICATION_WAITING),
        ApplicationError::Decided => Problem::new(&problem::APPLICATION_DECIDED),
        ApplicationError::Fault(fault) => Problem::fault(&fault),
    }
}
