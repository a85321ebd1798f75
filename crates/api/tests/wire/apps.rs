//! Apps on the account side: frozen and unfrozen at every door, their secrets exchanged, the
//! ranges they may call from.

use crate::accounts::{Answers, Door, Tenant};
use crate::common::World;
use crate::operators::Tokens;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

/// What the demo app hears when everything is as it should be; 10041 is about the made-up key.
const READY: Answers = Answers {
    token: 0,
    wechat: 0,
    unicloud: 0,
    v1: (201, ""),
    capture: 10041,
};

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn a_frozen_app_is_dead_at_every_door_until_it_is_unfrozen() {
    let world = World::new().await;
    world.enrol().await;
    let tokens = Tokens::of(&world).await;
    let own = {
        let account = zhenren_usecases::tenants::demo::account_id();
        tokens
            .account(&account, zhenren_domain::roles::Scope::Manage)
            .await
    };
    let ask = async |verb: &str| {
        let path = format!("/v1/account/apps/{}/{verb}", world.appid);
        world
            .account_side(Method::POST, &path, &own, &Value::Null)
            .await
    };
    let door = Door::of(&world, &world.appid, &world.secret);
    assert_eq!(door.knock(1).await, READY);
    let token = world.token().await;
    let key = world.user_id_key().await;
    let capture_token = door.v1("before-0001").await.text_of("capture_token");
    let certificate = door.certify(90).await;
    for _ in 0..2 {
        let frozen = ask("freeze").await;
        assert_eq!(frozen.status, StatusCode::OK, "{}", frozen.text);
        assert!(frozen.json["frozen_at"].is_string());
    }
    let dead = Answers {
        token: 40243,
        wechat: 41001,
        unicloud: 54021,
        v1: (403, "app_frozen"),
        capture: 10006,
    };
    assert_eq!(door.knock(2).await, dead);
    // What was handed out before is dead as well.
    assert_eq!(door.key(&token).await.errcode(), 40243);
    assert_eq!(world.getinfo_with(&token, "x").await.errcode(), 40243);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let path = "/v1/verifications/ver_none";
    let read = world.call(Method::GET, path, &headers, String::new()).await;
    assert_eq!(read.code(), "app_frozen");
    let tickets = [
        json!({ "appid": world.appid, "user_id_key": key }),
        json!({ "capture_token": capture_token }),
        json!({ "certify_id": certificate["certifyId"] }),
    ];
    for ticket in &tickets {
        let begun = world.begin(ticket).await;
        assert_eq!(
            (begun.errcode(), begun.code()),
            (10006, "app_frozen"),
            "{ticket}"
        );
    }
    // A wrong secret learns nothing of it.
    let wrong = Door::of(&world, &world.appid, &"0".repeat(64));
    assert_eq!(wrong.token().await.errcode(), 40001);
    assert_eq!(ask("unfreeze").await.json["frozen_at"], Value::Null);
    assert_eq!(door.knock(3).await, READY);
    // Nobody's ticket was spent by the refusal.
    for ticket in &tickets {
        assert_eq!(
            world.begin(ticket).await.status,
            StatusCode::CREATED,
            "{ticket}"
        );
    }
}

#[tokio::test]
async fn what_an_operator_froze_a_tenant_does_not_lift() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let account = zhenren_usecases::tenants::demo::account_id();
    let own = tokens
        .account(&account, zhenren_domain::roles::Scope::Manage)
        .await;
    let owner = tokens.operator(zhenren_domain::roles::Role::Owner).await;
    let ask = async |verb: &str, who: &str| {
        let path = format!(
            "/v1/account/apps/{}/{verb}?account_id={account}",
            world.appid
        );
        world
            .account_side(Method::POST, &path, who, &Value::Null)
            .await
    };
    // The tenant froze it first; the operator takes it over.
    assert_eq!(ask("freeze", &own).await.status, StatusCode::OK);
    assert_eq!(ask("freeze", &owner).await.status, StatusCode::OK);
    let refused = ask("unfreeze", &own).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::FORBIDDEN, "not_permitted")
    );
    let door = Door::of(&world, &world.appid, &world.secret);
    assert_eq!(door.token().await.errcode(), 40243);
    assert_eq!(ask("unfreeze", &owner).await.status, StatusCode::OK);
    assert_eq!(door.token().await.errcode(), 0);
}

#[tokio::test]
async fn a_revoked_secret_takes_the_tokens_along() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    let (app, secret) = tenant.app("formal").await;
    let door = Door::of(&world, &app, &secret);
    let leaked = door.token().await.text_of("access_token");
    // The app has no access yet, and says so to whoever has a token of it.
    assert_eq!(door.key(&leaked).await.errcode(), 48001);
    let path = format!("/apps/{app}/secrets");
    let listed = tenant.ask(Method::GET, &path, &Value::Null).await;
    let id = listed.json["items"][0]["id"].as_str().unwrap().to_owned();
    let one = format!("{path}/{id}");
    let revoked = tenant.ask(Method::DELETE, &one, &Value::Null).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text);
    assert_eq!(door.key(&leaked).await.errcode(), 40001);
}

