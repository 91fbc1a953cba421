//! The commands that compute cards from files, from simulated events or from another log.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use scorecard::registry::directory::civil_day;
use scorecard::time::calendar::{Day, Month, Zone};

use crate::cli::measure_args::OwnMeasures;
use crate::process::clock::Clock;

/// The end of `plumbline replay --help`.
pub(crate) const REPLAY_EXIT_CODES: &str = "\
Exit codes: 0 success, 1 failure, 2 wrong command line, 65 every event was rejected, 78 mistakes in the registry or measure files, \
130 interrupted.

Code 65 is EX_DATAERR of sysexits.h: the command worked, and its input is at fault. A script can tell it from a failure.";

/// Runs the pipeline on a simulated network of practices.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Seed of the simulation. The same seed gives the same network, events and cards.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Number of clinicians, 8 to 2000.
    #[arg(long, default_value_t = 44, value_parser = clap::value_parser!(u32).range(8..=2_000))]
    pub clinicians: u32,
    /// Number of months with events, 1 to 60. The last 14 are published day by day. Earlier months are loaded as history.
    #[arg(long, default_value_t = 26, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub months: u32,
    /// End with the last complete month before this day or month [default: today].
    #[arg(long, value_name = "YYYY-MM[-DD]", default_value_t = today(), value_parser = last_complete_before, hide_default_value = true)]
    pub until: Month,
    /// Write the files into this folder. A run replaces the files of the run before.
    #[arg(long, value_name = "DIR", default_value = "./plumbline-demo")]
    pub out: PathBuf,
    /// Serve the pages of the folder afterwards, as `plumbline view` does.
    #[arg(long)]
    pub serve: bool,
}

/// Folds an older log into a new folder.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The folder with the older log.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The new folder. It must be empty or absent.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Read measures and keys of the old service from this configuration [default: ./plumbline.toml if it exists].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Computes the cards of files, or of a deployment's log.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files or folders with events.
    #[arg(required_unless_present = "from_kafka", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Recompute the cards of a deployment from the events and the registry of its log on Kafka. Nothing is written to Kafka.
    #[arg(long, conflicts_with_all = ["paths", "map", "registry", "feed", "own_feed_only", "arrival", "partitions", "batch", "zone", "first_day"])]
    pub from_kafka: bool,
    /// List the differences from the published cards of unsealed months. With other --measures this previews a change of
    /// definitions.
    #[arg(long, requires = "from_kafka")]
    pub compare: bool,
    /// Read the deployment's configuration from this file [default: none; ./plumbline.toml if it exists with --from-kafka].
    ///
    /// Feeds, codes, identifier systems, measures, registry, zone and first day are those of `run`. Options of the command line win.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Write into this folder: the log, its keys, and scorecards, clinician-months, peer-groups, rejects and runs as NDJSON. A run
    /// replaces the files of the run before.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Read persons, roles and organisations from this NDJSON or TOML file; `plumbline registry check` checks it.
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Read the PATH as a folder of tables, and replay the events and registry entries that this map makes of them.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Use this feed for events that name none [default: the folder's name].
    #[arg(long, value_name = "NAME")]
    pub feed: Option<String>,
    /// Reject events of another feed than the folder's name or --feed, and registry entries beyond the rights of that feed.
    #[arg(long)]
    pub own_feed_only: bool,
    /// Choose when an event enters the log in virtual time [default: recorded for native events, occurred for FHIR].
    #[arg(long, value_enum)]
    pub arrival: Option<Arrival>,
    /// Exclude FHIR encounters with this code of class, type or service, such as 185389009 or http://snomed.info/sct|185389009; repeat
    /// the option for more codes.
    #[arg(long, value_name = "[SYSTEM|]CODE")]
    pub no_contact: Vec<String>,
    /// Number of partitions of the log. Changes no card.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub partitions: u32,
    /// Number of events of one feed in one record of the log. Changes no card.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
    /// The measures.
    #[command(flatten)]
    pub measures: OwnMeasures,
    /// Use the calendar months of this time zone [default: that of --config, else Europe/London].
    #[arg(long, value_name = "ZONE", value_parser = Zone::named)]
    pub zone: Option<Zone>,
    /// Reject events before this day as `too_old` [default: that of --config, else none].
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub first_day: Option<Day>,
}

fn day(text: &str) -> Result<Day, String> {
    civil_day(text).ok_or_else(|| format!("{text:?} is not a day; write it as 2021-10-05"))
}

/// The current month in London.
fn today() -> Month {
    Zone::london().day_of(Clock::System.now()).month()
}

/// The last month that ends before a day (`2026-10-15`) or before a month (`2026-10`).
fn last_complete_before(text: &str) -> Result<Month, String> {
    let month = match text.len() {
        10 => civil_day(text).map(Day::month).ok_or_else(|| format!("{text:?} is not a day; write it as 2026-10-15"))?,
        _ => text.parse().map_err(|error: scorecard::time::calendar::NotAMonth| error.to_string())?,
    };
    let within = Month(1990 * 12)..Month(2100 * 12);
    if within.contains(&month) { Ok(month.plus(-1)) } else { Err(format!("{month} is not between {} and 2099-12", within.start)) }
}

/// The time at which an event enters the log in virtual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arrival {
    /// The time at which the source system wrote it, else the time at which it occurred.
    Recorded,
    /// The time at which it occurred, as if no system were ever late.
    Occurred,
}

/// Writes simulated events.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Write to this file, or to standard output for `-`.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Number of events.
    #[arg(long, value_name = "N")]
    pub events: u64,
    /// Seed of the simulation. The same seed gives the same events.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}
