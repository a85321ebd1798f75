//! Sign-ins on the wire: who gets one, how long it lives, and how guessing is stopped.

use crate::common::{CHEAP, HERE, Reply, World};
use crate::limits::retry_after;
use crate::operators::{PASSWORD, said};
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use zhenren_domain::roles::Role;
use zhenren_store::operators;
use zhenren_usecases::context::{Context, Pieces};
use zhenren_usecases::entropy::Entropy;
use zhenren_usecases::operators::{SecretText, sign_in};
use zhenren_usecases::settings::{PasswordCost, Settings};
use zhenren_vault::EvidenceStore;

const CURRENT: &str = "/v1/account/sessions/current";

pub(crate) async fn try_it(world: &World, login: &str, password: &str) -> Reply {
    let body = json!({ "login": login, "password": password });
    world.post("/v1/account/sessions", &body).await
}

async fn change(world: &World, token: &str, present: &str, new: &str) -> Reply {
    let body = json!({ "present_password": present, "new_password": new });
    world
        .account_side(Method::POST, "/v1/account/password", token, &body)
        .await
}

#[tokio::test]
async fn a_sign_in_lives_twelve_hours_or_until_it_is_ended() {
    let world = World::new().await;
    let id = world.hire("wei", Role::Reviewer).await;
    let reply = try_it(&world, " Wei ", PASSWORD).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
    let token = reply.text_of("token");
    assert!(token.starts_with("zo_") && token.len() == 67, "{token}");
    assert_eq!(reply.json["operator"]["id"], json!(id));
    let current = world.look(CURRENT, &token).await;
    assert_eq!(
        current.json["operator"]["role"], "reviewer",
        "{}",
        current.text
    );
    assert_eq!(current.json["expires_at"], reply.json["expires_at"]);
    assert!(!current.text.contains(&token));

    // Using it does not lengthen it.
    world.advance_s(12 * 3600 - 1);
    assert_eq!(world.look(CURRENT, &token).await.status, StatusCode::OK);
    world.advance_s(1);
    assert_eq!(
        said(&world.look(CURRENT, &token).await),
        (401, "credentials_invalid")
    );

    let token = world.sign_in("wei").await;
    let other = world.sign_in("wei").await;
    let end = || world.account_side(Method::DELETE, CURRENT, &token, &Value::Null);
    assert_eq!(end().await.status, StatusCode::OK);
    assert_eq!(said(&end().await), (401, "credentials_invalid"));
    assert_eq!(world.look(CURRENT, &other).await.status, StatusCode::OK);
    let actions: Vec<String> = world.audit().await.into_iter().map(|line| line.0).collect();
    assert_eq!(
        actions,
        [
            "operator.create",
            "sign_in",
            "sign_in",
            "sign_in",
            "sign_out"
        ]
    );
    let mut tx = world.context.pool().read().await.unwrap();
    let lines = zhenren_store::audit::list(&mut tx, "system", 1, 100).await;
    for line in lines.unwrap() {
        assert_eq!(line.detail, "reviewer", "{}", line.action);
    }
}

#[tokio::test]
async fn neither_a_wrong_password_nor_an_unknown_login_is_told_apart() {
    let world = World::new().await;
    let id = world.hire("wei", Role::Owner).await;
    let wrong = try_it(&world, "wei", "wrong horse battery").await;
    let unknown = try_it(&world, "nobody", PASSWORD).await;
    let odd = try_it(&world, "no login at all!", PASSWORD).await;
    assert_eq!(said(&wrong), (401, "sign_in_refused"));
    for other in [&unknown, &odd] {
        assert_eq!((wrong.status, &wrong.json), (other.status, &other.json));
    }
    assert_eq!(wrong.headers.get("www-authenticate").unwrap(), "Bearer");
    // Known or not, the same lock after the same number of failures.
    for _ in 0..4 {
        for login in ["wei", "nobody"] {
            assert_eq!(try_it(&world, login, "wrong").await.status.as_u16(), 401);
        }
    }
    let locked = try_it(&world, "wei", PASSWORD).await;
    assert_eq!(said(&locked), (429, "sign_in_locked"));
    assert_eq!(retry_after(&locked), 15 * 60);
    assert_eq!(locked.json, try_it(&world, "nobody", PASSWORD).await.json);

    // The log says who was meant; strangers who make up logins do not lengthen it.
    let mut tx = world.context.pool().read().await.unwrap();
    let lines = zhenren_store::audit::list(&mut tx, "system", 0, 100)
        .await
        .unwrap();
    let failed: Vec<&str> = lines
        .iter()
        .filter(|line| line.action == "sign_in.fail")
        .map(|line| line.subject.as_str())
        .collect();
    assert_eq!(failed.iter().filter(|subject| **subject == id).count(), 5);
    // While it is locked nothing is looked at and nothing is written.
    assert_eq!(failed.len(), 5);
    assert!(lines.iter().all(|line| line.detail != "nobody"));
}

