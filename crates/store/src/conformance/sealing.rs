//! Sealed columns stay sealed, stay in their place, and odd rows are named, not hidden.

use zhenren_vault::VaultError;

use super::world::{NAME, NUMBER, World, after};
use crate::migrate::SCHEMA_VERSION;
use crate::value::values;
use crate::{StoreError, verifications};

pub(super) async fn a_moved_column_does_not_open(world: &World) {
    let one = world.open().await;
    let two = world.open().await;
    let vault = &world.vault;
    for sql in [
        // To another row.
        "UPDATE verifications
        SET name_sealed = (SELECT other.name_sealed FROM verifications AS other WHERE other.id = $2)
        WHERE id = $1",
        // To another column of the same row.
        "UPDATE verifications
        SET name_sealed = (SELECT other.number_sealed FROM verifications AS other
            WHERE other.id = $1 AND other.id <> $2)
        WHERE id = $1",
    ] {
        let mut tx = world.pool.begin().await.unwrap();
        let (one, two) = (&one.verification.id, &two.verification.id);
        assert_eq!(tx.execute(sql, values![one, two]).await.unwrap(), 1);
        let found = verifications::find(&mut tx, vault, one).await;
        let refused = matches!(found, Err(StoreError::Vault(VaultError::DoesNotOpen)));
        assert!(refused, "{found:?}");
        assert!(
            verifications::find(&mut tx, vault, two)
                .await
                .unwrap()
                .is_some()
        );
        tx.rollback().await.unwrap();
    }
}

pub(super) async fn nothing_personal_is_stored_plain(world: &World) {
    let record = world.open().await;
    let reference = record.subject.tenant_reference.clone().unwrap();
    let mut tx = world.pool.read().await.unwrap();
    let sql = "SELECT id, name_sealed, number_sealed, tenant_reference_sealed,
            identity_key_sealed, number_index
        FROM verifications";
    let row = tx
        .fetch_optional("verifications", sql, &[])
        .await
        .unwrap()
        .unwrap();
    for (column, plain) in [
        ("name_sealed", NAME),
        ("number_sealed", NUMBER),
        ("tenant_reference_sealed", reference.reveal()),
        ("identity_key_sealed", "0123456789abcdef"),
    ] {
        let sealed = row.bytes(column).unwrap();
        assert!(
            sealed.len() > plain.len() + 40,
            "{column} is too short to be sealed"
        );
        assert!(!contains(&sealed, plain.as_bytes()), "{column}");
    }
    assert_eq!(row.text("number_index").unwrap().len(), 64);
    drop(tx);
    // On SQLite the files themselves can be searched, the log of not yet merged writes included.
    let Some(folder) = &world.folder else { return };
    let mut is_table_found = false;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        // The search finds what is really there.
        is_table_found |= contains(&bytes, b"verifications");
        for plain in [NAME, NUMBER, reference.reveal(), "0123456789abcdef"] {
            assert!(
                !contains(&bytes, plain.as_bytes()),
                "{plain} is in the file"
            );
        }
    }
    assert!(is_table_found);
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

pub(super) async fn a_row_that_does_not_parse_is_corrupt(world: &World) {
    let record = world.open().await;
    let id = &record.verification.id;
    for (sql, wrong) in [
        (
            "UPDATE verifications SET state = 'odd' WHERE id = $1",
            "state",
        ),
        (
            "UPDATE verifications SET state = 'closed' WHERE id = $1",
            "outcome",
        ),
        (
            "UPDATE verifications SET attempts_max = -1 WHERE id = $1",
            "attempts_max",
        ),
        (
            "UPDATE verifications SET challenge_actions = 'fly' WHERE id = $1",
            "challenge_actions",
        ),
    ] {
        let mut tx = world.pool.begin().await.unwrap();
        tx.execute(sql, values![id]).await.unwrap();
        match verifications::find(&mut tx, &world.vault, id).await {
            Err(StoreError::Corrupt { table, column, row }) => {
                assert_eq!(
                    (table, column, row.as_str()),
                    ("verifications", wrong, id.as_str())
                );
            }
            other => panic!("{sql}: {other:?}"),
        }
        tx.rollback().await.unwrap();
    }
}

pub(super) async fn a_changed_or_newer_schema_is_refused(world: &World) {
    world.pool.check_schema().await.unwrap();
    assert_eq!(world.pool.migrate(after(1)).await.unwrap(), 0);
    for (sql, found) in [
        (
            "UPDATE schema_versions SET sha256 = 'other' WHERE version = 1",
            SCHEMA_VERSION,
        ),
        (
            "INSERT INTO schema_versions (version, sha256, applied_at)
            SELECT MAX(version) + 1, '', 0 FROM schema_versions",
            SCHEMA_VERSION + 1,
        ),
    ] {
        let mut tx = world.pool.begin().await.unwrap();
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let refusals = [
            world.pool.check_schema().await.err(),
            world.pool.migrate(after(2)).await.err(),
        ];
        for refusal in refusals {
            match refusal {
                Some(StoreError::Schema {
                    found: version,
                    wanted,
                    ..
                }) => {
                    assert_eq!((version, wanted), (found, SCHEMA_VERSION));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
