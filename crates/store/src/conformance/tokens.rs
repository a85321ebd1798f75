//! Tokens, keys and nonces: what may be used once, for a while, or so many times.

use jiff::Timestamp;
use zhenren_domain::retention::{ACCESS_TOKEN_LIFE, IDENTITY_KEY_LIFE, after as later};
use zhenren_vault::SecretText;

use super::world::{NAME, NUMBER, START, World, after, together};
use crate::apps::access_tokens::{self, TokenState};
use crate::idempotency::{self, Key, Recall};
use crate::identity_keys::{self, NewIdentityKey, Start};
use crate::{StoreError, nonces, retry_busy, verifications};

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
        hash: "key",
        request_hash: "body",
    };
    let records: Vec<_> = (0..10).map(|_| world.record(&app, &account)).collect();
    // Ten repeats of one request at the same time: one does the work, all get its answer.
    let answers = together(10, |index| {
        let record = &records[usize::try_from(index).unwrap()];
        retry_busy(move || async move {
            let mut tx = world.pool.begin().await?;
            let is_new = verifications::insert_once(&mut tx, &world.vault, record, &key).await?;
            let answer = if is_new {
                record.verification.id.clone()
            } else {
                match idempotency::recall(&mut tx, &key, before(1)).await? {
                    Recall::Same(id) => id,
                    Recall::Unknown | Recall::Different => panic!("it was remembered"),
                }
            };
            tx.commit().await?;
            Ok::<_, StoreError>(answer)
        })
    })
    .await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(
        answers.windows(2).all(|pair| pair[0] == pair[1]),
        "two requests did the work"
    );
    let mut tx = world.pool.begin().await.unwrap();
    let kept = verifications::list(&mut tx, &world.vault, &app, None, 50).await;
    assert_eq!(kept.unwrap().len(), 1);
    let other = Key {
        request_hash: "other body",
        ..key
    };
    let recall = idempotency::recall(&mut tx, &other, before(1)).await;
    assert_eq!(recall.unwrap(), Recall::Different);
    let late = idempotency::recall(&mut tx, &other, START).await;
    assert_eq!(late.unwrap(), Recall::Unknown);
    // A key that is remembered still is not freed; one that is not is.
    let again = world.record(&app, &account);
    for (since, is_free) in [(before(1), false), (START, true)] {
        idempotency::forget(&mut tx, &key, since).await.unwrap();
        let is_new = verifications::insert_once(&mut tx, &world.vault, &again, &other).await;
        assert_eq!(is_new.unwrap(), is_free);
    }
    let recall = idempotency::recall(&mut tx, &other, before(1)).await;
    assert_eq!(recall.unwrap(), Recall::Same(again.verification.id));
}

/// So many seconds before the start.
fn before(seconds: i64) -> Timestamp {
    after(-seconds)
}