#[tokio::test]
async fn a_lock_ends_by_itself_or_by_an_owner() {
    let world = World::new().await;
    let wei = world.hire("wei", Role::Finance).await;
    world.hire("owner", Role::Owner).await;
    let owner = world.sign_in("owner").await;
    let lock = || async {
        for _ in 0..5 {
            assert_eq!(try_it(&world, "wei", "wrong").await.status.as_u16(), 401);
        }
        assert_eq!(try_it(&world, "wei", PASSWORD).await.status.as_u16(), 429);
    };
    lock().await;
    world.advance_s(15 * 60 - 1);
    let locked = try_it(&world, "wei", PASSWORD).await;
    assert_eq!((locked.status.as_u16(), retry_after(&locked)), (429, 1));
    world.advance_s(1);
    // After the lock all tries are there again, and a success forgets the failures.
    for _ in 0..4 {
        assert_eq!(try_it(&world, "wei", "wrong").await.status.as_u16(), 401);
    }
    assert_eq!(try_it(&world, "wei", PASSWORD).await.status.as_u16(), 201);
    lock().await;
    let path = format!("/v1/account/operators/{wei}");
    let body = json!({ "disabled": false });
    let enabled = world
        .account_side(Method::PATCH, &path, &owner, &body)
        .await;
    assert_eq!(enabled.status, StatusCode::OK, "{}", enabled.text);
    assert_eq!(try_it(&world, "wei", PASSWORD).await.status.as_u16(), 201);
}

