//! How often, and from where: every limit at every door, across windows, restarts and nodes.

use std::net::SocketAddr;

use crate::common::{Attempt, NAME, NUMBER, Reply, World};
use crate::operators::PASSWORD;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use zhenren_domain::limits::Limits;
use zhenren_domain::roles::Role;
use zhenren_usecases::settings::Settings;

/// A world in which nothing is limited but what the test says.
async fn world(limits: Limits) -> World {
    let settings = Settings {
        limits,
        ..Settings::default()
    };
    let world = World::with(settings).await;
    world.enrol().await;
    world
}

const OFF: Limits = Limits {
    app_minute_calls_max: 0,
    app_day_calls_max: 0,
    identity_day_max: 0,
    user_day_max: 0,
    device_day_max: 0,
    address_hour_max: 0,
    sign_in_hour_max: 0,
};

pub(crate) fn retry_after(reply: &Reply) -> u64 {
    let header = reply.headers.get("retry-after").unwrap();
    header.to_str().unwrap().parse().unwrap()
}

/// 429 with its limit and its wait.
fn assert_reached(reply: &Reply, limit: &str, rest_s: u64) {
    assert_eq!(
        reply.status,
        StatusCode::TOO_MANY_REQUESTS,
        "{}",
        reply.text
    );
    assert_eq!(reply.code(), "too_many_requests");
    assert_eq!(reply.json["limit"], limit, "{}", reply.text);
    assert_eq!(retry_after(reply), rest_s);
}

/// Seconds until midnight in Shanghai.
fn until_midnight(world: &World) -> u64 {
    let second = world.clock.now().as_second();
    u64::try_from(86_400 - (second + 8 * 3_600).rem_euclid(86_400)).unwrap()
}

async fn ask(world: &World, key: &str, user: &str) -> Reply {
    let body = json!({
        "name": NAME, "id_number": NUMBER, "user_id": user, "reference": { "source": "enrolled" },
    });
    world
        .v1(Method::POST, "/v1/verifications", key, &body)
        .await
}

#[tokio::test]
async fn a_person_is_asked_about_so_often_a_day_and_a_repetition_does_not_count() {
    let world = world(Limits {
        identity_day_max: 2,
        ..OFF
    })
    .await;
    for (key, user) in [
        ("order-0001", "a"),
        ("order-0001", "a"),
        ("order-0002", "b"),
    ] {
        assert_eq!(ask(&world, key, user).await.status, StatusCode::CREATED);
    }
    let third = ask(&world, "order-0003", "c").await;
    assert_reached(&third, "identity_day", until_midnight(&world));
    // What was answered before is answered again.
    assert_eq!(
        ask(&world, "order-0002", "b").await.status,
        StatusCode::CREATED
    );
    // The refusal of a key says so before anybody stands before a camera.
    let token = world.token().await;
    let pair = json!({ "name": NAME, "id_card_number": NUMBER });
    let refused = world.face("getuseridkey", &token, &pair).await;
    assert_eq!(refused.errcode(), 10042, "{}", refused.text);
    // The day turns at midnight in Shanghai and not before.
    world.advance_s(i64::try_from(until_midnight(&world)).unwrap() - 1);
    assert_reached(&ask(&world, "order-0003", "c").await, "identity_day", 1);
    world.advance_s(1);
    assert_eq!(
        ask(&world, "order-0003", "c").await.status,
        StatusCode::CREATED
    );
}

#[tokio::test]
async fn a_refused_request_counts_for_nobody() {
    let world = world(Limits {
        identity_day_max: 1,
        user_day_max: 3,
        ..OFF
    })
    .await;
    assert_eq!(
        ask(&world, "order-0001", "a").await.status,
        StatusCode::CREATED
    );
    for number in 2..9 {
        let reply = ask(&world, &format!("order-000{number}"), "a").await;
        assert_reached(&reply, "identity_day", until_midnight(&world));
    }
    // The user's own counter stands at one, so two more questions about others pass.
    let other = "310101199801011234";
    for (key, expected) in [
        ("order-0011", StatusCode::CREATED),
        ("order-0012", StatusCode::TOO_MANY_REQUESTS),
    ] {
        let body = json!({
            "name": NAME, "id_number": other, "user_id": "a", "reference": { "source": "enrolled" },
        });
        let reply = world
            .v1(Method::POST, "/v1/verifications", key, &body)
            .await;
        assert_eq!(reply.status, expected, "{}", reply.text);
    }
}

#[tokio::test]
async fn a_user_of_an_app_has_so_many_a_day_at_every_door() {
    let world = world(Limits {
        user_day_max: 1,
        ..OFF
    })
    .await;
    assert_eq!(
        ask(&world, "order-0001", "a").await.status,
        StatusCode::CREATED
    );
    let reply = ask(&world, "order-0002", "a").await;
    assert_reached(&reply, "user_day", until_midnight(&world));
    // An openid is a user as well; without one nobody is counted.
    let key = world.user_id_key().await;
    let ticket = |openid: &str, key: &str| json!({ "appid": world.appid, "user_id_key": key, "openid": openid });
    let refused = world.begin(&ticket("a", &key)).await;
    assert_reached(&refused, "user_day", until_midnight(&world));
    assert_eq!(refused.errcode(), 10042);
    Attempt::of(&world, &world.begin(&ticket("b", &key)).await);
    for _ in 0..2 {
        let key = world.user_id_key().await;
        Attempt::of(&world, &world.begin(&ticket("", &key)).await);
    }
}

