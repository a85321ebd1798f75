//! What a configured value may be. Each check answers with the clause "what is allowed".
//!
//! Knows no file and no key; `load` adds the place.

use std::fmt::Display;
use std::net::SocketAddr;

use zhenren_domain::challenge::Action;
use zhenren_domain::mode::Mode;
use zhenren_media::JailLevel;
use zhenren_usecases::limits::app::CALLS_MAX;
use zhenren_usecases::tenants::address_ranges;

/// Inclusive numeric range.
pub(super) fn range<T: PartialOrd + Display + Copy>(
    value: T,
    min: T,
    max: T,
) -> Result<(), String> {
    if value >= min && value <= max {
        Ok(())
    } else {
        Err(format!("a number from {min} to {max}"))
    }
}

/// The smallest rate that may be asked for. Limit: the measured pairs state none below 7.5e-6, and
/// under what they state nothing would ever match.
pub(crate) const RATE_MIN: f64 = 1e-5;
/// The largest rate that may be asked for. Limit: one stranger in a hundred.
pub(crate) const RATE_MAX: f64 = 1e-2;

/// A false match rate the calibration table covers.
pub(super) fn rate(value: f64) -> Result<(), String> {
    if (RATE_MIN..=RATE_MAX).contains(&value) {
        Ok(())
    } else {
        Err(format!("a rate from {RATE_MIN} to {RATE_MAX}"))
    }
}

pub(super) fn profile(value: &str) -> Result<(), String> {
    one_of(value, &["development", "production"])
}

/// The levels of the decoder's jail by name, weakest first.
pub(super) const JAIL_LEVELS: [(&str, JailLevel); 3] = [
    ("not_enforced", JailLevel::NotEnforced),
    ("partially_enforced", JailLevel::PartiallyEnforced),
    ("fully_enforced", JailLevel::FullyEnforced),
];

pub(super) fn jail_level(value: &String) -> Result<(), String> {
    one_of(value, &JAIL_LEVELS.map(|(name, _)| name))
}

pub(super) fn log_format(value: &String) -> Result<(), String> {
    one_of(value, &["text", "json"])
}

pub(super) fn log_filter(value: &String) -> Result<(), String> {
    tracing_subscriber::EnvFilter::try_new(value)
        .map(|_| ())
        .map_err(|_| String::from("a log filter such as \"info\" or \"zhenren_api=debug,info\""))
}

pub(super) fn not_empty(value: &String) -> Result<(), String> {
    if value.trim().is_empty() {
        Err(String::from("a path that is not empty"))
    } else {
        Ok(())
    }
}

pub(super) fn socket_address(value: &String) -> Result<(), String> {
    value
        .parse::<SocketAddr>()
        .map(|_| ())
        .map_err(|_| String::from("an address and port such as \"127.0.0.1:8710\""))
}

pub(super) fn database_url(value: &String) -> Result<(), String> {
    let known = ["sqlite:", "postgres://", "postgresql://"];
    if known
        .iter()
        .any(|scheme| value.starts_with(scheme) && value.len() > scheme.len())
    {
        Ok(())
    } else {
        Err(String::from("\"sqlite:PATH\" or \"postgres://HOST/NAME\""))
    }
}

pub(super) fn empty_or_http_url(value: &String) -> Result<(), String> {
    if value.is_empty() || is_http_url(value) && !value.ends_with('/') {
        Ok(())
    } else {
        Err(String::from(
            "empty, or an http:// or https:// address without a final slash",
        ))
    }
}

pub(super) fn origins(values: &Vec<String>) -> Result<(), String> {
    let is_origin = |value: &String| is_http_url(value) && value.matches('/').count() == 2;
    if values.iter().all(is_origin) {
        Ok(())
    } else {
        Err(String::from(
            "a list of origins such as [\"https://shop.example\"]",
        ))
    }
}

fn is_http_url(value: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        value
            .strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty() && !rest.contains(' '))
    })
}

pub(super) fn address_ranges(values: &Vec<String>) -> Result<(), String> {
    if values
        .iter()
        .all(|value| address_ranges::parse(value).is_some())
    {
        Ok(())
    } else {
        Err(String::from(
            "a list of address ranges such as [\"10.0.0.0/8\", \"192.0.2.1/32\"]",
        ))
    }
}

/// A count per window.
pub(super) fn limit(value: u64) -> Result<(), String> {
    range(value, 0, CALLS_MAX)
}

pub(super) fn mode(value: &String) -> Result<(), String> {
    one_of(value, &Mode::ALL.map(Mode::name))
}

pub(super) fn all_modes() -> Vec<String> {
    Mode::ALL
        .iter()
        .map(|mode| String::from(mode.name()))
        .collect()
}

pub(super) fn modes(values: &Vec<String>) -> Result<(), String> {
    every_one_of(values, &Mode::ALL.map(Mode::name))?;
    if values.is_empty() {
        Err(String::from("at least one challenge"))
    } else {
        Ok(())
    }
}

pub(super) fn all_actions() -> Vec<String> {
    Action::ALL
        .iter()
        .map(|action| String::from(action.name()))
        .collect()
}

pub(super) fn actions(values: &Vec<String>) -> Result<(), String> {
    every_one_of(values, &Action::ALL.map(Action::name))?;
    if values.is_empty() {
        Err(String::from("at least one action"))
    } else {
        Ok(())
    }
}

pub(super) fn sources(values: &Vec<String>) -> Result<(), String> {
    every_one_of(values, &["enrolled", "caller_photo"])
}

fn one_of(value: &str, allowed: &[&str]) -> Result<(), String> {
    if allowed.contains(&value) {
        Ok(())
    } else {
        Err(format!("one of {}", quoted(allowed)))
    }
}

fn every_one_of(values: &[String], allowed: &[&str]) -> Result<(), String> {
    let all_known = values.iter().all(|value| allowed.contains(&value.as_str()));
    let repeats =
        (1..values.len()).any(|i| values.iter().skip(i).any(|v| Some(v) == values.get(i - 1)));
    if all_known && !repeats {
        Ok(())
    } else {
        Err(format!(
            "a list of different values out of {}",
            quoted(allowed)
        ))
    }
}

fn quoted(values: &[&str]) -> String {
    values
        .iter()
        .map(|value| format!("\"{value}\""))
        .collect::<Vec<_>>()
        .join(", ")
}
