//! Prices, billing rules, the days and the records: alike on both databases.

use jiff::Timestamp;
use zhenren_domain::attempt::Attempt;
use zhenren_domain::billing::{BillingRules, bill};
use zhenren_domain::days::{self, DayRange};
use zhenren_domain::ids::{AccountId, AttemptId, EntryId, TariffId, VerificationId};
use zhenren_domain::ledger::EntryKind;
use zhenren_domain::money::Fen;
use zhenren_domain::outcome::{Outcome, Reason};
use zhenren_domain::tariff::{Tariff, civil_day};
use zhenren_vault::SecretText;

use super::world::{START, World, after, together};
use crate::attempts::{self, NewAttempt};
use crate::ledger_entries::{self, Filter};
use crate::records;
use crate::tariffs::{self, Record};
use crate::usage::{self, Usage};
use crate::value::values;
use crate::{StoreError, ledger, payers, retry_busy, verifications};

impl World {
    async fn tariff(
        &self,
        account: Option<&AccountId>,
        tiers: &str,
        (from, until): (i64, Option<i64>),
    ) -> TariffId {
        let record = Record {
            id: TariffId::from_number(self.number()),
            account_id: account.cloned(),
            tariff: Tariff::parse(tiers).unwrap(),
            valid_from: after(from),
            valid_until: until.map(after),
            created_at: START,
            created_by: "opr_1".to_owned(),
        };
        let mut tx = self.pool.begin().await.unwrap();
        tariffs::add(&mut tx, &record).await.unwrap();
        let listed = tariffs::list(&mut tx, account, None, 9).await.unwrap();
        assert!(listed.contains(&record));
        tx.commit().await.unwrap();
        record.id
    }

    async fn price(&self, account: &AccountId, second: i64) -> i64 {
        let mut tx = self.pool.read().await.unwrap();
        let at = after(second);
        let payer = payers::find(&mut tx, account, at).await.unwrap().unwrap();
        payer.next_price(at).get()
    }

    async fn sql(&self, sql: &'static str) -> Result<u64, StoreError> {
        let mut tx = self.pool.begin().await?;
        let changed = tx.execute(sql, &[]).await?;
        tx.commit().await?;
        Ok(changed)
    }
}

pub(super) async fn the_tariff_that_holds(world: &World) {
    let (own, other) = (world.account(1000).await, world.account(1000).await);
    assert_eq!(world.price(&own, 0).await, 85);
    world.tariff(None, ":70", (10, None)).await;
    world.tariff(None, ":65", (20, Some(30))).await;
    world.tariff(Some(&own), ":50", (25, Some(40))).await;
    let prices = [
        (9, 85, 85),
        (10, 70, 70),
        (20, 65, 65),
        (25, 50, 65),
        (29, 50, 65),
        (30, 50, 70),
        (39, 50, 70),
        (40, 70, 70),
    ];
    for (second, of_own, of_other) in prices {
        assert_eq!(world.price(&own, second).await, of_own, "{second}");
        assert_eq!(world.price(&other, second).await, of_other, "{second}");
    }
    // Two that begin together: the one that was added last.
    world.tariff(Some(&own), ":41", (50, None)).await;
    let last = world.tariff(Some(&own), ":42", (50, None)).await;
    assert_eq!(world.price(&own, 50).await, 42);
    let mut tx = world.pool.read().await.unwrap();
    let newest = tariffs::list(&mut tx, Some(&own), None, 1).await.unwrap();
    assert_eq!(newest[0].id, last);
    let place = Some((newest[0].valid_from, &newest[0].id));
    let rest = tariffs::list(&mut tx, Some(&own), place, 9).await.unwrap();
    assert_eq!(rest.len(), 4);
    assert_eq!(
        tariffs::list(&mut tx, None, None, 9).await.unwrap().len(),
        2
    );
    drop(tx);
    world.sql("UPDATE tariffs SET tiers = '42'").await.unwrap();
    let mut tx = world.pool.read().await.unwrap();
    let corrupt = payers::find(&mut tx, &own, after(50)).await;
    let wanted = matches!(&corrupt, Err(StoreError::Corrupt { table: "tariffs", row, .. }) if *row == last.to_string());
    assert!(wanted, "{corrupt:?}");
}

