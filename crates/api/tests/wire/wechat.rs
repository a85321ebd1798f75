//! The WeChat dialect: codes for wrong, missing, expired, foreign and repeated input, and one
//! whole verification.

use crate::common::{NAME, NUMBER, World, content_type};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::json;
use zhenren_usecases::analysis::scripted::{
    IGNORES_PROMPTS, NO_FACE, OTHER_PERSON, PASSES, UNREADABLE,
};
use zhenren_usecases::settings::{Settings, Sources};

#[tokio::test]
async fn a_token_is_checked_in_the_documented_order() {
    let world = World::new().await;
    let (appid, secret) = (world.appid.clone(), world.secret.clone());
    let wrong = "0".repeat(64);
    let cases = [
        (String::new(), 41002),
        (String::from("appid=wx0000"), 40013),
        (String::from("appid=wx0000&grant_type=nonsense"), 40013),
        (format!("appid={appid}"), 40002),
        (format!("appid={appid}&grant_type=nonsense&secret=x"), 40002),
        (format!("appid={appid}&grant_type=client_credential"), 41004),
        (
            format!("appid={appid}&grant_type=client_credential&secret=short"),
            40125,
        ),
        (
            format!("appid={appid}&grant_type=client_credential&secret={wrong}"),
            40001,
        ),
    ];
    for (query, errcode) in cases {
        let reply = world.get(&format!("/cgi-bin/token?{query}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{query}");
        assert_eq!(reply.errcode(), errcode, "{query}: {}", reply.text);
        assert_eq!(content_type(&reply), "application/json; encoding=utf-8");
        let errmsg = reply.text_of("errmsg");
        let rid = errmsg.rsplit(" rid: ").next().unwrap();
        assert_eq!(
            rid.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 8, 8],
            "{errmsg}"
        );
        assert_eq!(reply.headers.get("x-request-id").unwrap(), rid);
    }
    let body = json!({ "grant_type": "client_credential", "appid": appid, "secret": secret });
    for body in [
        body.to_string(),
        format!("grant_type=client_credential&appid={appid}&secret={secret}"),
    ] {
        let reply = world.call(Method::POST, "/cgi-bin/token", &[], body).await;
        assert_eq!(reply.json["expires_in"], 7200, "{}", reply.text);
        assert!(reply.json.get("errcode").is_none());
    }
    let body = b"grant_type=client_credential&appid=\xff".to_vec();
    let reply = world.call(Method::POST, "/cgi-bin/token", &[], body).await;
    assert_eq!(reply.errcode(), 10040, "{}", reply.text);
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_answered_in_the_dialect() {
    let world = World::new().await;
    for name in ["getuseridkey", "getinfo"] {
        let path = format!("/cityservice/face/identify/{name}?access_token=a&access_token=b");
        let reply = world.post(&path, &json!({})).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        assert_eq!(reply.errcode(), 41001, "{}", reply.text);
        assert_eq!(content_type(&reply), "application/json; encoding=utf-8");
    }
}

#[tokio::test]
async fn a_new_token_leaves_the_old_one_five_minutes() {
    let world = World::new().await;
    let ask = |token: String| {
        let world = &world;
        async move {
            world
                .face("getinfo", &token, &json!({ "verify_result": "x" }))
                .await
                .errcode()
        }
    };
    let old = world.token().await;
    let new = world.token().await;
    assert_ne!(old, new);
    world.advance_s(299);
    assert_eq!(ask(old.clone()).await, 84001);
    world.advance_s(2);
    assert_eq!(ask(old).await, 40001);
    assert_eq!(ask(new.clone()).await, 84001);
    world.advance_s(7200);
    assert_eq!(ask(new).await, 42001);
    assert_eq!(ask(String::new()).await, 41001);
    assert_eq!(ask(String::from("nonsense")).await, 40014);
    assert_eq!(ask("0".repeat(64)).await, 40001);
}

#[tokio::test]
async fn getuseridkey_takes_json_whatever_the_content_type() {
    let world = World::new().await;
    let token = world.token().await;
    let path = format!("/cityservice/face/identify/getuseridkey?access_token={token}");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let ask = |body: Vec<u8>| {
        let (world, path) = (&world, &path);
        async move { world.call(Method::POST, path, &form, body).await }
    };
    let good = json!({ "name": NAME, "id_card_number": NUMBER });
    let reply = ask(good.to_string().into_bytes()).await;
    assert_eq!(reply.errcode(), 0, "{}", reply.text);
    assert_eq!(reply.text_of("user_id_key").len(), 32);
    assert_eq!(reply.json["expires_in"], 3600);
    // The documented dummy number has a wrong check character and is taken all the same.
    let dummy = br#"{"name":"\u5f20\u4e09","id_card_number":"310101199801011234"}"#;
    assert_eq!(ask(dummy.to_vec()).await.errcode(), 0);
    let cases: [(&[u8], i64); 7] = [
        (b"", 44002),
        (b"name=x", 47001),
        (b"[1]", 47001),
        (b"{\"name\":1,\"id_card_number\":\"x\"}", 47001),
        (
            b"{\"name\":\"\",\"id_card_number\":\"310101199801011234\"}",
            84006,
        ),
        (b"{\"name\":\"x\"}", 84006),
        (b"{\"name\":\"\xff\",\"id_card_number\":\"x\"}", 10040),
    ];
    for (body, errcode) in cases {
        let reply = ask(body.to_vec()).await;
        assert_eq!(reply.errcode(), errcode, "{body:?}: {}", reply.text);
        assert_eq!(reply.status, StatusCode::OK);
    }
    assert_eq!(
        world
            .call(Method::GET, &path, &[], Body::empty())
            .await
            .errcode(),
        43002
    );
}

#[tokio::test]
async fn strict_apps_refuse_a_wrong_check_character() {
    let world = World::with(Settings {
        strict_id_check: true,
        ..Settings::default()
    })
    .await;
    let token = world.token().await;
    let body = json!({ "name": NAME, "id_card_number": "310101199801011234" });
    assert_eq!(
        world.face("getuseridkey", &token, &body).await.errcode(),
        10003
    );
}

#[tokio::test]
async fn a_whole_verification_passes_and_is_answered_again() {
    let world = World::new().await;
    world.enrol().await;
    let key = world.user_id_key().await;
    let attempt = world.begin_with_key(&key).await;
    assert_eq!(
        world.getinfo(&attempt.verify_result).await.json["identify_ret"],
        10300
    );
    attempt.record(PASSES).await;
    assert_eq!(
        world.getinfo(&attempt.verify_result).await.json["identify_ret"],
        10005
    );
    assert_eq!(world.work().await, 1);
    let status = attempt.status().await;
    assert_eq!(status.json["state"], "done");
    assert_eq!(status.json["result"]["outcome"], "accepted");
    assert_eq!(status.json["result"]["errcode"], 0);
    let first = world.getinfo(&attempt.verify_result).await;
    assert_eq!(first.errcode(), 0);
    assert_eq!(first.json["identify_ret"], 0, "{}", first.text);
    assert_eq!(first.json["user_id_key"], key);
    assert_eq!(
        first.json["name_utf8_md5"],
        "615db57aa314529aaa0fbe95b3e95bd3"
    );
    assert_eq!(
        first.json["id_card_number_md5"],
        "ae05564031c21338aa8a2e7266e7855c"
    );
    assert_eq!(first.json["identify_time"], 1_790_000_000_i64);
    let again = world.getinfo(&attempt.verify_result).await;
    assert_eq!(first.json, again.json);
    // A pass ends the key.
    let ticket = json!({ "appid": world.appid, "user_id_key": key });
    assert_eq!(world.begin(&ticket).await.code(), "user_id_key_invalid");
}

#[tokio::test]
async fn every_way_to_fail_has_its_identify_ret() {
    for (clip, identify_ret) in [
        (OTHER_PERSON, 10004),
        (NO_FACE, 10002),
        (IGNORES_PROMPTS, 10002),
        (UNREADABLE, 10002),
    ] {
        let world = World::new().await;
        world.enrol().await;
        let attempt = world.begin_with_key(&world.user_id_key().await).await;
        attempt.record(clip).await;
        world.work().await;
        let info = world.getinfo(&attempt.verify_result).await;
        assert_eq!(info.errcode(), 0);
        assert_eq!(info.json["identify_ret"], identify_ret, "{}", info.text);
    }
}

#[tokio::test]
async fn an_unknown_number_and_a_wrong_name_never_pass() {
    let world = World::new().await;
    let attempt = world.begin_with_key(&world.user_id_key().await).await;
    attempt.record(PASSES).await;
    world.work().await;
    assert_eq!(
        world.getinfo(&attempt.verify_result).await.json["identify_ret"],
        10026
    );

    world.enrol().await;
    let token = world.token().await;
    let body = json!({ "name": "李四", "id_card_number": NUMBER });
    let key = world
        .face("getuseridkey", &token, &body)
        .await
        .text_of("user_id_key");
    let attempt = world.begin_with_key(&key).await;
    attempt.record(PASSES).await;
    world.work().await;
    assert_eq!(
        world.getinfo(&attempt.verify_result).await.json["identify_ret"],
        10003
    );
}

#[tokio::test]
async fn no_identity_source_is_a_refusal_and_never_a_pass() {
    let sources = Sources {
        enrolled: false,
        caller_photo: false,
    };
    let world = World::with(Settings {
        sources,
        ..Settings::default()
    })
    .await;
    let key = world.user_id_key().await;
    let reply = world
        .begin(&json!({ "appid": world.appid, "user_id_key": key }))
        .await;
    assert_eq!(reply.code(), "identity_source_missing");
    assert_eq!(reply.errcode(), 10009);
}

#[tokio::test]
async fn a_person_who_leaves_gives_90100() {
    let world = World::new().await;
    let key = world.user_id_key().await;
    for (reason, code) in [
        ("cancelled", 90100),
        ("left", 90100),
        ("not_authorised", 90101),
        ("device_unsupported", 90109),
        ("timed_out", 90107),
    ] {
        let attempt = world.begin_with_key(&key).await;
        assert_eq!(attempt.cancel(reason).await.json["state"], "cancelled");
        assert_eq!(attempt.cancel(reason).await.json["state"], "cancelled");
        assert_eq!(
            world.getinfo(&attempt.verify_result).await.json["identify_ret"],
            code
        );
    }
    // Five starts are used up.
    let reply = world
        .begin(&json!({ "appid": world.appid, "user_id_key": key }))
        .await;
    assert_eq!(reply.code(), "too_many_attempts");
    assert_eq!(reply.errcode(), 10042);
}

#[tokio::test]
async fn forged_foreign_and_old_verify_results() {
    let world = World::new().await;
    world.enrol().await;
    let attempt = world.begin_with_key(&world.user_id_key().await).await;
    attempt.record(PASSES).await;
    world.work().await;
    let token = world.token().await;
    for body in [
        json!({}),
        json!({ "verify_result": 7 }),
        json!({ "verify_result": "forged" }),
    ] {
        assert_eq!(world.face("getinfo", &token, &body).await.errcode(), 84001);
    }
    let (appid, secret) = world.stranger().await;
    let path = format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}");
    let theirs = world.get(&path).await.text_of("access_token");
    let body = json!({ "verify_result": attempt.verify_result });
    assert_eq!(world.face("getinfo", &theirs, &body).await.errcode(), 84001);
    world.advance_s(72 * 3600 + 1);
    world.work().await;
    assert_eq!(world.getinfo(&attempt.verify_result).await.errcode(), 84002);
    world.advance_s(30 * 24 * 3600);
    assert_eq!(world.getinfo(&attempt.verify_result).await.errcode(), 84003);
}

