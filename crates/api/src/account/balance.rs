//! `/v1/account/balance`: money, agreement year, and the price of the next call.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::roles::Permission;
use zhenren_usecases::ledger::balance::{self, Standing};

use super::actor::{account, actor};
use super::money::unread;
use super::{Needs, Route, tariffs};
use crate::Api;
use crate::extract::Fields;
use crate::problem::Problem;

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const READ: Needs = Needs::Account(Permission::Read);
    vec![Route::get("/v1/account/balance", READ, read)]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountQuery {
    account_id: Option<String>,
}

async fn read(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let standing = balance::read(&api.context, &actor, &account_id)
        .await
        .map_err(unread)?;
    Ok(Json(shape(account_id.as_str(), &standing)))
}

fn shape(account_id: &str, standing: &Standing) -> Value {
    json!({
        "account_id": account_id,
        "available_fen": standing.balance.available.get(),
        "frozen_fen": standing.balance.frozen.get(),
        "spent_fen": standing.balance.spent.get(),
        "recharged_fen": standing.recharged.get(),
        "year": {
            "first_day": standing.year_started_on.to_string(),
            "last_day": standing.year_ends_on.to_string(),
            "calls_count": standing.calls_count,
        },
        "tariff_id": standing.tariff_id.as_ref().map(ToString::to_string),
        "tiers": tariffs::tiers(&standing.tariff),
        "tier": standing.tier_place,
        "next_price_fen": standing.tier.price.get(),
    })
}
