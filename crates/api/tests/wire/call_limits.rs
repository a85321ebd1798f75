//! Calls of an app: a minute, a day, an address, at every door, across nodes and restarts.

use std::net::SocketAddr;

use crate::common::{Reply, World, basic};
use crate::operators::Tokens;
use crate::unicloud::{demo, nonce};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use zhenren_domain::ids::AppId;
use zhenren_domain::roles::{Role, Scope};
use zhenren_store::{apps, audit};
use zhenren_usecases::limits::app::{self, CallLimits};
use zhenren_usecases::limits::calls;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::tenants::demo::account_id;

/// A read that costs no more than its authentication: 404, or a refusal.
const READ: &str = "/v1/verifications/ver_none";

fn app_id(world: &World) -> AppId {
    AppId::parse(&world.appid).unwrap()
}

async fn limit(world: &World, minute: Option<u64>, day: Option<u64>) {
    let own = CallLimits {
        minute_calls_max: minute,
        day_calls_max: day,
        calls_quota: None,
    };
    app::set(
        &world.context,
        &Actor::CommandLine,
        None,
        &app_id(world),
        own,
    )
    .await
    .unwrap();
}

/// Calls of this minute and this day, reserved ones included.
async fn used(world: &World) -> (u64, u64) {
    let app_id = app_id(world);
    let found = app::show(&world.context, &Actor::CommandLine, None, &app_id)
        .await
        .unwrap();
    (found.minute.used, found.day.used)
}

async fn read(world: &World) -> Reply {
    world.v1(Method::GET, READ, "", &Value::Null).await
}

/// Whether a call was let through.
async fn passes(world: &World) -> bool {
    let reply = read(world).await;
    assert!(
        [404, 429].contains(&reply.status.as_u16()),
        "{}",
        reply.text
    );
    reply.status == StatusCode::NOT_FOUND
}

/// How many of so many calls were let through.
async fn passing(world: &World, count: u32) -> u32 {
    let mut passed = 0;
    for _ in 0..count {
        passed += u32::from(passes(world).await);
    }
    passed
}

async fn fetch_token(world: &World) -> Reply {
    let (appid, secret) = (&world.appid, &world.secret);
    let path = format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}");
    world.get(&path).await
}

/// Every door refuses one more call.
async fn assert_every_door_refuses(world: &World, token: &str, errcode: i64, limit: &str, n: u32) {
    let face = world
        .face("getinfo", token, &json!({ "verify_result": "x" }))
        .await;
    assert_eq!(
        (face.errcode(), fetch_token(world).await.errcode()),
        (errcode, errcode)
    );
    let v1 = read(world).await;
    assert_eq!(
        (v1.status.as_u16(), v1.code()),
        (429, "too_many_requests"),
        "{}",
        v1.text
    );
    assert_eq!(v1.json["limit"], limit);
    let body = json!({ "certifyId": "ver_none" });
    let uni = demo(world).call("getAuthResult", &nonce(n), &body).await;
    assert_eq!(uni["errCode"], 60000, "{uni}");
    assert!(
        uni["errMsg"]
            .as_str()
            .unwrap()
            .starts_with("service unavailable: The app has")
    );
}

