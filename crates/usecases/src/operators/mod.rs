//! Who runs the platform, and what they may do. Every change they make is in the audit log.

pub mod actor;
pub mod authenticate;
pub mod change_operator;
pub mod change_password;
pub mod check_audit;
pub mod create_operator;
pub mod create_token;
pub mod demo;
mod hashing;
pub mod list_operators;
pub mod list_tokens;
pub mod read_audit;
pub mod revoke_token;
pub mod sign_in;
pub mod sign_out;

use crate::context::Context;

pub use zhenren_vault::SecretText;

/// What a login is found by.
fn login_hash(context: &Context, login: &str) -> String {
    context.vault().token_hash("operator-login", login)
}

/// What failed sign-ins are counted under: the first 20 bits of the keyed hash, so that strangers
/// who make up logins leave 1 048 576 rows at most, however long they go on. Logins that exist are
/// counted the same way; who shares a place with whom cannot be known without the keys.
fn failures_key(login_hash: &str) -> &str {
    login_hash.get(..5).unwrap_or(login_hash)
}
