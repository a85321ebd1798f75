//! Files: small, opened by a text that says what they are for, and free of left-overs.

use super::Fault;
use crate::tree::Tree;

/// Limit: a file is what fits in the head between two coffees.
const LINES_MAX: usize = 500;
/// Limit: weights, media and photographs do not belong in the tree.
const BYTES_MAX: usize = 1024 * 1024;
/// Written so that this file does not find itself.
const LEFT_OVERS: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("FIX", "ME"),
    concat!("#[ig", "nore"),
];
const GENERATED: [&str; 2] = ["/generated/", "package-lock.json"];

pub(super) fn check(tree: &Tree) -> anyhow::Result<Vec<Fault>> {
    let mut faults = Vec::new();
    for path in tree.files() {
        let Some(text) = tree.text(path)? else {
            continue;
        };
        if text.len() > BYTES_MAX {
            faults.push(Fault {
                place: path.to_owned(),
                text: format!("{} bytes; the limit is {BYTES_MAX}", text.len()),
            });
        }
    }
    for path in tree.with_ending(&[".rs", ".ts"]) {
        if GENERATED.iter().any(|part| path.contains(part)) {
            continue;
        }
        let text = tree.text(path)?.unwrap_or_default();
        faults.extend(check_source(path, &text));
    }
    Ok(faults)
}

fn check_source(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(Fault {
            place: path.to_owned(),
            text: format!("{lines} lines; split it, the limit is {LINES_MAX}"),
        });
    }
    // What a test file is for stands at the top of the module it tests.
    let is_test = path.ends_with("tests.rs") || path.ends_with(".test.ts");
    if !is_test && !text.starts_with("//") && !text.starts_with("/*") && !text.starts_with("#!") {
        faults.push(Fault {
            place: path.to_owned(),
            text: "open the file with a text that says what it is for".to_owned(),
        });
    }
    for (index, line) in text.lines().enumerate() {
        if let Some(left_over) = LEFT_OVERS.iter().find(|mark| line.contains(**mark)) {
            faults.push(Fault {
                place: format!("{path}:{}", index + 1),
                text: format!("'{left_over}' must not reach main"),
            });
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::{LEFT_OVERS, LINES_MAX, check_source};

    #[test]
    fn each_rule_can_fail() {
        assert_eq!(check_source("a.rs", "//! Fine.\nfn a() {}\n").len(), 0);
        assert_eq!(check_source("a.rs", "fn a() {}\n").len(), 1);
        assert_eq!(
            check_source("a.rs", &format!("//! A.\n{}", "\n".repeat(LINES_MAX))).len(),
            1
        );
        assert_eq!(check_source("a/tests.rs", "fn a() {}\n").len(), 0);
        for mark in LEFT_OVERS {
            assert_eq!(
                check_source("a.rs", &format!("//! A.\n{mark}\n")).len(),
                1,
                "{mark}"
            );
        }
    }
}
