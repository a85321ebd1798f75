//! The queries most calls of this room take.

use serde::Deserialize;

/// Which account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountQuery {
    pub(super) account_id: Option<String>,
}

/// Which account, and which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    pub(super) account_id: Option<String>,
    pub(super) limit: Option<String>,
    pub(super) after: Option<String>,
}
