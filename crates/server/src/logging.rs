//! Log lines on standard error. Personal data never reaches a log call; nothing is filtered here.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::Log;

/// Starts logging; a second call in one process does nothing.
pub(crate) fn start(log: &Log) {
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = if log.format == "json" {
        builder.json().try_init()
    } else {
        builder.compact().with_target(false).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging runs already");
    }
}
