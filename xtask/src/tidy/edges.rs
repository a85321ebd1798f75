//! Crate edges: who may depend on whom, as docs/ARCHITECTURE.md draws it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Fault;
use crate::tree::Tree;

/// Normal (not test) edges inside the workspace.
const ALLOWED: [(&str, &[&str]); 14] = [
    ("zhenren-domain", &[]),
    ("zhenren-vault", &[]),
    ("zhenren-store", &["zhenren-domain", "zhenren-vault"]),
    ("zhenren-media", &[]),
    ("zhenren-biometrics", &["zhenren-domain"]),
    ("zhenren-importer", &[]),
    ("zhenren-evaluate", &[]),
    ("zhenren-packs", &["zhenren-biometrics", "zhenren-importer"]),
    (
        "zhenren-usecases",
        &[
            "zhenren-domain",
            "zhenren-vault",
            "zhenren-store",
            "zhenren-media",
            "zhenren-biometrics",
        ],
    ),
    ("zhenren-api", &["zhenren-domain", "zhenren-usecases"]),
    ("zhenren-simulator", &["zhenren-domain"]),
    (
        "zhenren",
        &[
            "zhenren-domain",
            "zhenren-vault",
            "zhenren-store",
            "zhenren-media",
            "zhenren-biometrics",
            "zhenren-importer",
            "zhenren-evaluate",
            "zhenren-packs",
            "zhenren-usecases",
            "zhenren-api",
            "zhenren-simulator",
        ],
    ),
    (
        "zhenren-bench",
        &[
            "zhenren-domain",
            "zhenren-vault",
            "zhenren-store",
            "zhenren-usecases",
        ],
    ),
    ("xtask", &[]),
];
/// Crates that keep to themselves may use these from outside, and nothing else.
const OUTSIDE: [(&str, &[&str]); 1] = [("zhenren-domain", &["thiserror", "jiff"])];

pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Fault>> {
    let documented = tree.text("docs/DEPENDENCIES.md")?.unwrap_or_default();
    let mut faults = Vec::new();
    for (name, dependencies) in packages(&tree.metadata()?) {
        faults.extend(check_package(&name, &dependencies));
        for dependency in dependencies
            .iter()
            .filter(|name| !name.starts_with("zhenren"))
        {
            if !documented.contains(&format!("`{dependency}`")) {
                faults.push(Fault {
                    place: name.clone(),
                    text: format!("'{dependency}' has no role in docs/DEPENDENCIES.md"),
                });
            }
        }
    }
    Ok(faults)
}

fn check_package(name: &str, dependencies: &[String]) -> Vec<Fault> {
    let lookup = |table: &[(&str, &'static [&'static str])]| {
        table
            .iter()
            .find(|(package, _)| *package == name)
            .map(|(_, allowed)| *allowed)
    };
    let fault = |text: String| Fault {
        place: name.to_owned(),
        text,
    };
    let Some(inside) = lookup(&ALLOWED) else {
        return vec![fault(
            "a new crate needs a line in xtask and a decision".to_owned(),
        )];
    };
    let outside = lookup(&OUTSIDE);
    dependencies
        .iter()
        .filter(|dependency| {
            if dependency.starts_with("zhenren") {
                !inside.contains(&dependency.as_str())
            } else {
                outside.is_some_and(|allowed| !allowed.contains(&dependency.as_str()))
            }
        })
        .map(|dependency| fault(format!("must not depend on '{dependency}'")))
        .collect()
}

/// Each workspace package with its normal dependencies.
fn packages(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .map(str::to_owned)
            .unwrap_or_default()
    };
    list(metadata.get("packages").unwrap_or(&Value::Null))
        .iter()
        .map(|package| {
            let dependencies = list(package.get("dependencies").unwrap_or(&Value::Null))
                .iter()
                .filter(|dependency| dependency.get("kind").is_none_or(Value::is_null))
                .map(|dependency| text(dependency.get("name")))
                .collect();
            (text(package.get("name")), dependencies)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::check_package;

    #[test]
    fn a_wrong_edge_is_found() {
        let edge = |name: &str, to: &str| check_package(name, &[to.to_owned()]).len();
        assert_eq!(edge("zhenren-store", "zhenren-domain"), 0);
        assert_eq!(edge("zhenren-domain", "zhenren-store"), 1);
        assert_eq!(edge("zhenren-domain", "serde"), 1);
        assert_eq!(edge("zhenren-simulator", "zhenren-store"), 1);
        assert_eq!(edge("zhenren-novelty", "thiserror"), 1);
    }
}
