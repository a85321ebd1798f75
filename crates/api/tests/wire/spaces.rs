//! Service spaces: who they are, how they sign, and the list of those that may call.

use crate::accounts::Tenant;
use crate::common::{NAME, NUMBER, World, sha256_hex};
use crate::operators::Tokens;
use axum::http::{Method, StatusCode};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use zhenren_domain::roles::Scope;
use zhenren_usecases::tenants::demo;

const PATH: &str = "/unicloud/v1/getCertifyId";

fn sign(secret: &str, message: &str) -> String {
    let key = sha256_hex(secret.as_bytes());
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    mac.finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A space as a caller knows it.
#[derive(Clone)]
struct Space {
    id: String,
    secret: String,
}

/// How a call names its space.
enum Naming<'a> {
    /// Not at all.
    None,
    /// With a signature of this space, made for this app.
    Signed(&'a Space, &'a str),
    /// Without a signature.
    Bare(&'a Space),
}

/// Calls `getCertifyId` with the demo app; answers `errCode`.
async fn call(world: &World, number: u32, naming: Naming<'_>) -> i64 {
    let body = json!({ "realName": NAME, "idCard": NUMBER }).to_string();
    let at_ms = world.clock.now().as_millisecond();
    let nonce = format!("space-{number:016}");
    let digest = sha256_hex(body.as_bytes());
    let message = format!("v1\nPOST\n{PATH}\n{at_ms}\n{nonce}\n{digest}");
    let at_ms = at_ms.to_string();
    let signature = sign(&world.secret, &message);
    let mut headers = vec![
        ("x-zhenren-app-id", world.appid.as_str()),
        ("x-zhenren-timestamp", at_ms.as_str()),
        ("x-zhenren-nonce", nonce.as_str()),
        ("x-zhenren-signature", signature.as_str()),
    ];
    let space_signature;
    match naming {
        Naming::None => {}
        Naming::Bare(space) => headers.push(("x-zhenren-space-id", &space.id)),
        Naming::Signed(space, appid) => {
            let message = format!("{message}\n{appid}\n{}", space.id);
            space_signature = sign(&space.secret, &message);
            headers.push(("x-zhenren-space-id", &space.id));
            headers.push(("x-zhenren-space-signature", &space_signature));
        }
    }
    let reply = world.call(Method::POST, PATH, &headers, body).await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.json["errCode"].as_i64().unwrap()
}

/// The demo account's side.
struct Side<'a> {
    world: &'a World,
    tokens: Tokens<'a>,
    token: String,
}

