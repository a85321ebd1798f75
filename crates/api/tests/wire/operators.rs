//! Operators and the audit log on the wire. Sign-ins are in `sign_in`, tokens in `account_tokens`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::{Reply, World};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhenren_domain::ids::AccountId;
use zhenren_domain::roles::{Role, Scope};
use zhenren_store::accounts;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::operators::create_operator::{self, NewPerson};
use zhenren_usecases::operators::create_token::{self, NewToken};
use zhenren_usecases::operators::{SecretText, sign_in};
use zhenren_usecases::tenants::demo;

/// The password of every operator of these tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Makes tokens of every kind.
pub(crate) struct Tokens<'a> {
    world: &'a World,
    /// An account that has nothing to do with the demo account.
    pub(crate) stranger: AccountId,
}

impl<'a> Tokens<'a> {
    pub(crate) async fn of(world: &'a World) -> Self {
        let context = &world.context;
        let stranger = AccountId::from_number(context.id_number());
        let mut tx = context.pool().begin().await.unwrap();
        accounts::create(&mut tx, &stranger, "Stranger", context.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        Self { world, stranger }
    }

    /// A sign-in of a new operator of this role.
    pub(crate) async fn operator(&self, role: Role) -> String {
        let login = format!("{}{}", role.name(), self.world.context.random_u64());
        self.world.hire(&login, role).await;
        self.world.sign_in(&login).await
    }

    /// A token of an account.
    pub(crate) async fn account(&self, account_id: &AccountId, scope: Scope) -> String {
        let new = NewToken {
            name: "test",
            scope,
            expires_at: None,
        };
        create_token::create(&self.world.context, &Actor::CommandLine, account_id, &new)
            .await
            .unwrap()
            .text
    }
}

impl World {
    /// Makes an operator as the command line would; answers the id.
    pub(crate) async fn hire(&self, login: &str, role: Role) -> String {
        let new = NewPerson {
            login,
            role,
            password: Some(SecretText::from(PASSWORD)),
        };
        create_operator::create(&self.context, &Actor::CommandLine, new)
            .await
            .unwrap()
            .operator
            .id
            .to_string()
    }

    /// The token of a new sign-in. Each comes from elsewhere: one address may not sign in often.
    pub(crate) async fn sign_in(&self, login: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let from = IpAddr::V4(Ipv4Addr::from_bits(COUNT.fetch_add(1, Ordering::Relaxed)));
        sign_in::sign_in(&self.context, login, &SecretText::from(PASSWORD), from)
            .await
            .unwrap()
            .token
    }

