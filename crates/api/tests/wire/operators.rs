//! Operators and account tokens on the wire; sign-ins are in `sign_in`.

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
        let made = create_operator::create(&self.context, &Actor::CommandLine, new)
            .await
            .unwrap();
        // Lists are in the order of making, and this clock stands still.
        self.advance_s(1);
        made.operator.id.to_string()
    }

    /// The token of a new sign-in.
    pub(crate) async fn sign_in(&self, login: &str) -> String {
        sign_in::sign_in(&self.context, login, &SecretText::from(PASSWORD))
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

#[tokio::test]
async fn a_token_is_shown_once_and_works_until_it_is_revoked() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let owner = tokens.operator(Role::Owner).await;
    let path = format!("/v1/account/tokens?account_id={}", demo::account_id());
    let body = json!({ "name": " Shop ", "scope": "manage" });
    let made = world.account_side(Method::POST, &path, &owner, &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let token = made.text_of("token");
    assert!(token.starts_with("za_") && token.len() == 67, "{token}");
    assert_eq!(made.json["name"], "Shop");

    // Its own account needs no name, and its text is not in the list.
    let get = |token: String| {
        let world = &world;
        async move {
            world
                .account_side(Method::GET, "/v1/account/tokens", &token, &Value::Null)
                .await
        }
    };
    let list = get(token.clone()).await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.text);
    assert_eq!(list.json["items"][0]["id"], made.json["id"]);
    assert!(!list.text.contains(&token));

    let one = format!("/v1/account/tokens/{}", made.text_of("id"));
    let revoked = world
        .account_side(Method::DELETE, &one, &token, &Value::Null)
        .await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text);
    assert_ne!(revoked.json["revoked_at"], Value::Null);
    let reply = get(token).await;
    assert_eq!(
        (reply.status, reply.code()),
        (StatusCode::UNAUTHORIZED, "credentials_invalid")
    );
    assert_eq!(reply.headers.get("www-authenticate").unwrap(), "Bearer");
    // Again by the owner: the same answer, and no second line in the audit log.
    let again = format!("{one}?account_id={}", demo::account_id());
    let reply = world
        .account_side(Method::DELETE, &again, &owner, &Value::Null)
        .await;
    assert_eq!(reply.json, revoked.json);
}

#[tokio::test]
async fn a_token_gives_away_no_more_than_it_has() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let owner = tokens.operator(Role::Owner).await;
    let path = format!("/v1/account/tokens?account_id={}", demo::account_id());
    let end = (world.context.now() + jiff::SignedDuration::from_hours(1)).to_string();
    let body = json!({ "name": "short", "scope": "manage", "expires_at": end });
    let short = world.account_side(Method::POST, &path, &owner, &body).await;
    let short = short.text_of("token");
    for (body, status) in [
        (
            json!({ "name": "heir", "scope": "read" }),
            StatusCode::FORBIDDEN,
        ),
        (
            json!({ "name": "heir", "scope": "read", "expires_at": "2999-01-01T00:00:00Z" }),
            StatusCode::FORBIDDEN,
        ),
        (
            json!({ "name": "heir", "scope": "manage", "expires_at": end }),
            StatusCode::CREATED,
        ),
    ] {
        let reply = world
            .account_side(Method::POST, "/v1/account/tokens", &short, &body)
            .await;
        assert_eq!(reply.status, status, "{body} {}", reply.text);
    }
    world.advance_s(3600);
    let reply = world
        .account_side(Method::GET, "/v1/account/tokens", &short, &Value::Null)
        .await;
    assert_eq!(reply.code(), "credentials_invalid");
}

#[tokio::test]
async fn wrong_words_about_tokens_are_named() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let owner = tokens.operator(Role::Owner).await;
    let path = format!("/v1/account/tokens?account_id={}", demo::account_id());
    for (body, word) in [
        (json!({ "name": "", "scope": "read" }), "name"),
        (json!({ "name": "a", "scope": "all" }), "scope"),
        (
            json!({ "name": "a", "scope": "read", "expires_at": "tomorrow" }),
            "expires_at",
        ),
        (
            json!({ "name": "a", "scope": "read", "expires_at": "2001-01-01T00:00:00Z" }),
            "future",
        ),
        (json!({ "name": "a", "scope": "read", "more": 1 }), "more"),
        (json!({ "scope": "read" }), "name"),
    ] {
        let reply = world.account_side(Method::POST, &path, &owner, &body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(reply.text_of("detail").contains(word), "{}", reply.text);
    }
    for (path, status, word) in [
        ("/v1/account/tokens", StatusCode::BAD_REQUEST, "account_id"),
        (
            "/v1/account/tokens?account_id=acc_demo&limit=201",
            StatusCode::BAD_REQUEST,
            "limit",
        ),
        (
            "/v1/account/tokens?account_id=acc_demo&after=x",
            StatusCode::BAD_REQUEST,
            "after",
        ),
        (
            "/v1/account/tokens?account_id=acc_demo&page=2",
            StatusCode::BAD_REQUEST,
            "page",
        ),
        (
            "/v1/account/tokens?account_id=demo",
            StatusCode::NOT_FOUND,
            "",
        ),
    ] {
        let reply = world
            .account_side(Method::GET, path, &owner, &Value::Null)
            .await;
        assert_eq!(reply.status, status, "{path} {}", reply.text);
        assert!(reply.text_of("detail").contains(word), "{}", reply.text);
    }
    let body = json!({ "name": "a", "scope": "read" });
    let path = "/v1/account/tokens?account_id=acc_none";
    let reply = world.account_side(Method::POST, path, &owner, &body).await;
    assert_eq!(reply.code(), "not_found");
}

#[tokio::test]
async fn lists_are_paged_by_the_cursor_of_the_page_before() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let reader = tokens.account(&demo::account_id(), Scope::Read).await;
    for _ in 0..4 {
        tokens.account(&demo::account_id(), Scope::Read).await;
    }
    let mut seen = Vec::new();
    let mut path = String::from("/v1/account/tokens?limit=2");
    loop {
        let page = world
            .account_side(Method::GET, &path, &reader, &Value::Null)
            .await;
        let items = page.json["items"].as_array().unwrap();
        assert!((1..=2).contains(&items.len()), "{}", page.text);
        seen.extend(
            items
                .iter()
                .map(|item| item["id"].as_str().unwrap().to_owned()),
        );
        match page.json["next"].as_str() {
            Some(next) => path = format!("/v1/account/tokens?limit=2&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
}
