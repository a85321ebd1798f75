//! Applications for access: what a form must say, who decides, and what approval gives.

use crate::accounts::{Answers, Door, Tenant};
use crate::common::{NAME, NUMBER, World};
use crate::operators::Tokens;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhenren_domain::ids::AccountId;
use zhenren_domain::money::Fen;
use zhenren_domain::roles::Role;
use zhenren_store::accounts;
use zhenren_usecases::analysis::scripted::PORTRAIT;
use zhenren_usecases::ledger::recharge;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::people::enrol;

fn form(formal: &str, test: Option<&str>) -> Value {
    json!({
        "business_name": "Shop Ltd", "scene": "People sign leases online.",
        "subject_type": "mini_program", "formal_name": "Shop", "formal_app_id": formal,
        "test_name": test.map(|_| "Shop (test)"), "test_app_id": test,
        "daily_calls_average": 500, "daily_people_average": 300,
        "peak_calls_per_minute": 200, "average_calls_per_minute": 2,
        "product_contact": { "name": "李四", "mobile": "13800000000", "email": "p@shop.example" },
        "developer_contact": { "name": "王五", "mobile": "13800000001", "email": "d@shop.example" },
        "our_contact": { "name": "赵六", "email": "z@platform.example" },
    })
}

/// Somebody to verify and money to pay for it.
async fn provide(tenant: &Tenant<'_>) {
    let context = &tenant.world.context;
    let account = AccountId::parse(&tenant.id).unwrap();
    let photo = PORTRAIT.to_vec();
    enrol::enrol_for(context, &account, NAME, NUMBER, photo)
        .await
        .unwrap();
    recharge::recharge(
        context,
        &Actor::CommandLine,
        &account,
        Fen::of(10_000),
        "bank-1",
    )
    .await
    .unwrap();
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn approval_gives_access_limits_and_a_quota() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    provide(&tenant).await;
    let (formal, formal_secret) = tenant.app("formal").await;
    let (test, test_secret) = tenant.app("test").await;
    let door = Door::of(&world, &formal, &formal_secret);
    let trying = Door::of(&world, &test, &test_secret);
    let without = Answers {
        token: 0,
        wechat: 48001,
        unicloud: 55023,
        v1: (403, "app_not_entitled"),
        capture: 10006,
    };
    assert_eq!(door.knock(1).await, without);
    assert_eq!(trying.knock(2).await, without);

    let form = form(&formal, Some(&test));
    let made = tenant.ask(Method::POST, "/applications", &form).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let mut expected = form.clone();
    expected["our_contact"]["mobile"] = Value::Null;
    assert_eq!(made.json["form"], expected);
    let again = tenant.ask(Method::POST, "/applications", &form).await;
    assert_eq!(again.code(), "application_waiting");
    assert_eq!(door.knock(3).await, without, "submitting gives nothing");

    let id = made.text_of("id");
    let reviewer = tokens.operator(Role::Reviewer).await;
    let one = format!("/v1/account/applications/{id}");
    let about = format!("account_id={}", tenant.id);
    let path = format!("{one}/approve?{about}");
    let zero = world
        .account_side(Method::POST, &path, &reviewer, &json!({ "calls_quota": 0 }))
        .await;
    assert_eq!(zero.code(), "parameter_invalid", "{}", zero.text);
    let approved = world
        .account_side(Method::POST, &path, &reviewer, &json!({ "calls_quota": 3 }))
        .await;
    assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);
    assert_eq!(approved.json["state"], "approved");
    let refuse = format!("{one}/refuse?{about}");
    for (path, body) in [(&path, json!({})), (&refuse, json!({ "reason": "late" }))] {
        let twice = world
            .account_side(Method::POST, path, &reviewer, &body)
            .await;
        assert_eq!(twice.code(), "application_decided");
    }
    for (id, minute, quota) in [(&formal, 200, Value::Null), (&test, 200, json!(3))] {
        let app = tenant
            .ask(Method::GET, &format!("/apps/{id}"), &Value::Null)
            .await;
        assert_eq!(app.json["entitled"], true, "{}", app.text);
        assert_eq!(app.json["minute_calls_max"], minute);
        assert_eq!(app.json["calls_quota"], quota);
    }
    let with = Answers {
        token: 0,
        wechat: 0,
        unicloud: 0,
        v1: (201, ""),
        capture: 10041,
    };
    assert_eq!(door.knock(4).await, with);
}

