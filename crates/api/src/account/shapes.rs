//! How secrets look on the wire: their text once, when they are made, and never again.

use serde_json::{Value, json};
use zhenren_usecases::secrets::{Listed, Made};

/// A fresh secret with its text.
pub(super) fn made(secret: &Made) -> Value {
    json!({
        "id": secret.id.as_str(),
        "secret": secret.secret,
        "created_at": secret.created_at.to_string(),
    })
}

/// Ids and dates.
pub(super) fn listed(secrets: &[Listed]) -> Value {
    let shape = |secret: &Listed| {
        json!({
            "id": secret.id.as_str(),
            "created_at": secret.created_at.to_string(),
            "revoked_at": secret.revoked_at.map(|at| at.to_string()),
        })
    };
    let items: Vec<Value> = secrets.iter().map(shape).collect();
    json!({ "items": items, "next": null })
}
