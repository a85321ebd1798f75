//! The vault: sealing and opening columns, blind indexes, token hashes, derived tokens.
//!
//! Subkeys are derived from the master keys for one purpose each, so that no two uses share a key.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::key_file::{KeyId, Keys, MasterKey, to_hex};
use crate::place::Place;
use crate::seal;
use crate::secret::{ObjectKey, SecretBytes, SecretText};

type Subkey = Zeroizing<[u8; 32]>;

/// Bytes of a sealing key's id.
pub const KEY_ID_SIZE: usize = 4;

/// What a blind index is for. The same value has different indexes for different purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexPurpose {
    /// Looking a person up by identity number.
    IdentityNumber,
    /// Looking a verification up by the tenant's own id of the person.
    TenantReference,
}

impl IndexPurpose {
    const fn label(self) -> &'static str {
        match self {
            Self::IdentityNumber => "index/identity-number",
            Self::TenantReference => "index/tenant-reference",
        }
    }
}

/// The keys, ready for use. Cloning shares them.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<Subkeys>,
}

struct Subkeys {
    /// For columns; newest first.
    rows: Vec<(KeyId, Subkey)>,
    index: MasterKey,
}

impl Vault {
    /// Reads the key file.
    pub fn load(path: &Path) -> Result<Self, VaultError> {
        Keys::load(path).map(Self::from_keys)
    }

    /// Reads the key file, or writes a fresh one where there is none (development profile).
    /// The second value says whether it was written now.
    pub fn load_or_create(path: &Path) -> Result<(Self, bool), VaultError> {
        if path.exists() {
            return Ok((Self::load(path)?, false));
        }
        Keys::generate()?.create(path)?;
        Ok((Self::load(path)?, true))
    }

    /// Adds a fresh sealing key in front of the key file; everything sealed before still opens.
    pub fn rotate(path: &Path) -> Result<Self, VaultError> {
        let mut keys = Keys::load(path)?;
        keys.rotate()?;
        keys.replace(path)?;
        Self::load(path)
    }

    /// A vault whose keys live in memory only, for tests and for commands that keep nothing.
    pub fn ephemeral() -> Result<Self, VaultError> {
        Ok(Self::from_keys(Keys::generate()?))
    }

    fn from_keys(keys: Keys) -> Self {
        let Keys { sealing, index } = keys;
        let rows = sealing
            .iter()
            .map(|(id, key)| (*id, derive(key, "seal/rows/v1")))
            .collect();
        Self {
            keys: Arc::new(Subkeys { rows, index }),
        }
    }

    /// Seals a value into its place.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (id, key) = self
            .keys
            .rows
            .first()
            .ok_or(VaultError::KeyMissing { missing: "sealing" })?;
        seal::seal(*id, key, plain, place.to_string().as_bytes())
    }

    /// Opens a value in its place.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<SecretBytes, VaultError> {
        let key_of = |wanted| {
            self.keys
                .rows
                .iter()
                .find(|(id, _)| *id == wanted)
                .map(|(_, key)| &**key)
        };
        seal::open(key_of, sealed, place.to_string().as_bytes())
    }

    /// Opens text in its place.
    pub fn open_text(&self, place: &Place<'_>, sealed: &[u8]) -> Result<SecretText, VaultError> {
        self.open(place, sealed)?.into_text()
    }

    /// Seals the key of an evidence object into its row.
    pub fn seal_key(&self, place: &Place<'_>, key: &ObjectKey) -> Result<Vec<u8>, VaultError> {
        self.seal(place, key.reveal())
    }

    /// Opens the key of an evidence object.
    pub fn open_key(&self, place: &Place<'_>, sealed: &[u8]) -> Result<ObjectKey, VaultError> {
        ObjectKey::from_secret(&self.open(place, sealed)?)
    }

    /// Seals anew with the newest key what an older one sealed; nothing when the newest did.
    pub fn reseal(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
        if self.is_current(sealed) {
            return Ok(None);
        }
        let plain = self.open(place, sealed)?;
        self.seal(place, plain.reveal()).map(Some)
    }

    /// The id of the newest sealing key, which stands in what it seals after the first byte.
    pub fn current_key(&self) -> [u8; KEY_ID_SIZE] {
        self.keys
            .rows
            .first()
            .map_or([0; KEY_ID_SIZE], |(id, _)| *id)
    }

    /// Whether the newest key sealed this; otherwise rotation should seal it again.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        self.keys
            .rows
            .first()
            .is_some_and(|(id, _)| sealed.get(1..5) == Some(id.as_slice()))
    }

    /// A keyed index of a value: equal values have equal indexes, and without the key an index
    /// cannot be tried against the few numbers there are. 64 lower-case hexadecimal characters.
    pub fn blind_index(&self, purpose: IndexPurpose, plain: &str) -> String {
        self.keyed_hash(purpose.label(), plain)
    }

    /// What is stored of a token, key or secret that we hand out. `purpose` separates kinds.
    pub fn token_hash(&self, purpose: &'static str, token: &str) -> String {
        self.keyed_hash(&format!("token/{purpose}"), token)
    }

    /// A token that can be given out again without being stored: a keyed function of what it
    /// stands for. 64 lower-case hexadecimal characters; cannot be guessed without the key file.
    pub fn derived_token(&self, purpose: &'static str, subject: &str) -> SecretText {
        SecretText::from(self.keyed_hash(&format!("derived/{purpose}"), subject))
    }

    fn keyed_hash(&self, label: &str, plain: &str) -> String {
        let key = derive(&self.keys.index, label);
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice())
            .expect("HMAC takes keys of every length");
        mac.update(plain.as_bytes());
        to_hex(&mac.finalize().into_bytes())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Vault({} sealing keys)", self.keys.rows.len())
    }
}

fn derive(master: &[u8; 32], label: &str) -> Subkey {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(b"zhenren/v1"), master)
        .expand(label.as_bytes(), key.as_mut_slice())
        .expect("32 bytes are far below the 8160 that HKDF-SHA256 gives");
    key
}

/// Lower-case hexadecimal SHA-256, for digests that are not secret.
pub fn sha256_hex(bytes: &[u8]) -> String {
    to_hex(&Sha256::digest(bytes))
}
