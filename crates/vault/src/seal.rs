//! XChaCha20-Poly1305 around one value: version, key id, random nonce, ciphertext.
//!
//! The 192-bit nonce may be random for ever; nothing counts, nothing can be counted wrongly.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

use crate::error::VaultError;
use crate::key_file::KeyId;
use crate::secret::{SecretBytes, random_bytes};

/// Version of the format, the first byte of everything sealed.
const VERSION: u8 = 1;
pub(crate) const NONCE_SIZE: usize = 24;
pub(crate) const TAG_SIZE: usize = 16;

/// Seals one value.
pub(crate) fn seal(
    key_id: KeyId,
    key: &[u8; 32],
    plain: &[u8],
    place: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let nonce: [u8; NONCE_SIZE] = random_bytes()?;
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let sealed = cipher
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: plain,
                aad: place,
            },
        )
        .map_err(|_| VaultError::DoesNotOpen)?;
    let mut bytes = Vec::with_capacity(1 + key_id.len() + NONCE_SIZE + sealed.len());
    bytes.push(VERSION);
    bytes.extend_from_slice(&key_id);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(&sealed);
    Ok(bytes)
}

/// Opens one value with whichever key sealed it.
pub(crate) fn open<'a>(
    key_of: impl FnOnce(KeyId) -> Option<&'a [u8; 32]>,
    sealed: &[u8],
    place: &[u8],
) -> Result<SecretBytes, VaultError> {
    let (version, rest) = sealed.split_first().ok_or(VaultError::DoesNotOpen)?;
    let (key_id, rest) = rest.split_first_chunk().ok_or(VaultError::DoesNotOpen)?;
    let (nonce, ciphertext) = rest
        .split_first_chunk::<NONCE_SIZE>()
        .ok_or(VaultError::DoesNotOpen)?;
    if *version != VERSION {
        return Err(VaultError::DoesNotOpen);
    }
    let key = key_of(*key_id).ok_or(VaultError::KeyUnknown)?;
    XChaCha20Poly1305::new(&(*key).into())
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: ciphertext,
                aad: place,
            },
        )
        .map(SecretBytes::new)
        .map_err(|_| VaultError::DoesNotOpen)
}
