//! From nothing to a call that is answered, with the command line alone.

use crate::common::{Place, Ran};

/// The last word of the line that starts so.
fn word(ran: &Ran, start: &str) -> String {
    assert_eq!(ran.code, 0, "{ran:?}");
    let line = ran.stdout.lines().find(|line| line.starts_with(start));
    let line = line.unwrap_or_else(|| panic!("no {start} in {ran:?}"));
    line.split_whitespace().last().unwrap().to_owned()
}

fn form(formal: &str, test: &str) -> String {
    let contact = r#"{"name":"李四","mobile":"13800000000","email":"li@shop.example"}"#;
    format!(
        r#"{{"business_name":"Shop","scene":"leases","subject_type":"mini_program",
            "formal_name":"Shop","formal_app_id":"{formal}",
            "test_name":"Shop (test)","test_app_id":"{test}",
            "daily_calls_average":500,"peak_calls_per_minute":20,"average_calls_per_minute":2,
            "product_contact":{contact},"developer_contact":{contact}}}"#
    )
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn an_account_is_opened_and_an_app_gets_access() {
    let place = Place::new();
    let admin = |words: &[&str]| {
        let all: Vec<&str> = ["admin"].iter().chain(words).copied().collect();
        place.run(&all)
    };
    let account = word(&admin(&["account", "create", "--name", "Shop"]), "account");
    let listed = admin(&["agreement", "list"]);
    assert_eq!(listed.code, 0, "{listed:?}");
    let newest: Vec<&str> = listed.stdout.split_whitespace().take(2).collect();
    let accept = [
        "agreement",
        "accept",
        "--account",
        &account,
        "--version",
        newest[0],
        "--sha256",
        newest[1],
        "--signer-file",
        "signer.txt",
    ];
    let absent = admin(&accept);
    assert_eq!(absent.code, 66, "{absent:?}");
    assert!(absent.stderr.contains("signer.txt"), "{absent:?}");
    place.write("signer.txt", "李四\n".as_bytes());
    let early = admin(&accept);
    assert_eq!(early.code, 64, "{early:?}");
    assert!(early.stderr.contains("real name"), "{early:?}");
    let papers = [
        "account",
        "real-name",
        "--account",
        &account,
        "--kind",
        "organisation",
        "--file",
        "-",
    ];
    let papers = |number: &str| {
        let all = [&["admin"], papers.as_slice()].concat();
        place.run_with_input(&all, format!("Shop Ltd\n{number}\n").as_bytes())
    };
    let wrong = papers("91110108MA00000071");
    assert_eq!(wrong.code, 64, "{wrong:?}");
    assert!(wrong.stderr.contains("check character"), "{wrong:?}");
    let named = papers("91110108MA00000070");
    assert!(named.stdout.contains("organisation S*"), "{named:?}");
    assert_eq!(word(&admin(&accept), "opened"), "now");

    let create = ["create-app", "--account", &account, "--name", "Shop"];
    let formal = admin(&create);
    let (appid, secret) = (word(&formal, "appid"), word(&formal, "secret"));
    let testing: Vec<&str> = create.iter().copied().chain(["--test"]).collect();
    let test = word(&admin(&testing), "appid");
    place.write("form.json", form(&appid, &test).as_bytes());
    let submit = [
        "application",
        "submit",
        "--account",
        &account,
        "--file",
        "form.json",
    ];
    let submitted = admin(&submit);
    assert_eq!(submitted.code, 0, "{submitted:?}");
    let id = submitted
        .stdout
        .split_whitespace()
        .next()
        .unwrap()
        .to_owned();
    let again = admin(&submit);
    assert!(again.stderr.contains("waiting"), "{again:?}");

    let server = place.serve(&["all"]);
    let key = async || {
        let query = format!("grant_type=client_credential&appid={appid}&secret={secret}");
        let url = format!("{}/cgi-bin/token?{query}", server.url);
        let token: serde_json::Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        let token = token["access_token"].as_str().unwrap().to_owned();
        let url = format!(
            "{}/cityservice/face/identify/getuseridkey?access_token={token}",
            server.url
        );
        let body = serde_json::json!({ "name": "张三", "id_card_number": "11010519491231002X" });
        let sent = reqwest::Client::new().post(url).json(&body).send().await;
        let answer: serde_json::Value = sent.unwrap().json().await.unwrap();
        answer["errcode"].as_i64().unwrap()
    };
    assert_eq!(key().await, 48001);
    let approve = ["application", "approve", "--account", &account, &id];
    let approved = admin(&approve);
    assert!(approved.stdout.contains("approved"), "{approved:?}");
    let twice = admin(&approve);
    assert!(twice.stderr.contains("decided before"), "{twice:?}");
    assert_eq!(key().await, 0);
    let frozen = admin(&["app", "freeze", "--account", &account, &appid]);
    assert!(frozen.stdout.contains("frozen"), "{frozen:?}");
    let space = admin(&[
        "space",
        "create",
        "--account",
        &account,
        "--name",
        "functions",
    ]);
    let space = word(&space, "space");
    let list = [
        "space",
        "allow-list",
        "--account",
        &account,
        "--set",
        &space,
    ];
    assert!(admin(&list).stdout.contains(&space));
    let remove = admin(&["space", "remove", "--account", &account, &space]);
    assert!(remove.stderr.contains("allow list"), "{remove:?}");
}

#[test]
fn access_without_an_application_is_the_command_lines_alone() {
    let place = Place::new();
    let granted = place.run(&["admin", "create-app", "--name", "Shop", "--test", "--grant"]);
    let (account, appid) = (word(&granted, "account"), word(&granted, "appid"));
    let listed = place.run(&["admin", "app", "list", "--account", &account]);
    assert!(listed.stdout.contains(&appid), "{listed:?}");
    assert!(listed.stdout.contains("test"), "{listed:?}");
    assert!(listed.stdout.contains("  access"), "{listed:?}");
}