pub(super) async fn a_raised_price_is_taken_or_forgiven(world: &World) {
    for (left, expected) in [(100, [90, 0, 5, 0]), (3, [88, 0, 3, 2]), (0, [85, 0, 0, 5])] {
        let account = world.account(85 + 100).await;
        let verification = VerificationId::from_number(world.number());
        world.freeze_for(&account, &verification).await.unwrap();
        let tariff_id = world.tariff(Some(&account), ":90", (0, None)).await;
        let mut tx = world.pool.begin().await.unwrap();
        let sql = "UPDATE accounts SET available_fen = $2 WHERE id = $1";
        tx.execute(sql, values![&account, i64::from(left)])
            .await
            .unwrap();
        let hold = ledger::hold_of(&mut tx, &verification)
            .await
            .unwrap()
            .unwrap();
        let entry_id = EntryId::from_number(world.number());
        let it = ledger::settle(&mut tx, &hold, &entry_id, after(9))
            .await
            .unwrap();
        let found = [it.settled, it.returned, it.taken, it.forgiven].map(Fen::get);
        assert_eq!(found, expected, "{left}");
        let settles = Filter {
            from: Timestamp::MIN,
            until: Timestamp::MAX,
            kind: Some(EntryKind::Settle),
        };
        let entries = ledger_entries::list(&mut tx, &account, &settles, None, 9).await;
        let [entry] = <[_; 1]>::try_from(entries.unwrap()).unwrap();
        assert_eq!(entry.id, entry_id);
        assert_eq!(entry.forgiven, it.forgiven);
        assert_eq!(entry.tariff_id, Some(tariff_id));
        assert_eq!(entry.moved.available_fen, -it.taken.get());
        assert_eq!(entry.verification_id.as_ref(), Some(&verification));
        let payer = payers::find(&mut tx, &account, after(9))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            payer.balance.available.get(),
            i64::from(left) - it.taken.get()
        );
        assert_eq!(payer.agreement.calls_count, 1);
        tx.commit().await.unwrap();
    }
}

/// The borders of the product rules, and call by call around each of them.
pub(super) async fn calls_cost_what_the_tiers_say(world: &World) {
    let account = world.account(100_000).await;
    let tariff = Tariff::standard();
    for border in [100_000_u64, 110_000, 200_000, 500_000, 550_000] {
        let from = border - 2;
        let mut tx = world.pool.begin().await.unwrap();
        let sql = "UPDATE accounts SET calls_count = $2 WHERE id = $1";
        tx.execute(sql, values![&account, from]).await.unwrap();
        tx.commit().await.unwrap();
        let mut paid = tariff.cost_of(from).unwrap();
        for _ in 0..4 {
            let verification = VerificationId::from_number(world.number());
            world.freeze_for(&account, &verification).await.unwrap();
            let mut tx = world.pool.begin().await.unwrap();
            let hold = ledger::hold_of(&mut tx, &verification)
                .await
                .unwrap()
                .unwrap();
            let entry = EntryId::from_number(world.number());
            let settled = ledger::settle(&mut tx, &hold, &entry, START).await.unwrap();
            assert_eq!((settled.returned, settled.taken), (Fen::ZERO, Fen::ZERO));
            paid = paid.plus(settled.settled).unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(Ok(paid), tariff.cost_of(border + 2), "{border}");
    }
}

pub(super) async fn entries_never_change(world: &World) {
    let account = world.account(1000).await;
    world.freeze(&account).await.unwrap();
    let changes = [
        "UPDATE ledger_entries SET available_fen = 0",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_entries WHERE kind = 'freeze'",
    ];
    for sql in changes {
        assert!(world.sql(sql).await.is_err(), "{sql}");
    }
    let mut tx = world.pool.read().await.unwrap();
    let everything = Filter {
        from: Timestamp::MIN,
        until: Timestamp::MAX,
        kind: None,
    };
    let entries = ledger_entries::list(&mut tx, &account, &everything, None, 9).await;
    let entries = entries.unwrap();
    assert_eq!(entries.len(), 2);
    let place = Some((entries[0].at, &entries[0].id));
    let rest = ledger_entries::list(&mut tx, &account, &everything, place, 9).await;
    assert_eq!(rest.unwrap(), entries[1..]);
    let freezes = Filter {
        kind: Some(EntryKind::Freeze),
        ..everything
    };
    let found = ledger_entries::list(&mut tx, &account, &freezes, None, 9).await;
    assert_eq!(found.unwrap().len(), 1);
}

pub(super) async fn billing_is_written_once(world: &World) {
    let record = world.open().await;
    let attempt = Attempt::begin(AttemptId::from_number(world.number()), START);
    let client = SecretText::from("{}");
    let new = NewAttempt {
        attempt: &attempt,
        verification_id: &record.verification.id,
        app_id: &record.app_id,
        token_hash: "t",
        locale: "en",
        client: &client,
        consent_version: "1",
    };
    let mut tx = world.pool.begin().await.unwrap();
    attempts::insert(&mut tx, &world.vault, &new).await.unwrap();
    let rules = payers::rules(&mut tx, &record.account_id).await.unwrap();
    assert_eq!(rules, BillingRules::default());
    let rules = BillingRules {
        bills_attacks: true,
    };
    assert!(
        payers::set_rules(&mut tx, &record.account_id, rules)
            .await
            .unwrap()
    );
    assert!(
        !payers::set_rules(&mut tx, &AccountId::from_number(0), rules)
            .await
            .unwrap()
    );
    assert_eq!(
        payers::rules(&mut tx, &record.account_id).await.unwrap(),
        rules
    );
    let billing = bill(Reason::StillFace, rules);
    attempts::record_billing(&mut tx, &attempt.id, billing)
        .await
        .unwrap();
    let kept = attempts::find(&mut tx, &attempt.id).await.unwrap().unwrap();
    assert_eq!(kept.billing, Some(billing));
    let again = attempts::record_billing(&mut tx, &attempt.id, bill(Reason::Passed, rules)).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })));
}

