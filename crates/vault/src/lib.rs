//! Secrets: master keys, sealed columns, blind indexes, token hashes, and evidence objects.
//!
//! Everything personal passes through here before it touches a row or a disk. Deliberately does
//! not know why something is kept, for how long, or any SQL. Nothing here prints what it guards.

mod error;
mod evidence;
mod key_file;
mod place;
mod seal;
mod secret;
#[cfg(test)]
mod tests;
mod vault;

pub use error::VaultError;
pub use evidence::EvidenceStore;
pub use place::Place;
pub use secret::{ObjectKey, SecretBytes, SecretText};
pub use vault::{IndexPurpose, KEY_ID_SIZE, Vault, sha256_hex};
