//! Evidence objects: each sealed with its own key, in chunks, before a byte leaves memory.
//!
//! Layout: magic, 19 random bytes, then chunks. The nonce of a chunk is those bytes, its number and
//! whether it is the last, so chunks cannot be cut off, repeated or exchanged; the object's name
//! is authenticated with each. An object is one or more numbered parts under one key.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt as _};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::seal::{NONCE_SIZE, TAG_SIZE};
use crate::secret::{ObjectKey, SecretBytes, random_bytes};

const MAGIC: &[u8; 4] = b"ZRE1";
const PREFIX_SIZE: usize = NONCE_SIZE - 5;
/// Limit: plain bytes in one chunk; what a reader holds before it knows they are real.
const CHUNK_SIZE: usize = 64 * 1024;
/// Limit: parts of one object that are looked for when it is destroyed.
pub(crate) const PARTS_COUNT_MAX: u32 = 256;

/// Where evidence objects are kept.
#[derive(Clone)]
pub struct EvidenceStore {
    objects: Arc<dyn ObjectStore>,
    /// Where the files are, when they are files.
    folder: Option<PathBuf>,
}

impl EvidenceStore {
    /// Objects as files under a folder, which is made for its owner only.
    pub fn local(folder: &Path) -> Result<Self, VaultError> {
        use std::os::unix::fs::DirBuilderExt as _;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|source| VaultError::Folder {
                path: folder.to_owned(),
                source,
            })?;
        let objects = LocalFileSystem::new_with_prefix(folder)?
            .with_automatic_cleanup(true)
            .with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
            folder: Some(folder.to_owned()),
        })
    }

    /// Objects in memory, for tests.
    pub fn in_memory() -> Self {
        Self {
            objects: Arc::new(InMemory::new()),
            folder: None,
        }
    }

    /// Seals and keeps one part of an object. Writing the same part again replaces it.
    pub async fn put(
        &self,
        object: &str,
        part_index: u32,
        key: &ObjectKey,
        plain: &[u8],
    ) -> Result<(), VaultError> {
        let path = path_of(object, part_index);
        let sealed = seal_chunks(key, plain, path.as_ref())?;
        self.objects.put(&path, sealed.into()).await?;
        Ok(())
    }

    /// Opens one part of an object into memory.
    pub async fn open(
        &self,
        object: &str,
        part_index: u32,
        key: &ObjectKey,
    ) -> Result<SecretBytes, VaultError> {
        let path = path_of(object, part_index);
        let sealed = match self.objects.get(&path).await {
            Ok(found) => found.bytes().await?,
            Err(object_store::Error::NotFound { .. }) => return Err(VaultError::ObjectMissing),
            Err(error) => return Err(error.into()),
        };
        open_chunks(key, &sealed, path.as_ref())
    }

    /// Opens parts 0 to `parts_count - 1` and joins them.
    pub async fn open_joined(
        &self,
        object: &str,
        parts_count: u32,
        key: &ObjectKey,
    ) -> Result<SecretBytes, VaultError> {
        let mut parts = Vec::new();
        for part_index in 0..parts_count.min(PARTS_COUNT_MAX) {
            parts.push(self.open(object, part_index, key).await?);
        }
        // Reserved at once: growing would leave plain copies behind in freed memory.
        let size = parts.iter().map(|part| part.reveal().len()).sum();
        let mut whole = Vec::with_capacity(size);
        for part in &parts {
            whole.extend_from_slice(part.reveal());
        }
        Ok(SecretBytes::new(whole))
    }

    /// The names of all objects that have bytes, also of those that were never finished.
    pub async fn names(&self) -> Result<Vec<String>, VaultError> {
        let found = self.objects.list_with_delimiter(None).await?;
        let name = |folder: &ObjectPath| folder.filename().map(str::to_owned);
        Ok(found.common_prefixes.iter().filter_map(name).collect())
    }

    /// Removes whatever there is under an object's name, parts that were never finished included.
    pub async fn remove_all(&self, object: &str) -> Result<(), VaultError> {
        if let Some(folder) = &self.folder {
            // A handful of files, once in a blue moon: not worth a thread.
            let path = folder.join(object);
            return match std::fs::remove_dir_all(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    Err(VaultError::Folder { path, source })
                }
                Ok(()) | Err(_) => Ok(()),
            };
        }
        self.destroy(object, PARTS_COUNT_MAX).await
    }

    /// Removes every part of an object. Removing what is gone already is fine.
    pub async fn destroy(&self, object: &str, parts_count: u32) -> Result<(), VaultError> {
        for part_index in 0..parts_count.clamp(1, PARTS_COUNT_MAX) {
            match self.objects.delete(&path_of(object, part_index)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl fmt::Debug for EvidenceStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EvidenceStore({})", self.objects)
    }
}

fn path_of(object: &str, part_index: u32) -> ObjectPath {
    ObjectPath::from_iter([object, &format!("{part_index:03}")])
}

fn chunk_nonce(prefix: &[u8; PREFIX_SIZE], number: u32, is_last: bool) -> XNonce {
    let mut nonce = [0; NONCE_SIZE];
    let bytes = prefix
        .iter()
        .copied()
        .chain(number.to_be_bytes())
        .chain([u8::from(is_last)]);
    for (place, byte) in nonce.iter_mut().zip(bytes) {
        *place = byte;
    }
    XNonce::from(nonce)
}

fn seal_chunks(key: &ObjectKey, plain: &[u8], name: &str) -> Result<Vec<u8>, VaultError> {
    let cipher = XChaCha20Poly1305::new(&(*key.reveal()).into());
    let prefix = random_bytes()?;
    let chunks: Vec<&[u8]> = if plain.is_empty() {
        vec![plain]
    } else {
        plain.chunks(CHUNK_SIZE).collect()
    };
    let mut sealed =
        Vec::with_capacity(MAGIC.len() + PREFIX_SIZE + plain.len() + chunks.len() * TAG_SIZE);
    sealed.extend_from_slice(MAGIC);
    sealed.extend_from_slice(&prefix);
    let mut left = chunks.len();
    for (number, chunk) in (0_u32..).zip(chunks) {
        left -= 1;
        let payload = Payload {
            msg: chunk,
            aad: name.as_bytes(),
        };
        let bytes = cipher
            .encrypt(&chunk_nonce(&prefix, number, left == 0), payload)
            .map_err(|_| VaultError::DoesNotOpen)?;
        sealed.extend_from_slice(&bytes);
    }
    Ok(sealed)
}

fn open_chunks(key: &ObjectKey, sealed: &[u8], name: &str) -> Result<SecretBytes, VaultError> {
    let cipher = XChaCha20Poly1305::new(&(*key.reveal()).into());
    let rest = sealed
        .strip_prefix(MAGIC.as_slice())
        .ok_or(VaultError::DoesNotOpen)?;
    let (prefix, rest) = rest.split_first_chunk().ok_or(VaultError::DoesNotOpen)?;
    let mut plain = Vec::with_capacity(rest.len());
    let mut chunks = rest.chunks(CHUNK_SIZE + TAG_SIZE).peekable();
    let mut number = 0_u32;
    let mut ended = false;
    while let Some(chunk) = chunks.next() {
        ended = chunks.peek().is_none();
        let payload = Payload {
            msg: chunk,
            aad: name.as_bytes(),
        };
        let opened = cipher
            .decrypt(&chunk_nonce(prefix, number, ended), payload)
            .map(Zeroizing::new)
            .map_err(|_| VaultError::DoesNotOpen)?;
        plain.extend_from_slice(&opened);
        number = number.checked_add(1).ok_or(VaultError::DoesNotOpen)?;
    }
    if ended {
        Ok(SecretBytes::new(plain))
    } else {
        Err(VaultError::DoesNotOpen)
    }
}
