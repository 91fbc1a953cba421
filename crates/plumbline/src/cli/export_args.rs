//! The arguments of `export`.

use std::path::PathBuf;

use clap::Args;
use scorecard::time::calendar::Month;

use crate::cli::service_args::ServiceArgs;

/// Writes published cards as one table.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Write in this format: csv, ndjson, avro or parquet. Parquet needs a build with `--features parquet`.
    #[arg(long, value_name = "FORMAT", default_value = "csv")]
    pub format: String,
    /// Write one row for each measure of each card (long), or one row for each card (wide).
    #[arg(long, value_name = "SHAPE", default_value = "long")]
    pub shape: String,
    /// Export only this month [default: all months].
    #[arg(long, value_name = "YYYY-MM", conflicts_with_all = ["from", "to"])]
    pub month: Option<Month>,
    /// Export this month and later ones.
    #[arg(long, value_name = "YYYY-MM")]
    pub from: Option<Month>,
    /// Export this month and earlier ones.
    #[arg(long, value_name = "YYYY-MM")]
    pub to: Option<Month>,
    /// Export only these measures, ids separated by commas [default: all measures].
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    pub measure: Vec<String>,
    /// Export only the cards of these practices, codes separated by commas; `all` means the roll-ups [default: all cards].
    #[arg(long, value_name = "CODE,...", value_delimiter = ',')]
    pub practice: Vec<String>,
    /// Export only the cards of this role [default: all roles].
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
    /// Write only what may be disclosed to everybody: no names, rounded counts, no small numbers.
    #[arg(long, conflicts_with = "practice")]
    pub disclosed: bool,
    /// Write to this file [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}
