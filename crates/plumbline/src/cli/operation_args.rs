//! The commands that run and operate a service: processes, topics, rejects, the log, the registry and the configuration.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::service_args::{Output, ServiceArgs};
use crate::process::roles::ProcessRole;

/// Runs the service.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Run only these roles [default: all roles]. A choice of roles needs Kafka.
    #[arg(value_enum, value_name = "ROLE")]
    pub roles: Vec<ProcessRole>,
    /// Start although the clock is so far ahead of the log that several months become final or sealed at once, or differs from that of
    /// the brokers by more than five minutes.
    #[arg(long)]
    pub accept_clock: bool,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Creates or checks the topics on the brokers.
#[derive(Debug, Args)]
pub struct TopicsArgs {
    /// Create missing topics and correct their settings.
    #[arg(long)]
    pub apply: bool,
    /// Report only, change nothing (default).
    #[arg(long, conflicts_with = "apply")]
    pub check: bool,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Shows the records of one topic.
#[derive(Debug, Args)]
pub struct PeekArgs {
    /// The topic: events, clinician-months, registry, scorecards, scorecard-revisions, peer-groups, peer-snapshots, runs, rejects,
    /// definitions, people or access.
    #[arg(value_name = "TOPIC")]
    pub topic: String,
    /// Show only records with this key.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Show only this partition [default: all partitions].
    #[arg(long, value_name = "P")]
    pub partition: Option<u32>,
    /// Start at this offset of each partition [default: the oldest record].
    #[arg(long, value_name = "OFFSET", conflicts_with = "newest")]
    pub from: Option<u64>,
    /// Show the newest N records.
    #[arg(short = 'n', value_name = "N")]
    pub newest: Option<usize>,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The commands about an embedded log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Read every record, and name those that are damaged. Exits with 1 if there are any. Changes nothing.
    Verify(ServiceArgs),
    /// Copy every whole record into a new data folder, with the keys and the rejected records, and name the lost records.
    ///
    /// Example: plumbline log salvage --data ./plumbline-data --to ./plumbline-data-2
    Salvage(SalvageArgs),
    /// Remove expired and outdated records of a stopped service, and rewrite the files without them.
    ///
    /// A running service does the same every hour. The ages are in docs/operate/backup.md.
    Trim(ServiceArgs),
}

/// Adds to a backup.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The folder of the backup, outside of the data folder. It is created, or the records since its last backup are added.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Copy the file of the keys into the folder, too. A reader of both can read the rejected records.
    #[arg(long)]
    pub with_keys: bool,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Makes a data folder of a backup.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The folder of the backup.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Write into this new data folder.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
}

