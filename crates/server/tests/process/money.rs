//! `zhenren admin balance`, `ledger`, `records`, `statistics`, `tariff` and `billing`, beside a
//! server that makes what they show; their tables are those that are downloaded, byte by byte.

use serde_json::{Value, json};

use crate::common::{Place, Ran, Server};

/// What the demo account is given once, in fen.
const GIVEN_FEN: i64 = 65_000;
/// The price of a first call, in fen.
const PRICE_FEN: i64 = 85;

fn admin(place: &Place, words: &[&str]) -> Ran {
    place.run(&[&["admin"], words].concat())
}

fn good(place: &Place, words: &[&str]) -> String {
    let ran = admin(place, words);
    assert_eq!(ran.code, 0, "{words:?}: {ran:?}");
    ran.stdout
}

/// What follows a name at the start of a line.
fn after(text: &str, name: &str) -> String {
    let rest = text.lines().find_map(|line| line.strip_prefix(name));
    rest.unwrap_or_else(|| panic!("no {name} in {text}"))
        .trim()
        .to_owned()
}

/// Asks three times and withdraws the last question.
async fn ask(place: &Place, server: &Server) -> Vec<String> {
    let (appid, secret) = place.demo();
    let http = reqwest::Client::new();
    let mut ids = Vec::new();
    for number in 0..3 {
        let body = json!({
            "name": "张三", "id_number": "11010519491231002X",
            "reference": { "source": "enrolled" },
        });
        let request = http.post(format!("{}/v1/verifications", server.url));
        let request = request.header("idempotency-key", format!("question-{number}"));
        let sent = request.basic_auth(&appid, Some(&secret)).json(&body);
        let opened: Value = sent.send().await.unwrap().json().await.unwrap();
        ids.push(opened["id"].as_str().unwrap().to_owned());
    }
    let last = ids.last().unwrap();
    let request = http.post(format!("{}/v1/verifications/{last}/cancel", server.url));
    let done = request.basic_auth(&appid, Some(&secret)).send().await;
    assert!(done.unwrap().status().is_success());
    ids
}

/// A table as the demo operator downloads it.
async fn download(place: &Place, server: &Server, path: &str) -> String {
    let text = std::fs::read_to_string(place.path("data/demo.json")).unwrap();
    let demo: Value = serde_json::from_str(&text).unwrap();
    let body = json!({
        "login": demo["operator_login"], "password": demo["operator_password"],
    });
    let http = reqwest::Client::new();
    let request = http.post(format!("{}/v1/account/sessions", server.url));
    let signed_in: Value = request
        .json(&body)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let request = http.get(format!("{}/v1/account/{path}", server.url));
    let request = request.bearer_auth(signed_in["token"].as_str().unwrap());
    let reply = request.send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 200, "{path}");
    let bytes = reply.bytes().await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn what_was_asked_and_paid_is_told_in_words_and_in_the_tables_of_http() {
    let place = Place::new();
    let server = place.serve(&["all"]);
    let ids = ask(&place, &server).await;

    let balance = good(&place, &["balance", "--account", "acc_demo"]);
    let yuan = |fen: i64| format!("{}.{:02} yuan", fen / 100, fen % 100);
    assert_eq!(
        after(&balance, "available"),
        yuan(GIVEN_FEN - 2 * PRICE_FEN)
    );
    assert_eq!(after(&balance, "frozen"), yuan(2 * PRICE_FEN));
    assert_eq!(after(&balance, "next price"), yuan(PRICE_FEN));
    let unknown = admin(&place, &["balance", "--account", "acc_none"]);
    assert_eq!(unknown.code, 64, "{unknown:?}");
    assert!(unknown.stderr.contains("account"), "{unknown:?}");

    let ledger = good(&place, &["ledger", "--account", "acc_demo"]);
    let kinds: Vec<&str> = ledger
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    assert_eq!(
        kinds,
        ["release", "freeze", "freeze", "freeze", "recharge"],
        "{ledger}"
    );
    let words = ["ledger", "--account", "acc_demo", "--kind", "release"];
    let released = good(&place, &words);
    assert_eq!(released.lines().count(), 2, "{released}");
    assert!(released.contains(ids.last().unwrap()), "{released}");

    let records = good(&place, &["records", "--account", "acc_demo"]);
    let shown: Vec<&str> = ids.iter().rev().map(String::as_str).collect();
    let listed: Vec<&str> = records
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    assert_eq!(listed, shown, "{records}");
    let words = ["records", "--account", "acc_demo", "--state", "closed"];
    let closed = good(&place, &words);
    assert_eq!(closed.lines().count(), 2, "{closed}");
    let statistics = good(&place, &["statistics", "--account", "acc_demo"]);
    assert!(after(&statistics, "total").starts_with('3'), "{statistics}");

    tables_are_those_of_http(&place, &server, records.lines().next().unwrap()).await;
}

