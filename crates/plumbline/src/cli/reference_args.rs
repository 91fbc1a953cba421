//! The commands about reference networks.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use scorecard::time::calendar::Month;

use crate::cli::service_args::ServiceArgs;

/// The commands about reference networks.
#[derive(Debug, Subcommand)]
pub enum Reference {
    /// Write centre, spread and design effect of each role and measure as a reference file for a smaller network.
    ///
    /// The file holds the groups of one month with 20 members or more, and no person. A smaller network names it with the option
    /// `reference`, and compares its roles of fewer than 20 members with it.
    ///
    /// The groups come from the log of the configuration. --data may also name a folder that `demo`, `replay` or `migrate` wrote.
    ///
    /// Example: plumbline reference export North --data ./plumbline-data --out north.toml
    Export(ReferenceExportArgs),
}

/// The arguments of `reference export`.
#[derive(Debug, Args)]
pub struct ReferenceExportArgs {
    /// The name that cards show, 1 to 16 characters.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Export the groups of this month [default: the newest month with frozen groups, else the newest month].
    #[arg(long, value_name = "YYYY-MM")]
    pub month: Option<Month>,
    /// Write to this file [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The service.
    #[command(flatten)]
    pub service: ServiceArgs,
}
