//! Documents: every path they name is there, every relative link leads somewhere.

use super::Fault;
use crate::tree::Tree;

/// A code span that begins like this is a path of the tree.
const ROOMS: [&str; 8] = [
    "crates/", "docs/", "scripts/", "web/", "runtime/", "deploy/", "xtask/", ".ci/",
];
/// Made while building, so named in documents but never tracked.
const MADE: [&str; 6] = [
    "web/dist",
    "web/e2e/out",
    "web/node_modules",
    "runtime/models",
    "runtime/packages",
    "runtime/node_modules",
];

pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for path in tree.with_ending(&[".md"]) {
        let text = tree.text(path)?.unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            for named in paths(line).chain(links(path, line)) {
                let is_made = MADE.iter().any(|made| named.starts_with(made));
                if !is_made && !tree.holds(&named) {
                    faults.push(Fault {
                        place: format!("{path}:{}", index + 1),
                        text: format!("names '{named}', which is not there"),
                    });
                }
            }
        }
    }
    Ok(faults)
}

/// Paths in code spans, without patterns and placeholders.
fn paths(line: &str) -> impl Iterator<Item = String> + '_ {
    line.split('`')
        .skip(1)
        .step_by(2)
        .filter(|span| ROOMS.iter().any(|room| span.starts_with(room)))
        .filter(|span| !span.contains(['*', '<', '{', ' ', '…']))
        .map(|span| span.split(':').next().unwrap_or(span).to_owned())
}

/// Targets of relative links, resolved against the folder of the document.
fn links<'a>(document: &'a str, line: &'a str) -> impl Iterator<Item = String> + 'a {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    line.split("](").skip(1).filter_map(move |rest| {
        let target = rest.split([')', '#']).next().unwrap_or_default();
        if target.is_empty() || target.contains(':') || target.starts_with('/') {
            return None;
        }
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in target
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
        {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        Some(parts.join("/"))
    })
}

#[cfg(test)]
mod tests {
    use super::{links, paths};

    #[test]
    fn paths_and_links_are_read() {
        let named: Vec<String> = paths("see `crates/domain/src/lib.rs:3` and `make run`").collect();
        assert_eq!(named, ["crates/domain/src/lib.rs"]);
        let linked: Vec<String> = links(
            "docs/a/B.md",
            "[x](../C.md#part) [y](https://example.invalid)",
        )
        .collect();
        assert_eq!(linked, ["docs/C.md"]);
    }
}
