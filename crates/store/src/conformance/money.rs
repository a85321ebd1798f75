//! Money under races: I1 and I2.

use zhenren_domain::challenge::Action;
use zhenren_domain::ids::{AccountId, AppId, EntryId, VerificationId};
use zhenren_domain::ledger::{HoldState, Settlement};
use zhenren_domain::mode::Mode;
use zhenren_domain::money::Fen;
use zhenren_domain::wish::Wish;

use super::world::{START, World, after, together};
use crate::dialect::Dialect;
use crate::ledger::{self, Freeze, Freezing, Recharge};
use crate::{StoreError, Transaction, accounts, audit, retry_busy, verifications};

/// The account's own balance, after checking it against the immutable entries.
async fn balance(world: &World, id: &AccountId) -> (i64, i64, i64) {
    let mut tx = world.pool.read().await.unwrap();
    let account = accounts::find(&mut tx, id).await.unwrap().unwrap();
    assert_eq!(ledger::books(&mut tx, id).await.unwrap(), account.balance);
    let balance = account.balance;
    (
        balance.available.get(),
        balance.frozen.get(),
        balance.spent.get(),
    )
}

pub(super) async fn fifty_holds_against_funds_for_nine(world: &World) {
    let account = world.account(9 * 85 + 84).await;
    let answers = together(50, |_| world.freeze(&account)).await;
    let answers: Vec<Freezing> = answers.into_iter().map(Result::unwrap).collect();
    let frozen = answers
        .iter()
        .filter(|answer| **answer == Freezing::Frozen(Fen::of(85)))
        .count();
    let refused = answers
        .iter()
        .filter(|answer| **answer == Freezing::Insufficient)
        .count();
    assert_eq!((frozen, refused), (9, 41));
    assert_eq!(balance(world, &account).await, (84, 9 * 85, 0));
}

pub(super) async fn a_hold_resolves_once(world: &World) {
    let account = world.account(1000).await;
    let verification = VerificationId::from_number(world.number());
    world.freeze_for(&account, &verification).await.unwrap();
    let answers = together(10, |index| {
        let verification = &verification;
        async move {
            let entry = EntryId::from_number(world.number());
            let entry = &entry;
            retry_busy(|| async move {
                let mut tx = world.pool.begin().await?;
                let hold = ledger::hold_of(&mut tx, verification).await?.unwrap();
                if index % 2 == 0 {
                    ledger::settle(&mut tx, &hold, entry, after(9)).await?;
                } else {
                    ledger::release(&mut tx, &hold, entry, after(9)).await?;
                }
                tx.commit().await
            })
            .await
        }
    })
    .await;
    let resolved = answers.iter().filter(|answer| answer.is_ok()).count();
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(StoreError::Conflict { table: "holds" })))
        .count();
    assert_eq!((resolved, refused), (1, 9), "{answers:?}");
    let mut tx = world.pool.read().await.unwrap();
    let hold = ledger::hold_of(&mut tx, &verification)
        .await
        .unwrap()
        .unwrap();
    drop(tx);
    match hold.state {
        HoldState::Settled => assert_eq!(balance(world, &account).await, (915, 0, 85)),
        HoldState::Released => assert_eq!(balance(world, &account).await, (1000, 0, 0)),
        HoldState::Frozen => panic!("the hold is still frozen"),
    }
}

pub(super) async fn settling_takes_the_tier_of_that_moment(world: &World) {
    let account = world.account(1000).await;
    let mut tx = world.pool.begin().await.unwrap();
    let sql = "UPDATE accounts SET calls_count = 99999 WHERE id = $1";
    tx.execute(sql, crate::value::values![&account])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let both = [world.number(), world.number()].map(VerificationId::from_number);
    for verification in &both {
        let frozen = world.freeze_for(&account, verification).await.unwrap();
        assert_eq!(frozen, Freezing::Frozen(Fen::of(85)));
    }
    let mut settled = Vec::new();
    for verification in &both {
        let mut tx = world.pool.begin().await.unwrap();
        let hold = ledger::hold_of(&mut tx, verification)
            .await
            .unwrap()
            .unwrap();
        let entry = EntryId::from_number(world.number());
        settled.push(
            ledger::settle(&mut tx, &hold, &entry, after(60))
                .await
                .unwrap(),
        );
        tx.commit().await.unwrap();
    }
    let expected = [(85, 0), (80, 5)].map(|(settled, returned)| Settlement {
        settled: Fen::of(settled),
        returned: Fen::of(returned),
        taken: Fen::ZERO,
        forgiven: Fen::ZERO,
    });
    assert_eq!(settled, expected);
    assert_eq!(balance(world, &account).await, (1000 - 165, 0, 165));
    let mut tx = world.pool.read().await.unwrap();
    let known = accounts::find(&mut tx, &account).await.unwrap().unwrap();
    assert_eq!(known.agreement.calls_count, 100_001);
}

