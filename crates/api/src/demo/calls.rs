//! The calls of the demo back end: made through the router, written down for the page to show.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::no_demo;
use crate::problem::{self, Problem};
use crate::router::tenant_side;
use crate::{Api, DemoApp, request_id};

/// Limit: no answer of the tenant side is larger.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A tenant's server in the middle of a conversation.
pub(super) struct Calls<'a> {
    api: &'a Api,
    app: DemoApp,
    /// Each call so far, secrets left out.
    pub(super) seen: Vec<Value>,
}

impl<'a> Calls<'a> {
    /// A conversation with the demo app's credentials.
    pub(super) fn new(api: &'a Api) -> Result<Self, Problem> {
        let app = api.settings.demo.clone().ok_or_else(no_demo)?;
        Ok(Self {
            api,
            app,
            seen: Vec::new(),
        })
    }

    /// The appid the page may know.
    pub(super) fn appid(&self) -> &str {
        &self.app.appid
    }

    /// `GET /cgi-bin/token`.
    pub(super) async fn token(&mut self) -> Result<String, Problem> {
        let path = format!(
            "/cgi-bin/token?grant_type=client_credential&appid={}&secret={}",
            self.app.appid, self.app.secret
        );
        let (_, answer) = self.send(Method::GET, &path, None, Vec::new()).await?;
        let shown = path.replace(&self.app.secret, "…");
        let token = answer
            .get("access_token")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let hidden = json!({ "access_token": "…", "expires_in": answer.get("expires_in") });
        let response = if token.is_some() { hidden } else { answer };
        self.note(&Method::GET, &shown, &Value::Null, &response);
        token.ok_or_else(|| Problem::new(&problem::INTERNAL))
    }

    /// One of the face calls.
    pub(super) async fn wechat(
        &mut self,
        name: &str,
        token: &str,
        request: &Value,
    ) -> Result<Value, Problem> {
        let path = format!("/cityservice/face/identify/{name}");
        let with_token = format!("{path}?access_token={token}");
        let body = request.to_string().into_bytes();
        let (_, answer) = self.send(Method::POST, &with_token, None, body).await?;
        let shown = format!("{path}?access_token=…");
        self.note(&Method::POST, &shown, request, &answer);
        Ok(answer)
    }

    /// A call of `/v1` with Basic credentials.
    pub(super) async fn v1(
        &mut self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Value), Problem> {
        let basic = STANDARD.encode(format!("{}:{}", self.app.appid, self.app.secret));
        let authorization = format!("Basic {basic}");
        let (status, answer) = self
            .send(method.clone(), path, Some(authorization), body)
            .await?;
        self.note(&method, path, &Value::Null, &answer);
        Ok((status, answer))
    }

    fn note(&mut self, method: &Method, path: &str, body: &Value, response: &Value) {
        let request = json!({ "method": method.as_str(), "path": path, "body": body });
        self.seen
            .push(json!({ "request": request, "response": response }));
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        authorization: Option<String>,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Value), Problem> {
        let failed = || Problem::new(&problem::INTERNAL);
        let mut request = Request::builder().method(method).uri(path);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request.body(Body::from(body)).map_err(|_| failed())?;
        let attach = axum::middleware::from_fn_with_state(self.api.clone(), request_id::attach);
        let service = tenant_side().layer(attach).with_state(self.api.clone());
        let response = match service.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let bytes = to_bytes(response.into_body(), ANSWER_BYTES_MAX)
            .await
            .map_err(|_| failed())?;
        Ok((
            status,
            serde_json::from_slice(&bytes).map_err(|_| failed())?,
        ))
    }
}
