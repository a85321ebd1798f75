//! Holders of plain secrets: wiped when dropped, never printed.

use std::fmt;

use rand::TryRng as _;
use rand::rngs::SysRng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::VaultError;

/// Plain bytes that were sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over; the caller keeps no copy.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text.
    pub fn into_text(self) -> Result<SecretText, VaultError> {
        std::str::from_utf8(&self.0)
            .map(SecretText::from)
            .map_err(|_| VaultError::NotText)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretBytes({} bytes)", self.0.len())
    }
}

/// Plain text about a person, or a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(…)")
    }
}

/// The key of one evidence object. Destroying its sealed copy destroys the object.
pub struct ObjectKey([u8; 32]);

impl ObjectKey {
    /// A fresh key from the operating system.
    pub fn generate() -> Result<Self, VaultError> {
        random_bytes().map(Self)
    }

    /// The key that was sealed.
    pub fn from_secret(secret: &SecretBytes) -> Result<Self, VaultError> {
        secret
            .reveal()
            .try_into()
            .map(Self)
            .map_err(|_| VaultError::DoesNotOpen)
    }

    /// The bytes, for sealing only.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Drop for ObjectKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ObjectKey(…)")
    }
}

/// Random bytes of the operating system: keys and nonces must never be replayed from a seed.
pub(crate) fn random_bytes<const COUNT: usize>() -> Result<[u8; COUNT], VaultError> {
    let mut bytes = [0; COUNT];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| VaultError::NoRandomness)?;
    Ok(bytes)
}
