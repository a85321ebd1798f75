//! `/v1/account/audit`: who changed what, in the order of the chain.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::roles::Permission;
use zhenren_usecases::operators::read_audit::{self, Chain, Line, ReadError};

use super::actor::{account, actor, denied};
use super::page::Page;
use super::{Needs, Route};
use crate::Api;
use crate::extract::Fields;
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    let needs = Needs::Account(Permission::ReadAudit);
    vec![Route::get("/v1/account/audit", needs, list)]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    account_id: Option<String>,
    chain: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let chain = match (query.chain.as_deref(), query.account_id.as_deref()) {
        (None, named) => Chain::Account(account(&api, &actor, named).await?),
        (Some("system"), None) => Chain::System,
        (Some(_), _) => {
            return Err(Problem::with_detail(
                &problem::PARAMETER_INVALID,
                "Send chain=system alone, or account_id.",
            ));
        }
    };
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[sequence]| sequence.parse().ok())?.unwrap_or(0);
    let lines = read_audit::read(&api.context, &actor, &chain, after, page.fetch_count())
        .await
        .map_err(|error| match error {
            ReadError::Denied(reason) => denied(reason),
            ReadError::Fault(fault) => Problem::fault(&fault),
        })?;
    Ok(page.answer(lines, shape, |line: &Line| [line.sequence.to_string()]))
}

fn shape(line: &Line) -> Value {
    json!({
        "sequence": line.sequence,
        "at": line.at.to_string(),
        "actor": line.actor,
        "action": line.action,
        "subject": line.subject,
        "detail": line.detail,
        "former_hash": line.former_hash,
        "hash": line.hash,
    })
}