#[tokio::test]
async fn a_minute_takes_so_many_calls_at_all_doors_together() {
    let world = World::new().await;
    limit(&world, Some(4), None).await;
    let token = world.token().await;
    let face = world
        .face("getinfo", &token, &json!({ "verify_result": "x" }))
        .await;
    assert_eq!(face.errcode(), 84001);
    assert_eq!(read(&world).await.status, StatusCode::NOT_FOUND);
    let body = json!({ "certifyId": "ver_none" });
    let uni = demo(&world).call("getAuthResult", &nonce(1), &body).await;
    assert_eq!(uni["errCode"], 54020);
    assert_every_door_refuses(&world, &token, 45011, "app_minute", 2).await;
    let text = fetch_token(&world).await.text_of("errmsg");
    let stem = "api minute-quota reach limit, must slower, retry next minute rid: ";
    assert!(text.starts_with(stem), "{text}");
    // What is not authenticated does not count, and is refused for what it is.
    let wrong = basic(&world.appid, "wrong");
    let headers = [("authorization", wrong.as_str())];
    let reply = world.call(Method::GET, READ, &headers, Body::empty()).await;
    assert_eq!(reply.code(), "credentials_invalid");
    let rest_s = 60 - world.clock.now().as_second().rem_euclid(60);
    let retry = read(&world).await.headers["retry-after"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(retry, rest_s.to_string());
    world.advance_s(rest_s - 1);
    assert!(!passes(&world).await);
    world.advance_s(1);
    assert_eq!(passing(&world, 6).await, 4);
}

#[tokio::test]
async fn a_day_takes_so_many_calls_and_turns_at_midnight_in_shanghai() {
    let world = World::new().await;
    limit(&world, None, Some(3)).await;
    let token = world.token().await;
    assert_eq!(passing(&world, 3).await, 2);
    assert_every_door_refuses(&world, &token, 45009, "app_day", 1).await;
    let text = fetch_token(&world).await.text_of("errmsg");
    assert!(
        text.starts_with("reach max api daily quota limit rid: "),
        "{text}"
    );
    let rest_s = 86_400 - (world.clock.now().as_second() + 8 * 3_600).rem_euclid(86_400);
    for (seconds, passes_now) in [(61, false), (rest_s - 62, false), (1, true)] {
        world.advance_s(seconds);
        assert_eq!(passes(&world).await, passes_now, "after {seconds} s more");
    }
}

#[tokio::test]
async fn the_day_is_named_when_the_minute_is_full_too() {
    let world = World::new().await;
    limit(&world, Some(2), Some(2)).await;
    assert_eq!(passing(&world, 2).await, 2);
    assert_eq!(read(&world).await.json["limit"], "app_day");
}

/// How many of 64 calls at once pass, every other one through the other node.
async fn rush(nodes: [&World; 2]) -> usize {
    let mut calls = tokio::task::JoinSet::new();
    for node in nodes.into_iter().cycle().take(64) {
        let router = node.router.clone();
        let request = Request::get(READ)
            .header("authorization", basic(&node.appid, &node.secret))
            .body(Body::empty())
            .unwrap();
        calls.spawn(async move { router.oneshot(request).await.unwrap().status() });
    }
    let statuses = calls.join_all().await;
    let count = |status| statuses.iter().filter(|it| **it == status).count();
    let passed = count(StatusCode::NOT_FOUND);
    assert_eq!(passed + count(StatusCode::TOO_MANY_REQUESTS), 64);
    passed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_calls_at_once_on_two_nodes_exactly_the_nine_that_are_left_pass() {
    World::on_both("limits_nine", async |world| {
        let other = world.another_node(8).await;
        for (minute, day) in [(Some(20), None), (None, Some(31)), (Some(40), Some(20))] {
            // A minute and a day of its own for each round.
            world.advance_s(86_400);
            limit(world, minute, day).await;
            let all = minute.into_iter().chain(day).min().unwrap();
            let before = u32::try_from(all).unwrap() - 9;
            assert_eq!(passing(world, before).await, before);
            assert_eq!(rush([world, &other]).await, 9, "{minute:?} {day:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn counters_survive_a_restart_and_a_crash_loses_one_block_at_most() {
    let world = World::new().await;
    // Exact below 50.
    limit(&world, Some(10), None).await;
    assert_eq!(passing(&world, 7).await, 7);
    let restarted = world.another_node(8).await;
    assert_eq!(passing(&restarted, 9).await, 3);
    // In blocks of 10 out of 500: five calls, then a crash.
    world.advance_s(60);
    limit(&world, Some(500), None).await;
    let crashed = world.another_node(9).await;
    assert_eq!(passing(&crashed, 5).await, 5);
    assert_eq!(used(&world).await.0, 10);
    drop(crashed);
    let restarted = world.another_node(10).await;
    assert_eq!(passing(&restarted, 600).await, 490);
}

#[tokio::test]
async fn a_node_that_stops_in_order_loses_nothing() {
    let world = World::new().await;
    limit(&world, Some(500), None).await;
    let stopping = world.another_node(8).await;
    assert_eq!(passing(&stopping, 5).await, 5);
    calls::give_back(&stopping.context).await.unwrap();
    assert_eq!(used(&world).await.0, 5);
    let started = world.another_node(9).await;
    assert_eq!(passing(&started, 600).await, 495);
    assert_eq!(used(&world).await.0, 500);
}

#[tokio::test]
async fn nodes_share_a_window_down_to_its_last_call() {
    let world = World::new().await;
    limit(&world, Some(500), None).await;
    let nodes = [
        &world,
        &world.another_node(8).await,
        &world.another_node(9).await,
    ];
    let mut passed = 0;
    for turn in 0..600_usize {
        passed += u32::from(passes(nodes[turn % 3]).await);
    }
    assert_eq!(passed, 500);
}

#[tokio::test]
async fn a_changed_limit_is_in_force_at_once_here_and_within_a_second_elsewhere() {
    let world = World::new().await;
    let other = world.another_node(8).await;
    assert!(passes(&world).await && passes(&other).await);
    // Under the default of 10,000 both have a block of 200; ours goes back.
    assert_eq!(used(&world).await.0, 400);
    limit(&world, Some(205), None).await;
    assert_eq!(passing(&world, 10).await, 4);
    assert_eq!(used(&world).await.0, 205);
    // The other node still hands out what it has, and then notices.
    assert_eq!(passing(&other, 10).await, 10);
    world.advance_s(1);
    assert!(
        passes(&other).await,
        "what it gave back is there for everybody"
    );
    limit(&world, Some(0), None).await;
    assert_eq!(passing(&world, 300).await, 300);
    limit(&world, None, None).await;
    assert!(passes(&world).await);
}

/// A call from a socket's address.
async fn read_from(world: &World, peer: &str) -> Reply {
    let peer: SocketAddr = peer.parse().unwrap();
    let request = Request::get(READ)
        .header("authorization", basic(&world.appid, &world.secret))
        .header("x-forwarded-for", "127.0.0.1")
        .extension(ConnectInfo(peer))
        .body(Body::empty())
        .unwrap();
    Reply::of(world.router.clone().oneshot(request).await.unwrap()).await
}

async fn allow(world: &World, ranges: &[&str]) {
    let ranges: Vec<_> = ranges.iter().map(|text| text.parse().unwrap()).collect();
    let (now, mut tx) = (
        world.context.now(),
        world.context.pool().begin().await.unwrap(),
    );
    apps::set_address_ranges(&mut tx, &app_id(world), &ranges, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.advance_s(1);
}

#[tokio::test]
async fn an_app_is_called_from_its_own_addresses_only() {
    let world = World::new().await;
    let token = world.token().await;
    allow(&world, &["203.0.113.0/24", "2001:db8::/32"]).await;
    // Calls without a socket come from this process: 127.0.0.1.
    for reply in [
        fetch_token(&world).await,
        world
            .face("getinfo", &token, &json!({ "verify_result": "x" }))
            .await,
    ] {
        assert_eq!(reply.errcode(), 40164, "{}", reply.text);
        let stem = "invalid ip 127.0.0.1, not in whitelist rid: ";
        assert!(reply.text_of("errmsg").starts_with(stem), "{}", reply.text);
    }
    let v1 = read(&world).await;
    assert_eq!(
        (v1.status, v1.code()),
        (StatusCode::FORBIDDEN, "address_not_allowed")
    );
    let body = json!({ "certifyId": "ver_none" });
    let uni = demo(&world).call("getAuthResult", &nonce(1), &body).await;
    assert_eq!(uni["errCode"], 54021);
    for (peer, expected) in [
        ("203.0.113.9:1", 404),
        ("[::ffff:203.0.113.9]:1", 404),
        ("[2001:db8:1::1]:1", 404),
        ("203.0.114.9:1", 403),
        ("127.0.0.1:1", 403),
    ] {
        assert_eq!(
            read_from(&world, peer).await.status.as_u16(),
            expected,
            "{peer}"
        );
    }
    // A call from elsewhere does not count.
    assert_eq!(used(&world).await.0, 200);
    allow(&world, &[]).await;
    assert_eq!(
        read_from(&world, "203.0.114.9:1").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(fetch_token(&world).await.errcode(), 0);
}

#[tokio::test]
async fn the_demo_back_end_is_a_tenant_of_this_machine() {
    let world = World::new().await;
    world.enrol().await;
    let body = json!({ "name": crate::common::NAME, "id_number": crate::common::NUMBER });
    for (ranges, expected) in [
        (&[][..], StatusCode::OK),
        (&["127.0.0.0/8"][..], StatusCode::OK),
        (&["203.0.113.0/24"][..], StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        allow(&world, ranges).await;
        let reply = world.post("/demo/api/start", &body).await;
        assert_eq!(reply.status, expected, "{ranges:?} {}", reply.text);
    }
}

#[tokio::test]
async fn limits_are_read_and_changed_on_the_account_side() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let reviewer = tokens.operator(Role::Reviewer).await;
    let tenant = tokens.account(&account_id(), Scope::Manage).await;
    let path = format!("/v1/account/apps/{}/limits", world.appid);
    let operators_path = format!("{path}?account_id={}", account_id());
    let shown = world
        .account_side(Method::GET, &path, &tenant, &Value::Null)
        .await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    assert_eq!(shown.json["minute_calls_max"], Value::Null);
    assert_eq!(shown.json["minute"]["max"], 10_000);
    assert_eq!(shown.json["day"]["used"], 0);
    let body = json!({ "minute_calls_max": 2, "day_calls_max": 0 });
    let put = world
        .account_side(Method::PUT, &operators_path, &reviewer, &body)
        .await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    assert_eq!(
        (&put.json["minute"]["max"], &put.json["day"]["max"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(passing(&world, 3).await, 2);
    let shown = world
        .account_side(Method::GET, &path, &tenant, &Value::Null)
        .await;
    assert_eq!(shown.json["minute"]["used"], 2);
    assert_eq!(shown.json["minute"]["from"], "2026-09-21T14:13:00Z");
    for body in [
        json!({ "minute_calls_max": 1_000_000_001 }),
        json!({ "minute_calls_max": -1 }),
        json!({ "minute_calls_max": "2" }),
        json!({ "minutes": 2 }),
    ] {
        let reply = world
            .account_side(Method::PUT, &operators_path, &reviewer, &body)
            .await;
        assert_eq!(
            reply.status,
            StatusCode::BAD_REQUEST,
            "{body}: {}",
            reply.text
        );
    }
    let unknown = path.replace(&world.appid, "app_none");
    let reply = world
        .account_side(Method::GET, &unknown, &tenant, &Value::Null)
        .await;
    assert_eq!(reply.code(), "not_found");
    let mut tx = world.context.pool().read().await.unwrap();
    let chain = account_id();
    let lines = audit::list(&mut tx, chain.as_str(), 0, 100).await.unwrap();
    let line = lines
        .iter()
        .find(|line| line.action == "app.limits")
        .unwrap();
    assert_eq!(line.detail, "minute=2 day=0 quota=-");
}

#[tokio::test]
async fn the_configured_limits_are_shown_to_every_tenant() {
    let world = World::new().await;
    let tokens = Tokens::of(&world).await;
    let tenant = tokens.account(&account_id(), Scope::Read).await;
    let shown = world
        .account_side(Method::GET, "/v1/account/limits", &tenant, &Value::Null)
        .await;
    let limit = |max: u64, seconds: u64| json!({ "max": max, "window_seconds": seconds });
    let expected = json!({ "limits": {
        "app_minute": limit(10_000, 60), "app_day": limit(1_000_000, 86_400),
        "identity_day": limit(20, 86_400), "user_day": limit(20, 86_400),
        "device_day": limit(50, 86_400), "address_hour": limit(300, 3_600),
        "sign_in_hour": limit(60, 3_600),
    } });
    assert_eq!(shown.json, expected);
}