/// Keeps the whole records of a damaged log.
#[derive(Debug, Args)]
pub struct SalvageArgs {
    /// Write into this new data folder.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The commands about rejected records.
#[derive(Debug, Subcommand)]
pub enum Rejects {
    /// Group rejected records by reason, feed and field, with count, first and last time, and the cure.
    List(RejectsWhich),
    /// Show each rejected record, oldest first: time received, reason, and its shape without values.
    Show(RejectsShowArgs),
    /// Decode rejected records again, through the running service or in its data folder.
    ///
    /// Repair the cause first: the configuration (restart the service, which reads it at start), the registry, or the feed. Accepted
    /// records leave the store. Records that are rejected again stay with their new reason.
    ///
    /// An interrupted retry can be repeated: an event counts once.
    Retry(RejectsWhich),
}

/// The commands about conflicts.
#[derive(Debug, Subcommand)]
pub enum ConflictsCommand {
    /// List the latest versions that are left out because their number has another content, newest first.
    ///
    /// The command asks the running service, or reads the log if no service is running. It reads the folder of `demo` and `replay`, too.
    ///
    /// Example: plumbline conflicts list --feed a81001-emis
    List(ConflictsArgs),
}

/// The conflicts that are selected, and the form of the output.
#[derive(Debug, Args)]
pub struct ConflictsArgs {
    /// Select only events of this feed.
    #[arg(long, value_name = "FEED")]
    pub feed: Option<String>,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The rejected records that are selected, and the form of the output.
#[derive(Debug, Args)]
pub struct RejectsWhich {
    /// Select only records rejected for this reason, such as missing_version.
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Select only records of this feed.
    #[arg(long, value_name = "FEED")]
    pub feed: Option<String>,
    /// Select only records rejected because of this field, such as Encounter.meta.lastUpdated.
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The rejected records that are shown one by one.
#[derive(Debug, Args)]
pub struct RejectsShowArgs {
    /// The selection.
    #[command(flatten)]
    pub which: RejectsWhich,
    /// Show at most N records.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// Show the records as they were received. They identify patients.
    #[arg(long)]
    pub raw: bool,
}

/// The commands about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every option as TOML, with its value and the source of the value.
    Show(ServiceArgs),
}

/// The commands about single events.
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// Void every version of an event that the log holds. The next version that the feed sends counts, whatever its number.
    ///
    /// Use it for a forged version: no version of the feed itself exceeds a forged one with the highest number. Remove the right of the
    /// sender first. The command goes through the running service, or opens the log if no service is running. Over Kafka the service
    /// may run.
    ///
    /// Example: plumbline events retract a81001-emis enc-1 --operator --config plumbline.toml
    Retract(EventsRetractArgs),
}

/// The arguments of `events retract`.
#[derive(Debug, Args)]
pub struct EventsRetractArgs {
    /// The feed of the event.
    #[arg(value_name = "FEED")]
    pub feed: String,
    /// The id of the event, as the feed sent it or as `explain` shows it.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Confirm that the operator decides, and not the feed.
    #[arg(long, required = true)]
    pub operator: bool,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The service.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The commands of erasure.
#[derive(Debug, Subcommand)]
pub enum EraseCommand {
    /// Retract every event of a patient, and say what remains, where and until when.
    ///
    /// Reads the patient's identifiers from standard input, one a line: the NHS number, and names that a feed sends instead of it, such as
    /// `a81001-emis|Patient/17`. Arguments would show them to other users. Stop the source of the events first. The command goes through
    /// the running service, or opens the log if no service is running. Over Kafka the service may run.
    ///
    /// Example: plumbline erase patient --dry-run --config plumbline.toml < identifiers.txt
    Patient(ErasePatientArgs),
}

/// The arguments of `erase patient`.
#[derive(Debug, Args)]
pub struct ErasePatientArgs {
    /// Count only; change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// End the epochs of the patients' keys: the keys file gets a new key in their place, so no old pseudonym can be linked to a patient.
    #[arg(long)]
    pub end_epoch: bool,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The service.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The commands about the registry.
#[derive(Debug, Subcommand)]
pub enum Registry {
    /// Check a registry file, and list every mistake with line and cure. Exits with 78 if there are any.
    Check {
        /// The registry file, NDJSON or TOML.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Add the entries of a registry file that the log lacks, and print each of them. Over Kafka the service may run.
    ///
    /// Example: plumbline registry load registry.toml --config plumbline.toml --dry-run
    Load(RegistryLoadArgs),
    /// Print the entries of the log's registry as NDJSON, in their order. Over Kafka the service may run.
    ///
    /// Example: plumbline registry show 'gmc|7012345' --config plumbline.toml
    Show(RegistryShowArgs),
}

/// The arguments of `registry load`.
#[derive(Debug, Args)]
pub struct RegistryLoadArgs {
    /// The registry file, NDJSON or TOML.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print the entries only; add nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The service.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// The arguments of `registry show`.
#[derive(Debug, Args)]
pub struct RegistryShowArgs {
    /// A person, an alias, or the code of an organisation, in any spelling [default: all].
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The service.
    #[command(flatten)]
    pub service: ServiceArgs,
}
