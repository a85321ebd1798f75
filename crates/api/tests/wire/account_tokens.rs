//! Account tokens on the wire: shown once, worth no more than who made them, listed in pages.

use crate::common::World;
use crate::operators::Tokens;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhenren_domain::roles::{Role, Scope};
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::operators::create_token::{self, NewToken};
use zhenren_usecases::operators::{authenticate, revoke_token};
use zhenren_usecases::tenants::demo;

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

/// The caller is known from before, the token is revoked, and only then is the heir asked for.
#[tokio::test]
async fn a_token_that_is_being_revoked_makes_no_heir() {
    let world = World::new().await;
    let account_id = demo::account_id();
    let new = NewToken {
        name: "test",
        scope: Scope::Manage,
        expires_at: None,
    };
    let made = create_token::create(&world.context, &Actor::CommandLine, &account_id, &new);
    let made = made.await.unwrap();
    let caller = authenticate::by_token(&world.context, &made.text)
        .await
        .unwrap();
    let heir = || create_token::create(&world.context, &caller, &account_id, &new);
    heir().await.unwrap();
    let id = &made.token.id;
    for _ in 0..2 {
        revoke_token::revoke(&world.context, &caller, &account_id, id)
            .await
            .unwrap();
    }
    let refused = heir().await;
    assert!(
        matches!(refused, Err(create_token::CreateError::ReachesFurther)),
        "{refused:?}"
    );
    // The log says what scope it was that began or ended.
    let mut tx = world.context.pool().read().await.unwrap();
    let lines = zhenren_store::audit::list(&mut tx, account_id.as_str(), 0, 100).await;
    let told: Vec<_> = lines
        .unwrap()
        .into_iter()
        .filter(|line| line.action.starts_with("token."))
        .map(|line| (line.action, line.detail))
        .collect();
    let line = |action: &str| (action.to_owned(), String::from("manage"));
    let expected = ["token.create", "token.create", "token.revoke"].map(line);
    assert_eq!(told, expected);
}

/// What an operator reads of an account that is none is not an empty list.
#[tokio::test]
async fn an_account_that_is_none_is_not_found_whatever_is_asked() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let owner = tokens.operator(Role::Owner).await;
    for noun in ["tokens", "audit", "apps", "spaces"] {
        for (account_id, status) in [("acc_none", 404), (demo::account_id().as_str(), 200)] {
            let path = format!("/v1/account/{noun}?account_id={account_id}");
            let reply = world.look(&path, &owner).await;
            assert_eq!(reply.status.as_u16(), status, "{path} {}", reply.text);
        }
    }
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