/// The counter is in the database: tries at the same time, and through another node, are counted
/// together.
#[tokio::test]
async fn guesses_at_the_same_time_are_no_more_guesses() {
    let world = World::new().await;
    world.hire("wei", Role::Owner).await;
    let tries = (0..20).map(|_| try_it(&world, "wei", "wrong horse battery"));
    let mut looked_at = 0;
    for reply in join_all(tries).await {
        match said(&reply) {
            (401, "sign_in_refused") => looked_at += 1,
            (429, "sign_in_locked") => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(looked_at, 5);
    let settings = Settings::default();
    let other_node = node(&world, settings);
    let password = SecretText::from(PASSWORD);
    let refused = sign_in::sign_in(&other_node, "wei", &password, HERE).await;
    assert!(
        matches!(refused, Err(sign_in::SignInError::Locked { .. })),
        "{refused:?}"
    );
}

/// Another process on the same database and keys.
pub(crate) fn node(world: &World, settings: Settings) -> Context {
    Context::new(Pieces {
        clock: world.clock.clone(),
        entropy: Entropy::seeded(8),
        pool: world.context.pool().clone(),
        vault: world.context.vault().clone(),
        evidence: EvidenceStore::in_memory(),
        analyzer: None,
        settings,
    })
}

async fn join_all<F: Future<Output = Reply>>(futures: impl Iterator<Item = F>) -> Vec<Reply> {
    let mut waiting: Vec<_> = futures.map(Box::pin).collect();
    let mut replies: Vec<Option<Reply>> = waiting.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, reply) in waiting.iter_mut().zip(&mut replies) {
            if reply.is_none()
                && let std::task::Poll::Ready(done) = future.as_mut().poll(context)
            {
                *reply = Some(done);
            }
        }
        if replies.iter().all(Option::is_some) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    replies.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_password_is_hashed_anew_when_its_cost_has_changed() {
    let world = World::new().await;
    let id = world.hire("wei", Role::Owner).await.parse().unwrap();
    let kept = || async {
        let mut tx = world.context.pool().read().await.unwrap();
        operators::password_hash(&mut tx, world.context.vault(), &id)
            .await
            .unwrap()
            .unwrap()
    };
    let first = kept().await;
    assert!(first.reveal().contains("m=8,t=1,p=1"));
    world.sign_in("wei").await;
    assert!(kept().await == first, "the same cost keeps the same hash");
    let mut settings = Settings::default();
    settings.operators.password = PasswordCost {
        iterations: 2,
        ..CHEAP
    };
    let dearer = node(&world, settings);
    let wrong = SecretText::from("wrong horse battery");
    assert!(
        sign_in::sign_in(&dearer, "wei", &wrong, HERE)
            .await
            .is_err()
    );
    assert!(kept().await == first);
    let password = SecretText::from(PASSWORD);
    sign_in::sign_in(&dearer, "wei", &password, HERE)
        .await
        .unwrap();
    assert!(kept().await.reveal().contains("m=8,t=2,p=1"));
    sign_in::sign_in(&dearer, "wei", &password, HERE)
        .await
        .unwrap();
}

#[tokio::test]
async fn another_password_ends_every_other_sign_in() {
    let world = World::new().await;
    world.hire("wei", Role::ReadOnly).await;
    world.hire("li", Role::ReadOnly).await;
    let (this, other) = (world.sign_in("wei").await, world.sign_in("wei").await);
    let li = world.sign_in("li").await;
    let new = "another horse battery";
    let wrong = change(&world, &this, "wrong", new).await;
    assert_eq!(said(&wrong), (403, "password_wrong"));
    for (bad, word) in [
        ("short", "12"),
        ("wei wei wei wei", "login"),
        ("password1234", "guessed"),
        ("aaaaaaaaaaaaaaaa", "guessed"),
    ] {
        let reply = change(&world, &this, PASSWORD, bad).await;
        assert_eq!(said(&reply), (422, "password_refused"), "{bad}");
        assert!(reply.text_of("detail").contains(word), "{}", reply.text);
    }
    let done = change(&world, &this, PASSWORD, new).await;
    assert_eq!(done.json["sessions_ended_count"], 1, "{}", done.text);
    for (token, status) in [(&this, 200), (&other, 401), (&li, 200)] {
        assert_eq!(world.look(CURRENT, token).await.status.as_u16(), status);
    }
    assert_eq!(try_it(&world, "wei", PASSWORD).await.status.as_u16(), 401);
    assert_eq!(try_it(&world, "wei", new).await.status.as_u16(), 201);
    // A token left lying about is no way to guess the password.
    for _ in 0..5 {
        assert_eq!(
            change(&world, &this, "wrong", PASSWORD)
                .await
                .status
                .as_u16(),
            403
        );
    }
    let locked = change(&world, &this, new, PASSWORD).await;
    assert_eq!(said(&locked), (429, "sign_in_locked"));
}

#[tokio::test]
async fn tokens_of_another_kind_open_nothing() {
    let world = World::new().await;
    world.hire("wei", Role::Owner).await;
    let token = world.sign_in("wei").await;
    let digits = token.trim_start_matches("zo_").to_owned();
    let access = world.token().await;
    for odd in [
        digits.as_str(),
        &format!("za_{digits}"),
        &format!("zo_{}", digits.to_uppercase()),
        &format!("zo_{access}"),
        &access,
        "zo_",
        "",
    ] {
        assert_eq!(
            said(&world.look(CURRENT, odd).await),
            (401, "credentials_invalid"),
            "{odd}"
        );
    }
    let basic = crate::common::basic(&world.appid, &world.secret);
    let headers = [("authorization", basic.as_str())];
    let reply = world
        .call(Method::GET, CURRENT, &headers, String::new())
        .await;
    assert_eq!(said(&reply), (401, "credentials_invalid"));
    assert_eq!(
        said(&world.get(CURRENT).await),
        (401, "credentials_missing")
    );
    // Nor does a sign-in open the tenant side.
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let reply = world
        .call(
            Method::GET,
            "/v1/verifications/ver_none",
            &headers,
            String::new(),
        )
        .await;
    assert_eq!(said(&reply), (401, "credentials_invalid"));
}

#[tokio::test]
async fn old_sign_ins_are_swept() {
    let world = World::new().await;
    world.hire("wei", Role::Owner).await;
    world.sign_in("wei").await;
    try_it(&world, "nobody", "wrong").await;
    let count = || async {
        let mut tx = world.context.pool().begin().await.unwrap();
        let before = jiff::Timestamp::MAX;
        let sessions = zhenren_store::operator_sessions::sweep(&mut tx, before)
            .await
            .unwrap();
        let failures =
            zhenren_store::operator_sessions::failures::sweep(&mut tx, before, before).await;
        // Never committed: this only counts.
        (sessions, failures.unwrap())
    };
    assert_eq!(count().await, (1, 1));
    zhenren_usecases::worker::plan_sweeps(&world.context)
        .await
        .unwrap();
    world.advance_s(36 * 3600);
    world.work().await;
    assert_eq!(count().await, (1, 0));
    world.advance_s(2 * 3600);
    world.work().await;
    assert_eq!(count().await, (0, 0));
}
