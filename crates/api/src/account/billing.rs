//! `/v1/account/billing`: what an account agreed to be billed for beyond the rule.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::billing::BillingRules;
use zhenren_domain::roles::Permission;
use zhenren_usecases::ledger::billing_rules::{self, ChangeError};

use super::actor::{account, actor, denied};
use super::money::unread;
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::Fields;
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const MOVE: Needs = Needs::Account(Permission::MoveMoney);
    vec![
        Route::get(
            "/v1/account/billing",
            Needs::Account(Permission::Read),
            read,
        ),
        Route::patch("/v1/account/billing", MOVE, change),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountQuery {
    account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeFields {
    bills_attacks: bool,
}

async fn read(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let rules = billing_rules::read(&api.context, &actor, &account_id)
        .await
        .map_err(unread)?;
    Ok(Json(shape(account_id.as_str(), rules)))
}

async fn change(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let ChangeFields { bills_attacks } = body::read_json(body, JSON_BYTES_MAX).await?;
    let rules = BillingRules { bills_attacks };
    let rules = billing_rules::change(&api.context, &actor, &account_id, rules)
        .await
        .map_err(|error| match error {
            ChangeError::Denied(reason) => denied(reason),
            ChangeError::AccountUnknown => Problem::new(&problem::NOT_FOUND),
            ChangeError::Fault(fault) => Problem::fault(&fault),
        })?;
    Ok(Json(shape(account_id.as_str(), rules)))
}

fn shape(account_id: &str, rules: BillingRules) -> Value {
    json!({ "account_id": account_id, "bills_attacks": rules.bills_attacks })
}
