//! The demo back end of the development profile: plays a tenant's own server.
//!
//! It talks to the tenant side through the same router and with the same credentials any tenant
//! has, and shows each call it made. It can do nothing that a tenant could not.

mod calls;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Api;
use crate::body::{self, JSON_BYTES_MAX, PHOTO_JSON_BYTES_MAX};
use crate::problem::{self, Problem};
use calls::Calls;

/// The routes of this room.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/demo/api/people", post(people))
        .route("/demo/api/start", post(start))
        .route("/demo/api/result", post(result))
}

/// `POST /demo/api/people`: hands the body on to `/v1/people`.
async fn people(State(api): State<Api>, body: Body) -> Result<Response, Problem> {
    let bytes = body::read(body, PHOTO_JSON_BYTES_MAX).await?;
    let mut calls = Calls::new(&api)?;
    let (status, answer) = calls.v1(Method::POST, "/v1/people", bytes.to_vec()).await?;
    Ok((status, Json(answer)).into_response())
}

#[derive(Debug, Deserialize)]
struct Start {
    name: String,
    id_number: String,
}

/// `POST /demo/api/start`: token, then `getuseridkey`; the page gets the key and nothing else.
async fn start(State(api): State<Api>, body: Body) -> Result<Response, Problem> {
    let fields: Start = body::read_json(body, JSON_BYTES_MAX).await?;
    let mut calls = Calls::new(&api)?;
    let token = calls.token().await?;
    let request = json!({ "name": fields.name, "id_card_number": fields.id_number });
    let answer = calls.wechat("getuseridkey", &token, &request).await?;
    let Some(key) = answer.get("user_id_key").and_then(Value::as_str) else {
        let text = answer
            .get("errmsg")
            .and_then(Value::as_str)
            .unwrap_or_default();
        return Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!({ "code": "parameter_invalid", "detail": text, "calls": calls.seen })),
        )
            .into_response());
    };
    let appid = calls.appid().to_owned();
    let url = format!(
        "{}/capture#appid={appid}&user_id_key={key}",
        api.settings.public_url
    );
    let shown = json!({
        "appid": appid, "user_id_key": key, "capture_url": url, "calls": calls.seen,
    });
    Ok(Json(shown).into_response())
}

#[derive(Debug, Deserialize)]
struct Asked {
    verify_result: String,
}

/// `POST /demo/api/result`: asks again with `getinfo`, and shows the whole report of `/v1`.
async fn result(State(api): State<Api>, body: Body) -> Result<Response, Problem> {
    let fields: Asked = body::read_json(body, JSON_BYTES_MAX).await?;
    let mut calls = Calls::new(&api)?;
    let token = calls.token().await?;
    let request = json!({ "verify_result": fields.verify_result });
    let getinfo = calls.wechat("getinfo", &token, &request).await?;
    let mut verification = Value::Null;
    if let Some(id) = getinfo.get("verification_id").and_then(Value::as_str) {
        let path = format!("/v1/verifications/{id}");
        let (status, answer) = calls.v1(Method::GET, &path, Vec::new()).await?;
        if status == StatusCode::OK {
            verification = answer;
        }
    }
    let shown = json!({ "getinfo": getinfo, "verification": verification, "calls": calls.seen });
    Ok(Json(shown).into_response())
}

/// There is a demo room only while there is a demo app.
fn no_demo() -> Problem {
    Problem::new(&problem::NOT_FOUND)
}
