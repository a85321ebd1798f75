//! `/v1/account/records` and `records.csv`: what was asked on one day of the last thirty.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::billing::BillingReason;
use zhenren_domain::ids::{AppId, VerificationId};
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_domain::roles::Permission;
use zhenren_usecases::ledger::records::{self, CallRecord, Door, STATES, Selection, Wanted};

use super::actor::{account, actor};
use super::csv::{self, Lines};
use super::money::{day, invalid, unread, word};
use super::page::Page;
use super::{Needs, Route};
use crate::Api;
use crate::extract::Fields;
use crate::problem::Problem;
use crate::tables::{PAGE_ROWS, records as table};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const READ: Needs = Needs::Account(Permission::Read);
    vec![
        Route::get("/v1/account/records", READ, list),
        Route::get("/v1/account/records.csv", READ, download),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    account_id: Option<String>,
    day: Option<String>,
    app_id: Option<String>,
    door: Option<String>,
    state: Option<String>,
    outcome: Option<String>,
    billable: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[at, id]| Some((at.parse().ok()?, VerificationId::parse(id).ok()?)))?;
    let selection = select(&api, &headers, &query).await?;
    let found = selection
        .page(&api.context, after, page.fetch_count())
        .await
        .map_err(|fault| Problem::fault(&fault))?;
    let cursor = |record: &CallRecord| [record.created_at.to_string(), record.id.to_string()];
    Ok(page.answer(found, shape, cursor))
}

async fn download(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if query.limit.is_some() || query.after.is_some() {
        return Err(invalid(
            "records.csv is the whole day; leave out limit and after.",
        ));
    }
    let selection = select(&api, &headers, &query).await?;
    let name = format!("records-{}.csv", selection.day);
    Ok(csv::download(&name, table::COLUMNS, move |after| {
        let (context, selection) = (api.context.clone(), selection.clone());
        async move {
            let found = selection.page(&context, after, PAGE_ROWS).await?;
            let place = |record: &CallRecord| (record.created_at, record.id.clone());
            Ok(Lines::of(&found, table::line, place))
        }
    }))
}

async fn select(api: &Api, headers: &HeaderMap, query: &ListQuery) -> Result<Selection, Problem> {
    let actor = actor(api, headers).await?;
    let account_id = account(api, &actor, query.account_id.as_deref()).await?;
    let wanted = wanted(query)?;
    records::select(&api.context, &actor, &account_id, wanted)
        .await
        .map_err(unread)
}

fn wanted(query: &ListQuery) -> Result<Wanted, Problem> {
    let day = query.day.as_deref().map(|text| day("day", text));
    let app_id = query.app_id.as_deref().map(|text| {
        AppId::parse(text).map_err(|_| invalid("app_id must be an id such as app_0123."))
    });
    let doors = Door::ALL.map(Door::name);
    let door = query.door.as_deref();
    let door = door.map(|text| word("door", text, Door::from_name, &doors));
    let named = |text: &str| STATES.into_iter().find(|state| *state == text);
    let state = query.state.as_deref();
    let state = state.map(|text| word("state", text, named, &STATES));
    let outcomes = Outcome::ALL.map(Outcome::name);
    let outcome = query.outcome.as_deref();
    let outcome = outcome.map(|text| word("outcome", text, Outcome::from_name, &outcomes));
    let billable = query.billable.as_deref();
    let billable =
        billable.map(|text| word("billable", text, |it| it.parse().ok(), &["true", "false"]));
    Ok(Wanted {
        day: day.transpose()?,
        app_id: app_id.transpose()?,
        door: door.transpose()?,
        state: state.transpose()?,
        outcome: outcome.transpose()?,
        billable: billable.transpose()?,
    })
}

fn shape(record: &CallRecord) -> Value {
    json!({
        "id": record.id.as_str(),
        "app_id": record.app_id.as_str(),
        "door": record.door.name(),
        "created_at": record.created_at.to_string(),
        "closed_at": record.closed_at.map(|at| at.to_string()),
        "state": record.state,
        "outcome": record.outcome.map(Outcome::name),
        "reason": record.reason.map(Reason::name),
        "attempts_count": record.attempts_count,
        "billable": record.billable,
        "billing_reason": record.billing_reason.map(BillingReason::name),
        "frozen_fen": record.frozen.get(),
        "settled_fen": record.settled.map(Fen::get),
    })
}