    /// A call of the account side with a token.
    pub(crate) async fn account_side(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Reply {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.call(method, path, &headers, body).await
    }

    /// A `GET` of the account side.
    pub(crate) async fn look(&self, path: &str, token: &str) -> Reply {
        self.account_side(Method::GET, path, token, &Value::Null)
            .await
    }

    /// Actions in the system's audit log with whom they are about, oldest first.
    pub(crate) async fn audit(&self) -> Vec<(String, String)> {
        let mut tx = self.context.pool().read().await.unwrap();
        zhenren_store::audit::list(&mut tx, zhenren_store::audit::SYSTEM_CHAIN, 0, 1000)
            .await
            .unwrap()
            .into_iter()
            .map(|line| (line.action, line.subject))
            .collect()
    }
}

/// Status and code.
pub(crate) fn said(reply: &Reply) -> (u16, &str) {
    (reply.status.as_u16(), reply.code())
}

#[tokio::test]
async fn an_owner_makes_operators() {
    let world = World::new().await;
    world.hire("owner", Role::Owner).await;
    let owner = world.sign_in("owner").await;
    // Lists are in the order of making, and this clock stands still.
    world.advance_s(1);
    let body = json!({ "login": " Li.Wei ", "role": "finance", "password": PASSWORD });
    let path = "/v1/account/operators";
    let made = world.account_side(Method::POST, path, &owner, &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(
        (&made.json["login"], &made.json["role"]),
        (&json!("li.wei"), &json!("finance"))
    );
    assert!(!made.text.contains("password\":"), "{}", made.text);
    let again = world.account_side(Method::POST, path, &owner, &body).await;
    assert_eq!(said(&again), (409, "login_taken"));
    world.advance_s(1);

    // Without a password one is made up, told once, and works.
    let body = json!({ "login": "zhang", "role": "read_only" });
    let zhang = world.account_side(Method::POST, path, &owner, &body).await;
    let sign_in = json!({ "login": "ZHANG", "password": zhang.json["password"] });
    let signed_in = world.post("/v1/account/sessions", &sign_in).await;
    assert_eq!(signed_in.status, StatusCode::CREATED, "{}", signed_in.text);

    let list = world.look(&format!("{path}?limit=2"), &owner).await;
    assert_eq!(list.json["items"].as_array().unwrap().len(), 2);
    let next = format!("{path}?limit=2&after={}", list.text_of("next"));
    let rest = world.look(&next, &owner).await;
    assert_eq!(
        (&rest.json["items"][0]["login"], &rest.json["next"]),
        (&json!("zhang"), &Value::Null)
    );
}

#[tokio::test]
async fn a_change_of_an_operator_counts_at_once() {
    let world = World::new().await;
    world.hire("owner", Role::Owner).await;
    let id = world.hire("li.wei", Role::Finance).await;
    let owner = world.sign_in("owner").await;
    let wei = world.sign_in("li.wei").await;
    let path = "/v1/account/operators";
    let one = format!("{path}/{id}");
    let change = |body: Value| {
        let (world, one, owner) = (&world, one.clone(), owner.clone());
        async move { world.account_side(Method::PATCH, &one, &owner, &body).await }
    };
    assert_eq!(said(&world.look(path, &wei).await), (403, "not_permitted"));
    let promoted = change(json!({ "role": "owner" })).await;
    assert_eq!(promoted.json["role"], "owner", "{}", promoted.text);
    assert_eq!(world.look(path, &wei).await.status, StatusCode::OK);

    // Who is disabled is signed out, and cannot sign in.
    let disabled = change(json!({ "disabled": true })).await;
    assert_ne!(
        disabled.json["disabled_at"],
        Value::Null,
        "{}",
        disabled.text
    );
    assert_eq!(
        said(&world.look(path, &wei).await),
        (401, "credentials_invalid")
    );
    let sign_in = json!({ "login": "li.wei", "password": PASSWORD });
    let refused = world.post("/v1/account/sessions", &sign_in).await;
    assert_eq!(said(&refused), (401, "sign_in_refused"));
    assert_eq!(
        change(json!({ "disabled": false })).await.json["disabled_at"],
        Value::Null
    );
    // The old sign-in stays over.
    assert_eq!(
        said(&world.look(path, &wei).await),
        (401, "credentials_invalid")
    );

    // Another password ends every sign-in.
    let wei = world.sign_in("li.wei").await;
    let reset = change(json!({ "reset_password": true })).await;
    assert_eq!(
        said(&world.look(path, &wei).await),
        (401, "credentials_invalid")
    );
    let sign_in = json!({ "login": "li.wei", "password": reset.json["password"] });
    let signed_in = world.post("/v1/account/sessions", &sign_in).await;
    assert_eq!(signed_in.status, StatusCode::CREATED, "{}", signed_in.text);

    let about: Vec<String> = world
        .audit()
        .await
        .into_iter()
        .filter(|(_, subject)| *subject == id)
        .map(|(action, _)| action)
        .collect();
    assert_eq!(
        about.join(" "),
        "operator.create sign_in operator.role operator.disable sign_in.fail operator.unlock \
         operator.enable sign_in operator.password sign_in"
    );
}

#[tokio::test]
async fn the_last_owner_stays_and_changes_are_all_or_nothing() {
    let world = World::new().await;
    let id = world.hire("owner", Role::Owner).await;
    let owner = world.sign_in("owner").await;
    let one = format!("/v1/account/operators/{id}");
    let change = |body: Value| {
        let (world, one, owner) = (&world, &one, &owner);
        async move { world.account_side(Method::PATCH, one, owner, &body).await }
    };
    for body in [
        json!({ "role": "finance" }),
        json!({ "disabled": true }),
        json!({ "role": "owner", "disabled": true }),
    ] {
        assert_eq!(
            said(&change(body.clone()).await),
            (409, "last_owner"),
            "{body}"
        );
    }
    world.advance_s(1);
    let other = world.hire("other", Role::Reviewer).await;
    let path = format!("/v1/account/operators/{other}");
    let long = "x".repeat(200);
    let body = json!({ "role": "owner", "password": long });
    let refused = world
        .account_side(Method::PATCH, &path, &owner, &body)
        .await;
    assert_eq!(said(&refused), (422, "password_refused"));
    assert!(!refused.text.contains(&long));
    let list = world.look("/v1/account/operators", &owner).await;
    assert_eq!(list.json["items"][1]["role"], "reviewer");
    // With a second owner the first may go, both changes at once.
    let body = json!({ "role": "owner" });
    world
        .account_side(Method::PATCH, &path, &owner, &body)
        .await;
    let gone = change(json!({ "role": "read_only", "disabled": true })).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    assert_eq!(world.audit().await.last().unwrap().0, "operator.disable");
}

/// Asserts that a request is refused with a sentence that has this word, and repeats no password.
async fn refuses(
    world: &World,
    token: &str,
    request: (Method, &str),
    body: Value,
    said: (u16, &str),
) {
    let (method, path) = request;
    let reply = world.account_side(method, path, token, &body).await;
    assert_eq!(reply.status.as_u16(), said.0, "{body} {}", reply.text);
    assert!(
        reply.text_of("detail").contains(said.1),
        "{body} {}",
        reply.text
    );
    assert!(!reply.text.contains(PASSWORD), "{}", reply.text);
}

#[tokio::test]
async fn wrong_words_about_new_operators_are_named() {
    let world = World::new().await;
    world.hire("owner", Role::Owner).await;
    let owner = world.sign_in("owner").await;
    let short = json!({ "login": "ab", "role": "owner", "password": "short" });
    for (body, said) in [
        (json!({ "login": "a b", "role": "owner" }), (400, "login")),
        (json!({ "login": "ab", "role": "boss" }), (400, "role")),
        (json!({ "login": "ab" }), (400, "role")),
        (short, (422, "12")),
    ] {
        let request = (Method::POST, "/v1/account/operators");
        refuses(&world, &owner, request, body, said).await;
    }
}

#[tokio::test]
async fn wrong_words_about_changes_are_named() {
    let world = World::new().await;
    let id = world.hire("owner", Role::Owner).await;
    let owner = world.sign_in("owner").await;
    let own = format!("/v1/account/operators/{id}");
    let none = "/v1/account/operators/opr_none";
    let both = json!({ "password": PASSWORD, "reset_password": true });
    for (path, body, said) in [
        (own.as_str(), json!({ "role": "boss" }), (400, "role")),
        (
            &own,
            json!({ "password": PASSWORD }),
            (400, "/v1/account/password"),
        ),
        (&own, both, (400, "either")),
        (&own, json!({ "login": "new" }), (400, "login")),
        (none, json!({}), (404, "")),
        ("/v1/account/operators/1", json!({}), (404, "")),
    ] {
        refuses(&world, &owner, (Method::PATCH, path), body, said).await;
    }
}

#[tokio::test]
async fn the_audit_log_is_read_in_order_and_only_by_whom_it_concerns() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let reader = tokens.operator(Role::ReadOnly).await;
    let own = tokens.account(&demo::account_id(), Scope::Manage).await;
    let stranger = tokens.account(&tokens.stranger, Scope::Manage).await;
    let path = "/v1/account/audit?chain=system";
    let system = world.look(path, &reader).await;
    let items = system.json["items"].as_array().unwrap();
    let actions: Vec<&str> = items
        .iter()
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["operator.create", "sign_in"]);
    assert_eq!(items[1]["former_hash"], items[0]["hash"]);
    for (path, token, status, code) in [
        (path, &own, 403, "not_permitted"),
        (
            "/v1/account/audit?chain=system&account_id=acc_demo",
            &reader,
            400,
            "parameter_invalid",
        ),
        (
            "/v1/account/audit?chain=other",
            &reader,
            400,
            "parameter_invalid",
        ),
        ("/v1/account/audit", &reader, 400, "parameter_invalid"),
        (
            "/v1/account/audit?account_id=acc_demo",
            &stranger,
            404,
            "not_found",
        ),
    ] {
        let reply = world.look(path, token).await;
        assert_eq!(said(&reply), (status, code), "{path} {}", reply.text);
    }
    // A tenant sees its own account's lines, two at a time.
    for _ in 0..3 {
        tokens.account(&demo::account_id(), Scope::Read).await;
    }
    let mut sequences = Vec::new();
    let mut next = String::new();
    loop {
        let page = world
            .look(&format!("/v1/account/audit?limit=2{next}"), &own)
            .await;
        let items = page.json["items"].as_array().unwrap();
        sequences.extend(items.iter().map(|line| line["sequence"].as_i64().unwrap()));
        match page.json["next"].as_str() {
            Some(cursor) => next = format!("&after={cursor}"),
            None => break,
        }
    }
    let count = i64::try_from(sequences.len()).unwrap();
    assert!(count >= 4);
    assert_eq!(sequences, (1..=count).collect::<Vec<_>>());
}
