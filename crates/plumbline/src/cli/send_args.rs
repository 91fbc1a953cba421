//! The commands that send events to a service.

use std::path::PathBuf;

use clap::Args;

use crate::cli::service_args::{Output, ServiceArgs};
use crate::config::quantity::seconds;

/// The end of `plumbline send --help`.
pub(crate) const SEND_EXIT_CODES: &str = "\
Exit codes: 0 everything was taken, 1 failure, 2 wrong command line, 65 some elements were rejected, 75 not finished: the service did \
not answer, or refused the sender, 130 interrupted.

After 75 and 130 the same command goes on behind the last answer. After 65 correct the rejected elements and send them again. Sending \
twice is harmless, because an event with the same id, version and content counts once.";

/// Sends files to a service or a topic.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// Files or folders with events, plain or gzipped, or - for standard input.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Send to the service at this address, such as http://127.0.0.1:8080. A token comes from PLUMBLINE_TOKEN.
    #[arg(long, value_name = "URL", required_unless_present = "kafka", conflicts_with = "kafka")]
    pub to: Option<String>,
    /// Write to this input topic, one record a message. The brokers are those of the configuration.
    #[arg(long, value_name = "TOPIC")]
    pub kafka: Option<String>,
    /// Use this feed for events that name none, such as FHIR resources.
    #[arg(long, value_name = "NAME", conflicts_with = "kafka")]
    pub feed: Option<String>,
    /// Read the PATH as a folder of tables, and send the events that this map makes of them.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Report what would be logged, rejected and unmapped. The service stores nothing.
    #[arg(long, conflicts_with = "kafka")]
    pub dry_run: bool,
    /// Write every rejected element to this file as NDJSON: file, line, reason, field and detail.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Stop when the service has not taken a chunk for this time.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = seconds)]
    pub give_up_after: u32,
    /// Keep the state for a resumed run in a small file of this folder. It is removed at the end.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub state: PathBuf,
    /// Forget the state of an earlier run, and begin with the first record.
    #[arg(long)]
    pub restart: bool,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Judges the events of files.
#[derive(Debug, Args)]
pub struct ConformArgs {
    /// Files or folders with events of one source, plain or gzipped.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Use this feed for events that name none [default: the folder's name].
    #[arg(long, value_name = "NAME")]
    pub feed: Option<String>,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Read feeds, codes and systems from this configuration [default: ./plumbline.toml if it exists].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}
