//! Log lines on standard error, as text or JSON.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;

use anyhow::{Context, Result};
use tracing_subscriber::EnvFilter;

use crate::config::options::{Config, LogFormat};

/// Filter of log lines: `warn`, `info`, `debug`, or a filter of `tracing`. Wins over `log.level`.
pub const VARIABLE: &str = "PLUMBLINE_LOG";

/// Replaces the filter of the running process.
type ReplaceFilter = Box<dyn Fn(EnvFilter) + Send + Sync>;

/// Set once, by the start of logging.
static REPLACE: OnceLock<ReplaceFilter> = OnceLock::new();

/// The filter of a level. The variable wins.
///
/// # Errors
/// When it is no filter.
pub fn filter_of(level: &str) -> Result<EnvFilter> {
    match std::env::var(VARIABLE) {
        Ok(text) => EnvFilter::try_new(&text).with_context(|| format!("{VARIABLE} is no filter; unset it")),
        Err(_) => EnvFilter::try_new(format!("warn,plumbline={level}")).context("log.level is no filter"),
    }
}

/// Replaces the filter.
pub fn reload(filter: EnvFilter) {
    if let Some(replace) = REPLACE.get() {
        replace(filter);
    }
}

/// Starts logging for a command: warnings, as text.
pub fn for_a_command() {
    start("warn", LogFormat::Human);
}

/// Starts logging for a service, by its configuration.
pub fn for_a_service(config: &Config) {
    start(&config.log_level, config.log_format);
}

fn start(level: &str, format: LogFormat) {
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(format!("warn,plumbline={level}")));
    let terminal = io::stderr().is_terminal();
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|refused| refused.is_empty());
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false).with_ansi(colours);
    let human = match format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    if human {
        let lines = lines.with_filter_reloading();
        let handle = lines.reload_handle();
        // A process starts logging once. A filter that cannot be replaced stays.
        let _ = REPLACE.set(Box::new(move |filter| drop(handle.reload(filter))));
        lines.init();
    } else {
        let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false).with_filter_reloading();
        let handle = lines.reload_handle();
        let _ = REPLACE.set(Box::new(move |filter| drop(handle.reload(filter))));
        lines.init();
    }
}
