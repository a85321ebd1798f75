//! Limits of the real server: set on the command line, kept over a restart, and counted for the
//! address behind a proxy.

use crate::common::{Place, Server};
use serde_json::{Value, json};

async fn get(server: &Server, path: &str) -> Value {
    let url = format!("{}{path}", server.url);
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

/// `errcode` of a token fetch; 0 when there is a token.
async fn fetch_token(server: &Server, place: &Place) -> (i64, String) {
    let (appid, secret) = place.demo();
    let path = format!("/cgi-bin/token?grant_type=client_credential&appid={appid}&secret={secret}");
    let answer = get(server, &path).await;
    let token = answer["access_token"].as_str().unwrap_or_default();
    (answer["errcode"].as_i64().unwrap_or(0), token.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_set_on_the_command_line_is_kept_over_a_restart() {
    let place = Place::new();
    let server = place.serve(&["all"]);
    let (appid, _) = place.demo();
    let set = ["admin", "limits", "set", "--app", &appid, "--day", "200"];
    let ran = place.run(&set);
    assert_eq!(ran.code, 0, "{ran:?}");
    // The server has not looked at this app yet, so it knows the new limit at once.
    for _ in 0..3 {
        assert_eq!(fetch_token(&server, &place).await.0, 0);
    }
    let shown = place.run(&["admin", "limits", "show", "--app", &appid]);
    let line = "day     200 (own), used 4 until ";
    assert!(shown.stdout.contains(line), "{}", shown.stdout);
    // What it had reserved goes back when it stops in order.
    server.stop();
    let shown = place.run(&["admin", "limits", "show", "--app", &appid]);
    assert!(
        shown.stdout.contains("200 (own), used 3 until "),
        "{}",
        shown.stdout
    );
    let ran = place.run(&["admin", "limits", "set", "--app", &appid, "--day", "3"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let server = place.serve(&["all"]);
    assert_eq!(fetch_token(&server, &place).await.0, 45009);
    for words in [
        &["admin", "limits", "show", "--app", "app_none"][..],
        &[
            "admin",
            "limits",
            "set",
            "--app",
            &appid,
            "--day",
            "1000000001",
        ],
    ] {
        let ran = place.run(words);
        assert_eq!((ran.code, ran.stdout.as_str()), (64, ""), "{ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_behind_a_named_proxy_is_counted() {
    let place = Place::new();
    let variables = [
        ("ZHENREN_LIMITS_ADDRESS_HOUR_MAX", "1"),
        ("ZHENREN_SERVER_TRUSTED_PROXIES", "[\"127.0.0.0/8\"]"),
    ];
    let server = place.serve_with(&["all"], &variables);
    let (appid, _) = place.demo();
    let (_, token) = fetch_token(&server, &place).await;
    let http = reqwest::Client::new();
    let pair = json!({ "name": "张三", "id_card_number": "11010519491231002X" });
    let path = format!("/cityservice/face/identify/getuseridkey?access_token={token}");
    // Two numbers of two networks: whichever turn of the hour falls in between, at most one of
    // the repetitions can pass.
    let mut refused = 0;
    for forwarded in ["192.0.2.1", "192.0.2.1", "1.1.1.1, 192.0.2.1", "192.0.2.2"] {
        let call = http.post(format!("{}{path}", server.url)).json(&pair);
        let key: Value = call.send().await.unwrap().json().await.unwrap();
        let body = json!({
            "appid": appid, "user_id_key": key["user_id_key"],
            "consent": { "version": "1", "accepted": true },
        });
        let begin = http
            .post(format!("{}/capture/v1/attempts", server.url))
            .header("x-forwarded-for", forwarded)
            .json(&body);
        let status = begin.send().await.unwrap().status().as_u16();
        match (forwarded, status) {
            ("192.0.2.1" | "1.1.1.1, 192.0.2.1", 429) => refused += 1,
            (_, 201) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((1..=2).contains(&refused), "{refused}");
}
