//! Log lines on standard error, as text or JSON.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::options::{Config, LogFormat};

/// Filter of log lines: `warn`, `info`, `debug`, or a filter of `tracing`. Wins over `log.level`.
pub const VARIABLE: &str = "PLUMBLINE_LOG";

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
        lines.init();
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
    }
}
