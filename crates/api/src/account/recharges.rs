//! `/v1/account/recharges`: money comes in, once for each reference.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::money::Fen;
use zhenren_domain::roles::Permission;
use zhenren_usecases::ledger::recharge::{self, RechargeError};

use super::actor::{account, actor, denied};
use super::money::invalid;
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::Fields;
use crate::problem::{self, Problem};

/// What amounts are booked.
const AMOUNTS: &str = "amount_fen must be a whole number from 100 to 1000000000.";

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const MOVE: Needs = Needs::Account(Permission::MoveMoney);
    vec![Route::post("/v1/account/recharges", MOVE, book)]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountQuery {
    account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFields {
    amount_fen: i64,
    reference: String,
}

async fn book(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let fields: NewFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let amount = Fen::new(fields.amount_fen).map_err(|_| invalid(AMOUNTS))?;
    let booked = recharge::recharge(&api.context, &actor, &account_id, amount, &fields.reference)
        .await
        .map_err(|error| match error {
            RechargeError::Denied(reason) => denied(reason),
            RechargeError::AccountUnknown => Problem::new(&problem::NOT_FOUND),
            RechargeError::AmountOutOfRange => invalid(AMOUNTS),
            RechargeError::ReferenceInvalid => invalid("reference must have 1 to 64 characters."),
            RechargeError::Conflict => Problem::new(&problem::RECHARGE_CONFLICT),
            RechargeError::Fault(fault) => Problem::fault(&fault),
        })?;
    // The balance is left out: the same request again gives the same answer.
    let answer = json!({
        "id": booked.entry_id.as_str(),
        "account_id": account_id.as_str(),
        "amount_fen": booked.amount.get(),
        "reference": booked.reference,
        "booked_by": booked.booked_by,
        "booked_at": booked.booked_at.to_string(),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}
