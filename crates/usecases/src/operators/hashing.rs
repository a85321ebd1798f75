//! Argon2id: from a password to what is kept of it, and the comparison.
//!
//! Runs beside the server's own threads, a few at a time: each hash takes tens of megabytes, and
//! whoever may ask for a sign-in is a stranger. Knows no login and no row.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash,
};
use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};
use zhenren_vault::SecretText;

use crate::context::Context;
use crate::fault::Fault;
use crate::settings::PasswordCost;

/// Limit: hashes that are computed at the same time by one process.
const RUNNING_COUNT_MAX: usize = 2;
/// Limit: sign-ins that wait for their turn; later ones are sent away at once.
const WAITING_COUNT_MAX: u32 = 64;
/// What is hashed with when there is nothing to compare with.
const NO_SALT: [u8; 16] = *b"no such operator";

static TURNS: Semaphore = Semaphore::const_new(RUNNING_COUNT_MAX);
static WAITING: AtomicU32 = AtomicU32::new(0);

/// Why there is no answer.
#[derive(Debug, Error)]
pub(super) enum HashError {
    /// Too many wait already.
    #[error("too many sign-ins are waiting")]
    Busy,
    /// The machine failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Another password, or nothing to compare with.
    Wrong,
    /// The password, hashed at the cost of today.
    Right,
    /// The password, hashed at another cost: to be hashed anew.
    RightButOld,
}

/// What is kept of a password: a text that carries algorithm, cost, salt and hash.
pub(super) async fn hash(
    context: &Context,
    turn: &Turn,
    password: &SecretText,
) -> Result<SecretText, Fault> {
    let cost = context.settings().operators.password;
    let salt: [u8; 16] = context.random_bytes();
    let password = password.clone();
    in_turn(turn, move || compute(cost, &password, &salt)).await
}

/// Compares a password with what is kept. Without anything kept the same work is done, so that
/// the time taken does not say which logins there are.
pub(super) async fn verify(
    context: &Context,
    turn: &Turn,
    password: &SecretText,
    kept: Option<SecretText>,
) -> Result<Verdict, Fault> {
    let cost = context.settings().operators.password;
    let password = password.clone();
    in_turn(turn, move || match kept {
        Some(kept) => compare(cost, &password, &kept),
        None => compute(cost, &password, &NO_SALT).map(|_| Verdict::Wrong),
    })
    .await
}

