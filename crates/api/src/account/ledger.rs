//! `/v1/account/ledger` and `ledger.csv`: every move of money, newest first.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::ids::EntryId;
use zhenren_domain::ledger::EntryKind;
use zhenren_domain::roles::Permission;
use zhenren_usecases::ledger::entries::{self, Entry, Selection};

use super::actor::{account, actor};
use super::csv::{self, Lines};
use super::money::{day, unread, word};
use super::page::Page;
use super::{Needs, Route};
use crate::Api;
use crate::extract::Fields;
use crate::problem::Problem;
use crate::tables::{PAGE_ROWS, ledger as table};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const READ: Needs = Needs::Account(Permission::Read);
    vec![
        Route::get("/v1/account/ledger", READ, list),
        Route::get("/v1/account/ledger.csv", READ, download),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    account_id: Option<String>,
    day: Option<String>,
    kind: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableQuery {
    account_id: Option<String>,
    day: Option<String>,
    kind: Option<String>,
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[at, id]| Some((at.parse().ok()?, EntryId::parse(id).ok()?)))?;
    let query = TableQuery {
        account_id: query.account_id,
        day: query.day,
        kind: query.kind,
    };
    let selection = select(&api, &headers, &query).await?;
    let found = selection
        .page(&api.context, after, page.fetch_count())
        .await
        .map_err(|fault| Problem::fault(&fault))?;
    let cursor = |entry: &Entry| [entry.at.to_string(), entry.id.to_string()];
    Ok(page.answer(found, shape, cursor))
}

async fn download(
    State(api): State<Api>,
    Fields(query): Fields<TableQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let selection = select(&api, &headers, &query).await?;
    let name = format!("ledger-{}.csv", query.day.as_deref().unwrap_or("all"));
    Ok(csv::download(&name, table::COLUMNS, move |after| {
        let (context, selection) = (api.context.clone(), selection.clone());
        async move {
            let found = selection.page(&context, after, PAGE_ROWS).await?;
            Ok(Lines::of(&found, table::line, |entry| {
                (entry.at, entry.id.clone())
            }))
        }
    }))
}

async fn select(api: &Api, headers: &HeaderMap, query: &TableQuery) -> Result<Selection, Problem> {
    let actor = actor(api, headers).await?;
    let account_id = account(api, &actor, query.account_id.as_deref()).await?;
    let day = query
        .day
        .as_deref()
        .map(|text| day("day", text))
        .transpose()?;
    let kinds = EntryKind::ALL.map(EntryKind::name);
    let kind = query.kind.as_deref();
    let kind = kind
        .map(|text| word("kind", text, EntryKind::from_name, &kinds))
        .transpose()?;
    entries::select(&api.context, &actor, &account_id, day, kind)
        .await
        .map_err(unread)
}

fn shape(entry: &Entry) -> Value {
    json!({
        "id": entry.id.as_str(),
        "at": entry.at.to_string(),
        "kind": entry.kind.name(),
        "hold_id": entry.hold_id.as_ref().map(ToString::to_string),
        "verification_id": entry.verification_id.as_ref().map(ToString::to_string),
        "available_fen": entry.moved.available_fen,
        "frozen_fen": entry.moved.frozen_fen,
        "spent_fen": entry.moved.spent_fen,
        "forgiven_fen": entry.forgiven.get(),
        "tariff_id": entry.tariff_id.as_ref().map(ToString::to_string),
        "reference": entry.reference,
        "booked_by": entry.booked_by,
    })
}
