//! `zhenren admin key rotate`: everything is sealed anew, also when it was stopped in the middle.

use std::collections::BTreeSet;

use crate::common::{Place, Ran};
use zhenren_vault::Vault;

const KEYS: &str = "data/master.key";

fn admin(place: &Place, words: &[&str]) -> Ran {
    place.run(&[&["admin"], words].concat())
}

fn good(place: &Place, words: &[&str]) -> String {
    let ran = admin(place, words);
    assert_eq!(ran.code, 0, "{words:?}: {ran:?}");
    ran.stdout
}

/// The lines of the key file that seal, newest first.
fn seals(place: &Place) -> Vec<String> {
    let text = std::fs::read_to_string(place.path(KEYS)).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("seal "));
    lines.map(str::to_owned).collect()
}

/// Somebody with a name, an operator, and an account whose holder is known.
fn prepare(place: &Place) -> String {
    let made = good(place, &["account", "create", "--name", "Shop"]);
    let account = made.split_whitespace().last().unwrap().to_owned();
    let words = [
        "admin",
        "account",
        "real-name",
        "--account",
        &account,
        "--kind",
        "organisation",
        "--file",
        "-",
    ];
    let named = place.run_with_input(&words, b"Shop Ltd\n91110108MA00000070\n");
    assert_eq!(named.code, 0, "{named:?}");
    good(
        place,
        &["operator", "create", "--login", "wei", "--role", "owner"],
    );
    good(
        place,
        &["create-app", "--account", &account, "--name", "Shop"],
    );
    account
}

/// What is sealed is shown: the name of the holder, and the login of the operator.
fn assert_opens(place: &Place, account: &str) {
    let shown = good(place, &["account", "show", "--account", account]);
    assert!(shown.contains("organisation S*"), "{shown}");
    let listed = good(place, &["operator", "list"]);
    assert!(listed.contains("wei"), "{listed}");
}

/// Takes every sealing key but the newest out of the file.
fn keep_newest_only(place: &Place) {
    let text = std::fs::read_to_string(place.path(KEYS)).unwrap();
    let old: BTreeSet<String> = seals(place).into_iter().skip(1).collect();
    let kept: String = text
        .lines()
        .filter(|line| !old.contains(*line))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(place.path(KEYS), kept).unwrap();
}

#[test]
fn after_a_rotation_the_newest_key_alone_opens_everything() {
    let place = Place::new();
    let account = prepare(&place);
    let before = seals(&place);
    let notes_of = |place: &Place| {
        let text = std::fs::read_to_string(place.path(KEYS)).unwrap();
        let comments = text.lines().filter(|line| line.starts_with('#'));
        comments.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let notes_before = notes_of(&place);
    let told = good(&place, &["key", "rotate"]);
    // Holder (2), operator (2), the app's secret.
    assert!(told.contains("resealed  5\n"), "{told}");
    let after = seals(&place);
    assert_eq!(after[1..], before[..]);
    assert_eq!(notes_of(&place), notes_before);
    keep_newest_only(&place);
    assert_opens(&place, &account);
    let log = good(&place, &["audit", "list"]);
    assert_eq!(log.matches("key.rotate").count(), 2, "{log}");
    assert_eq!(admin(&place, &["audit", "check"]).code, 0);
}

#[test]
fn a_rotation_that_was_stopped_goes_on_with_the_same_key() {
    let place = Place::new();
    let account = prepare(&place);
    // As a process leaves it that dies right after the new key is in the file.
    Vault::rotate(&place.path(KEYS)).unwrap();
    assert_opens(&place, &account);
    let keys = seals(&place);
    let ran = admin(&place, &["key", "rotate"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("5 values wait"), "{ran:?}");
    assert_eq!(seals(&place), keys);
    let log = good(&place, &["audit", "list"]);
    assert!(log.contains("continued"), "{log}");
    keep_newest_only(&place);
    assert_opens(&place, &account);
}

#[test]
fn no_key_is_rotated_under_a_running_server() {
    let place = Place::new();
    let server = place.serve(&["all"]);
    let keys = seals(&place);
    let ran = admin(&place, &["key", "rotate"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    assert!(ran.stderr.contains("stop it first"), "{ran:?}");
    assert_eq!(seals(&place), keys);
    server.stop();
    good(&place, &["key", "rotate"]);
    // It starts with both keys, and the demo app's secret still is what it was.
    let (_, secret) = place.demo();
    let server = place.serve(&["all"]);
    assert_eq!(place.demo().1, secret);
    server.stop();
}