async fn tables_are_those_of_http(place: &Place, server: &Server, day: &str) {
    for (noun, words, query) in [
        ("ledger", vec![], String::new()),
        (
            "ledger",
            vec!["--kind", "freeze"],
            String::from("&kind=freeze"),
        ),
        ("records", vec!["--day", day], format!("&day={day}")),
        (
            "records",
            vec!["--day", day, "--outcome", "accepted"],
            format!("&day={day}&outcome=accepted"),
        ),
        (
            "statistics",
            vec!["--from", day, "--to", day],
            format!("&from={day}&to={day}"),
        ),
    ] {
        let all = [&[noun, "--account", "acc_demo", "--csv"], words.as_slice()].concat();
        let printed = good(place, &all);
        let path = format!("{noun}.csv?account_id=acc_demo{query}");
        assert_eq!(printed, download(place, server, &path).await, "{path}");
        assert!(printed.starts_with('\u{feff}'), "{printed}");
    }
    let all = good(place, &["records", "--account", "acc_demo", "--csv"]);
    assert_eq!(all.lines().count(), 4, "{all}");
}

#[test]
fn bad_words_get_a_sentence() {
    let place = Place::new();
    let made = good(&place, &["account", "create", "--name", "Shop"]);
    let account = after(&made, "account");
    for (words, said) in [
        (vec!["ledger", "--kind", "gift"], "write recharge, freeze"),
        (vec!["ledger", "--day", "yesterday"], "--day"),
        (vec!["records", "--door", "back"], "wechat, unicloud or v1"),
        (vec!["records", "--day", "2020-01-01"], "day"),
        (
            vec!["statistics", "--from", "2026-03-02", "--to", "2026-03-01"],
            "day",
        ),
        (vec!["tariff", "add", "--tiers", "cheap"], "--tiers"),
        (
            vec![
                "tariff",
                "add",
                "--tiers",
                ":85",
                "--valid-from",
                "2020-01-01T00:00:00Z",
            ],
            "past",
        ),
        (
            vec!["billing", "set", "--bills-attacks", "maybe"],
            "true, false",
        ),
    ] {
        let all = [words.as_slice(), &["--account", &account]].concat();
        let ran = admin(&place, &all);
        assert_eq!(ran.code, 64, "{words:?}: {ran:?}");
        assert!(ran.stderr.contains(said), "{words:?}: {ran:?}");
    }
}

#[test]
fn prices_and_billing_rules_are_changed_and_shown() {
    let place = Place::new();
    let account = good(&place, &["account", "create", "--name", "Shop"]);
    let account = after(&account, "account");
    let of_account = |words: &[&str]| {
        let all = [words, &["--account", &account]].concat();
        good(&place, &all)
    };
    assert_eq!(after(&of_account(&["balance"]), "next price"), "0.85 yuan");
    let added = of_account(&["tariff", "add", "--tiers", "10:40,:30"]);
    assert!(
        added.starts_with("trf_") && added.contains(&account),
        "{added}"
    );
    let id = added.split_whitespace().next().unwrap();
    let listed = of_account(&["tariff", "list"]);
    assert!(listed.contains(id), "{listed}");
    // What holds for one account is nobody else's business.
    assert!(!good(&place, &["tariff", "list"]).contains(id));
    let balance = of_account(&["balance"]);
    assert_eq!(after(&balance, "next price"), "0.40 yuan");
    assert!(after(&balance, "tiers").ends_with(id), "{balance}");

    let shown = of_account(&["billing", "show"]);
    assert_eq!(after(&shown, "bills_attacks"), "false");
    let set = of_account(&["billing", "set", "--bills-attacks", "true"]);
    assert_eq!(after(&set, "bills_attacks"), "true");
    let shown = of_account(&["billing", "show"]);
    assert_eq!(after(&shown, "bills_attacks"), "true");
    let log = of_account(&["audit", "list"]);
    for action in ["tariff.add", "billing"] {
        assert!(log.contains(action), "{log}");
    }
}
