//! The sample is whole and true; every kind of mistake names its place and what is allowed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::load::{load, parse, variable_name};
use super::sections::RawConfig;
use super::{Config, Profile};

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The message of a configuration that must be refused.
fn refusal(text: &str, variables: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zhenren.toml");
    std::fs::write(&path, text).unwrap();
    let message = load(Some(&path), &environment(variables), None)
        .unwrap_err()
        .to_string();
    message.replace(&path.display().to_string(), "FILE")
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/zhenren.sample.toml")
}

#[test]
fn the_sample_parses_holds_every_key_and_equals_the_defaults() {
    let text = std::fs::read_to_string(sample()).unwrap();
    parse(&text).unwrap();
    for key in RawConfig::keys() {
        let line = format!("\n{} = ", key.name);
        assert!(
            text.contains(&line),
            "{}.{} is not in the sample",
            key.section,
            key.name
        );
    }
    let from_sample = load(Some(&sample()), &BTreeMap::new(), None).unwrap();
    let from_nothing = load(None, &BTreeMap::new(), None).unwrap();
    assert_eq!(from_sample, from_nothing);
    assert_eq!(from_nothing.profile, Profile::Production);
}

#[test]
fn the_development_file_parses() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/zhenren.development.toml");
    let config = load(Some(&path), &BTreeMap::new(), None).unwrap();
    assert_eq!(config.profile, Profile::Development);
}

#[test]
fn an_unknown_key_names_line_column_and_what_is_known() {
    let message = refusal("[server]\nport = 1\n", &[]);
    assert!(
        message.starts_with("FILE:2:1: unknown field `port`"),
        "{message}"
    );
    assert!(message.contains("`bind`"), "{message}");
    let message = refusal("[serve]\n", &[]);
    assert!(message.contains("unknown field `serve`"), "{message}");
}

#[test]
fn a_wrong_type_names_line_column_and_what_is_wanted() {
    let message = refusal("# a comment\n[engine]\nthreads = \"two\"\n", &[]);
    assert!(message.starts_with("FILE:3:11: "), "{message}");
    assert!(message.contains("expected u32"), "{message}");
}

#[test]
fn a_value_out_of_range_names_line_column_and_the_range() {
    let message = refusal("[engine]\nthreads = 0\n", &[]);
    assert_eq!(
        message,
        "FILE:2:11: `engine.threads` must be a number from 1 to 64"
    );
    let message = refusal("[verification]\nchallenge = \"dance\"\n", &[]);
    assert!(
        message.contains("one of \"read_digits\", \"screen_flash\", \"flash_else_digits\""),
        "{message}"
    );
}

#[test]
fn text_that_is_no_toml_names_its_place() {
    assert!(refusal("[server\n", &[]).starts_with("FILE:1:"));
}

#[test]
fn the_environment_overrides_the_file_and_is_checked_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zhenren.toml");
    std::fs::write(&path, "[engine]\nthreads = 2\n").unwrap();
    let variables = environment(&[
        ("ZHENREN_ENGINE_THREADS", "3"),
        ("ZHENREN_SERVER_BIND", "127.0.0.1:9000"),
        ("ZHENREN_IDENTITY_SOURCES", "[\"enrolled\"]"),
        ("ZHENREN_PROFILE", "development"),
        ("UNRELATED", "x"),
    ]);
    let config: Config = load(Some(&path), &variables, None).unwrap();
    assert_eq!(config.engine.threads, 3);
    assert_eq!(config.server.bind, "127.0.0.1:9000");
    assert_eq!(config.identity.sources, ["enrolled"]);
    assert_eq!(config.profile, Profile::Development);

    let message = refusal("", &[("ZHENREN_ENGINE_THREADS", "99")]);
    assert_eq!(
        message,
        "environment variable ZHENREN_ENGINE_THREADS: `engine.threads` must be a number from 1 \
         to 64"
    );
    let message = refusal("", &[("ZHENREN_NO_SUCH", "1")]);
    assert!(message.contains("is not a setting"), "{message}");
    assert!(message.contains("ZHENREN_SERVER_BIND"), "{message}");
}

#[test]
fn every_key_has_its_own_variable() {
    let names: Vec<String> = RawConfig::keys().into_iter().map(variable_name).collect();
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(names.len(), unique.len());
}

#[test]
fn the_development_profile_stays_on_loopback() {
    let message = refusal(
        "profile = \"development\"\n[server]\nbind = \"0.0.0.0:80\"\n",
        &[],
    );
    assert!(message.contains("loopback only"), "{message}");
    let message = refusal("[verification]\nactions = [\"blink\"]\n", &[]);
    assert!(message.contains("actions_count"), "{message}");
}

#[test]
fn every_rate_that_may_be_asked_for_can_be_reached() {
    // The engine judges by the hardest group.
    let table = zhenren_biometrics::calibration(zhenren_biometrics::Group::Hardest);
    assert!(super::RATE_MIN >= table.rate_min());
    let message = refusal("[verification]\nfmr_max = 0.000001\n", &[]);
    assert!(message.contains("from 0.00001 to 0.01"), "{message}");
}
