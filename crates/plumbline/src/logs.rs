//! Where state changes are told: on standard error, for people or as JSON.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::options::{Config, LogFormat};

/// Which state changes are told: `warn`, `info`, `debug`, or a filter as `tracing` knows it. Wins over `log.level`.
const VARIABLE: &str = "PLUMBLINE_LOG";

/// For a command that ends by itself: warnings, for people.
pub fn for_a_command() {
    start("warn", LogFormat::Human);
}

/// For a service, as it is configured.
pub fn for_a_service(config: &Config) {
    start(&config.log_level, config.log_format);
}

fn start(level: &str, format: LogFormat) {
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(format!("warn,plumbline={level}")));
    let terminal = io::stderr().is_terminal();
    let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|refused| refused.is_empty());
    let told = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false).with_ansi(colours);
    let human = match format {
        LogFormat::Auto => terminal,
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    if human {
        told.init();
    } else {
        told.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
    }
}
