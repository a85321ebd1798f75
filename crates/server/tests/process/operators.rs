//! `zhenren admin operator`, `token` and `audit`, and the demo operator of the development profile.

use serde_json::{Value, json};
use zhenren_store::Pool;

use crate::common::{Place, Ran};

/// The word after a name at the start of a line.
fn word(ran: &Ran, name: &str) -> String {
    let line = ran.stdout.lines().find(|line| line.starts_with(name));
    let word = line.and_then(|line| line.split_whitespace().last());
    word.unwrap_or_else(|| panic!("no {name}: {ran:?}"))
        .to_owned()
}

fn operator(place: &Place, words: &[&str]) -> Ran {
    let mut all = vec!["admin", "operator"];
    all.extend_from_slice(words);
    place.run(&all)
}

/// The exit code of a command that reads from standard input.
fn piped(place: &Place, words: &[&str], bytes: &[u8]) -> i32 {
    let all = [&["admin", "operator"], words].concat();
    place.run_with_input(&all, bytes).code
}

#[test]
fn the_first_owner_is_made_at_the_machine_and_the_last_one_stays() {
    let place = Place::new();
    let made = operator(&place, &["create", "--login", "Wei", "--role", "owner"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert_eq!(word(&made, "login"), "wei");
    assert_eq!(word(&made, "password").len(), 32);
    for (words, said) in [
        (
            ["create", "--login", "wei", "--role", "finance"],
            "has this login",
        ),
        (
            ["create", "--login", "a b", "--role", "finance"],
            "login must have",
        ),
        (
            ["create", "--login", "li", "--role", "boss"],
            "owner, finance",
        ),
        (
            ["set-role", "--login", "wei", "--role", "finance"],
            "last active owner",
        ),
        (
            ["set-role", "--login", "li", "--role", "finance"],
            "no operator",
        ),
    ] {
        let ran = operator(&place, &words);
        assert_eq!((ran.code, ran.stderr.contains(said)), (64, true), "{ran:?}");
    }
    let ran = operator(&place, &["disable", "--login", "wei"]);
    assert_eq!(ran.code, 64, "{ran:?}");
}

#[test]
fn passwords_come_out_of_files_and_are_never_printed() {
    let place = Place::new();
    // Only the first line counts.
    place.write("short.txt", b"too short\n");
    place.write("good.txt", b"correct horse battery\nnot this\n");
    let create = |file: &str| {
        let words = [
            "create",
            "--login",
            "li",
            "--role",
            "owner",
            "--password-file",
            file,
        ];
        operator(&place, &words)
    };
    let ran = create("absent.txt");
    assert_eq!(
        (ran.code, ran.stderr.contains("absent.txt")),
        (66, true),
        "{ran:?}"
    );
    let ran = create("short.txt");
    assert_eq!(
        (ran.code, ran.stderr.contains("12 characters")),
        (64, true),
        "{ran:?}"
    );
    let ran = create("good.txt");
    assert_eq!(
        (ran.code, ran.stdout.contains("password")),
        (0, false),
        "{ran:?}"
    );
}

#[test]
fn what_is_done_to_operators_is_in_the_log_without_their_logins() {
    let place = Place::new();
    for login in ["wei", "li"] {
        let made = operator(&place, &["create", "--login", login, "--role", "owner"]);
        assert_eq!(made.code, 0, "{made:?}");
    }
    let ran = operator(&place, &["disable", "--login", "wei"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let list = operator(&place, &["list"]);
    let lines: Vec<&str> = list.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{list:?}");
    assert!(
        lines[0].contains("disabled") && lines[1].contains("active"),
        "{list:?}"
    );
    let ran = operator(&place, &["enable", "--login", "wei"]);
    assert_eq!(ran.code, 0, "{ran:?}");

    // Out of a pipe.
    let words = ["set-password", "--login", "li", "--password-file", "-"];
    assert_eq!(piped(&place, &words, b"another horse battery"), 0);
    let ran = operator(&place, &["set-password", "--login", "wei"]);
    assert_eq!(word(&ran, "password").len(), 32);

    let log = place.run(&["admin", "audit", "list"]);
    let actions: Vec<&str> = log
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().nth(3))
        .collect();
    assert_eq!(
        actions,
        [
            "operator.create",
            "operator.create",
            "operator.disable",
            "operator.enable",
            "operator.password",
            "operator.password"
        ]
    );
    assert!(
        log.stdout.contains("command_line") && !log.stdout.contains("wei"),
        "{log:?}"
    );
}

#[tokio::test]
async fn a_changed_line_of_the_audit_log_is_found() {
    let place = Place::new();
    let ran = operator(&place, &["create", "--login", "wei", "--role", "owner"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let app = place.run(&["admin", "create-app", "--name", "Shop"]);
    let account = word(&app, "account");
    let token = |words: &[&str]| {
        let mut all = vec!["admin", "token"];
        all.extend_from_slice(words);
        all.extend_from_slice(&["--account", &account]);
        place.run(&all)
    };
    let made = token(&["create", "--name", "shop", "--scope", "manage"]);
    assert!(word(&made, "token").starts_with("za_"), "{made:?}");
    let id = word(&made, "id");
    assert_eq!(token(&["revoke", &id]).code, 0);
    let list = token(&["list"]);
    assert!(
        list.stdout.contains("revoked") && list.stdout.contains(&id),
        "{list:?}"
    );
    assert!(!list.stdout.contains("za_"), "{list:?}");
    assert_eq!(token(&["revoke", "tok_none"]).code, 64);

    let check = place.run(&["admin", "audit", "check"]);
    assert_eq!(check.code, 0, "{check:?}");
    let log = place.run(&[
        "admin",
        "audit",
        "list",
        "--account",
        &account,
        "--limit",
        "1",
    ]);
    assert_eq!(log.stdout.lines().count(), 1, "{log:?}");

    // Somebody with the file, but without the program, changes what was done.
    let url = format!("sqlite:{}", place.path("data/zhenren.db").display());
    let pool = Pool::connect(&url).await.unwrap();
    // Closing brings everything into the one file.
    pool.close().await;
    let mut bytes = std::fs::read(place.path("data/zhenren.db")).unwrap();
    let from = b"token.revoke";
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from))
        .collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at..at + from.len()].copy_from_slice(b"token.create");
    }
    std::fs::write(place.path("data/zhenren.db"), bytes).unwrap();
    let check = place.run(&["admin", "audit", "check"]);
    assert_eq!(check.code, 1, "{check:?}");
    let broken: Vec<&str> = check
        .stdout
        .lines()
        .filter(|line| line.starts_with("BROKEN"))
        .collect();
    assert_eq!(broken.len(), 1, "{check:?}");
    assert!(broken[0].contains(&account), "{check:?}");
    assert!(check.stdout.contains("whole   system"), "{check:?}");
}

#[tokio::test]
async fn the_demo_operator_signs_in_with_what_the_demo_file_says() {
    let place = Place::new();
    let mut passwords = Vec::new();
    for _ in 0..2 {
        let server = place.serve(&["all"]);
        let text = std::fs::read_to_string(place.path("data/demo.json")).unwrap();
        let demo: Value = serde_json::from_str(&text).unwrap();
        let body = json!({
            "login": demo["operator_login"],
            "password": demo["operator_password"],
        });
        let reply = reqwest::Client::new()
            .post(format!("{}/v1/account/sessions", server.url))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status().as_u16(), 201);
        let answer: Value = reply.json().await.unwrap();
        assert_eq!(answer["operator"]["role"], "owner");
        passwords.push(demo["operator_password"].clone());
        server.kill();
    }
    assert_eq!(passwords[0], passwords[1]);
}
