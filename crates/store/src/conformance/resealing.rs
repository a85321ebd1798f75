//! After a rotation: page by page everything is sealed with the newest key.

use std::path::Path;

use zhenren_domain::ids::{AppId, EvidenceId};
use zhenren_vault::{ObjectKey, Vault};

use super::world::{START, World};
use crate::evidence::{self, Evidence, EvidenceKind};
use crate::reseal::{self, COLUMNS, Cursor};
use crate::verifications::{self, Record};

/// More than a page has.
const RECORDS_COUNT: usize = 450;
/// What is sealed of each.
const SEALED_COUNT: u64 = 4;

/// A vault whose file has nothing but its newest key.
fn newest_only(path: &Path) -> Vault {
    let text = std::fs::read_to_string(path).unwrap();
    let mut has_newest = false;
    let kept: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("seal ") || !std::mem::replace(&mut has_newest, true))
        .collect();
    std::fs::write(path, kept.join("\n")).unwrap();
    Vault::load(path).unwrap()
}

async fn old_count(world: &World, vault: &Vault) -> u64 {
    let mut tx = world.pool.read().await.unwrap();
    let mut sum = 0;
    for column in &COLUMNS {
        sum += reseal::old_count(&mut tx, vault, column).await.unwrap();
    }
    sum
}

fn object(id: &EvidenceId, app_id: &AppId) -> Evidence {
    Evidence {
        id: id.clone(),
        app_id: app_id.clone(),
        verification_id: None,
        attempt_id: None,
        kind: EvidenceKind::EnrolledPhoto,
        media_type: String::from("image/jpeg"),
        parts_count: 1,
        created_at: START,
        deadline_at: None,
        key_destroyed_at: None,
        destroyed_at: None,
    }
}

pub(super) async fn after_a_rotation_the_newest_key_opens_everything(world: &World) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let (first, _) = Vault::load_or_create(&path).unwrap();
    let account = world.account(0).await;
    let app_id = world.app(&account).await;
    let records: Vec<Record> = (0..RECORDS_COUNT)
        .map(|_| world.record(&app_id, &account))
        .collect();
    let (id, object_key) = (
        EvidenceId::from_number(world.number()),
        ObjectKey::generate().unwrap(),
    );
    let mut tx = world.pool.begin().await.unwrap();
    for record in &records {
        verifications::insert(&mut tx, &first, record)
            .await
            .unwrap();
    }
    let kept = evidence::insert(&mut tx, &first, &object(&id, &app_id), &object_key).await;
    kept.unwrap();
    tx.commit().await.unwrap();

    let vault = Vault::rotate(&path).unwrap();
    let wanted = SEALED_COUNT * u64::try_from(RECORDS_COUNT).unwrap() + 1;
    assert_eq!(old_count(world, &vault).await, wanted);
    let mut done = 0;
    for column in &COLUMNS {
        let mut cursor = Some(Cursor::default());
        while let Some(at) = cursor {
            let mut tx = world.pool.begin().await.unwrap();
            let (count, next) = reseal::page(&mut tx, &vault, column, &at).await.unwrap();
            tx.commit().await.unwrap();
            done += count;
            cursor = next;
        }
    }
    assert_eq!(done, wanted);
    assert_eq!(old_count(world, &vault).await, 0);

    let newest = newest_only(&path);
    let mut tx = world.pool.begin().await.unwrap();
    for record in &records {
        let found = verifications::find(&mut tx, &newest, &record.verification.id).await;
        assert_eq!(found.unwrap().as_ref(), Some(record));
    }
    let opened = evidence::open_key(&mut tx, &newest, &id).await.unwrap();
    assert!(opened.is_some());
    assert!(evidence::open_key(&mut tx, &first, &id).await.is_err());
}

pub(super) async fn objects_with_a_row_are_told_from_those_without(world: &World) {
    let account = world.account(0).await;
    let app_id = world.app(&account).await;
    let ids: Vec<EvidenceId> = (0..evidence::NAMED_COUNT_MAX)
        .map(|_| EvidenceId::from_number(world.number()))
        .collect();
    let mut tx = world.pool.begin().await.unwrap();
    for id in ids.iter().step_by(3) {
        let key = ObjectKey::generate().unwrap();
        let kept = evidence::insert(&mut tx, &world.vault, &object(id, &app_id), &key).await;
        kept.unwrap();
    }
    let mut named = evidence::named(&mut tx, &ids).await.unwrap();
    named.sort();
    let mut expected: Vec<EvidenceId> = ids.iter().step_by(3).cloned().collect();
    expected.sort();
    assert_eq!(named, expected);
    let few = evidence::named(&mut tx, &ids[1..3]).await.unwrap();
    assert_eq!(few, Vec::<EvidenceId>::new());
}
