//! The account side, `/v1/account/…`: for operators and for a tenant's own programs.
//!
//! One file for each noun with its handlers and a function `routes` that lists them: method, path,
//! what the caller needs, handler. The router is built from these lists and from nothing else, and
//! the test `crates/api/tests/wire/roles.rs` walks over the same lists with every role and scope,
//! without a token and with a stranger's token, and compares the answers with the table in
//! `domain::roles`. So a new route needs three lines: the `Route`, the list in [`routes`] when its
//! noun is new, and an example request in that test, which says so when it is missing.
//!
//! A handler asks `actor` who calls and which account is meant, parses, and calls one use case; the
//! use case itself asks `Actor::may` before anything else, so that the command line has the same
//! rule. Lists are cut by `page`, queries are read by [`crate::extract::Fields`].

mod accounts;
mod actor;
mod agreements;
mod applications;
mod apps;
mod audit;
mod balance;
mod billing;
mod csv;
mod ledger;
mod limits;
mod money;
mod operators;
mod page;
mod password;
mod query;
mod recharges;
mod records;
mod sessions;
mod shapes;
mod spaces;
mod statistics;
mod tariffs;
mod tokens;

use axum::Router;
use axum::handler::Handler;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{MethodRouter, on};
use zhenren_domain::roles::Permission;

use crate::Api;

/// What a caller needs, as a statement for tests and documents; the use case enforces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: this is how one comes to a token.
    Nothing,
    /// To be an operator, in any role.
    Operator,
    /// This permission on the account the call is about.
    Account(Permission),
    /// This permission on the platform as a whole; account tokens never have it.
    Platform(Permission),
}

/// What is known of a route from outside.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The method.
    pub method: Method,
    /// The path, with its variable pieces in braces.
    pub path: &'static str,
    /// What the caller needs.
    pub needs: Needs,
}

/// One route of this room.
struct Route {
    signature: Signature,
    handler: MethodRouter<Api>,
}

impl Route {
    /// `GET`.
    fn get<H: Handler<T, Api>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Self {
        Self::new(Method::GET, path, needs, handler)
    }

    /// `POST`.
    fn post<H: Handler<T, Api>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Self {
        Self::new(Method::POST, path, needs, handler)
    }

    /// `PUT`.
    fn put<H: Handler<T, Api>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Self {
        Self::new(Method::PUT, path, needs, handler)
    }

    /// `PATCH`.
    fn patch<H: Handler<T, Api>, T: 'static>(path: &'static str, needs: Needs, handler: H) -> Self {
        Self::new(Method::PATCH, path, needs, handler)
    }

    /// `DELETE`.
    fn delete<H: Handler<T, Api>, T: 'static>(
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        Self::new(Method::DELETE, path, needs, handler)
    }

    fn new<H: Handler<T, Api>, T: 'static>(
        method: Method,
        path: &'static str,
        needs: Needs,
        handler: H,
    ) -> Self {
        let filter = method
            .clone()
            .try_into()
            .expect("the five methods above are known");
        Self {
            handler: on(filter, handler),
            signature: Signature {
                method,
                path,
                needs,
            },
        }
    }
}

/// Every route, noun by noun.
fn all() -> Vec<Route> {
    [
        sessions::routes(),
        password::routes(),
        operators::routes(),
        tokens::routes(),
        accounts::routes(),
        agreements::routes(),
        applications::routes(),
        apps::routes(),
        spaces::routes(),
        limits::routes(),
        audit::routes(),
        balance::routes(),
        recharges::routes(),
        ledger::routes(),
        tariffs::routes(),
        billing::routes(),
        records::routes(),
        statistics::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Every route as it is known from outside, in the order of this file.
pub fn signatures() -> Vec<Signature> {
    all().into_iter().map(|route| route.signature).collect()
}

/// The routes of this room.
pub(crate) fn routes() -> Router<Api> {
    all()
        .into_iter()
        .fold(Router::new(), |router, route| {
            router.route(route.signature.path, route.handler)
        })
        .route_layer(map_response(ask_for_bearer))
}

/// Basic opens nothing here, and a browser that reads of it would ask for a password of its own.
async fn ask_for_bearer(mut response: Response) -> Response {
    if response.status() == StatusCode::UNAUTHORIZED {
        let challenge = HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