pub(super) async fn days_add_up_under_many_writers(world: &World) {
    let account = world.account(0).await;
    let (app, other) = (world.app(&account).await, world.app(&account).await);
    let day = civil_day(START);
    let closing = Usage::closing(
        Outcome::Rejected,
        bill(Reason::ComparisonNonMatch, BillingRules::default()),
        Fen::of(85),
    );
    let counted = [(&app, day, Usage::request()), (&other, day, closing)];
    together(12, |index| {
        let (app, day, usage) = counted[usize::try_from(index % 2).unwrap()];
        let account = &account;
        async move {
            retry_busy(|| async move {
                let mut tx = world.pool.begin().await?;
                usage::add(&mut tx, account, app, day, &usage).await?;
                tx.commit().await
            })
            .await
            .unwrap();
        }
    })
    .await;
    let mut tx = world.pool.read().await.unwrap();
    let range = DayRange {
        first: day.yesterday().unwrap(),
        last: day,
    };
    let all = usage::by_day(&mut tx, &account, None, range).await.unwrap();
    let expected = Usage {
        requests_count: 6,
        compared_count: 6,
        billed_count: 6,
        rejected_count: 6,
        billed: Fen::of(6 * 85),
        ..Usage::default()
    };
    assert_eq!(all, [(day, expected)]);
    let one = usage::by_day(&mut tx, &account, Some(&app), range)
        .await
        .unwrap();
    assert_eq!(one[0].1.billed_count, 0);
    assert_eq!(one[0].1.requests_count, 6);
}

pub(super) async fn records_of_a_day_by_its_index(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let day = civil_day(START);
    let mut tx = world.pool.begin().await.unwrap();
    let mut expected = Vec::new();
    let start = days::start_of(day);
    let end = days::end_of(day);
    let moments = [
        (start - jiff::SignedDuration::from_micros(1), false),
        (start, true),
        (START, true),
        (START, true),
        (end - jiff::SignedDuration::from_micros(1), true),
        (end, false),
    ];
    for (at, is_in) in moments {
        let mut record = world.record(&app, &account);
        record.verification.created_at = at;
        verifications::insert(&mut tx, &world.vault, &record)
            .await
            .unwrap();
        if is_in {
            expected.push((at, record.verification.id));
        }
    }
    expected.sort();
    expected.reverse();
    let filter = records::Filter {
        from: start,
        until: end,
        app_id: None,
        door: None,
        state: Some("open"),
        outcome: None,
        billable: None,
    };
    let mut found: Vec<(Timestamp, VerificationId)> = Vec::new();
    loop {
        let last = found.last().cloned();
        let before = last.as_ref().map(|(at, id)| (*at, id));
        let page = records::list(&mut tx, &account, &filter, before, 3)
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page.into_iter().map(|it| (it.created_at, it.id)));
    }
    assert_eq!(found, expected);
    tx.commit().await.unwrap();
    let plan = records::plan(&world.pool, &account, &filter).await.unwrap();
    assert!(plan.contains("verifications_by_account"), "{plan}");
    let scans = ["Seq Scan on verifications", "SCAN verifications"];
    for scan in scans.into_iter().chain(["TEMP B-TREE"]) {
        assert!(!plan.contains(scan), "{plan}");
    }
}
