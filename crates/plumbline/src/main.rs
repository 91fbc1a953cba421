//! The binary `plumbline`.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::Parser;
use plumbline::cli::Cli;
use plumbline::run::run;
use tracing_subscriber::EnvFilter;

/// Which state changes are told on standard error: `warn`, `info`, `debug`, as `RUST_LOG` of others.
const LOG_VARIABLE: &str = "PLUMBLINE_LOG";

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn"));
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|refused| refused.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false).with_ansi(colours).init();
    run(&cli)
}
