//! `GET|POST /cgi-bin/token`: appid and secret for an access token.
//!
//! The manual documents GET only; POST is taken too, with the fields in the query, in a form or
//! in JSON.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Method, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zhenren_usecases::tenants::issue_access_token::{self, IssueError};

use super::reply::{Reply, finish};
use super::{call_refused, frozen, utf8};
use crate::Api;
use crate::body;
use crate::client_address::ClientAddress;
use crate::request_id::RequestId;

/// The fields, wherever they stand.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    grant_type: Option<String>,
    appid: Option<String>,
    secret: Option<String>,
}

/// The handler.
pub(super) async fn token(
    State(api): State<Api>,
    request_id: Extension<RequestId>,
    method: Method,
    uri: Uri,
    from: ClientAddress,
    body: Body,
) -> Response {
    finish(issue(&api, &method, &uri, from, body).await, &request_id)
}

async fn issue(
    api: &Api,
    method: &Method,
    uri: &Uri,
    from: ClientAddress,
    body: Body,
) -> Result<Map<String, Value>, Reply> {
    let fields = fields(method, uri, body).await?;
    let appid = present(fields.appid, 41002, "appid missing")?;
    // The appid is looked at before anything else is, as observed at the original.
    if !issue_access_token::is_app_known(&api.context, &appid)
        .await
        .map_err(|f| Reply::fault(&f))?
    {
        return Err(Reply::new(40013, "invalid appid"));
    }
    if fields.grant_type.as_deref() != Some("client_credential") {
        return Err(Reply::new(40002, "invalid grant_type"));
    }
    let secret = present(fields.secret, 41004, "appsecret missing")?;
    let issued = issue_access_token::issue(&api.context, &appid, &secret, from.0)
        .await
        .map_err(|error| match error {
            IssueError::AppUnknown => Reply::new(40013, "invalid appid"),
            IssueError::SecretMalformed => Reply::new(40125, "invalid appsecret"),
            IssueError::SecretWrong => Reply::new(
                40001,
                "invalid credential, the appsecret does not belong to this appid",
            ),
            IssueError::Refused(refused) => call_refused(refused),
            IssueError::Frozen => frozen(),
            IssueError::Fault(fault) => Reply::fault(&fault),
        })?;
    // On success the original leaves errcode out.
    let mut answer = Map::new();
    answer.insert(String::from("access_token"), json!(issued.token));
    answer.insert(String::from("expires_in"), json!(issued.expires_in_s));
    Ok(answer)
}

async fn fields(method: &Method, uri: &Uri, body: Body) -> Result<Fields, Reply> {
    let from_query = parse_form(uri.query().unwrap_or_default());
    if method == Method::GET {
        return Ok(from_query);
    }
    if method != Method::POST {
        return Err(Reply::new(43001, "require GET method"));
    }
    let bytes = body::read(body, body::JSON_BYTES_MAX)
        .await
        .map_err(|_| Reply::new(47001, "data format error"))?;
    let text = utf8(&bytes)?;
    let from_body = serde_json::from_str(text).unwrap_or_else(|_| parse_form(text));
    Ok(Fields {
        grant_type: from_query.grant_type.or(from_body.grant_type),
        appid: from_query.appid.or(from_body.appid),
        secret: from_query.secret.or(from_body.secret),
    })
}

fn parse_form(text: &str) -> Fields {
    format!("/?{}", text.trim())
        .parse::<Uri>()
        .ok()
        .and_then(|uri| Query::<Fields>::try_from_uri(&uri).ok())
        .map(|Query(fields)| fields)
        .unwrap_or_default()
}

fn present(field: Option<String>, errcode: i64, errmsg: &str) -> Result<String, Reply> {
    field
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Reply::new(errcode, errmsg))
}
