//! Checks that no compiler makes: sizes, words, crate edges, and documents that tell the truth.

mod documents;
mod edges;
mod files;
mod words;

use std::process::ExitCode;

use crate::tree::Tree;

/// One thing out of place.
pub(crate) struct Fault {
    /// Where, as `path` or `path:line`.
    pub(crate) place: String,
    /// What, and what to do.
    pub(crate) text: String,
}

/// Runs every check and prints what it found.
#[expect(clippy::print_stderr, reason = "a chore talks to the terminal")]
pub(crate) fn run(tree: &Tree) -> anyhow::Result<ExitCode> {
    let mut faults = files::check(tree)?;
    faults.extend(words::check(tree)?);
    faults.extend(edges::check(tree)?);
    faults.extend(documents::check(tree)?);
    for fault in &faults {
        eprintln!("{}: {}", fault.place, fault.text);
    }
    if faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("tidy: {} out of place", faults.len());
    Ok(ExitCode::FAILURE)
}

/// Whether `word` stands in `line` as a whole word; `_` separates words too.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line
            .get(start + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::has_word;

    #[test]
    fn whole_words_only() {
        assert!(has_word("a selfie here", "selfie"));
        assert!(has_word("let selfie_count = 1;", "selfie"));
        assert!(!has_word("myselfies", "selfie"));
        assert!(!has_word("nothing", "selfie"));
    }
}
