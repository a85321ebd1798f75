//! Who may ask: accounts that open, apps that are granted and frozen, secrets that are exchanged.

use std::collections::BTreeSet;

use zhenren_domain::holder::HolderKind;
use zhenren_domain::ids::{SecretId, SpaceId};
use zhenren_domain::standing::Standing;
use zhenren_vault::SecretText;

use super::world::{START, World, after, together};
use crate::accounts::{self, Holder as AccountHolder};
use crate::apps::{self, CallLimits, Freezer};
use crate::secrets::{self, Holder};
use crate::{StoreError, retry_busy};

pub(super) async fn an_account_opens_once_and_only_for_a_known_holder(world: &World) {
    let account = world.account(0).await;
    let mut tx = world.pool.begin().await.unwrap();
    assert!(!accounts::open(&mut tx, &account, after(1)).await.unwrap());
    let vault = &world.vault;
    let mut holder = AccountHolder {
        kind: HolderKind::Person,
        name: SecretText::from("王五"),
        number: SecretText::from("11010519491231002X"),
        recorded_at: after(2),
        recorded_by: String::from("opr_1"),
    };
    for name in ["王五", "赵六"] {
        holder.name = SecretText::from(name);
        accounts::record_holder(&mut tx, vault, &account, &holder)
            .await
            .unwrap();
        let found = accounts::holder(&mut tx, vault, &account).await.unwrap();
        assert_eq!(found.as_ref(), Some(&holder));
    }
    // 23:59 of one day in UTC is the next day in Shanghai; that day begins the agreement year.
    let opened_at = "2026-03-09T23:59:00Z".parse().unwrap();
    assert!(accounts::open(&mut tx, &account, opened_at).await.unwrap());
    assert!(!accounts::open(&mut tx, &account, after(9)).await.unwrap());
    let found = accounts::find(&mut tx, &account).await.unwrap().unwrap();
    assert_eq!(found.opened_at, Some(opened_at));
    assert_eq!(found.agreement.started_on.to_string(), "2026-03-10");
    assert_eq!(found.agreement.year_started_on, found.agreement.started_on);
    accounts::rename(&mut tx, &account, "renamed")
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let other = world.account(0).await;
    let mut tx = world.pool.read().await.unwrap();
    let first = accounts::list(&mut tx, "", 1).await.unwrap();
    assert_eq!((first.len(), first[0].name.as_str()), (1, "renamed"));
    let second = accounts::list(&mut tx, first[0].id.as_str(), 9)
        .await
        .unwrap();
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].id, other);
    assert_eq!(
        accounts::holder(&mut tx, vault, &other).await.unwrap(),
        None
    );
}

pub(super) async fn an_app_is_granted_frozen_and_stands_accordingly(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let mut tx = world.pool.begin().await.unwrap();
    let standing = async |tx: &mut crate::Transaction| {
        let found = apps::find_with_standing(tx, &app).await.unwrap();
        found.unwrap().1
    };
    assert_eq!(standing(&mut tx).await, Standing::AccountNotOpen);
    let holder = AccountHolder {
        kind: HolderKind::Simulated,
        name: SecretText::from("n"),
        number: SecretText::from("n"),
        recorded_at: START,
        recorded_by: String::from("program"),
    };
    accounts::record_holder(&mut tx, &world.vault, &account, &holder)
        .await
        .unwrap();
    assert!(accounts::open(&mut tx, &account, START).await.unwrap());
    assert_eq!(standing(&mut tx).await, Standing::Ready);
    for (second, changes) in [(1, true), (2, false)] {
        let by = Freezer::Tenant;
        let changed = apps::freeze(&mut tx, &app, after(second), by).await;
        assert_eq!(changed.unwrap(), changes);
    }
    // An operator takes it over, and then it is no longer the tenant's to lift.
    for (by, changes) in [(Freezer::Operator, true), (Freezer::Tenant, false)] {
        let changed = apps::freeze(&mut tx, &app, after(3), by).await;
        assert_eq!(changed.unwrap(), changes);
    }
    assert_eq!(standing(&mut tx).await, Standing::Frozen);
    let found = apps::find(&mut tx, &app).await.unwrap().unwrap();
    assert_eq!(found.frozen_at, Some(after(1)));
    let who = [Freezer::Tenant, Freezer::Operator, Freezer::Operator];
    for (by, changes) in who.into_iter().zip([false, true, false]) {
        assert_eq!(apps::unfreeze(&mut tx, &app, by).await.unwrap(), changes);
    }
    let limits = CallLimits {
        minute_calls_max: Some(60),
        day_calls_max: None,
        calls_quota: Some(7),
    };
    apps::grant(&mut tx, &app, &limits).await.unwrap();
    let found = apps::find(&mut tx, &app).await.unwrap().unwrap();
    assert!(found.entitled);
    assert_eq!(found.limits, limits);
    let mine = apps::list_of_account(&mut tx, &account, "", 9)
        .await
        .unwrap();
    assert_eq!(mine, [found]);
    let none = apps::list_of_account(&mut tx, &account, app.as_str(), 9).await;
    assert!(none.unwrap().is_empty());
}

