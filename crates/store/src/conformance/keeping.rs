//! What is kept and destroyed: evidence, people, secrets, the audit log.

use zhenren_domain::ids::{AccountId, EvidenceId, PersonId};
use zhenren_vault::{EvidenceStore, ObjectKey, SecretBytes, SecretText};

use super::world::{NAME, NUMBER, START, World, after, together};
use crate::audit::{self, Event, SYSTEM_CHAIN};
use crate::evidence::{self, Evidence, EvidenceKind};
use crate::people::{self, Person, Template};
use crate::verifications::Record;
use crate::{StoreError, Transaction, retry_busy};

/// Stores the row of a clip and the clip itself.
async fn record_clip(
    world: &World,
    tx: &mut Transaction,
    record: Record,
    objects: &EvidenceStore,
) -> Evidence {
    let clip = Evidence {
        id: EvidenceId::from_number(world.number()),
        app_id: record.app_id,
        verification_id: Some(record.verification.id),
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
    let inserted = evidence::insert(tx, &world.vault, &clip, &key).await;
    inserted.unwrap();
    let put = objects.put(clip.id.as_str(), 0, &key, b"a clip").await;
    put.unwrap();
    clip
}

async fn due_count(tx: &mut Transaction, second: i64) -> usize {
    evidence::due(tx, after(second), 10).await.unwrap().len()
}

pub(super) async fn evidence_has_a_deadline(world: &World) {
    let objects = EvidenceStore::in_memory();
    let record = world.open().await;
    let mut tx = world.pool.begin().await.unwrap();
    let clip = record_clip(world, &mut tx, record, &objects).await;
    let id = &clip.id;
    let found = evidence::find(&mut tx, id).await.unwrap();
    assert_eq!(found, Some(clip.clone()));
    assert_eq!(due_count(&mut tx, 99_999).await, 0, "it has no deadline");
    let moved = evidence::set_deadline(&mut tx, id, Some(after(100))).await;
    moved.unwrap();
    assert_eq!(due_count(&mut tx, 99).await, 0);
    assert_eq!(due_count(&mut tx, 100).await, 1);
}

pub(super) async fn evidence_loses_its_key_first(world: &World) {
    let objects = EvidenceStore::in_memory();
    let record = world.open().await;
    let mut tx = world.pool.begin().await.unwrap();
    let clip = record_clip(world, &mut tx, record, &objects).await;
    let (id, vault) = (&clip.id, &world.vault);
    let moved = evidence::set_deadline(&mut tx, id, Some(after(100))).await;
    moved.unwrap();
    let key = evidence::open_key(&mut tx, vault, id).await.unwrap();
    let plain = objects.open(id.as_str(), 0, &key.unwrap()).await.unwrap();
    assert_eq!(plain.reveal(), b"a clip");
    let early = evidence::confirm_destroyed(&mut tx, id, after(101)).await;
    assert!(!early.unwrap(), "the key goes first");
    for (second, is_first) in [(101, true), (102, false)] {
        let destroyed = evidence::destroy_key(&mut tx, id, after(second)).await;
        assert_eq!(destroyed.unwrap(), is_first);
    }
    let key = evidence::open_key(&mut tx, vault, id).await.unwrap();
    assert!(key.is_none());
    // A worker that dies here finds the object again.
    assert_eq!(due_count(&mut tx, 103).await, 1);
    let confirmed = evidence::confirm_destroyed(&mut tx, id, after(104)).await;
    assert!(confirmed.unwrap());
    assert_eq!(due_count(&mut tx, 105).await, 0);
    let verification_id = clip.verification_id.as_ref().unwrap();
    let left = evidence::of_verification(&mut tx, verification_id).await;
    let expected = Evidence {
        deadline_at: Some(after(100)),
        key_destroyed_at: Some(after(101)),
        destroyed_at: Some(after(104)),
        ..clip.clone()
    };
    assert_eq!(left.unwrap(), [expected]);
    let again = evidence::set_deadline(&mut tx, id, None).await;
    assert!(
        matches!(again, Err(StoreError::Conflict { .. })),
        "{again:?}"
    );
}

/// A person with photograph and template who is not stored yet.
fn person(world: &World, account_id: &AccountId) -> Person {
    Person {
        id: PersonId::from_number(world.number()),
        account_id: account_id.clone(),
        name: SecretText::from(NAME),
        number: SecretText::from(NUMBER),
        photo: Some(EvidenceId::from_number(world.number())),
        template: Some(Template {
            features: SecretBytes::new(vec![1, 2, 3]),
            model: "dlib-resnet-1".to_owned(),
        }),
        created_at: START,
        updated_at: START,
    }
}

async fn find(world: &World, tx: &mut Transaction, account_id: &AccountId) -> Option<Person> {
    let found = people::find_by_number(tx, &world.vault, account_id, NUMBER).await;
    found.unwrap()
}

pub(super) async fn a_person_is_replaced_under_the_same_number(world: &World) {
    let account = world.account(0).await;
    let first = person(world, &account);
    let mut tx = world.pool.begin().await.unwrap();
    assert!(!people::any(&mut tx, &account).await.unwrap());
    let enrolled = people::enrol(&mut tx, &world.vault, &first).await.unwrap();
    assert_eq!((&enrolled.id, enrolled.replaced), (&first.id, false));
    assert_eq!(find(world, &mut tx, &account).await.as_ref(), Some(&first));
    assert!(people::any(&mut tx, &account).await.unwrap());
    let second = Person {
        name: SecretText::from("李四"),
        photo: None,
        template: None,
        created_at: after(5),
        updated_at: after(5),
        ..person(world, &account)
    };
    let enrolled = people::enrol(&mut tx, &world.vault, &second).await.unwrap();
    assert_eq!((&enrolled.id, enrolled.replaced), (&first.id, true));
    assert_eq!(enrolled.former_photo, first.photo);
    let expected = Person {
        id: first.id,
        created_at: START,
        ..second
    };
    assert_eq!(find(world, &mut tx, &account).await, Some(expected));
}

pub(super) async fn a_person_is_known_to_one_tenant_and_can_be_deleted(world: &World) {
    let account = world.account(0).await;
    let stranger = world.account(0).await;
    let known = person(world, &account);
    let mut tx = world.pool.begin().await.unwrap();
    people::enrol(&mut tx, &world.vault, &known).await.unwrap();
    assert_eq!(find(world, &mut tx, &stranger).await, None);
    for (who, left) in [(&stranger, None), (&account, Some(known.photo.clone()))] {
        let deleted = people::delete(&mut tx, who, &known.id).await;
        assert_eq!(deleted.unwrap(), left);
    }
    assert_eq!(find(world, &mut tx, &account).await, None);
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
