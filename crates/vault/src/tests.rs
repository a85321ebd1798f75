//! What must not open does not open, and nothing plain reaches a disk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::{EvidenceStore, IndexPurpose, ObjectKey, Place, SecretText, Vault, VaultError};

const NAME: Place<'static> = Place::new("people", "per_1", "name_sealed");

fn refuses<T: std::fmt::Debug>(result: &Result<T, VaultError>) {
    assert!(matches!(result, Err(VaultError::DoesNotOpen)), "{result:?}");
}

#[test]
fn sealed_text_opens_in_its_place_only() {
    let vault = Vault::ephemeral().unwrap();
    let sealed = vault.seal(&NAME, "张三".as_bytes()).unwrap();
    assert_eq!(vault.open_text(&NAME, &sealed).unwrap().reveal(), "张三");
    for place in [
        Place::new("people", "per_2", "name_sealed"),
        Place::new("people", "per_1", "number_sealed"),
        Place::new("verifications", "per_1", "name_sealed"),
    ] {
        refuses(&vault.open(&place, &sealed));
    }
}

#[test]
fn every_changed_or_missing_byte_is_noticed() {
    let vault = Vault::ephemeral().unwrap();
    let sealed = vault.seal(&NAME, b"plain").unwrap();
    for index in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[index] ^= 1;
        assert!(vault.open(&NAME, &changed).is_err(), "byte {index}");
        assert!(
            vault.open(&NAME, &sealed[..index]).is_err(),
            "cut at {index}"
        );
    }
}

#[test]
fn the_same_text_never_seals_to_the_same_bytes() {
    let vault = Vault::ephemeral().unwrap();
    assert_ne!(
        vault.seal(&NAME, b"plain").unwrap(),
        vault.seal(&NAME, b"plain").unwrap()
    );
}

#[test]
fn another_installation_opens_nothing() {
    let sealed = Vault::ephemeral().unwrap().seal(&NAME, b"plain").unwrap();
    let opened = Vault::ephemeral().unwrap().open(&NAME, &sealed);
    assert!(matches!(opened, Err(VaultError::KeyUnknown)), "{opened:?}");
}

#[test]
fn a_rotated_key_file_opens_the_old_and_seals_with_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let (old, created) = Vault::load_or_create(&path).unwrap();
    assert!(created);
    let sealed = old.seal(&NAME, b"plain").unwrap();
    let index = old.blind_index(IndexPurpose::IdentityNumber, "11010519491231002X");
    let new = Vault::rotate(&path).unwrap();
    assert_eq!(new.open(&NAME, &sealed).unwrap().reveal(), b"plain");
    assert!(old.is_current(&sealed) && !new.is_current(&sealed));
    let again = new.seal(&NAME, b"plain").unwrap();
    assert!(new.is_current(&again));
    assert!(matches!(
        old.open(&NAME, &again),
        Err(VaultError::KeyUnknown)
    ));
    // Lookups by number go on.
    assert_eq!(
        new.blind_index(IndexPurpose::IdentityNumber, "11010519491231002X"),
        index
    );
    let (loaded, created) = Vault::load_or_create(&path).unwrap();
    assert!(!created);
    assert_eq!(
        loaded.open(&NAME, &sealed).unwrap(),
        new.open(&NAME, &again).unwrap()
    );
}

#[test]
fn the_key_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    Vault::load_or_create(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    Vault::rotate(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(
        Vault::load(&path),
        Err(VaultError::KeyFileExposed { .. })
    ));
    assert!(matches!(
        Vault::load(&folder.path().join("none")),
        Err(VaultError::KeyFile { .. })
    ));
}

#[test]
fn a_damaged_key_file_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let key = "ab".repeat(32);
    let refusal = |text: &str| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        Vault::load(&path)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    };
    for (text, line) in [
        (format!("# heading\n\nseal 01020304 {key}\nsaddle\n"), 4),
        (format!("seal 0102030 {key}\n"), 1),
        (format!("seal 01020304 {key}x\n"), 1),
        (format!("seal 01020304 é{}\n", "a".repeat(62)), 1),
        ("index 00\n".to_owned(), 1),
    ] {
        assert_eq!(
            refusal(&text),
            format!("line {line} of the key file is not a key")
        );
    }
    assert_eq!(
        refusal(&format!("seal 01020304 {key}\n")),
        "key file has no index key"
    );
    assert_eq!(
        refusal(&format!("index {key}\n")),
        "key file has no sealing key"
    );
}

#[test]
fn hashes_are_keyed_and_separate_purposes() {
    let one = Vault::ephemeral().unwrap();
    let two = Vault::ephemeral().unwrap();
    let index = one.blind_index(IndexPurpose::IdentityNumber, "1");
    assert_eq!(index.len(), 64);
    assert_eq!(index, one.blind_index(IndexPurpose::IdentityNumber, "1"));
    assert_ne!(index, one.blind_index(IndexPurpose::TenantReference, "1"));
    assert_ne!(index, one.blind_index(IndexPurpose::IdentityNumber, "2"));
    assert_ne!(index, two.blind_index(IndexPurpose::IdentityNumber, "1"));
    assert_ne!(
        one.token_hash("capture", "1"),
        one.token_hash("access", "1")
    );
    let token = one.derived_token("capture", "ver_1");
    assert_eq!(token, one.derived_token("capture", "ver_1"));
    assert_ne!(token, two.derived_token("capture", "ver_1"));
    assert_ne!(token.reveal(), one.token_hash("capture", "ver_1"));
}

