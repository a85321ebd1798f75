//! Who asks and pays: apps, their secrets and tokens, and keys for a name and a number.

pub mod address_ranges;
pub mod authenticate;
pub mod authenticate_signed;
pub mod check_keys;
pub mod create_app;
pub mod demo;
pub mod issue_access_token;
pub mod issue_user_id_key;

use zhenren_domain::ids::{AccountId, AppId};
use zhenren_domain::standing::Standing;
use zhenren_domain::wish::Wish;
use zhenren_store::apps::App;

pub use zhenren_store::apps::AppKind;

/// An authenticated app.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who pays.
    pub account_id: AccountId,
    /// Which app.
    pub app_id: AppId,
    /// Whether it may ask at all, and what stands in the way.
    pub standing: Standing,
    /// Whether each verification is counted against a quota.
    pub has_quota: bool,
    /// Whether it wants wrong check characters refused at once.
    pub strict_id_check: bool,
    /// What it asks for instead of the operator's challenge.
    pub challenge: Wish,
}

impl From<(App, Standing)> for Caller {
    fn from((app, standing): (App, Standing)) -> Self {
        Self {
            account_id: app.account_id,
            app_id: app.id,
            standing,
            has_quota: app.limits.calls_quota.is_some(),
            strict_id_check: app.strict_id_check,
            challenge: app.challenge,
        }
    }
}

/// Whether a text has the form of every secret and token handed out here.
pub(crate) fn is_token(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
