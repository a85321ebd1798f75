//! The tree as git sees it: tracked files and new ones that are not ignored.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

/// The files of the project.
pub(crate) struct Tree {
    root: PathBuf,
    files: Vec<String>,
}

impl Tree {
    /// Lists the files of the checkout this chore was built in.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .canonicalize()?;
        let listing = output(
            &root,
            "git",
            &["ls-files", "--cached", "--others", "--exclude-standard"],
        )?;
        let files = listing
            .lines()
            .filter(|path| root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        Ok(Self { root, files })
    }

    /// Paths relative to the root, in git's order.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// Paths with one of these endings.
    pub(crate) fn with_ending<'a>(&'a self, endings: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.files()
            .filter(move |path| endings.iter().any(|ending| path.ends_with(ending)))
    }

    /// Whether this relative path is a file or a folder with files in it.
    pub(crate) fn holds(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files()
            .any(|file| file == path || file.starts_with(&folder))
    }

    /// The text of a file; `None` when it is not UTF-8.
    pub(crate) fn text(&self, path: &str) -> anyhow::Result<Option<String>> {
        let bytes = std::fs::read(self.root.join(path)).with_context(|| path.to_owned())?;
        Ok(String::from_utf8(bytes).ok())
    }

    /// What `cargo metadata` says about the workspace.
    pub(crate) fn metadata(&self) -> anyhow::Result<serde_json::Value> {
        let text = output(
            &self.root,
            env!("CARGO"),
            &[
                "metadata",
                "--format-version",
                "1",
                "--no-deps",
                "--offline",
            ],
        )?;
        Ok(serde_json::from_str(&text)?)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "chores ask git and cargo; no untrusted input"
)]
fn output(root: &Path, program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()?;
    anyhow::ensure!(
        output.status.success(),
        "{program} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