#[tokio::test]
async fn keys_are_bound_to_their_app_and_hour() {
    let world = World::new().await;
    let key = world.user_id_key().await;
    let (other, _) = world.stranger().await;
    for ticket in [
        json!({ "appid": other, "user_id_key": key }),
        json!({ "appid": "app_nobody", "user_id_key": key }),
        json!({ "appid": world.appid, "user_id_key": "0".repeat(32) }),
    ] {
        let reply = world.begin(&ticket).await;
        assert_eq!(reply.code(), "user_id_key_invalid", "{}", reply.text);
        assert_eq!(reply.errcode(), 10041);
    }
    world.advance_s(3601);
    let ticket = json!({ "appid": world.appid, "user_id_key": key });
    assert_eq!(world.begin(&ticket).await.errcode(), 10041);
}

#[tokio::test]
async fn check_alive_type_is_zero_one_or_two() {
    let world = World::new().await;
    let key = world.user_id_key().await;
    for (value, errcode) in [(json!(3), 10001), (json!(-1), 10001), (json!("0"), 10001)] {
        let ticket = json!({ "appid": world.appid, "user_id_key": key, "check_alive_type": value });
        assert_eq!(world.begin(&ticket).await.errcode(), errcode);
    }
    let ticket = json!({ "appid": world.appid, "user_id_key": key, "check_alive_type": 2 });
    let attempt = crate::common::Attempt::of(&world, &world.begin(&ticket).await);
    let info = world.getinfo(&attempt.verify_result).await;
    // Nothing is drawn yet: 0 or 1 is what it will have been.
    assert_eq!(info.json["check_alive_type"], 0);
    assert_eq!(info.json["challenge"], "flash_else_digits");
}
