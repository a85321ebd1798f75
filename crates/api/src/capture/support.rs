//! `GET /capture/v1/support`: which modes this server can run, in the seed's codes.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Api;
use crate::extract::Query;

/// `?check_alive_type=`; without it the question is whether anything can run at all.
#[derive(Debug, Deserialize)]
pub(super) struct SupportQuery {
    check_alive_type: Option<String>,
}

/// The handler.
pub(super) async fn support(
    State(api): State<Api>,
    Query(query): Query<SupportQuery>,
) -> Json<Value> {
    let (errcode, errmsg) = if !api.context.can_analyse() {
        (10003, "the back end has switched verification off")
    } else if query.check_alive_type.is_some() {
        (
            10002,
            "digits and screen flash are not available; the app's own challenge is used",
        )
    } else {
        (0, "ok")
    };
    Json(json!({ "errcode": errcode, "errmsg": errmsg }))
}