#[test]
fn nothing_prints_what_it_guards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let (vault, _) = Vault::load_or_create(&path).unwrap();
    let secret = SecretText::from("张三");
    let key = ObjectKey::generate().unwrap();
    let sealed = vault.seal(&NAME, "张三".as_bytes()).unwrap();
    let bytes = vault.open(&NAME, &sealed).unwrap();
    let printed = format!("{vault:?} {secret:?} {key:?} {bytes:?}");
    let expected = "Vault(1 sealing keys) SecretText(…) ObjectKey(…) SecretBytes(6 bytes)";
    assert_eq!(printed, expected);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(std::fs::read(&path).unwrap());
        }
    }
    found
}

fn recording() -> Vec<u8> {
    (0..200_000_u32)
        .flat_map(|number| format!("frame {number};").into_bytes())
        .collect()
}

#[tokio::test]
async fn evidence_on_disk_is_sealed_and_opens_with_its_key_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = EvidenceStore::local(&folder.path().join("evidence")).unwrap();
    let mode = std::fs::metadata(folder.path().join("evidence"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    let key = ObjectKey::generate().unwrap();
    let plain = recording();
    store.put("evi_1", 0, &key, &plain).await.unwrap();
    store.put("evi_1", 1, &key, b"").await.unwrap();
    store.put("evi_1", 2, &key, b"frame last").await.unwrap();
    let on_disk = files(folder.path());
    assert_eq!(on_disk.len(), 3);
    for file in &on_disk {
        assert!(!file.windows(6).any(|window| window == b"frame "));
    }
    assert_eq!(store.open("evi_1", 0, &key).await.unwrap().reveal(), plain);
    let joined = store.open_joined("evi_1", 3, &key).await.unwrap();
    assert_eq!(joined.reveal(), [plain.as_slice(), b"frame last"].concat());
    refuses(
        &store
            .open("evi_1", 0, &ObjectKey::generate().unwrap())
            .await,
    );
    let missing = store.open_joined("evi_1", 4, &key).await;
    assert!(
        matches!(missing, Err(VaultError::ObjectMissing)),
        "{missing:?}"
    );
}

#[tokio::test]
async fn parts_cannot_be_exchanged_cut_or_prolonged() {
    let folder = tempfile::tempdir().unwrap();
    let store = EvidenceStore::local(folder.path()).unwrap();
    let key = ObjectKey::generate().unwrap();
    // Exactly two chunks, so that cutting leaves whole chunks behind.
    store
        .put("evi_1", 0, &key, &vec![7; 2 * 64 * 1024])
        .await
        .unwrap();
    store.put("evi_1", 1, &key, b"another part").await.unwrap();
    let path = |part: &str| folder.path().join("evi_1").join(part);
    let whole = std::fs::read(path("000")).unwrap();
    let heading = 4 + 19;
    let chunk = 64 * 1024 + 16;
    assert_eq!(whole.len(), heading + 2 * chunk);
    let (first, second) = whole[heading..].split_at(chunk);
    let head = &whole[..heading];
    for damaged in [
        [head, first].concat(),
        [head, second].concat(),
        [head, second, first].concat(),
        [head, first, second, second].concat(),
        [head, first, second, b"x"].concat(),
        head.to_vec(),
        head[..10].to_vec(),
        Vec::new(),
        std::fs::read(path("001")).unwrap(),
    ] {
        std::fs::write(path("000"), &damaged).unwrap();
        refuses(&store.open("evi_1", 0, &key).await);
    }
    std::fs::write(path("000"), &whole).unwrap();
    assert!(store.open("evi_1", 0, &key).await.is_ok());
}

#[tokio::test]
async fn destroyed_objects_are_gone_and_destroying_again_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    let store = EvidenceStore::local(folder.path()).unwrap();
    let key = ObjectKey::generate().unwrap();
    for part in 0..3 {
        store.put("evi_1", part, &key, b"part").await.unwrap();
    }
    store.put("evi_2", 0, &key, b"part").await.unwrap();
    store.destroy("evi_1", 64).await.unwrap();
    store.destroy("evi_1", 64).await.unwrap();
    assert_eq!(files(folder.path()).len(), 1);
    let gone = store.open("evi_1", 0, &key).await;
    assert!(matches!(gone, Err(VaultError::ObjectMissing)), "{gone:?}");
    assert!(store.open("evi_2", 0, &key).await.is_ok());
}

#[tokio::test]
async fn a_destroyed_key_opens_nothing() {
    let vault = Vault::ephemeral().unwrap();
    let store = EvidenceStore::in_memory();
    let place = Place::new("evidence_objects", "evi_1", "key_sealed");
    let key = ObjectKey::generate().unwrap();
    let sealed = vault.seal_key(&place, &key).unwrap();
    store.put("evi_1", 0, &key, b"a face").await.unwrap();
    drop(key);
    let opened = vault.open_key(&place, &sealed).unwrap();
    assert_eq!(
        store.open("evi_1", 0, &opened).await.unwrap().reveal(),
        b"a face"
    );
    // The row loses its key; whatever else is still there does not open the object.
    let (sealed, other) = (None::<Vec<u8>>, ObjectKey::generate().unwrap());
    assert!(sealed.is_none());
    refuses(&store.open("evi_1", 0, &other).await);
    let elsewhere = vault.seal_key(&place, &other).unwrap();
    let wrong = Place::new("evidence_objects", "evi_2", "key_sealed");
    refuses(&vault.open_key(&wrong, &elsewhere));
}
