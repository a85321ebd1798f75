//! What is kept and destroyed: evidence, people, secrets, the audit log.

use zhenren_domain::ids::{EvidenceId, PersonId, SecretId};
use zhenren_vault::{EvidenceStore, ObjectKey, SecretBytes, SecretText};

use super::world::{NAME, NUMBER, START, World, after, together};
use crate::audit::{self, Event, SYSTEM_CHAIN};
use crate::evidence::{self, Evidence, EvidenceKind};
use crate::people::{self, Person, Template};
use crate::{StoreError, apps, retry_busy};

pub(super) async fn evidence_loses_its_key_first(world: &World) {
    let record = world.open().await;
    let objects = EvidenceStore::in_memory();
    let clip = Evidence {
        id: EvidenceId::from_number(world.number()),
        app_id: record.app_id.clone(),
        verification_id: Some(record.verification.id.clone()),
        attempt_id: None,
        kind: EvidenceKind::Clip,
        media_type: "video/webm".to_owned(),
        parts_count: 64,
        created_at: START,
        deadline_at: None,
        key_destroyed_at: None,
        destroyed_at: None,
    };
    let key = ObjectKey::generate().unwrap();
    let id = &clip.id;
    let mut tx = world.pool.begin().await.unwrap();
    evidence::insert(&mut tx, &world.vault, &clip, &key)
        .await
        .unwrap();
    objects
        .put(id.as_str(), 0, &key, b"a recording")
        .await
        .unwrap();
    assert_eq!(
        evidence::find(&mut tx, id).await.unwrap(),
        Some(clip.clone())
    );
    assert!(
        evidence::due(&mut tx, after(99_999), 10)
            .await
            .unwrap()
            .is_empty(),
        "no deadline"
    );
    evidence::set_deadline(&mut tx, id, Some(after(100)))
        .await
        .unwrap();
    assert!(
        evidence::due(&mut tx, after(99), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        evidence::due(&mut tx, after(100), 10).await.unwrap().len(),
        1
    );
    let opened = evidence::open_key(&mut tx, &world.vault, id)
        .await
        .unwrap()
        .unwrap();
    let plain = objects.open(id.as_str(), 0, &opened).await.unwrap();
    assert_eq!(plain.reveal(), b"a recording");
    assert!(
        !evidence::confirm_destroyed(&mut tx, id, after(101))
            .await
            .unwrap(),
        "key first"
    );
    assert!(
        evidence::destroy_key(&mut tx, id, after(101))
            .await
            .unwrap()
    );
    assert!(
        !evidence::destroy_key(&mut tx, id, after(102))
            .await
            .unwrap()
    );
    assert!(
        evidence::open_key(&mut tx, &world.vault, id)
            .await
            .unwrap()
            .is_none()
    );
    // A worker that dies here finds the object again.
    assert_eq!(
        evidence::due(&mut tx, after(103), 10).await.unwrap().len(),
        1
    );
    assert!(
        evidence::confirm_destroyed(&mut tx, id, after(104))
            .await
            .unwrap()
    );
    assert!(
        evidence::due(&mut tx, after(105), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let of = evidence::of_verification(&mut tx, &record.verification.id)
        .await
        .unwrap();
    assert_eq!(of[0].key_destroyed_at, Some(after(101)));
    assert_eq!(of[0].destroyed_at, Some(after(104)));
    let again = evidence::set_deadline(&mut tx, id, None).await;
    assert!(
        matches!(again, Err(StoreError::Conflict { .. })),
        "{again:?}"
    );
}

pub(super) async fn a_person_is_replaced_under_the_same_number(world: &World) {
    let account = world.account(0).await;
    let stranger = world.account(0).await;
    let photo = EvidenceId::from_number(world.number());
    let first = Person {
        id: PersonId::from_number(world.number()),
        account_id: account.clone(),
        name: SecretText::from(NAME),
        number: SecretText::from(NUMBER),
        photo: Some(photo.clone()),
        template: Some(Template {
            features: SecretBytes::new(vec![1, 2, 3]),
            model: "dlib-resnet-1".to_owned(),
        }),
        created_at: START,
        updated_at: START,
    };
    let vault = &world.vault;
    let mut tx = world.pool.begin().await.unwrap();
    assert!(!people::any(&mut tx, &account).await.unwrap());
    let enrolled = people::enrol(&mut tx, vault, &first).await.unwrap();
    assert_eq!((&enrolled.id, enrolled.replaced), (&first.id, false));
    let found = people::find_by_number(&mut tx, vault, &account, NUMBER)
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(&first));
    assert!(people::any(&mut tx, &account).await.unwrap());
    let second = Person {
        id: PersonId::from_number(world.number()),
        name: SecretText::from("李四"),
        photo: None,
        template: None,
        created_at: after(5),
        updated_at: after(5),
        ..first.clone()
    };
    let enrolled = people::enrol(&mut tx, vault, &second).await.unwrap();
    assert_eq!((&enrolled.id, enrolled.replaced), (&first.id, true));
    assert_eq!(enrolled.former_photo, Some(photo));
    let found = people::find_by_number(&mut tx, vault, &account, NUMBER)
        .await
        .unwrap();
    let expected = Person {
        id: first.id.clone(),
        created_at: START,
        ..second
    };
    assert_eq!(found, Some(expected));
    assert_eq!(
        people::find_by_number(&mut tx, vault, &stranger, NUMBER)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        people::delete(&mut tx, &stranger, &first.id).await.unwrap(),
        None
    );
    assert_eq!(
        people::delete(&mut tx, &account, &first.id).await.unwrap(),
        Some(None)
    );
    assert_eq!(
        people::find_by_number(&mut tx, vault, &account, NUMBER)
            .await
            .unwrap(),
        None
    );
}

pub(super) async fn secrets_rotate_and_are_revoked(world: &World) {
    let account = world.account(0).await;
    let app = world.app(&account).await;
    let other = world.app(&account).await;
    let vault = &world.vault;
    let mut tx = world.pool.begin().await.unwrap();
    let ids = [world.number(), world.number()].map(SecretId::from_number);
    let verifiers = ["aa", "bb"].map(|text| SecretText::from(text.repeat(32)));
    for (second, (id, verifier)) in (0..).zip(ids.iter().zip(&verifiers)) {
        apps::add_secret(&mut tx, vault, &app, id, verifier, after(second))
            .await
            .unwrap();
    }
    let [first, last] = verifiers;
    let active = apps::active_secrets(&mut tx, vault, &app).await.unwrap();
    assert_eq!(active, [last.clone(), first]);
    assert!(
        !apps::revoke_secret(&mut tx, &other, &ids[0], after(9))
            .await
            .unwrap()
    );
    assert!(
        apps::revoke_secret(&mut tx, &app, &ids[0], after(9))
            .await
            .unwrap()
    );
    assert!(
        !apps::revoke_secret(&mut tx, &app, &ids[0], after(9))
            .await
            .unwrap()
    );
    assert_eq!(
        apps::active_secrets(&mut tx, vault, &app).await.unwrap(),
        [last]
    );
    assert!(
        apps::active_secrets(&mut tx, vault, &other)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn append(world: &World, chain: &str, subject: &str) -> Result<(), StoreError> {
    let event = Event {
        chain,
        at: START,
        actor: "worker",
        action: "verification.close",
        subject,
        detail: "accepted",
    };
    let event = &event;
    retry_busy(|| async move {
        let mut tx = world.pool.begin().await?;
        audit::append(&mut tx, event).await?;
        tx.commit().await
    })
    .await
}

pub(super) async fn the_audit_chain_shows_tampering(world: &World) {
    for index in 0..4 {
        append(world, SYSTEM_CHAIN, &format!("ver_{index}"))
            .await
            .unwrap();
        append(world, "acc_1", &format!("ver_{index}"))
            .await
            .unwrap();
    }
    for (sql, broken) in [
        (
            "UPDATE audit_log SET detail = 'rejected' WHERE sequence = 2",
            2,
        ),
        (
            "UPDATE audit_log SET hash = former_hash WHERE sequence = 3",
            3,
        ),
        ("DELETE FROM audit_log WHERE sequence = 2", 2),
        ("DELETE FROM audit_log WHERE sequence = 4", 4),
        ("DELETE FROM audit_log", 1),
    ] {
        let mut tx = world.pool.begin().await.unwrap();
        assert_eq!(
            audit::first_broken(&mut tx, SYSTEM_CHAIN).await.unwrap(),
            None
        );
        tx.execute(sql, &[]).await.unwrap();
        let found = audit::first_broken(&mut tx, SYSTEM_CHAIN).await.unwrap();
        assert_eq!(found, Some(broken), "{sql}");
        tx.rollback().await.unwrap();
    }
}

pub(super) async fn audit_lines_of_many_writers_form_one_chain(world: &World) {
    let answers = together(20, |index| async move {
        append(world, "acc_1", &index.to_string()).await
    })
    .await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let mut tx = world.pool.read().await.unwrap();
    assert_eq!(audit::first_broken(&mut tx, "acc_1").await.unwrap(), None);
    let lines = audit::list(&mut tx, "acc_1", 0, 100).await.unwrap();
    let sequence: Vec<i64> = lines.iter().map(|line| line.sequence).collect();
    assert_eq!(sequence, (1..=20).collect::<Vec<_>>());
    assert_eq!(
        audit::list(&mut tx, "acc_1", 18, 100).await.unwrap().len(),
        2
    );
}
