//! From text to [`Config`]: the file, then the environment over it, then defaults.
//!
//! Every refusal names where the value stands and what would be allowed there. It does not open
//! anything the configuration points to; the commands do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::sections::{Key, RawConfig, Refused};
use super::{Config, Profile};

/// Prefix of the variables that override the file.
const PREFIX: &str = "ZHENREN_";

/// Variables with the prefix that are not configuration keys: where the file is, and where tests
/// find shared data.
const NOT_KEYS: [&str; 2] = ["ZHENREN_CONFIG", "ZHENREN_SHARED"];

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot be read ({reason}); create it from deploy/zhenren.sample.toml")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A value in the file.
    #[error("{path}:{line}:{column}: {problem}")]
    InFile {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong and what is allowed.
        problem: String,
    },
    /// A value in the environment.
    #[error("environment variable {name}: {problem}")]
    InEnvironment {
        /// The variable.
        name: String,
        /// What is wrong and what is allowed.
        problem: String,
    },
    /// Values that do not go together.
    #[error("{0}")]
    Together(String),
}

/// Reads `path` (when given), lays `environment` over it and checks the whole.
pub(crate) fn load(
    path: Option<&Path>,
    environment: &BTreeMap<String, String>,
    profile: Option<Profile>,
) -> Result<Config, ConfigError> {
    let mut raw = match path {
        Some(path) => from_file(path)?,
        None => RawConfig::default(),
    };
    for (name, value) in environment {
        if name.starts_with(PREFIX) && !NOT_KEYS.contains(&name.as_str()) {
            raw.overlay(from_variable(name, value)?);
        }
    }
    Config::assemble(raw, profile)
}

fn from_file(path: &Path) -> Result<RawConfig, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })?;
    parse(&text).map_err(|(offset, problem)| {
        let (line, column) = place(&text, offset);
        ConfigError::InFile {
            path: path.to_path_buf(),
            line,
            column,
            problem,
        }
    })
}

/// Parses and checks one text; an error is a byte offset and a sentence.
pub(super) fn parse(text: &str) -> Result<RawConfig, (usize, String)> {
    let raw: RawConfig = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        (offset, error.message().trim().to_owned())
    })?;
    raw.check()
        .map_err(|refused| (refused.span.start, sentence(&refused)))?;
    Ok(raw)
}

fn sentence(refused: &Refused) -> String {
    let Key { section, name } = refused.key;
    let dot = if section.is_empty() { "" } else { "." };
    format!("`{section}{dot}{name}` must be {}", refused.allowed)
}

/// A variable is one key of the file: `ZHENREN_SERVER_BIND` is `bind` in `[server]`.
fn from_variable(name: &str, value: &str) -> Result<RawConfig, ConfigError> {
    let refuse = |problem: String| ConfigError::InEnvironment {
        name: name.to_owned(),
        problem,
    };
    let Some(key) = RawConfig::keys()
        .into_iter()
        .find(|key| variable_name(*key) == name)
    else {
        let known: Vec<String> = RawConfig::keys().into_iter().map(variable_name).collect();
        return Err(refuse(format!(
            "is not a setting; known are {}",
            known.join(", ")
        )));
    };
    let header = if key.section.is_empty() {
        String::new()
    } else {
        format!("[{}]\n", key.section)
    };
    let literal = format!("{header}{} = {value}\n", key.name);
    let text = format!("{header}{} = {}\n", key.name, toml::Value::from(value));
    // A bare word is text; everything else reads like the file.
    match parse(&literal) {
        Ok(raw) => Ok(raw),
        Err((_, first)) => parse(&text).map_err(|(_, second)| {
            let is_literal = toml::from_str::<toml::Table>(&literal).is_ok();
            refuse(if is_literal { first } else { second })
        }),
    }
}

/// The variable that sets a key.
pub(super) fn variable_name(key: Key) -> String {
    let section = key.section.to_uppercase();
    let underscore = if section.is_empty() { "" } else { "_" };
    format!("{PREFIX}{section}{underscore}{}", key.name.to_uppercase())
}

/// Line and column, both from 1, of a byte offset.
fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |last| last.chars().count())
        + 1;
    (line, column)
}