pub(super) async fn twenty_calls_against_a_quota_of_seven(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let mut tx = world.pool.begin().await.unwrap();
    let limits = CallLimits {
        calls_quota: Some(7),
        ..CallLimits::default()
    };
    apps::set_limits(&mut tx, &app, &limits).await.unwrap();
    assert!(apps::has_calls_left(&mut tx, &app).await.unwrap());
    tx.commit().await.unwrap();
    let answers = together(20, |_| async {
        retry_busy(|| async {
            let mut tx = world.pool.begin().await?;
            let counted = apps::count_call(&mut tx, &app).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(counted)
        })
        .await
        .unwrap()
    })
    .await;
    assert_eq!(answers.iter().filter(|counted| **counted).count(), 7);
    let mut tx = world.pool.read().await.unwrap();
    assert!(!apps::has_calls_left(&mut tx, &app).await.unwrap());
    let found = apps::find(&mut tx, &app).await.unwrap().unwrap();
    assert_eq!(found.calls_count, 7);
}

pub(super) async fn address_ranges_are_replaced_as_a_whole(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let other = world.app(&account).await;
    let mut tx = world.pool.begin().await.unwrap();
    for texts in [
        &["10.0.0.0/8", "2001:db8::/32", "10.0.0.0/8"][..],
        &[],
        &["::1/128"],
    ] {
        let ranges: Vec<ipnet::IpNet> = texts.iter().map(|text| text.parse().unwrap()).collect();
        apps::set_address_ranges(&mut tx, &app, &ranges, START)
            .await
            .unwrap();
        let found = apps::address_ranges(&mut tx, &app).await.unwrap();
        let found: BTreeSet<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, texts.iter().map(|text| (*text).to_owned()).collect());
    }
    assert!(
        apps::address_ranges(&mut tx, &other)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(super) async fn secrets_rotate_and_are_revoked(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let other = world.app(&account).await;
    let vault = &world.vault;
    let ids: Vec<SecretId> = (0..9)
        .map(|_| SecretId::from_number(world.number()))
        .collect();
    let verifier = |index: usize| SecretText::from(index.to_string().repeat(64));
    // Nine at the same time for two places.
    let answers = together(9, |index| {
        let (id, app) = (&ids[usize::try_from(index).unwrap()], &app);
        async move {
            retry_busy(|| async {
                let mut tx = world.pool.begin().await?;
                let verifier = verifier(usize::try_from(index).unwrap());
                let holder = Holder::App(app);
                let kept = secrets::add(&mut tx, vault, holder, id, &verifier, after(index.into()))
                    .await?;
                tx.commit().await?;
                Ok::<_, StoreError>(kept)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(answers.iter().filter(|kept| **kept).count(), 2);
    let holder = Holder::App(&app);
    let mut tx = world.pool.begin().await.unwrap();
    let listed = secrets::list(&mut tx, holder).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed[0].created_at > listed[1].created_at, "newest first");
    let index_of = |id: &SecretId| ids.iter().position(|known| known == id).unwrap();
    let [last, first] = [&listed[0].id, &listed[1].id];
    let active = secrets::active(&mut tx, vault, holder).await.unwrap();
    assert_eq!(
        active,
        [verifier(index_of(last)), verifier(index_of(first))]
    );
    let foreign = Holder::App(&other);
    for (who, revoked) in [(foreign, false), (holder, true), (holder, false)] {
        let done = secrets::revoke(&mut tx, who, first, after(99)).await;
        assert_eq!(done.unwrap(), revoked);
    }
    let active = secrets::active(&mut tx, vault, holder).await.unwrap();
    assert_eq!(active, [verifier(index_of(last))]);
    let listed = secrets::list(&mut tx, holder).await.unwrap();
    assert_eq!(listed[1].revoked_at, Some(after(99)));
    // There is a place again.
    let unused = ids.iter().find(|id| ![last, first].contains(id)).unwrap();
    let third = secrets::add(&mut tx, vault, holder, unused, &verifier(8), after(100)).await;
    assert!(third.unwrap());
    let space = SpaceId::from_number(1);
    let nobody = Holder::Space(&space);
    assert!(
        secrets::active(&mut tx, vault, nobody)
            .await
            .unwrap()
            .is_empty()
    );
}
