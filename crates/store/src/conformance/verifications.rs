//! Verifications close once, answer only to their own app, and can be forgotten.

use jiff::SignedDuration;
use zhenren_domain::billing::{BillingRules, bill};
use zhenren_domain::challenge::Action;
use zhenren_domain::ids::{AttemptId, EvidenceId};
use zhenren_domain::mode::Mode;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_domain::verification::State;
use zhenren_domain::wish::Wish;

use super::captures::begin;
use super::world::{World, after, together};
use crate::attempts;
use crate::verifications::{self, Billed, Record, ReferenceSource, Subject};
use crate::{StoreError, jobs, retry_busy};

async fn find(world: &World, record: &Record) -> Record {
    let mut tx = world.pool.read().await.unwrap();
    let id = &record.verification.id;
    verifications::find(&mut tx, &world.vault, id)
        .await
        .unwrap()
        .unwrap()
}

pub(super) async fn a_mode_changes_while_it_is_open(world: &World) {
    let record = world.open().await;
    let set = async |mode| {
        let mut tx = world.pool.begin().await.unwrap();
        let set = verifications::set_mode(&mut tx, &record.verification.id, mode).await;
        tx.commit().await.unwrap();
        set
    };
    set(Mode::FlashElseDigits).await.unwrap();
    let found = find(world, &record).await;
    assert_eq!(found.challenge.mode, Some(Mode::FlashElseDigits));
    let closed = found.verification.clone().cancel(after(5)).unwrap();
    let mut tx = world.pool.begin().await.unwrap();
    verifications::advance(&mut tx, &found.verification, &closed)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(set(Mode::Silent).await.is_err());
    let mode = find(world, &record).await.challenge.mode;
    assert_eq!(mode, Some(Mode::FlashElseDigits));
}

