//! `GET /capture/v1/support`: whether a mode can run, in the numbers of the manual's
//! `checkIsSupportFacialRecognition`. 10001, no front camera, is the device's half.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zhenren_domain::ids::AppId;
use zhenren_domain::mode::{Mode, Unsupported};
use zhenren_usecases::modes;

use crate::Api;
use crate::extract::Query;
use crate::problem::{self, CaptureProblem, Problem};

/// `?check_alive_type=` or `?mode=` names a mode; without either the question is about what the
/// app, or the operator, asks for by default. `?appid=` names the app.
#[derive(Debug, Deserialize)]
pub(super) struct SupportQuery {
    check_alive_type: Option<String>,
    mode: Option<String>,
    appid: Option<String>,
}

/// The handler.
pub(super) async fn support(
    State(api): State<Api>,
    Query(query): Query<SupportQuery>,
) -> Result<Json<Value>, CaptureProblem> {
    let mode = asked(&query)?;
    let app_id = query.appid.as_deref().and_then(|id| AppId::parse(id).ok());
    let support = modes::support(&api.context, app_id.as_ref())
        .await
        .map_err(|fault| Problem::fault(&fault))?;
    let (errcode, errmsg) = code(support.of(mode.unwrap_or(support.usual)));
    let all: Map<String, Value> = Mode::ALL
        .into_iter()
        .map(|mode| (mode.name().to_owned(), json!(code(support.of(mode)).0)))
        .collect();
    Ok(Json(json!({
        "errcode": errcode,
        "errmsg": errmsg,
        "mode": mode.unwrap_or(support.usual).name(),
        "modes": all,
    })))
}

fn asked(query: &SupportQuery) -> Result<Option<Mode>, CaptureProblem> {
    let by_type = query.check_alive_type.as_deref().map(|number| {
        let number = number.parse().ok();
        number.and_then(Mode::of_check_alive_type)
    });
    let by_name = query.mode.as_deref().map(Mode::from_name);
    match (by_type, by_name) {
        (None, None) => Ok(None),
        (Some(Some(mode)), None) | (None, Some(Some(mode))) => Ok(Some(mode)),
        (Some(None), _) => Err(invalid("check_alive_type must be 0, 1 or 2.")),
        (None, Some(None)) => Err(invalid("mode is none of those this server knows.")),
        (Some(Some(_)), Some(_)) => Err(invalid("Send check_alive_type or mode, not both.")),
    }
}

fn invalid(detail: &str) -> CaptureProblem {
    CaptureProblem(Problem::with_detail(&problem::PARAMETER_INVALID, detail))
}

const fn code(support: Result<(), Unsupported>) -> (i32, &'static str) {
    match support {
        Ok(()) => (0, "ok"),
        Err(Unsupported::ModelMissing) => (10002, "the model this challenge needs is missing"),
        Err(Unsupported::SwitchedOff | Unsupported::DeviceCannot) => {
            (10003, "the back end has switched this challenge off")
        }
    }
}