/// The right to compute, one hash after the other. Nobody asks for a second one while holding one.
pub(super) struct Turn(Arc<(Place, SemaphorePermit<'static>)>);

impl Turn {
    /// Waits for it. What is written down about a sign-in is written after this: who is sent away
    /// has not tried, and nobody writes faster than hashes are computed.
    pub(super) async fn wait() -> Result<Self, HashError> {
        let place = Place::take()?;
        let permit = TURNS
            .acquire()
            .await
            .map_err(|error| Fault::new("waiting for a turn", error))?;
        Ok(Self(Arc::new((place, permit))))
    }
}

/// Runs one computation. It holds the turn until it has ended, for it ends later than its request
/// when the caller hangs up.
async fn in_turn<T: Send + 'static>(
    turn: &Turn,
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let held = Arc::clone(&turn.0);
    tokio::task::spawn_blocking(move || {
        let done = work();
        drop(held);
        done
    })
    .await
    .map_err(|error| Fault::new("hashing", error))?
}

/// One of the places to wait or be served; given back when dropped.
struct Place;

impl Place {
    fn take() -> Result<Self, HashError> {
        if WAITING.fetch_add(1, Ordering::SeqCst) < WAITING_COUNT_MAX {
            Ok(Self)
        } else {
            WAITING.fetch_sub(1, Ordering::SeqCst);
            Err(HashError::Busy)
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::SeqCst);
    }
}

fn hasher(cost: PasswordCost) -> Result<Argon2<'static>, Fault> {
    let params = Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None)
        .map_err(|error| Fault::new("password cost", error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn compute(cost: PasswordCost, password: &SecretText, salt: &[u8]) -> Result<SecretText, Fault> {
    let hash: PasswordHash = hasher(cost)?
        .hash_password_with_salt(password.reveal().as_bytes(), salt)
        .map_err(|error| Fault::new("hashing", error.to_string()))?;
    Ok(SecretText::from(hash.to_string()))
}

fn compare(cost: PasswordCost, password: &SecretText, kept: &SecretText) -> Result<Verdict, Fault> {
    let unread =
        |error: password_hash::Error| Fault::new("reading a kept password", error.to_string());
    let parsed = PasswordHash::new(kept.reveal())
        .map_err(|error| Fault::new("reading a kept password", error.to_string()))?;
    let hasher = hasher(cost)?;
    match hasher.verify_password(password.reveal().as_bytes(), &parsed) {
        Ok(()) => {}
        Err(password_hash::Error::PasswordInvalid) => return Ok(Verdict::Wrong),
        Err(error) => return Err(unread(error)),
    }
    let known = Params::try_from(&parsed).map_err(unread)?;
    let is_current = parsed.algorithm == Algorithm::Argon2id.ident()
        && known.m_cost() == cost.memory_kib
        && known.t_cost() == cost.iterations
        && known.p_cost() == cost.parallelism;
    Ok(if is_current {
        Verdict::Right
    } else {
        Verdict::RightButOld
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 8,
        iterations: 1,
        parallelism: 1,
    };

    #[test]
    fn only_the_password_is_right_and_an_old_cost_is_noticed() {
        let password = SecretText::from("correct horse battery");
        let kept = compute(CHEAP, &password, &[7; 16]).unwrap();
        assert!(kept.reveal().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        let verdict = |cost, text: &str| compare(cost, &SecretText::from(text), &kept).unwrap();
        assert_eq!(verdict(CHEAP, "correct horse battery"), Verdict::Right);
        assert_eq!(verdict(CHEAP, "correct horse batterY"), Verdict::Wrong);
        for changed in [
            PasswordCost {
                memory_kib: 16,
                ..CHEAP
            },
            PasswordCost {
                iterations: 2,
                ..CHEAP
            },
        ] {
            let found = verdict(changed, "correct horse battery");
            assert_eq!(found, Verdict::RightButOld);
            assert_eq!(verdict(changed, "wrong"), Verdict::Wrong);
        }
        let other = compute(CHEAP, &password, &[8; 16]).unwrap();
        assert!(other != kept, "the salt counts");
        assert!(compare(CHEAP, &password, &SecretText::from("plain")).is_err());
    }

    /// The vector of the reference implementation for argon2id, version 19.
    #[test]
    fn it_is_the_algorithm_it_says() {
        let cost = PasswordCost {
            memory_kib: 65_536,
            iterations: 2,
            parallelism: 1,
        };
        let kept = compute(cost, &SecretText::from("password"), b"somesalt").unwrap();
        assert_eq!(
            kept.reveal(),
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ\
             $CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        );
    }

    /// One test for both, as there is one crowd in a process.
    #[tokio::test]
    async fn who_comes_when_all_places_are_taken_is_sent_away() {
        let places: Vec<_> = std::iter::repeat_with(Place::take)
            .take_while(Result::is_ok)
            .collect();
        assert!(!places.is_empty());
        assert!(matches!(Turn::wait().await, Err(HashError::Busy)));
        drop(places);

        // A caller who hangs up gives nothing back before the work has ended.
        let turn = Turn::wait().await.unwrap();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let (start, has_begun) = tokio::sync::oneshot::channel();
        let request = tokio::spawn(async move {
            let work = move || {
                start.send(()).unwrap();
                ended.recv().unwrap();
                Ok(())
            };
            in_turn(&turn, work).await
        });
        has_begun.await.unwrap();
        request.abort();
        assert!(request.await.unwrap_err().is_cancelled());
        assert_eq!(WAITING.load(Ordering::SeqCst), 1);
        assert_eq!(TURNS.available_permits(), RUNNING_COUNT_MAX - 1);
        end.send(()).unwrap();
        while WAITING.load(Ordering::SeqCst) != 0 || TURNS.available_permits() != RUNNING_COUNT_MAX
        {
            tokio::task::yield_now().await;
        }
    }
}
