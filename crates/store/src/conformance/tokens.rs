//! Tokens, keys and nonces: what may be used once, for a while, or so many times.

use jiff::Timestamp;
use zhenren_domain::ids::{AttemptId, VerificationId};
use zhenren_domain::retention::{ACCESS_TOKEN_LIFE, IDENTITY_KEY_LIFE, after as later};
use zhenren_vault::SecretText;

use super::world::{NAME, NUMBER, START, World, after, together};
use crate::apps::access_tokens::{self, TokenState};
use crate::capture_tokens::{self, Spending};
use crate::idempotency::{self, Key, Recall};
use crate::identity_keys::{self, NewIdentityKey, Start};
use crate::{StoreError, nonces, retry_busy};

pub(super) async fn an_access_token_outlives_its_successor_by_five_minutes(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let other = world.app(&account).await;
    let mut tx = world.pool.begin().await.unwrap();
    let life = |at| later(at, ACCESS_TOKEN_LIFE);
    access_tokens::issue(&mut tx, &app, "one", START, life(START))
        .await
        .unwrap();
    access_tokens::issue(&mut tx, &other, "foreign", START, life(START))
        .await
        .unwrap();
    access_tokens::issue(&mut tx, &app, "two", after(100), life(after(100)))
        .await
        .unwrap();
    let alive = TokenState::Alive(app.clone());
    for (token, second, state) in [
        ("one", 399, alive.clone()),
        ("one", 400, TokenState::Superseded),
        ("one", 7200, TokenState::Expired),
        ("two", 7299, alive),
        ("two", 7300, TokenState::Expired),
        ("foreign", 5000, TokenState::Alive(other)),
        ("none", 1, TokenState::Unknown),
    ] {
        let found = access_tokens::look_up(&mut tx, token, after(second))
            .await
            .unwrap();
        assert_eq!(found, state, "{token} at {second} s");
    }
    assert_eq!(access_tokens::sweep(&mut tx, after(7250)).await.unwrap(), 2);
}