impl<'a> Side<'a> {
    async fn of(world: &'a World) -> Self {
        let tokens = Tokens::of(world).await;
        let token = tokens.account(&demo::account_id(), Scope::Manage).await;
        Self {
            world,
            tokens,
            token,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> crate::common::Reply {
        let path = format!("/v1/account{path}");
        self.world
            .account_side(method, &path, &self.token, body)
            .await
    }

    async fn space(&self) -> Space {
        let made = self
            .ask(Method::POST, "/spaces", &json!({ "name": "functions" }))
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        Space {
            id: made.text_of("id"),
            secret: made.text_of("secret"),
        }
    }

    async fn allow(&self, spaces: &[&Space]) -> crate::common::Reply {
        let ids: Vec<&str> = spaces.iter().map(|space| space.id.as_str()).collect();
        let body = json!({ "space_ids": ids });
        self.ask(Method::PUT, "/space-allow-list", &body).await
    }
}

#[tokio::test]
async fn a_space_that_is_named_must_be_there_and_sign() {
    let world = World::new().await;
    let side = Side::of(&world).await;
    let space = side.space().await;
    let stranger = Tenant::open(&world, &side.tokens).await;
    let made = stranger
        .ask(Method::POST, "/spaces", &json!({ "name": "s" }))
        .await;
    let foreign = Space {
        id: made.text_of("id"),
        secret: made.text_of("secret"),
    };
    let unknown = Space {
        id: String::from("spc_none"),
        ..space.clone()
    };
    let odd = Space {
        id: String::from("shop"),
        ..space.clone()
    };
    let forged = Space {
        secret: String::from("another"),
        ..space.clone()
    };
    let (demo, other) = (world.appid.as_str(), "app_other");
    let rows = [
        (Naming::None, 0),
        (Naming::Signed(&space, demo), 0),
        (Naming::Signed(&foreign, demo), 54022),
        (Naming::Signed(&unknown, demo), 54022),
        (Naming::Signed(&odd, demo), 54022),
        (Naming::Signed(&forged, demo), 54021),
        (Naming::Bare(&space), 54021),
        // A signature made beside another app is worth nothing beside this one.
        (Naming::Signed(&space, other), 54021),
    ];
    for (number, (naming, code)) in (1..).zip(rows) {
        assert_eq!(call(&world, number, naming).await, code, "row {number}");
    }
    let gone = side
        .ask(
            Method::DELETE,
            &format!("/spaces/{}", space.id),
            &Value::Null,
        )
        .await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.text);
    assert_eq!(call(&world, 50, Naming::Signed(&space, demo)).await, 54022);
}

#[tokio::test]
async fn a_list_that_is_not_empty_lets_only_its_spaces_in() {
    let world = World::new().await;
    let side = Side::of(&world).await;
    let (listed, other) = (side.space().await, side.space().await);
    let set = side.allow(&[&listed]).await;
    assert_eq!(
        set.json,
        json!({ "space_ids": [listed.id] }),
        "{}",
        set.text
    );
    let demo = world.appid.as_str();
    let forged = Space {
        secret: String::from("another"),
        ..other.clone()
    };
    let rows = [
        (Naming::Signed(&listed, demo), 0),
        (Naming::None, 54004),
        (Naming::Signed(&other, demo), 54004),
        (Naming::Bare(&listed), 54021),
        // Whoever has no secret of it does not learn whether it is listed.
        (Naming::Signed(&forged, demo), 54021),
    ];
    for (number, (naming, code)) in (1..).zip(rows) {
        assert_eq!(call(&world, number, naming).await, code, "row {number}");
    }
    let path = format!("/spaces/{}", listed.id);
    let refused = side.ask(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::CONFLICT, "space_listed")
    );
    let stranger = Tenant::open(&world, &side.tokens).await;
    let made = stranger
        .ask(Method::POST, "/spaces", &json!({ "name": "s" }))
        .await;
    for id in [
        made.text_of("id"),
        String::from("spc_none"),
        String::from("shop"),
    ] {
        let body = json!({ "space_ids": [id] });
        let refused = side.ask(Method::PUT, "/space-allow-list", &body).await;
        assert_eq!(refused.code(), "parameter_invalid", "{id}");
    }
    let read = side
        .ask(Method::GET, "/space-allow-list", &Value::Null)
        .await;
    assert_eq!(read.json, json!({ "space_ids": [listed.id] }), "unchanged");
    side.allow(&[]).await;
    assert_eq!(call(&world, 20, Naming::None).await, 0);
}

#[tokio::test]
async fn the_secrets_of_a_space_are_exchanged_while_both_work() {
    let world = World::new().await;
    let side = Side::of(&world).await;
    let first = side.space().await;
    let path = format!("/spaces/{}/secrets", first.id);
    let made = side.ask(Method::POST, &path, &Value::Null).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let second = Space {
        secret: made.text_of("secret"),
        ..first.clone()
    };
    let full = side.ask(Method::POST, &path, &Value::Null).await;
    assert_eq!(
        (full.status, full.code()),
        (StatusCode::CONFLICT, "secrets_full")
    );
    let demo = world.appid.as_str();
    assert_eq!(call(&world, 1, Naming::Signed(&first, demo)).await, 0);
    assert_eq!(call(&world, 2, Naming::Signed(&second, demo)).await, 0);
    let revoke = format!("{path}/{}", made.text_of("id"));
    let revoked = side.ask(Method::DELETE, &revoke, &Value::Null).await;
    assert_eq!(revoked.status, StatusCode::OK);
    assert!(!revoked.text.contains(&second.secret));
    assert_eq!(call(&world, 3, Naming::Signed(&first, demo)).await, 0);
    assert_eq!(call(&world, 4, Naming::Signed(&second, demo)).await, 54021);
}
