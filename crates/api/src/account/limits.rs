//! `/v1/account/limits` and `/v1/account/apps/{id}/limits`: how often things may happen.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zhenren_domain::ids::AppId;
use zhenren_domain::limits::LimitKind;
use zhenren_domain::roles::Permission;
use zhenren_usecases::limits::app::{self, AppLimits, CALLS_MAX, CallLimits, InForce, LimitsError};

use super::actor::{account, actor, denied};
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::{Fields, Path};
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const READ: Needs = Needs::Account(Permission::Read);
    const SET: Needs = Needs::Account(Permission::DecideApplication);
    vec![
        Route::get("/v1/account/limits", READ, configured),
        Route::get("/v1/account/apps/{id}/limits", READ, show),
        Route::put("/v1/account/apps/{id}/limits", SET, set),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountQuery {
    account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitFields {
    minute_calls_max: Option<u64>,
    day_calls_max: Option<u64>,
    calls_quota: Option<u64>,
}

async fn configured(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let limits = app::configured(&api.context, &actor, &account_id).map_err(denied)?;
    let shown: Map<String, Value> = LimitKind::ALL
        .into_iter()
        .map(|kind| {
            let window_seconds = kind.window_s();
            let limit = json!({ "max": limits.max(kind), "window_seconds": window_seconds });
            (kind.name().to_owned(), limit)
        })
        .collect();
    Ok(Json(json!({ "limits": shown })))
}

async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let app_id = parse(&id)?;
    let found = app::show(&api.context, &actor, Some(&account_id), &app_id)
        .await
        .map_err(refused)?;
    Ok(Json(shape(&found)))
}

async fn set(
    State(api): State<Api>,
    Path(id): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let app_id = parse(&id)?;
    let fields: LimitFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let own = CallLimits {
        minute_calls_max: fields.minute_calls_max,
        day_calls_max: fields.day_calls_max,
        calls_quota: fields.calls_quota,
    };
    let changed = app::set(&api.context, &actor, Some(&account_id), &app_id, own)
        .await
        .map_err(refused)?;
    Ok(Json(shape(&changed)))
}

/// What is no id cannot belong to anybody.
fn parse(id: &str) -> Result<AppId, Problem> {
    AppId::parse(id).map_err(|_| Problem::new(&problem::NOT_FOUND))
}

fn refused(error: LimitsError) -> Problem {
    match error {
        LimitsError::Denied(reason) => denied(reason),
        LimitsError::AppUnknown => Problem::new(&problem::NOT_FOUND),
        LimitsError::OutOfRange => Problem::with_detail(
            &problem::PARAMETER_INVALID,
            format!("A limit must be a whole number from 0 to {CALLS_MAX}, or null."),
        ),
        LimitsError::Fault(fault) => Problem::fault(&fault),
    }
}

fn shape(found: &AppLimits) -> Value {
    json!({
        "app_id": found.app_id.as_str(),
        "minute_calls_max": found.own.minute_calls_max,
        "day_calls_max": found.own.day_calls_max,
        "calls_quota": found.own.calls_quota,
        "calls_count": found.calls_count,
        "minute": in_force(&found.minute),
        "day": in_force(&found.day),
    })
}

fn in_force(limit: &InForce) -> Value {
    json!({
        "max": limit.max,
        "used": limit.used,
        "from": limit.window.from.to_string(),
        "until": limit.window.until.to_string(),
    })
}
