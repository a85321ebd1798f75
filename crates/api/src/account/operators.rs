//! `/v1/account/operators`: the people who run the platform. For owners.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zhenren_domain::ids::OperatorId;
use zhenren_domain::roles::{Permission, Role};
use zhenren_domain::sign_in::PasswordRefused;
use zhenren_usecases::operators::SecretText;
use zhenren_usecases::operators::change_operator::{self, Change, ChangeError, Password};
use zhenren_usecases::operators::create_operator::{self, CreateError, NewPerson};
use zhenren_usecases::operators::list_operators::{self, ListError, Operator};

use super::actor::{actor, denied};
use super::page::Page;
use super::{Needs, Route};
use crate::Api;
use crate::body::{self, JSON_BYTES_MAX};
use crate::extract::{Fields, Path};
use crate::problem::{self, Problem};

/// The routes of this noun.
pub(super) fn routes() -> Vec<Route> {
    const MANAGE: Needs = Needs::Platform(Permission::ManageOperators);
    vec![
        Route::get("/v1/account/operators", MANAGE, list),
        Route::post("/v1/account/operators", MANAGE, create),
        Route::patch("/v1/account/operators/{id}", MANAGE, change),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    limit: Option<String>,
    after: Option<String>,
}

async fn list(
    State(api): State<Api>,
    Fields(query): Fields<ListQuery>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let page = Page::read(query.limit.as_deref(), query.after.as_deref())?;
    let after = page.after(|[at, id]| Some((at.parse().ok()?, id.parse().ok()?)))?;
    let operators = list_operators::list(&api.context, &actor, after, page.fetch_count())
        .await
        .map_err(|error| match error {
            ListError::Denied(reason) => denied(reason),
            ListError::Fault(fault) => Problem::fault(&fault),
        })?;
    let cursor = |it: &Operator| [it.created_at.to_string(), it.id.to_string()];
    Ok(page.answer(operators, shape, cursor))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewFields {
    login: String,
    role: String,
    password: Option<String>,
}

async fn create(
    State(api): State<Api>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let actor = actor(&api, &headers).await?;
    let fields: NewFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let new = NewPerson {
        login: &fields.login,
        role: role(&fields.role)?,
        password: fields.password.map(SecretText::from),
    };
    let created = create_operator::create(&api.context, &actor, new)
        .await
        .map_err(|error| match error {
            CreateError::Denied(reason) => denied(reason),
            CreateError::LoginInvalid(why) => invalid(&format!("{why}.")),
            CreateError::PasswordRefused(why) => password_refused(why),
            CreateError::LoginTaken => Problem::new(&problem::LOGIN_TAKEN),
            CreateError::Busy => Problem::new(&problem::UNAVAILABLE),
            CreateError::Fault(fault) => Problem::fault(&fault),
        })?;
    let answer = with_password(&created.operator, created.password.as_ref());
    Ok((StatusCode::CREATED, Json(answer)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeFields {
    role: Option<String>,
    disabled: Option<bool>,
    password: Option<String>,
    #[serde(default)]
    reset_password: bool,
}

async fn change(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, Problem> {
    let actor = actor(&api, &headers).await?;
    let fields: ChangeFields = body::read_json(body, JSON_BYTES_MAX).await?;
    let id = OperatorId::parse(&id).map_err(|_| Problem::new(&problem::NOT_FOUND))?;
    let change = Change {
        role: fields.role.as_deref().map(role).transpose()?,
        is_disabled: fields.disabled,
        password: match (fields.password, fields.reset_password) {
            (None, false) => None,
            (None, true) => Some(Password::MadeUp),
            (Some(text), false) => Some(Password::Chosen(SecretText::from(text))),
            (Some(_), true) => {
                return Err(invalid("Send either password or reset_password, not both."));
            }
        },
    };
    let changed = change_operator::change(&api.context, &actor, &id, &change)
        .await
        .map_err(|error| match error {
            ChangeError::Denied(reason) => denied(reason),
            ChangeError::OperatorUnknown => Problem::new(&problem::NOT_FOUND),
            ChangeError::LastOwner => Problem::new(&problem::LAST_OWNER),
            ChangeError::OwnPassword => {
                invalid("Change your own password with POST /v1/account/password.")
            }
            ChangeError::PasswordRefused(why) => password_refused(why),
            ChangeError::Busy => Problem::new(&problem::UNAVAILABLE),
            ChangeError::Fault(fault) => Problem::fault(&fault),
        })?;
    Ok(Json(with_password(
        &changed.operator,
        changed.password.as_ref(),
    )))
}

/// The problem of a password that is not taken.
pub(super) fn password_refused(why: PasswordRefused) -> Problem {
    Problem::with_detail(&problem::PASSWORD_REFUSED, format!("{why}."))
}

/// How an operator looks on the wire.
pub(super) fn shape(operator: &Operator) -> Value {
    json!({
        "id": operator.id.as_str(),
        "login": operator.login.reveal(),
        "role": operator.role.name(),
        "created_at": operator.created_at.to_string(),
        "password_changed_at": operator.password_changed_at.to_string(),
        "disabled_at": operator.disabled_at.map(|at| at.to_string()),
    })
}

fn with_password(operator: &Operator, password: Option<&SecretText>) -> Value {
    let mut answer = shape(operator);
    if let (Some(object), Some(password)) = (answer.as_object_mut(), password) {
        object.insert(String::from("password"), json!(password.reveal()));
    }
    answer
}

fn role(name: &str) -> Result<Role, Problem> {
    Role::from_name(name)
        .ok_or_else(|| invalid("role must be owner, finance, reviewer or read_only."))
}

fn invalid(detail: &str) -> Problem {
    Problem::with_detail(&problem::PARAMETER_INVALID, detail)
}
