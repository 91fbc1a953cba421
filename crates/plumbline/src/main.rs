//! The binary `plumbline`.

use std::io;
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
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false).init();
    run(&cli)
}