#[tokio::test]
async fn a_test_app_spends_its_quota_at_every_door_and_then_none() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    provide(&tenant).await;
    let (formal, _) = tenant.app("formal").await;
    let (test, secret) = tenant.app("test").await;
    let form = form(&formal, Some(&test));
    let made = tenant.ask(Method::POST, "/applications", &form).await;
    let path = format!("/applications/{}/approve", made.text_of("id"));
    let approved = tenant
        .owner_asks(Method::POST, &path, &json!({ "calls_quota": 3 }))
        .await;
    assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);

    let door = Door::of(&world, &test, &secret);
    let token = door.token().await.text_of("access_token");
    let keys = [door.key(&token).await, door.key(&token).await];
    let keys = keys.map(|reply| reply.text_of("user_id_key"));
    // A key alone counts nothing; each door that opens a verification counts one.
    assert_eq!(door.begin(&keys[0]).await.status, StatusCode::CREATED);
    assert_eq!(door.certify(1).await["errCode"], 0);
    assert_eq!(door.v1("quota-0001").await.status, StatusCode::CREATED);
    // The same question again is the same verification.
    assert_eq!(door.v1("quota-0001").await.status, StatusCode::CREATED);

    let account = AccountId::parse(&tenant.id).unwrap();
    let balance = async || {
        let mut tx = world.context.pool().read().await.unwrap();
        let found = accounts::find(&mut tx, &account).await.unwrap();
        found.unwrap().balance
    };
    let before = balance().await;
    assert_eq!(door.key(&token).await.errcode(), 45009);
    assert_eq!(door.certify(2).await["errCode"], 60000);
    let refused = door.v1("quota-0002").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.code(), "quota_exhausted");
    let begun = door.begin(&keys[1]).await;
    assert_eq!((begun.errcode(), begun.code()), (10042, "quota_exhausted"));
    assert_eq!(balance().await, before, "nothing was frozen");
    let app = tenant
        .ask(Method::GET, &format!("/apps/{test}"), &Value::Null)
        .await;
    assert_eq!(app.json["calls_count"], 3);
}

#[tokio::test]
async fn a_call_that_cannot_be_paid_is_not_counted() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    let (formal, _) = tenant.app("formal").await;
    let (test, secret) = tenant.app("test").await;
    let made = tenant
        .ask(Method::POST, "/applications", &form(&formal, Some(&test)))
        .await;
    let path = format!("/applications/{}/approve", made.text_of("id"));
    tenant.owner_asks(Method::POST, &path, &Value::Null).await;
    let door = Door::of(&world, &test, &secret);
    assert_eq!(door.certify(1).await["errCode"], 54100);
    let app = tenant
        .ask(Method::GET, &format!("/apps/{test}"), &Value::Null)
        .await;
    assert_eq!(app.json["calls_count"], 0);
    assert_eq!(app.json["calls_quota"], 100, "the default");
}

#[tokio::test]
async fn a_refusal_has_a_reason_and_another_form_may_follow() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    let (formal, secret) = tenant.app("formal").await;
    let submit = async || {
        let made = tenant
            .ask(Method::POST, "/applications", &form(&formal, None))
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.text_of("id")
    };
    let path = format!("/applications/{}/refuse", submit().await);
    let blank = tenant
        .owner_asks(Method::POST, &path, &json!({ "reason": " " }))
        .await;
    assert_eq!(blank.code(), "parameter_invalid");
    let reason = json!({ "reason": "The scene names no purpose." });
    let refused = tenant.owner_asks(Method::POST, &path, &reason).await;
    assert_eq!(refused.json["state"], "refused", "{}", refused.text);
    assert_eq!(refused.json["refusal"], reason["reason"]);
    assert_eq!(Door::of(&world, &formal, &secret).knock(1).await.v1.0, 403);
    submit().await;
    for (query, count) in [
        ("", 2),
        ("state=submitted", 1),
        ("state=refused", 1),
        ("state=approved", 0),
    ] {
        let path = format!("/v1/account/applications?{query}");
        let own = world
            .account_side(Method::GET, &path, &tenant.own, &Value::Null)
            .await;
        assert_eq!(
            own.json["items"].as_array().unwrap().len(),
            count,
            "{query}"
        );
        // A reviewer need not name an account.
        let all = world
            .account_side(Method::GET, &path, &tenant.owner, &Value::Null)
            .await;
        assert_eq!(
            all.json["items"].as_array().unwrap().len(),
            count,
            "{query}"
        );
    }
}

#[tokio::test]
async fn wrong_forms_name_every_wrong_field() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = Tenant::open(&world, &tokens).await;
    let other = Tenant::open(&world, &tokens).await;
    let (formal, _) = tenant.app("formal").await;
    let (test, _) = tenant.app("test").await;
    let (foreign, _) = other.app("formal").await;
    let rows = [
        ("scene", Value::Null, "scene is missing"),
        ("subject_type", json!("shop"), "subject_type must be"),
        (
            "daily_calls_average",
            json!(0),
            "daily_calls_average must be from 1",
        ),
        (
            "average_calls_per_minute",
            json!(201),
            "must not be more than",
        ),
        (
            "product_contact",
            json!({ "name": "A" }),
            "product_contact.email is missing",
        ),
        ("colour", json!("red"), "colour is not a field"),
        ("formal_app_id", json!(foreign), "an app of this account"),
        ("formal_app_id", json!("shop"), "an app of this account"),
        (
            "formal_app_id",
            json!(test),
            "must not be the formal_app_id",
        ),
        ("test_app_id", json!(foreign), "an app of this account"),
        (
            "test_name",
            Value::Null,
            "test_name must go with test_app_id",
        ),
    ];
    for (field, value, words) in rows {
        let mut form = form(&formal, Some(&test));
        form[field] = value;
        let reply = tenant.ask(Method::POST, "/applications", &form).await;
        assert_eq!(reply.code(), "parameter_invalid", "{field}: {}", reply.text);
        assert!(
            reply.text_of("detail").contains(words),
            "{field}: {}",
            reply.text
        );
    }
    let swapped = form(&test, Some(&formal));
    let reply = tenant.ask(Method::POST, "/applications", &swapped).await;
    assert!(
        reply.text_of("detail").contains("of kind formal"),
        "{}",
        reply.text
    );
}
