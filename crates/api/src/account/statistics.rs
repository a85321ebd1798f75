//! `/v1/account/statistics` and `statistics.csv`: what each day added up to.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::ids::AppId;
use zhenren_domain::roles::Permission;
use zhenren_usecases::ledger::statistics::{self, Statistics, Usage};

use super::actor::{account, actor};
use super::csv::{self, Lines};
use super::money::{day, invalid, unread};
use super::{Needs, Route};
use crate::Api;
use crate::extract::Fields;
use crate::problem::Problem;
use crate::tables::statistics as table;

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const READ: Needs = Needs::Account(Permission::Read);
    vec![
        Route::get("/v1/account/statistics", READ, read),
        Route::get("/v1/account/statistics.csv", READ, download),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeQuery {
    account_id: Option<String>,
    from: Option<String>,
    to: Option<String>,
    app_id: Option<String>,
}

async fn read(
    State(api): State<Api>,
    Fields(query): Fields<RangeQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let found = find(&api, &headers, &query).await?;
    let items: Vec<Value> = found
        .days
        .iter()
        .map(|(day, usage)| {
            let mut item = shape(usage);
            if let Some(object) = item.as_object_mut() {
                object.insert(String::from("day"), json!(day.to_string()));
            }
            item
        })
        .collect();
    Ok(Json(json!({
        "from": found.range.first.to_string(),
        "to": found.range.last.to_string(),
        "items": items,
        "total": shape(&found.total),
    })))
}

async fn download(
    State(api): State<Api>,
    Fields(query): Fields<RangeQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = find(&api, &headers, &query).await?;
    let name = format!("statistics-{}-{}.csv", found.range.first, found.range.last);
    // At most 366 lines: one page.
    let text: String = found.days.iter().map(table::line).collect();
    Ok(csv::download(&name, table::COLUMNS, move |_: Option<()>| {
        let text = text.clone();
        async move { Ok(Lines { text, next: None }) }
    }))
}

async fn find(api: &Api, headers: &HeaderMap, query: &RangeQuery) -> Result<Statistics, Problem> {
    let actor = actor(api, headers).await?;
    let account_id = account(api, &actor, query.account_id.as_deref()).await?;
    let from = query.from.as_deref().map(|text| day("from", text));
    let to = query.to.as_deref().map(|text| day("to", text));
    let app_id = query.app_id.as_deref().map(|text| {
        AppId::parse(text).map_err(|_| invalid("app_id must be an id such as app_0123."))
    });
    let range = (from.transpose()?, to.transpose()?);
    let app_id = app_id.transpose()?;
    statistics::read(&api.context, &actor, &account_id, range, app_id.as_ref())
        .await
        .map_err(unread)
}

fn shape(usage: &Usage) -> Value {
    json!({
        "requests_count": usage.requests_count,
        "compared_count": usage.compared_count,
        "billed_count": usage.billed_count,
        "accepted_count": usage.accepted_count,
        "rejected_count": usage.rejected_count,
        "inconclusive_count": usage.inconclusive_count,
        "billed_fen": usage.billed.get(),
    })
}
