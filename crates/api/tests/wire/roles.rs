//! Every route of the account side, with every role and scope, without a token and with a
//! stranger's, against the one table in `domain::roles`.
//!
//! A new route needs an example here: a request that would be carried out if it were allowed.

use crate::common::World;
use crate::operators::Tokens;
use crate::role_examples::ACCESS;
use axum::http::StatusCode;
use zhenren_api::account::{Needs, Signature, signatures};
use zhenren_domain::roles::{Permission, Role, Scope};
use zhenren_usecases::tenants::demo;

/// Method and path as the room lists them, the path filled in (with the query it needs besides
/// `account_id`), and a body with nothing wrong in it.
const EXAMPLES: &[(&str, &str, &str, &str)] = &[
    // Limits.
    ("GET", "/v1/account/limits", "/v1/account/limits", ""),
    (
        "GET",
        "/v1/account/apps/{id}/limits",
        "/v1/account/apps/app_demo/limits",
        "",
    ),
    (
        "PUT",
        "/v1/account/apps/{id}/limits",
        "/v1/account/apps/app_demo/limits",
        r#"{"minute_calls_max":600}"#,
    ),
    // Sign-ins.
    (
        "POST",
        "/v1/account/sessions",
        "/v1/account/sessions",
        r#"{"login":"nobody","password":"nothing"}"#,
    ),
    (
        "GET",
        "/v1/account/sessions/current",
        "/v1/account/sessions/current",
        "",
    ),
    (
        "DELETE",
        "/v1/account/sessions/current",
        "/v1/account/sessions/current",
        "",
    ),
    (
        "POST",
        "/v1/account/password",
        "/v1/account/password",
        r#"{"present_password":"correct horse battery","new_password":"wrong donkey battery"}"#,
    ),
    // Operators.
    ("GET", "/v1/account/operators", "/v1/account/operators", ""),
    (
        "POST",
        "/v1/account/operators",
        "/v1/account/operators",
        r#"{"login":"example","role":"read_only"}"#,
    ),
    (
        "PATCH",
        "/v1/account/operators/{id}",
        "/v1/account/operators/opr_none",
        r#"{"role":"finance"}"#,
    ),
    // The audit log.
    ("GET", "/v1/account/audit", "/v1/account/audit", ""),
    // Tokens.
    ("GET", "/v1/account/tokens", "/v1/account/tokens", ""),
    (
        "POST",
        "/v1/account/tokens",
        "/v1/account/tokens",
        r#"{"name":"example","scope":"read"}"#,
    ),
    (
        "DELETE",
        "/v1/account/tokens/{id}",
        "/v1/account/tokens/tok_none",
        "",
    ),
    // Money.
    ("GET", "/v1/account/balance", "/v1/account/balance", ""),
    (
        "POST",
        "/v1/account/recharges",
        "/v1/account/recharges",
        r#"{"amount_fen":100,"reference":"example"}"#,
    ),
    (
        "GET",
        "/v1/account/ledger",
        "/v1/account/ledger?limit=1",
        "",
    ),
    (
        "GET",
        "/v1/account/ledger.csv",
        "/v1/account/ledger.csv?kind=freeze",
        "",
    ),
    ("GET", "/v1/account/tariffs", "/v1/account/tariffs", ""),
    (
        "POST",
        "/v1/account/tariffs",
        "/v1/account/tariffs",
        r#"{"tiers":[{"calls_count_max":null,"price_fen":85}]}"#,
    ),
    ("GET", "/v1/account/billing", "/v1/account/billing", ""),
    (
        "PATCH",
        "/v1/account/billing",
        "/v1/account/billing",
        r#"{"bills_attacks":false}"#,
    ),
    // Records and statistics.
    ("GET", "/v1/account/records", "/v1/account/records", ""),
    (
        "GET",
        "/v1/account/records.csv",
        "/v1/account/records.csv?state=closed",
        "",
    ),
    (
        "GET",
        "/v1/account/statistics",
        "/v1/account/statistics",
        "",
    ),
    (
        "GET",
        "/v1/account/statistics.csv",
        "/v1/account/statistics.csv",
        "",
    ),
];

fn examples()
-> impl Iterator<Item = &'static (&'static str, &'static str, &'static str, &'static str)> {
    EXAMPLES.iter().chain(ACCESS)
}

/// Who calls.
#[derive(Clone, Copy, Debug)]
enum Who {
    /// Without a token.
    Nobody,
    /// An operator.
    Operator(Role),
    /// A token of the account that the call names.
    Own(Scope),
    /// A token of another account.
    Stranger(Scope),
}

