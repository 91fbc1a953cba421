//! The command that turns tables into events.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The end of `plumbline map --help`.
pub(crate) const MAP_EXIT_CODES: &str = "\
Exit codes: 0 every row is a record or skipped by a condition, 1 failure, 2 wrong command line, 65 some rows are faulty, 78 mistakes in \
the map or a failed example, 130 interrupted.";

/// Turns tables into events.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct MapArgs {
    /// Check a map instead.
    #[command(subcommand)]
    pub check: Option<MapCommand>,
    /// The map, a TOML file.
    #[arg(required = true, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The folder with the tables and the look-up files.
    #[arg(required = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Use this feed for the events.
    #[arg(long, value_name = "NAME")]
    pub feed: Option<String>,
    /// Write the events as NDJSON to this file [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write persons, roles and organisations to this file, for `plumbline registry load` [default: none].
    #[arg(long, value_name = "FILE")]
    pub registry_out: Option<PathBuf>,
}

/// Commands on a map.
#[derive(Debug, Subcommand)]
pub enum MapCommand {
    /// Check a map, and run the examples in its file. Exits with 78 if it has mistakes or an example fails.
    ///
    /// Example: plumbline map check maps/emis.toml
    Check {
        /// The map.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