#[tokio::test]
async fn a_user_id_key_counts_its_person_once_when_it_opens() {
    let world = world(Limits {
        identity_day_max: 1,
        ..OFF
    })
    .await;
    let (one, two) = (world.user_id_key().await, world.user_id_key().await);
    // Loading the page again supersedes the attempt and opens nothing new.
    for _ in 0..3 {
        world.begin_with_key(&one).await;
    }
    let ticket = json!({ "appid": world.appid, "user_id_key": two });
    let refused = world.begin(&ticket).await;
    assert_reached(&refused, "identity_day", until_midnight(&world));
    assert_eq!(refused.errcode(), 10042);
}

#[tokio::test]
async fn a_device_begins_so_often_a_day() {
    let world = world(Limits {
        device_day_max: 2,
        ..OFF
    })
    .await;
    let key = world.user_id_key().await;
    let begin = |device: Value| {
        let ticket = json!({
            "appid": world.appid, "user_id_key": key,
            "client": { "sdk": "test", "device_id": device },
        });
        let world = &world;
        async move { world.begin(&ticket).await }
    };
    let one = json!("0123456789abcdef0123456789abcdef");
    for _ in 0..2 {
        Attempt::of(&world, &begin(one.clone()).await);
    }
    let refused = begin(one).await;
    assert_reached(&refused, "device_day", until_midnight(&world));
    assert_eq!(refused.errcode(), 10042);
    // Another device, and what is no device id, are not counted with it.
    for device in [json!("another-device-0001"), json!("short"), json!(7)] {
        Attempt::of(&world, &begin(device).await);
    }
}

/// Whether a request from a socket's address is answered so.
async fn sign_in_from(world: &World, peer: &str, login: &str, password: &str) -> Reply {
    let peer: SocketAddr = peer.parse().unwrap();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/v1/account/sessions")
        .extension(ConnectInfo(peer))
        .body(Body::from(
            json!({ "login": login, "password": password }).to_string(),
        ))
        .unwrap();
    Reply::of(world.router.clone().oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn sign_ins_are_counted_for_the_address_they_come_from() {
    let world = world(Limits {
        sign_in_hour_max: 3,
        ..OFF
    })
    .await;
    world.hire("wei", Role::Owner).await;
    let peer = "192.0.2.1:1";
    // Each at another login, so that none of them is locked.
    for login in ["one", "two", "three"] {
        let reply = sign_in_from(&world, peer, login, "wrong horse battery").await;
        assert_eq!(reply.code(), "sign_in_refused", "{}", reply.text);
    }
    let refused = sign_in_from(&world, peer, "wei", PASSWORD).await;
    let rest = 3_600 - world.clock.now().as_second().rem_euclid(3_600);
    assert_reached(&refused, "sign_in_hour", u64::try_from(rest).unwrap());
    let elsewhere = sign_in_from(&world, "192.0.2.2:1", "wei", PASSWORD).await;
    assert_eq!(elsewhere.status, StatusCode::CREATED, "{}", elsewhere.text);
    world.advance_s(3_600);
    let later = sign_in_from(&world, peer, "wei", PASSWORD).await;
    assert_eq!(later.status, StatusCode::CREATED, "{}", later.text);
}

/// A begin from a socket's address.
async fn begin_from(world: &World, peer: &str, forwarded: &str, ticket: &Value) -> Reply {
    let mut body = json!({ "consent": { "version": "1", "accepted": true }, "locale": "en" });
    for (name, value) in ticket.as_object().unwrap() {
        body[name] = value.clone();
    }
    let peer: SocketAddr = peer.parse().unwrap();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/capture/v1/attempts")
        .header("x-forwarded-for", forwarded)
        .extension(ConnectInfo(peer))
        .body(Body::from(body.to_string()))
        .unwrap();
    Reply::of(world.router.clone().oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn an_address_begins_so_often_an_hour() {
    let world = world(Limits {
        address_hour_max: 2,
        ..OFF
    })
    .await;
    let ticket =
        || async { json!({ "appid": world.appid, "user_id_key": world.user_id_key().await }) };
    // One line of IPv6, an IPv4 address over IPv6, and nobody believes a stranger's header.
    for (first, second) in [
        ("192.0.2.1:1", "[::ffff:192.0.2.1]:2"),
        ("[2001:db8::1]:1", "[2001:db8::ffff:1]:2"),
    ] {
        for peer in [first, second] {
            let reply = begin_from(&world, peer, "198.51.100.1", &ticket().await).await;
            assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        }
        let refused = begin_from(&world, first, "198.51.100.2", &ticket().await).await;
        let rest = 3_600 - world.clock.now().as_second().rem_euclid(3_600);
        assert_reached(&refused, "address_hour", u64::try_from(rest).unwrap());
        assert_eq!(refused.errcode(), 10042);
    }
    world.advance_s(3_600);
    let reply = begin_from(&world, "192.0.2.1:1", "", &ticket().await).await;
    assert_eq!(reply.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_refused_begin_spends_no_token() {
    let world = world(Limits {
        address_hour_max: 1,
        ..OFF
    })
    .await;
    let mut tickets = Vec::new();
    for key in ["order-0001", "order-0002"] {
        let opened = ask(&world, key, "a").await;
        tickets.push(json!({ "capture_token": opened.json["capture_token"] }));
    }
    let peer = "192.0.2.1:1";
    let one = begin_from(&world, peer, "", &tickets[0]).await;
    assert_eq!(one.status, StatusCode::CREATED, "{}", one.text);
    let refused = begin_from(&world, peer, "", &tickets[1]).await;
    assert_eq!(refused.code(), "too_many_requests");
    let elsewhere = begin_from(&world, "192.0.2.2:1", "", &tickets[1]).await;
    assert_eq!(elsewhere.status, StatusCode::CREATED, "{}", elsewhere.text);
}
