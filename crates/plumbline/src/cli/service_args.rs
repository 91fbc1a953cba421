//! Options that several commands share: the configuration and the form of the output.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The configuration. Options override environment variables (PLUMBLINE_LISTEN), which override the file and its defaults.
#[derive(Debug, Args)]
pub struct ServiceArgs {
    /// Read this TOML file [default: ./plumbline.toml if it exists].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Keep the log, the keys and the lock in this folder [default: ./plumbline-data].
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Listen for HTTP on this address and port [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// The form of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Text for people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Ndjson,
}