pub(super) async fn a_verification_is_read_back_as_it_was_written(world: &World) {
    let plain = world.open().await;
    assert_eq!(find(world, &plain).await, plain);
    let mut rich = world.record(&plain.app_id, &plain.account_id);
    rich.challenge = Wish {
        mode: Some(Mode::MultiAction),
        actions: vec![Action::TurnLeft, Action::Blink],
        digits_count: Some(5),
        no_flash: true,
        ..Wish::default()
    };
    rich.reference = ReferenceSource::CallerPhoto(EvidenceId::from_number(world.number()));
    rich.need_picture = true;
    let mut bare = world.record(&plain.app_id, &plain.account_id);
    bare.subject = Subject::default();
    bare.identity_key_hash = None;
    bare.verify_result_hash = None;
    let mut tx = world.pool.begin().await.unwrap();
    for record in [&rich, &bare] {
        verifications::insert(&mut tx, &world.vault, record)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    for record in [&rich, &bare] {
        assert_eq!(&find(world, record).await, record);
    }
    let mut tx = world.pool.read().await.unwrap();
    let hash = rich.verify_result_hash.clone().unwrap();
    let by_result = verifications::find_by_result(&mut tx, &world.vault, &rich.app_id, &hash)
        .await
        .unwrap();
    assert_eq!(by_result.as_ref(), Some(&rich));
    let hash = rich.identity_key_hash.clone().unwrap();
    let by_key = verifications::of_identity_key(&mut tx, &world.vault, &rich.app_id, &hash)
        .await
        .unwrap();
    assert_eq!(by_key, [rich]);
}

pub(super) async fn a_verification_closes_once(world: &World) {
    let record = world.open().await;
    let answers = together(10, |index| {
        let record = &record;
        async move {
            retry_busy(|| async move {
                let mut tx = world.pool.begin().await?;
                let id = &record.verification.id;
                let found = verifications::find(&mut tx, &world.vault, id)
                    .await?
                    .unwrap();
                let before = found.verification;
                let reason = if index % 2 == 0 {
                    Reason::Passed
                } else {
                    Reason::StillFace
                };
                let Ok(closed) = before.clone().close(reason.outcome(), reason, after(9)) else {
                    return Ok(false);
                };
                verifications::advance(&mut tx, &before, &closed).await?;
                let billed = Billed {
                    billing: bill(reason, BillingRules::default()),
                    settled: Fen::ZERO,
                };
                verifications::record_billing(&mut tx, id, &billed).await?;
                tx.commit().await?;
                Ok::<_, StoreError>(true)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(answers.iter().filter(|closed| **closed).count(), 1);
    let closed = find(world, &record).await;
    let reason = closed.verification.closing().unwrap().reason;
    assert_eq!(
        closed.billing.map(|billed| billed.billing),
        Some(bill(reason, BillingRules::default()))
    );
    let mut tx = world.pool.begin().await.unwrap();
    let billed = Billed {
        billing: bill(Reason::Passed, BillingRules::default()),
        settled: Fen::of(85),
    };
    let id = &record.verification.id;
    let again = verifications::record_billing(&mut tx, id, &billed).await;
    assert!(
        matches!(again, Err(StoreError::Conflict { .. })),
        "{again:?}"
    );
}

pub(super) async fn a_stale_transition_changes_nothing(world: &World) {
    let record = world.open().await;
    let open = record.verification.clone();
    let first = AttemptId::from_number(world.number());
    let second = AttemptId::from_number(world.number());
    let capturing = open
        .clone()
        .begin(first.clone(), after(1))
        .unwrap()
        .verification;
    let mut tx = world.pool.begin().await.unwrap();
    verifications::advance(&mut tx, &open, &capturing)
        .await
        .unwrap();
    // Another device read the open state before and now wants to begin as well.
    let other = open
        .clone()
        .begin(second.clone(), after(2))
        .unwrap()
        .verification;
    let stale = verifications::advance(&mut tx, &open, &other).await;
    assert!(
        matches!(stale, Err(StoreError::Conflict { .. })),
        "{stale:?}"
    );
    // The page was loaded again; the attempt that was pushed aside cannot complete.
    let superseding = capturing
        .clone()
        .begin(second.clone(), after(3))
        .unwrap()
        .verification;
    verifications::advance(&mut tx, &capturing, &superseding)
        .await
        .unwrap();
    let late = capturing.clone().complete(&first).unwrap();
    let stale = verifications::advance(&mut tx, &capturing, &late).await;
    assert!(
        matches!(stale, Err(StoreError::Conflict { .. })),
        "{stale:?}"
    );
    let analyzing = superseding.clone().complete(&second).unwrap();
    verifications::advance(&mut tx, &superseding, &analyzing)
        .await
        .unwrap();
    let again = analyzing
        .clone()
        .conclude(&second, Outcome::Inconclusive, Reason::TooDark, after(9))
        .unwrap();
    verifications::advance(&mut tx, &analyzing, &again)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let found = find(world, &record).await.verification;
    assert_eq!(found, again);
    assert_eq!(
        (found.state, found.last_reason),
        (State::Open, Some(Reason::TooDark))
    );
}

pub(super) async fn another_app_learns_nothing(world: &World) {
    let record = world.open().await;
    let stranger = world.app(&world.account(0).await).await;
    let mut tx = world.pool.read().await.unwrap();
    let id = &record.verification.id;
    let vault = &world.vault;
    for (app, is_found) in [(&record.app_id, true), (&stranger, false)] {
        let by_id = verifications::find_of_app(&mut tx, vault, app, id)
            .await
            .unwrap();
        let hash = record.verify_result_hash.as_deref().unwrap();
        let by_result = verifications::find_by_result(&mut tx, vault, app, hash)
            .await
            .unwrap();
        let hash = record.identity_key_hash.as_deref().unwrap();
        let by_key = verifications::of_identity_key(&mut tx, vault, app, hash)
            .await
            .unwrap();
        let listed = verifications::list(&mut tx, vault, app, None, 10)
            .await
            .unwrap();
        let found = [
            by_id.is_some(),
            by_result.is_some(),
            !by_key.is_empty(),
            !listed.is_empty(),
        ];
        assert_eq!(found, [is_found; 4]);
    }
}

pub(super) async fn a_forgotten_verification_keeps_its_answer_only(world: &World) {
    let record = world.open().await;
    let id = &record.verification.id;
    let mut tx = world.pool.begin().await.unwrap();
    let attempt = begin(world, &mut tx, &record).await;
    assert!(
        !verifications::forget(&mut tx, id, after(1)).await.unwrap(),
        "it is still open"
    );
    let closed = record.verification.clone().cancel(after(2)).unwrap();
    verifications::advance(&mut tx, &record.verification, &closed)
        .await
        .unwrap();
    assert!(verifications::forget(&mut tx, id, after(3)).await.unwrap());
    assert!(!verifications::forget(&mut tx, id, after(4)).await.unwrap());
    let client = attempts::client(&mut tx, &world.vault, &attempt.id);
    assert_eq!(client.await.unwrap(), None, "a device tells who it was");
    tx.commit().await.unwrap();
    let left = find(world, &record).await;
    assert_eq!(left.subject, Subject::default());
    assert_eq!(left.verification, closed);
}

pub(super) async fn a_due_verification_is_taken_once(world: &World) {
    let first = world.open().await.verification;
    let second = world.open().await.verification;
    let mut tx = world.pool.begin().await.unwrap();
    let sooner = first.expires_at.checked_sub(SignedDuration::from_secs(1));
    let sooner = sooner.unwrap();
    verifications::set_due(&mut tx, &second.id, sooner)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let takers = together(4, |_| async {
        retry_busy(|| async {
            let mut tx = world.pool.begin().await?;
            let taken = verifications::take_due(&mut tx, sooner, 16).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(taken)
        })
        .await
        .unwrap()
    })
    .await;
    let taken: Vec<_> = takers.into_iter().flatten().collect();
    assert_eq!(taken, [(second.id.clone(), sooner)]);
    let mut tx = world.pool.begin().await.unwrap();
    assert_eq!(
        jobs::next_due(&mut tx).await.unwrap(),
        Some(first.expires_at)
    );
    verifications::set_due(&mut tx, &second.id, sooner)
        .await
        .unwrap();
    let all = verifications::take_due(&mut tx, first.expires_at, 16).await;
    let order = [(second.id, sooner), (first.id, first.expires_at)];
    assert_eq!(all.unwrap(), order);
    assert_eq!(jobs::next_due(&mut tx).await.unwrap(), None);
}
