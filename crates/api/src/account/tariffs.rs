//! `/v1/account/tariffs`: tables of prices. Without `account_id` an operator means the prices of
//! every account that has none of its own.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::ids::{AccountId, TariffId};
use zhenren_domain::money::Fen;
use zhenren_domain::roles::Permission;
use zhenren_domain::tariff::{Tariff, TariffError, Tier};
use zhenren_usecases::ledger::tariffs::{self, NewTariff, Record, TariffsError};
use zhenren_usecases::operators::actor::Actor;

use super::actor::{account, actor, denied};
use super::money::invalid;
use super::page::Page;
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
            "/v1/account/tariffs",
            Needs::Account(Permission::Read),
            list,
        ),
        Route::post("/v1/account/tariffs", MOVE, add),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    account_id: Option<String>,
    limit: Option<String>,
    after: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountQuery {
    account_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFields {
    tiers: Vec<TierFields>,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TierFields {
    calls_count_max: Option<u64>,
    price_fen: i64,
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account_or_all(&api, &actor, query.account_id.as_deref()).await?;
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[at, id]| Some((at.parse().ok()?, TariffId::parse(id).ok()?)))?;
    let count = page.fetch_count();
    let found = tariffs::list(&api.context, &actor, account_id.as_ref(), after, count)
        .await
        .map_err(refused)?;
    let cursor = |record: &Record| [record.valid_from.to_string(), record.id.to_string()];
    Ok(page.answer(found, shape, cursor))
}

async fn add(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account_or_all(&api, &actor, query.account_id.as_deref()).await?;
    let fields: NewFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let tiers = fields
        .tiers
        .into_iter()
        .map(|tier| {
            Ok(Tier {
                calls_count_max: tier.calls_count_max,
                price: Fen::new(tier.price_fen).map_err(|_| TariffError::PriceOutOfRange)?,
            })
        })
        .collect::<Result<_, TariffError>>()
        .map_err(wrong_tiers)?;
    let new = NewTariff {
        account_id,
        tariff: Tariff::new(tiers).map_err(wrong_tiers)?,
        valid_from: time("valid_from", fields.valid_from.as_deref())?,
        valid_until: time("valid_until", fields.valid_until.as_deref())?,
    };
    let record = tariffs::add(&api.context, &actor, &new)
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, Json(shape(&record))))
}

/// The account that is named or the token's own; an operator who names none means all of them.
async fn account_or_all(
    api: &Api,
    actor: &Actor,
    named: Option<&str>,
) -> Result<Option<AccountId>, Problem> {
    match (actor, named) {
        (Actor::Operator { .. } | Actor::CommandLine, None) => Ok(None),
        (_, named) => account(api, actor, named).await.map(Some),
    }
}

fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(str::parse).transpose().map_err(|_| {
        invalid(format!(
            "{name} must be a time such as 2027-01-31T00:00:00Z."
        ))
    })
}

fn wrong_tiers(error: TariffError) -> Problem {
    invalid(format!(
        "tiers are wrong: {error}; list 1 to 20 with growing calls_count_max, null in the last \
         one, and price_fen from 0 to 100000."
    ))
}

fn refused(error: TariffsError) -> Problem {
    match error {
        TariffsError::Denied(reason) => denied(reason),
        TariffsError::AccountUnknown => Problem::new(&problem::NOT_FOUND),
        TariffsError::BeginsInThePast => {
            invalid("valid_from must not lie in the past: what was charged does not change.")
        }
        TariffsError::EndsBeforeItBegins => invalid("valid_until must be after valid_from."),
        TariffsError::Fault(fault) => Problem::fault(&fault),
    }
}

fn shape(record: &Record) -> Value {
    json!({
        "id": record.id.as_str(),
        "account_id": record.account_id.as_ref().map(ToString::to_string),
        "tiers": tiers(&record.tariff),
        "valid_from": record.valid_from.to_string(),
        "valid_until": record.valid_until.map(|at| at.to_string()),
        "created_at": record.created_at.to_string(),
        "created_by": record.created_by,
    })
}

/// How prices look on the wire.
pub(super) fn tiers(tariff: &Tariff) -> Vec<Value> {
    let shape = |tier: &Tier| json!({ "calls_count_max": tier.calls_count_max, "price_fen": tier.price.get() });
    tariff.tiers().iter().map(shape).collect()
}
