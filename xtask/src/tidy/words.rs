//! Words: one concept, one word (docs/GLOSSARY.md), and nothing about machines or registries.

use super::{Fault, has_word};
use crate::tree::Tree;

/// Never in our own names. The dialects keep their words at their own door.
const NEVER: [&str; 9] = [
    concat!("sel", "fie"),
    concat!("embed", "ding"),
    concat!("spo", "of"),
    concat!("anti", "spoofing"),
    concat!("impo", "stor"),
    concat!("genu", "ine"),
    concat!("live", "ness"),
    concat!("faceco", "de"),
    concat!("white", "listed"),
];
/// Rooms whose outer face speaks somebody else's language.
const DIALECT_ROOMS: [&str; 2] = ["crates/api/src/wechat", "crates/api/src/unicloud"];
/// Traces of the machine something was written on.
const TRACES: [&str; 4] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/ro", "ot/"),
    concat!("/home", "/"),
];

pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for path in tree.files() {
        let Some(text) = tree.text(path)? else {
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            if let Some(word) = offence(path, line) {
                faults.push(Fault {
                    place: format!("{path}:{}", index + 1),
                    text: format!("'{word}' does not belong here; see docs/GLOSSARY.md"),
                });
            }
        }
    }
    Ok(faults)
}

fn offence(path: &str, line: &str) -> Option<&'static str> {
    if let Some(trace) = TRACES.iter().find(|trace| line.contains(**trace)) {
        return Some(trace);
    }
    let is_source = [".rs", ".ts"].iter().any(|ending| path.ends_with(ending));
    let is_ours = path.starts_with("crates/") || path.starts_with("web/");
    if !is_source || !is_ours || DIALECT_ROOMS.iter().any(|room| path.starts_with(room)) {
        return None;
    }
    let lower = line.to_lowercase();
    NEVER.into_iter().find(|word| has_word(&lower, word))
}

#[cfg(test)]
mod tests {
    use super::{NEVER, TRACES, offence};

    #[test]
    fn each_word_is_found_in_our_rooms_only() {
        for word in NEVER {
            let line = format!("let {word}_count = 1;");
            assert_eq!(offence("crates/domain/src/a.rs", &line), Some(word));
            assert_eq!(offence("crates/api/src/wechat/a.rs", &line), None);
            assert_eq!(offence("docs/GLOSSARY.md", &line), None);
        }
        for trace in TRACES {
            assert_eq!(offence("docs/A.md", &format!("see {trace}x")), Some(trace));
        }
    }
}