impl Who {
    fn all() -> Vec<Self> {
        let mut all = vec![Self::Nobody];
        all.extend(Role::ALL.map(Self::Operator));
        all.extend(Scope::ALL.map(Self::Own));
        all.extend(Scope::ALL.map(Self::Stranger));
        all
    }

    /// How a call ends: not at all refused, or with this status and code.
    fn refusal(self, needs: Needs) -> Option<(StatusCode, &'static str)> {
        let not_permitted = Some((StatusCode::FORBIDDEN, "not_permitted"));
        let unless = |may: bool| if may { None } else { not_permitted };
        match (self, needs) {
            (_, Needs::Nothing) | (Self::Operator(_), Needs::Operator) => None,
            (Self::Nobody, _) => Some((StatusCode::UNAUTHORIZED, "credentials_missing")),
            (Self::Operator(role), Needs::Account(it) | Needs::Platform(it)) => {
                unless(role.may(it))
            }
            (Self::Own(_) | Self::Stranger(_), Needs::Operator | Needs::Platform(_)) => {
                not_permitted
            }
            (Self::Own(scope), Needs::Account(it)) => unless(scope.may(it)),
            // Not 403: a stranger does not learn that the account is there.
            (Self::Stranger(_), Needs::Account(_)) => Some((StatusCode::NOT_FOUND, "not_found")),
        }
    }
}

#[tokio::test]
async fn every_route_answers_every_caller_as_the_table_says() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    for signature in signatures() {
        for who in Who::all() {
            check(&world, &tokens, &signature, who).await;
        }
    }
}

async fn check(world: &World, tokens: &Tokens<'_>, signature: &Signature, who: Who) {
    let Signature {
        method,
        path,
        needs,
    } = signature;
    let (_, _, filled, body) = examples()
        .find(|(known, pattern, _, _)| known == method && pattern == path)
        .ok_or_else(|| format!("{method} {path} has no line in EXAMPLES"))
        .unwrap();
    // A fresh token each: some calls end the token they are made with.
    let token = match who {
        Who::Nobody => None,
        Who::Operator(role) => Some(tokens.operator(role).await),
        Who::Own(scope) => Some(tokens.account(&demo::account_id(), scope).await),
        Who::Stranger(scope) => Some(tokens.account(&tokens.stranger, scope).await),
    };
    let mut uri = (*filled).to_owned();
    if matches!(needs, Needs::Account(_)) {
        uri.push(if uri.contains('?') { '&' } else { '?' });
        uri.push_str("account_id=");
        uri.push_str(demo::account_id().as_str());
    }
    let bearer = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = bearer
        .iter()
        .map(|value| ("authorization", value.as_str()))
        .collect();
    let reply = world
        .call(method.clone(), &uri, &headers, (*body).to_owned())
        .await;
    let said = format!("{method} {uri} by {who:?}: {} {}", reply.status, reply.text);
    if let Some((status, code)) = who.refusal(*needs) {
        assert_eq!((reply.status, reply.code()), (status, code), "{said}");
        return;
    }
    let is_unknown = reply.status == StatusCode::NOT_FOUND && path.contains('{');
    let is_state = [402, 409, 422].contains(&reply.status.as_u16());
    let is_sign_in = matches!(needs, Needs::Nothing);
    let is_carried_out = reply.status.is_success() || is_unknown || is_state;
    assert!(is_carried_out || is_sign_in, "{said}");
    assert!(!reply.status.is_server_error(), "{said}");
}

#[test]
fn every_example_belongs_to_a_route() {
    let known = signatures();
    for (method, path, _, _) in examples() {
        let is_known = known
            .iter()
            .any(|it| it.method == *method && it.path == *path);
        assert!(is_known, "{method} {path} is no route");
    }
    for (index, one) in known.iter().enumerate() {
        let is_twice = known
            .iter()
            .skip(index + 1)
            .any(|other| other.method == one.method && other.path == one.path);
        assert!(!is_twice, "{} {} is there twice", one.method, one.path);
        assert!(one.path.starts_with("/v1/account"), "{}", one.path);
    }
}

/// The walk above is only worth something when the roles differ.
#[test]
fn the_table_tells_the_callers_apart() {
    let refused = |needs| {
        Who::all()
            .into_iter()
            .filter(|who| who.refusal(needs).is_some())
            .count()
    };
    assert_eq!(refused(Needs::Nothing), 0);
    assert_eq!(refused(Needs::Operator), 5);
    assert_eq!(refused(Needs::Account(Permission::Read)), 3);
    assert_eq!(refused(Needs::Account(Permission::MoveMoney)), 7);
    assert_eq!(refused(Needs::Platform(Permission::ManageOperators)), 8);
}
