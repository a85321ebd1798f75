//! Sign-ins and changes of one's own password while something else happens: a crowd, strangers who
//! make up logins, an owner who is faster.

use std::pin::pin;
use std::task::Poll;

use crate::common::{CHEAP, HERE, World};
use crate::operators::PASSWORD;
use crate::sign_in::node;
use zhenren_domain::roles::Role;
use zhenren_store::operator_sessions::failures;
use zhenren_usecases::context::Context;
use zhenren_usecases::operators::actor::Actor;
use zhenren_usecases::operators::change_operator::{self, Change, Password};
use zhenren_usecases::operators::change_password::{self, ChangeError};
use zhenren_usecases::operators::sign_in::{self, SignInError};
use zhenren_usecases::operators::{SecretText, authenticate, sign_out};
use zhenren_usecases::settings::{PasswordCost, Settings};

const NEW: &str = "another horse battery";
const FASTER: &str = "battery of a faster horse";

/// What failures of a login are counted under, as it is kept.
fn key(context: &Context, login: &str) -> String {
    let hash = context.vault().token_hash("operator-login", login);
    hash.chars().take(5).collect()
}

async fn failures_count(world: &World, login: &str) -> u32 {
    let mut tx = world.context.pool().read().await.unwrap();
    let found = failures::find(&mut tx, &key(&world.context, login)).await;
    found.unwrap().count
}

/// Polls once.
async fn poll<F: Future>(mut future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

#[tokio::test]
async fn who_is_sent_away_in_a_crowd_has_not_failed() {
    let world = World::new().await;
    world.hire("wei", Role::Owner).await;
    let right = SecretText::from(PASSWORD);
    // Each has a place as soon as it was polled once, and keeps it until it is polled again.
    let logins: Vec<String> = (0..64).map(|number| format!("crowd{number}")).collect();
    let mut crowd: Vec<_> = logins
        .iter()
        .map(|login| Box::pin(sign_in::sign_in(&world.context, login, &right, HERE)))
        .collect();
    for one in &mut crowd {
        assert!(poll(one.as_mut()).await.is_pending());
    }
    for _ in 0..5 {
        let sent_away = sign_in::sign_in(&world.context, "wei", &right, HERE).await;
        assert!(matches!(sent_away, Err(SignInError::Busy)), "{sent_away:?}");
    }
    assert_eq!(failures_count(&world, "wei").await, 0);
    drop(crowd);
    // A hash that was begun ends in its own time; until then its place is taken.
    loop {
        match sign_in::sign_in(&world.context, "wei", &right, HERE).await {
            Ok(_) => break,
            Err(SignInError::Busy) => tokio::task::yield_now().await,
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Two logins that nobody has, whose hashes begin alike, share a row: strangers cannot make more
/// rows than there are beginnings.
#[tokio::test]
async fn made_up_logins_leave_a_bounded_number_of_rows() {
    let world = World::new().await;
    let mut seen = std::collections::BTreeMap::new();
    let (one, other) = (0..)
        .find_map(|number| {
            let login = format!("stranger{number}");
            let former = seen.insert(key(&world.context, &login), login.clone())?;
            Some((former, login))
        })
        .unwrap();
    let wrong = SecretText::from("wrong horse battery");
    for _ in 0..5 {
        let refused = sign_in::sign_in(&world.context, &one, &wrong, HERE).await;
        assert!(matches!(refused, Err(SignInError::Refused)), "{refused:?}");
    }
    let locked = sign_in::sign_in(&world.context, &other, &wrong, HERE).await;
    assert!(
        matches!(locked, Err(SignInError::Locked { .. })),
        "{locked:?}"
    );
    assert!(world.audit().await.is_empty(), "no line for strangers");
}

/// What happens while a new password is hashed.
#[derive(Clone, Copy, Debug)]
enum Meanwhile {
    Nothing,
    Reset,
    Disabled,
    SignedOut,
    /// The same sign-in changes it as well, and its sign-in stays.
    ChangedHere,
}

async fn happen(world: &World, what: Meanwhile, wei: &Actor, token: &str) {
    let change = match what {
        Meanwhile::Nothing => return,
        Meanwhile::SignedOut => {
            sign_out::sign_out(&world.context, wei, token)
                .await
                .unwrap();
            return;
        }
        Meanwhile::ChangedHere => {
            // Two changes at one moment are only known where a test holds the clock.
            world.advance_s(1);
            let (present, new) = (SecretText::from(PASSWORD), SecretText::from(FASTER));
            change_password::change(&world.context, wei, token, &present, &new)
                .await
                .unwrap();
            return;
        }
        Meanwhile::Disabled => Change {
            is_disabled: Some(true),
            ..Change::default()
        },
        Meanwhile::Reset => Change {
            password: Some(Password::Chosen(SecretText::from("battery of the owner"))),
            ..Change::default()
        },
    };
    let id = wei.must_be_operator().unwrap();
    change_operator::change(&world.context, &Actor::CommandLine, id, &change)
        .await
        .unwrap();
}

/// Nothing goes on in the future that is not polled: what happens falls between the comparison of
/// the present password and the writing of the new one.
#[tokio::test]
async fn an_owner_who_is_faster_is_not_overwritten() {
    for what in [
        Meanwhile::Nothing,
        Meanwhile::Reset,
        Meanwhile::Disabled,
        Meanwhile::SignedOut,
        Meanwhile::ChangedHere,
    ] {
        let world = World::new().await;
        world.hire("owner", Role::Owner).await;
        world.hire("wei", Role::Finance).await;
        let mut settings = Settings::default();
        // Dear enough not to be done within one poll.
        settings.operators.password = PasswordCost {
            iterations: 1000,
            ..CHEAP
        };
        let slow = node(&world, settings);
        let token = world.sign_in("wei").await;
        let wei = authenticate::by_token(&world.context, &token)
            .await
            .unwrap();
        let (present, new) = (SecretText::from(PASSWORD), SecretText::from(NEW));
        let mut changing = pin!(change_password::change(&slow, &wei, &token, &present, &new));
        while failures_count(&world, "wei").await == 0 {
            assert!(poll(changing.as_mut()).await.is_pending());
            tokio::task::yield_now().await;
        }
        happen(&world, what, &wei, &token).await;
        let answer = changing.await;
        let is_new = sign_in::sign_in(&world.context, "wei", &new, HERE)
            .await
            .is_ok();
        if matches!(what, Meanwhile::Nothing) {
            assert!(answer.is_ok() && is_new, "{answer:?}");
        } else {
            let is_refused = matches!(answer, Err(ChangeError::Wrong));
            assert!(is_refused && !is_new, "{what:?} {answer:?}");
        }
    }
}