/// Issues capture tokens for a new verification.
async fn issue(world: &World, tokens: &[(&str, Timestamp)]) -> VerificationId {
    let id = world.open().await.verification.id;
    let mut tx = world.pool.begin().await.unwrap();
    for (token, until) in tokens {
        capture_tokens::issue(&mut tx, token, &id, START, *until)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    id
}

pub(super) async fn a_capture_token_is_spent_once(world: &World) {
    let id = issue(world, &[("good", after(1800))]).await;
    let answers = together(20, |_| async {
        let attempt = AttemptId::from_number(world.number());
        let attempt = &attempt;
        retry_busy(|| async move {
            let mut tx = world.pool.begin().await?;
            let spending = capture_tokens::spend(&mut tx, "good", attempt, after(5)).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(spending)
        })
        .await
        .unwrap()
    })
    .await;
    let count = |wanted: Spending| answers.iter().filter(|answer| **answer == wanted).count();
    assert_eq!(count(Spending::Spent(id)), 1);
    assert_eq!(count(Spending::AlreadySpent), 19);
}

pub(super) async fn a_capture_token_expires_and_is_revoked(world: &World) {
    let tokens = [("late", after(10)), ("revoked", after(1800))];
    let id = issue(world, &tokens).await;
    let attempt = AttemptId::from_number(world.number());
    let mut tx = world.pool.begin().await.unwrap();
    for (second, is_unspent) in [(5, true), (6, false)] {
        let found = capture_tokens::is_unspent(&mut tx, "revoked", after(second)).await;
        assert_eq!(found.unwrap(), is_unspent);
        capture_tokens::revoke(&mut tx, &id, after(6))
            .await
            .unwrap();
    }
    for (token, expected) in [
        ("late", Spending::Expired),
        ("revoked", Spending::Expired),
        ("unknown", Spending::Unknown),
    ] {
        let found = capture_tokens::spend(&mut tx, token, &attempt, after(10)).await;
        assert_eq!(found.unwrap(), expected);
    }
}

pub(super) async fn an_identity_key_starts_five_times_until_it_passed(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let other = world.app(&account).await;
    let texts = [NAME, NUMBER, "the key"].map(SecretText::from);
    let [name, number, key] = &texts;
    let mut tx = world.pool.begin().await.unwrap();
    for key_hash in ["many", "passed"] {
        let new = NewIdentityKey {
            app_id: &app,
            key_hash,
            key,
            name,
            number,
            created_at: START,
            expires_at: later(START, IDENTITY_KEY_LIFE),
        };
        identity_keys::insert(&mut tx, &world.vault, &new)
            .await
            .unwrap();
    }
    for turn in 1..=5 {
        let start = identity_keys::start(&mut tx, &world.vault, &app, "many", after(1)).await;
        let Ok(Start::Started(found)) = start else {
            panic!("turn {turn}: {start:?}")
        };
        assert_eq!(
            (found.starts_count, &found.name, &found.number),
            (turn, name, number)
        );
        assert_eq!(&found.key, key);
    }
    let vault = &world.vault;
    let sixth = identity_keys::start(&mut tx, vault, &app, "many", after(1))
        .await
        .unwrap();
    assert!(matches!(sixth, Start::TooMany), "{sixth:?}");
    identity_keys::mark_passed(&mut tx, "passed", after(1))
        .await
        .unwrap();
    for (who, hash, second) in [
        (&app, "passed", 1),
        (&app, "unknown", 1),
        (&other, "many", 1),
        (&app, "many", 3600),
    ] {
        let found = identity_keys::start(&mut tx, vault, who, hash, after(second))
            .await
            .unwrap();
        assert!(matches!(found, Start::Invalid), "{hash}: {found:?}");
    }
    assert_eq!(identity_keys::sweep(&mut tx, after(3601)).await.unwrap(), 2);
}

pub(super) async fn a_nonce_is_accepted_once(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let other = world.app(&account).await;
    let answers = together(10, |_| async {
        retry_busy(|| async {
            let mut tx = world.pool.begin().await?;
            let fresh = nonces::remember(&mut tx, &app, "nonce", after(600)).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(fresh)
        })
        .await
        .unwrap()
    })
    .await;
    assert_eq!(answers.iter().filter(|fresh| **fresh).count(), 1);
    let mut tx = world.pool.begin().await.unwrap();
    assert!(
        nonces::remember(&mut tx, &other, "nonce", after(600))
            .await
            .unwrap()
    );
    assert_eq!(nonces::sweep(&mut tx, after(600)).await.unwrap(), 0);
    assert_eq!(nonces::sweep(&mut tx, after(601)).await.unwrap(), 2);
}

pub(super) async fn an_idempotency_key_answers_the_same_and_works_once(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let key = Key {
        app_id: &app,
        key_hash: "key",
        request_hash: "body",
    };
    let life = (START, after(60));
    // Ten repeats of one request at the same time: one does the work, all get its answer.
    let answers = together(10, |index| async move {
        retry_busy(|| async move {
            let mut tx = world.pool.begin().await?;
            let vault = &world.vault;
            let answer = SecretText::from(format!("answer {index}"));
            let answer = if idempotency::remember(&mut tx, vault, &key, &answer, life).await? {
                answer
            } else {
                match idempotency::recall(&mut tx, vault, &key, START).await? {
                    Recall::Same(answer) => answer,
                    Recall::Unknown | Recall::Different => panic!("it was remembered"),
                }
            };
            tx.commit().await?;
            Ok::<_, StoreError>(answer)
        })
        .await
        .unwrap()
    })
    .await;
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "two requests did the work"
    );
    let mut tx = world.pool.begin().await.unwrap();
    let vault = &world.vault;
    let other = Key {
        request_hash: "other body",
        ..key
    };
    let recall = idempotency::recall(&mut tx, vault, &other, START)
        .await
        .unwrap();
    assert_eq!(recall, Recall::Different);
    let late = idempotency::recall(&mut tx, vault, &other, after(60))
        .await
        .unwrap();
    assert_eq!(late, Recall::Unknown);
    let again = (after(60), after(120));
    let fresh = SecretText::from("fresh");
    let is_free = idempotency::remember(&mut tx, vault, &other, &fresh, again)
        .await
        .unwrap();
    assert!(is_free);
    let recall = idempotency::recall(&mut tx, vault, &other, after(61))
        .await
        .unwrap();
    assert_eq!(recall, Recall::Same(fresh));
}