#[tokio::test]
async fn secrets_are_exchanged_while_both_work() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    let (app, first) = tenant.app("formal").await;
    let path = format!("/apps/{app}/secrets");
    let made = tenant.ask(Method::POST, &path, &Value::Null).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let second = made.text_of("secret");
    let full = tenant.ask(Method::POST, &path, &Value::Null).await;
    assert_eq!(
        (full.status, full.code()),
        (StatusCode::CONFLICT, "secrets_full")
    );
    for secret in [&first, &second] {
        assert_eq!(Door::of(&world, &app, secret).token().await.errcode(), 0);
    }
    let listed = tenant.ask(Method::GET, &path, &Value::Null).await;
    let items = listed.json["items"].as_array().unwrap();
    let fields: Vec<&String> = items[0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["created_at", "id", "revoked_at"]);
    let ids: Vec<String> = items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.contains(&made.text_of("id")));
    let oldest = ids.iter().find(|id| **id != made.text_of("id")).unwrap();
    let one = format!("{path}/{oldest}");
    let revoked = tenant.ask(Method::DELETE, &one, &Value::Null).await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.text);
    assert_eq!(
        Door::of(&world, &app, &first).token().await.errcode(),
        40001
    );
    assert_eq!(Door::of(&world, &app, &second).token().await.errcode(), 0);
    let again = tenant.ask(Method::DELETE, &one, &Value::Null).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    assert_eq!(
        tenant.ask(Method::POST, &path, &Value::Null).await.status,
        StatusCode::CREATED
    );
    let all = tenant.ask(Method::GET, "/apps", &Value::Null).await.text;
    assert!(!all.contains(&second));
}

#[tokio::test]
async fn apps_are_changed_and_another_tenants_do_not_exist() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    let other = Tenant::open(&world, &tokens).await;
    let (app, _) = tenant.app("formal").await;
    let path = format!("/apps/{app}");
    let change = json!({
        "name": "Renamed", "strict_id_check": true,
        "challenge": {
            "kind": "flash_else_digits", "modes": ["flash_else_digits", "multi_action"],
            "actions": ["blink", "nod"], "actions_count": 2, "digits_count": 5,
            "flashes_count": 12, "no_flash": true, "capture_seconds": 60, "attempts_max": 2,
        },
    });
    let changed = tenant.ask(Method::PATCH, &path, &change).await;
    for field in ["name", "strict_id_check", "challenge"] {
        assert_eq!(changed.json[field], change[field], "{}", changed.text);
    }
    let back = tenant
        .ask(Method::PATCH, &path, &json!({ "without_challenge": true }))
        .await;
    assert_eq!(back.json["challenge"], Value::Null);
    assert_eq!(back.json["name"], "Renamed", "what is not named stays");
    for body in [
        json!({ "name": "" }),
        json!({ "challenge": { "kind": "silent", "actions": ["blink"] } }),
        json!({ "challenge": { "kind": "near_far", "modes": ["silent"] } }),
        json!({ "challenge": { "digits_count": 3 } }),
    ] {
        let refused = tenant.ask(Method::PATCH, &path, &body).await;
        assert_eq!(refused.code(), "parameter_invalid", "{body}");
    }
    for entitled in [json!({ "entitled": true }), json!({ "calls_quota": 9 })] {
        let refused = tenant.ask(Method::PATCH, &path, &entitled).await;
        assert_eq!(refused.code(), "body_invalid", "{entitled}");
    }
    let freeze = format!("{path}/freeze");
    for (method, path) in [(Method::GET, &path), (Method::POST, &freeze)] {
        let foreign = other.ask(method, path, &Value::Null).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    }
    let mine = other.ask(Method::GET, "/apps", &Value::Null).await;
    assert_eq!(mine.json["items"], json!([]));
}

#[tokio::test]
async fn address_ranges_are_read_and_replaced() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    let (app, _) = tenant.app("formal").await;
    let path = format!("/apps/{app}/address-ranges");
    let sent = json!({ "ranges": ["192.0.2.7", "2001:db8::/32", "10.0.0.0/8"] });
    let kept = tenant.ask(Method::PUT, &path, &sent).await;
    let expected = json!({ "ranges": ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"] });
    assert_eq!(kept.json, expected, "{}", kept.text);
    for ranges in [
        json!(["10.0.0.1/8"]),
        json!(["here"]),
        json!(vec!["10.0.0.0/8"; 65]),
    ] {
        let refused = tenant
            .ask(Method::PUT, &path, &json!({ "ranges": ranges }))
            .await;
        assert_eq!(refused.code(), "parameter_invalid", "{}", refused.text);
    }
    let read = tenant.ask(Method::GET, &path, &Value::Null).await;
    assert_eq!(read.json, expected);
    let none = tenant
        .ask(Method::PUT, &path, &json!({ "ranges": [] }))
        .await;
    assert_eq!(none.json, json!({ "ranges": [] }));
}