pub(super) async fn a_recharge_is_booked_once(world: &World) {
    let account = world.account(0).await;
    let entry = EntryId::from_number(world.number());
    let answers = together(8, |_| async {
        retry_busy(|| async {
            let mut tx = world.pool.begin().await?;
            let recharge = Recharge {
                entry_id: &entry,
                account_id: &account,
                amount: Fen::of(500),
                reference: "bank-1",
                booked_by: "opr_1",
                at: START,
            };
            let booked = ledger::recharge(&mut tx, &recharge).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(booked)
        })
        .await
        .unwrap()
    })
    .await;
    assert_eq!(answers.iter().filter(|booked| **booked).count(), 1);
    assert_eq!(balance(world, &account).await, (500, 0, 0));
}

pub(super) async fn an_account_and_an_app_are_made_once(world: &World) {
    let account = world.account(100).await;
    let app_id = world.app(&account).await;
    let mut tx = world.pool.begin().await.unwrap();
    assert!(
        !accounts::create(&mut tx, &account, "another", after(5))
            .await
            .unwrap()
    );
    let mut app = crate::apps::find(&mut tx, &app_id).await.unwrap().unwrap();
    assert!(!crate::apps::create(&mut tx, &app).await.unwrap());
    app.strict_id_check = true;
    app.challenge = Wish {
        mode: Some(Mode::FlashElseDigits),
        modes: vec![Mode::FlashElseDigits, Mode::MultiAction],
        actions: vec![Action::Blink, Action::Nod],
        actions_count: Some(2),
        digits_count: Some(6),
        flashes_count: Some(12),
        no_flash: true,
        capture_seconds: Some(45),
        attempts_max: Some(2),
    };
    crate::apps::update(&mut tx, &app).await.unwrap();
    assert_eq!(
        crate::apps::find(&mut tx, &app_id).await.unwrap(),
        Some(app.clone())
    );
    assert_eq!(crate::apps::list(&mut tx).await.unwrap(), [app]);
    let known = accounts::find(&mut tx, &account).await.unwrap().unwrap();
    assert_eq!(known.name, "tenant");
    assert_eq!(known.created_at, START);
}

pub(super) async fn creates_of_different_accounts_do_not_meet(world: &World) {
    let mut accounts = Vec::new();
    for _ in 0..4 {
        let account = world.account(1000).await;
        let app = world.app(&account).await;
        accounts.push((account, app));
    }
    // SQLite has one writer, so there they come one after the other; on PostgreSQL all are open
    // at the same time, and each has read and written before the first commits.
    let at_once = match world.pool.dialect() {
        Dialect::Sqlite => 1,
        Dialect::Postgres => accounts.len(),
    };
    for some in accounts.chunks(at_once) {
        let mut open = Vec::new();
        for (account, app) in some {
            let mut tx = world.pool.begin().await.unwrap();
            create(world, &mut tx, account, app).await;
            open.push(tx);
        }
        for tx in open {
            tx.commit().await.unwrap();
        }
    }
    for (account, _) in &accounts {
        assert_eq!(balance(world, account).await, (915, 85, 0));
    }
}

/// What opening a verification writes.
async fn create(world: &World, tx: &mut Transaction, account: &AccountId, app: &AppId) {
    let record = world.record(app, account);
    let id = &record.verification.id;
    let wish = Freeze {
        entry_id: &EntryId::from_number(world.number()),
        account_id: account,
        verification_id: id,
        at: START,
    };
    let frozen = ledger::freeze(tx, &wish).await.unwrap();
    assert_eq!(frozen, Freezing::Frozen(Fen::of(85)));
    verifications::insert(tx, &world.vault, &record)
        .await
        .unwrap();
    let event = audit::Event {
        chain: account.as_str(),
        at: START,
        actor: app.as_str(),
        action: "verification.open",
        subject: id.as_str(),
        detail: "",
    };
    audit::append(tx, &event).await.unwrap();
    // Now everything that was sent has been answered.
    assert!(accounts::find(tx, account).await.unwrap().is_some());
}
