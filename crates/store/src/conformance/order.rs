//! The same order on both databases: I10.

use zhenren_domain::ids::{AppId, VerificationId};

use super::world::{START, World, after};
use crate::value::values;
use crate::{audit, nonces, verifications};

pub(super) async fn texts_and_ties_sort_alike(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let mut tx = world.pool.begin().await.unwrap();
    // A linguistic order would put `_` first, ignore case, and mix the alphabets.
    for nonce in [
        "b", "_", "B", "a", "张", "10", "9", "ä", "A_", "A0", "a-b", "ab",
    ] {
        assert!(nonces::remember(&mut tx, &app, nonce, START).await.unwrap());
    }
    let sql = "SELECT nonce FROM nonces WHERE app_id = $1 ORDER BY nonce";
    let rows = tx.fetch_all("nonces", sql, values![&app]).await.unwrap();
    let sorted: Vec<String> = rows.iter().map(|row| row.text("nonce").unwrap()).collect();
    assert_eq!(
        sorted,
        [
            "10", "9", "A0", "A_", "B", "_", "a", "a-b", "ab", "b", "ä", "张"
        ]
    );
    // Identifiers are case-sensitive on both.
    assert!(nonces::remember(&mut tx, &app, "AB", START).await.unwrap());
    assert!(!nonces::remember(&mut tx, &app, "ab", START).await.unwrap());
}

pub(super) async fn pages_follow_each_other_without_gap(world: &World) {
    let account = world.account(0).await;
    let app: AppId = world.app(&account).await;
    let mut tx = world.pool.begin().await.unwrap();
    // Three moments, several verifications at each, written in no order.
    let mut expected: Vec<(i64, VerificationId)> = Vec::new();
    for second in [2, 1, 2, 3, 1, 2, 3] {
        let mut record = world.record(&app, &account);
        record.verification.created_at = after(second);
        expected.push((second, record.verification.id.clone()));
        verifications::insert(&mut tx, &world.vault, &record)
            .await
            .unwrap();
    }
    expected.sort();
    expected.reverse();
    let mut found: Vec<(i64, VerificationId)> = Vec::new();
    loop {
        let last = found.last().cloned();
        let before = last.as_ref().map(|(second, id)| (after(*second), id));
        let page = verifications::list(&mut tx, &world.vault, &app, before, 2)
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 2);
        found.extend(page.into_iter().map(|record| {
            let it = record.verification;
            (it.created_at.as_second() - START.as_second(), it.id)
        }));
    }
    assert_eq!(found, expected);
    assert!(
        audit::list(&mut tx, "acc_none", 0, 5)
            .await
            .unwrap()
            .is_empty()
    );
}
