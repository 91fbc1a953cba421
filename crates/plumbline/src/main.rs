//! The binary `plumbline`.

use std::process::ExitCode;

use clap::Parser;
use plumbline::cli::Cli;
use plumbline::run::run;

fn main() -> ExitCode {
    run(&Cli::parse())
}
