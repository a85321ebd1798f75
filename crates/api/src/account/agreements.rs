//! `/v1/account/agreements` and `/v1/account/acceptances`: texts to agree to, and who agreed.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::Permission;
use zhenren_usecases::agreements::accept::{self, Signing};
use zhenren_usecases::agreements::read::{self, Acceptance, AgreementText};
use zhenren_usecases::agreements::{AgreementError, publish};
use zhenren_usecases::operators::actor::Actor;

use super::actor::{account, actor, denied};
use super::query::AccountQuery;
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::{Fields, Path};
use crate::problem::{self, Problem};

/// Limit: a text of 100000 characters in UTF-8 and JSON.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

/// The routes of these nouns.
pub(super) fn routes() -> Vec<Route> {
    use Permission as P;
    const READ: Needs = Needs::Account(P::Read);
    vec![
        Route::get("/v1/account/agreements", READ, list),
        Route::post(
            "/v1/account/agreements",
            Needs::Platform(P::PublishAgreement),
            publish,
        ),
        Route::get("/v1/account/agreements/{version}", READ, find),
        Route::get("/v1/account/acceptances", READ, acceptances),
        Route::post(
            "/v1/account/acceptances",
            Needs::Account(P::AcceptAgreement),
            accept,
        ),
    ]
}

/// Texts belong to no account: operators need not name one.
async fn account_or_none(
    api: &Api,
    actor: &Actor,
    named: Option<&str>,
) -> Result<Option<AccountId>, Problem> {
    match (actor, named) {
        (Actor::Operator { .. } | Actor::CommandLine, None) => Ok(None),
        _ => account(api, actor, named).await.map(Some),
    }
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account_or_none(&api, &actor, query.account_id.as_deref()).await?;
    let found = read::list(&api.context, &actor, account_id.as_ref())
        .await
        .map_err(refused)?;
    let items: Vec<Value> = found.iter().map(brief).collect();
    Ok(Json(json!({ "items": items, "next": null })))
}

async fn find(
    State(api): State<Api>,
    Path(version): Path<String>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account_or_none(&api, &actor, query.account_id.as_deref()).await?;
    let found = read::find(&api.context, &actor, account_id.as_ref(), &version)
        .await
        .map_err(refused)?;
    Ok(Json(whole(&found)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TextFields {
    version: String,
    text: String,
}

async fn publish(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let actor = actor(&api, &headers).await?;
    let fields: TextFields = body::read_json(body, TEXT_BYTES_MAX).await?;
    let published = publish::publish(&api.context, &actor, &fields.version, &fields.text)
        .await
        .map_err(refused)?;
    Ok((StatusCode::CREATED, Json(brief(&published))))
}

async fn acceptances(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let found = read::acceptances(&api.context, &actor, &account_id)
        .await
        .map_err(refused)?;
    let items: Vec<Value> = found.iter().map(acceptance).collect();
    Ok(Json(json!({ "items": items, "next": null })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningFields {
    version: String,
    sha256: String,
    signer: String,
}

async fn accept(
    State(api): State<Api>,
    Fields(query): Fields<AccountQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let actor = actor(&api, &headers).await?;
    let account_id = account(&api, &actor, query.account_id.as_deref()).await?;
    let fields: SigningFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let signing = Signing {
        version: &fields.version,
        sha256: &fields.sha256,
        signer: &fields.signer,
    };
    let accepted = accept::accept(&api.context, &actor, &account_id, &signing)
        .await
        .map_err(refused)?;
    let status = if accepted.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let mut answer = acceptance(&accepted.acceptance);
    if let Some(object) = answer.as_object_mut() {
        let opened = json!(accepted.has_opened);
        object.insert(String::from("opened_the_account"), opened);
    }
    Ok((status, Json(answer)))
}

fn brief(text: &AgreementText) -> Value {
    json!({
        "version": text.version,
        "sha256": text.sha256,
        "published_at": text.published_at.to_string(),
        "published_by": text.published_by,
    })
}

fn whole(text: &AgreementText) -> Value {
    let mut answer = brief(text);
    if let Some(object) = answer.as_object_mut() {
        object.insert(String::from("text"), json!(text.body));
    }
    answer
}

fn acceptance(acceptance: &Acceptance) -> Value {
    json!({
        "id": acceptance.id.as_str(),
        "account_id": acceptance.account_id.as_str(),
        "version": acceptance.version,
        "sha256": acceptance.sha256,
        "signer": acceptance.signer.reveal(),
        "accepted_by": acceptance.accepted_by,
        "accepted_at": acceptance.accepted_at.to_string(),
    })
}

fn refused(error: AgreementError) -> Problem {
    match error {
        AgreementError::Denied(reason) => denied(reason),
        AgreementError::Unknown => Problem::new(&problem::NOT_FOUND),
        AgreementError::TextInvalid | AgreementError::SignerInvalid => {
            Problem::with_detail(&problem::PARAMETER_INVALID, format!("{error}."))
        }
        AgreementError::VersionTaken => Problem::new(&problem::VERSION_TAKEN),
        AgreementError::NotNewest => Problem::new(&problem::AGREEMENT_OUTDATED),
        AgreementError::TextDiffers => Problem::new(&problem::AGREEMENT_DIFFERS),
        AgreementError::RealNameMissing => Problem::new(&problem::REAL_NAME_MISSING),
        AgreementError::Fault(fault) => Problem::fault(&fault),
    }
}
