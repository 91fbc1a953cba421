//! The command line as a type. Its doc comments are the text of `--help`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use scorecard::registry::directory::civil_day;
use scorecard::time::calendar::{Day, Month, Zone};

use crate::code_files::CodeFile;
use crate::config::options::Config;
use crate::measure_files::{BuiltIn, MeasureSelection, MeasuresError, chosen};
use crate::process::clock::Clock;
use crate::process::roles::ProcessRole;

/// The end of `plumbline --help`.
const EXIT_CODES: &str = "\
Exit codes:
  0    success
  1    failure; standard error says why
  2    the command line is wrong
  65   `replay` rejected every event (EX_DATAERR of sysexits.h)
  78   a configuration, measure or registry file has mistakes, or the log has another format (EX_CONFIG of sysexits.h)
  130  interrupted by Ctrl-C or SIGTERM";

/// The end of `plumbline replay --help`.
const REPLAY_EXIT_CODES: &str = "\
Exit codes: 0 success, 1 failure, 2 wrong command line, 65 every event was rejected, 78 mistakes in the registry or measure files, \
130 interrupted.

Code 65 is EX_DATAERR of sysexits.h: the command worked, and its input is at fault. A script can tell it from a failure.";

/// Monthly scorecards for clinicians from a replayable log of events.
///
/// Cards and data go to standard output and to files. Messages go to standard error.
#[derive(Debug, Parser)]
#[command(name = "plumbline", version, max_term_width = 100, propagate_version = true, after_help = EXIT_CODES)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the whole pipeline on a simulated network of practices, and show one clinician's card.
    ///
    /// Practices, clinicians and patients are invented. Patient numbers come from a range that the NHS never issues. Pseudonyms are
    /// made with a fixed, public key: never use `demo` for real data.
    ///
    /// The folder keeps the log. `plumbline card CLINICIAN --data DIR` shows other cards, and `plumbline explain` the events behind
    /// each number.
    Demo(DemoArgs),
    /// Compute the cards of your own data, month by month, as the service would have published them.
    ///
    /// A PATH is a file or folder of FHIR R4 NDJSON (bulk export), FHIR JSON Bundles or native NDJSON events. Each file may be
    /// gzipped. The format is detected from the content.
    ///
    /// All files under one PATH are one feed, so references between them resolve. A native event that names a feed keeps it.
    ///
    /// Rejected records are listed in rejects.ndjson with file, line and reason. Correct the file or the configuration, and run the
    /// replay again.
    ///
    /// Events enter the log in virtual time. Cards are published at every publication time until the last month with events is
    /// final. All events are read into memory first: about 180 MB for a million events.
    ///
    /// The folder keeps the log and its keys. `plumbline card CLINICIAN --data DIR` shows other cards, and `plumbline explain` the
    /// events behind each number.
    ///
    /// --from-kafka reads the log of a deployment instead of files. It recomputes every cut from the same events in the same order,
    /// so the cards must be identical to the byte. --compare lists the differences.
    ///
    /// Example: plumbline replay export/ --out cards --registry registry.toml
    #[command(after_help = REPLAY_EXIT_CODES)]
    Replay(ReplayArgs),
    /// Fold the log of an older version into a new folder, and compute its rows and cards again.
    ///
    /// OLD is the data folder of a stopped service, or the folder of `demo` or `replay`. The command reads its events and its registry
    /// and never changes it. A log on Kafka cannot be migrated.
    ///
    /// NEW gets the same events with the same append times, zone, publication times, partitions and keys. Every cut of the past is
    /// computed again with the measures of this version and of the configuration.
    ///
    /// Example: plumbline migrate ./plumbline-data ./plumbline-data-2
    Migrate(MigrateArgs),
    /// Write simulated events as NDJSON, one event a line.
    ///
    /// Example: plumbline simulate --out - --events 3
    Simulate(SimulateArgs),
    /// Check, load or show the registry: persons, their roles and organisations.
    #[command(subcommand)]
    Registry(Registry),
    /// List, show, check and test the measures. Each measure is one TOML file.
    #[command(subcommand)]
    Measures(Measures),
    /// Run the service: accept events over HTTP or Kafka, and publish cards on a schedule.
    ///
    /// Without a configuration the log and its keys are created in ./plumbline-data, and HTTP listens on 127.0.0.1:8080:
    ///
    /// POST /v1/events accepts one native event, a JSON array or NDJSON.
    ///
    /// GET /v1/scorecards/{clinician}, /v1/scorecards?month= and /v1/changes?after= return published cards.
    ///
    /// GET /v1/scorecards/{clinician}/explain?month=&measure= returns the events behind a number.
    ///
    /// GET /v1/rejects lists rejected records, POST /v1/rejects/retry decodes them again.
    ///
    /// GET /livez, /readyz and /version report the state of the service.
    ///
    /// Ctrl-C or SIGTERM stops it cleanly. A second signal stops it at once.
    ///
    /// Example: plumbline run --config plumbline.toml
    Run(RunArgs),
    /// Check the configuration and the files that it names, and list every mistake. Exits with 78 if there are any.
    Check(ServiceArgs),
    /// Ask the running service whether it is ready. Exits with 1 if it is not ready or does not answer.
    Health(ServiceArgs),
    /// Check the Kafka topics of a deployment, or create them with --apply. Exits with 1 if a topic is wrong.
    ///
    /// The command compares partitions, cleanup, retention, compaction, timestamps and replicas of each topic under `kafka.prefix`
    /// with the values that Plumbline needs.
    ///
    /// --apply creates missing topics and corrects their settings. It never changes a number of partitions. If a topic has a fault
    /// that --apply cannot correct, it changes nothing. Input topics belong to the systems that write them: it never changes those.
    Topics(TopicsArgs),
    /// Show the records of one topic, one record a line, from the brokers or from the data folder.
    ///
    /// A record that cannot be decoded is shown with the reason. Without --from or -n every record in the log is shown. On a
    /// terminal long rows are cut; `-o ndjson` shows whole records.
    ///
    /// Example: plumbline peek scorecards -n 5
    Peek(PeekArgs),
    /// Show the published cards of one clinician.
    ///
    /// The cards come from the running service, or from its data folder if no service is running. --data may also name a folder that
    /// `demo`, `replay` or `migrate` wrote.
    ///
    /// CLINICIAN may be an alias: the registry leads from `gmp|G7012345`, or from a number alone, to the person. Aliases come from
    /// the registry file of the configuration and, if no service has it open, from the log.
    ///
    /// Example: plumbline card 'gmc|7012345' --month 2026-10 --data ./plumbline-demo
    Card(CardArgs),
    /// List the events behind one number of a card, and check that they add up to it.
    ///
    /// The log is folded up to the cut that published the revision. Later events do not change the explanation.
    ///
    /// Events are sorted by day and id. Each is listed with the amounts that it adds to numerator and denominator. If the sums differ
    /// from the card, the command fails and reports both. It asks the running service, or reads its data folder. --data may also name a
    /// folder that `demo`, `replay` or `migrate` wrote.
    ///
    /// CLINICIAN may be an alias, as for `plumbline card`.
    ///
    /// Example: plumbline explain 'gmc|7012345' 2026-10 dna_rate
    Explain(ExplainArgs),
    /// List and show rejected records, and decode them again after a repair.
    ///
    /// `run` keeps rejected records encrypted in the folder `refused` of its data, for at most 30 days. The option `refused` limits
    /// their total size [default: 64MiB].
    ///
    /// `replay` keeps no records: rejects.ndjson names file and line. Correct the file and run the replay again.
    #[command(subcommand)]
    Rejects(Rejects),
    /// Show what the codes of events mean.
    #[command(subcommand)]
    Codes(CodesCommand),
    /// Check the records of an embedded log, or keep those that are whole.
    ///
    /// The service must be stopped.
    #[command(subcommand)]
    Log(LogCommand),
    /// Show the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Write shell completions to standard output.
    ///
    /// Example for bash: plumbline completions bash > ~/.local/share/bash-completion/completions/plumbline
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write the manual pages, one for each command, into an existing folder.
    ///
    /// Example: plumbline man ~/.local/share/man/man1 && man plumbline-run
    Man {
        /// The existing folder.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

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

/// Runs the service.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Run only these roles [default: all roles]. A choice of roles needs Kafka.
    #[arg(value_enum, value_name = "ROLE")]
    pub roles: Vec<ProcessRole>,
    /// Start although the clock is so far ahead of the log that several months become final or sealed at once.
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
    /// The topic: events, clinician-months, registry, scorecards, scorecard-revisions, peer-groups, peer-snapshots, runs or rejects.
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

/// Shows the published cards of one clinician.
#[derive(Debug, Args)]
pub struct CardArgs {
    /// The person's id in the registry, one of their aliases, or system|value such as 'gmc|7012345'.
    #[arg(value_name = "CLINICIAN")]
    pub clinician: String,
    /// Show only this month [default: all months].
    #[arg(long, value_name = "YYYY-MM")]
    pub month: Option<Month>,
    /// Show this revision of each card [default: the newest].
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Lists the events behind one number of a card.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The person's id in the registry, one of their aliases, or system|value such as 'gmc|7012345'.
    #[arg(value_name = "CLINICIAN")]
    pub clinician: String,
    /// The card's month.
    #[arg(value_name = "YYYY-MM")]
    pub month: Month,
    /// The measure's id, or id@version; `plumbline measures list` shows them.
    #[arg(value_name = "MEASURE")]
    pub measure: String,
    /// List only events that add to this side [default: both sides].
    #[arg(long, value_enum)]
    pub side: Option<SideChoice>,
    /// Explain this window of months [default: the measure's headline window].
    #[arg(long, value_enum)]
    pub window: Option<WindowChoice>,
    /// Explain this revision of the card [default: the newest].
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// Choose the card of this practice, or `all` for the card over all practices. Needed if the month has several cards.
    #[arg(long, value_name = "PRACTICE")]
    pub practice: Option<String>,
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

/// One side of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SideChoice {
    /// Events in the numerator.
    Numerator,
    /// Events in the denominator.
    Denominator,
}

impl From<SideChoice> for scorecard::fold::explanation::MeasureSide {
    fn from(side: SideChoice) -> scorecard::fold::explanation::MeasureSide {
        match side {
            SideChoice::Numerator => scorecard::fold::explanation::MeasureSide::Numerator,
            SideChoice::Denominator => scorecard::fold::explanation::MeasureSide::Denominator,
        }
    }
}

/// The windows of every measure. All end with the card's month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WindowChoice {
    /// The month.
    #[value(alias = "1")]
    Month,
    /// The month and the two before it.
    #[value(name = "3")]
    Three,
    /// The month and the eleven before it.
    #[value(name = "12")]
    Twelve,
}

impl WindowChoice {
    /// Number of months in the window.
    #[must_use]
    pub fn months(self) -> u8 {
        match self {
            WindowChoice::Month => 1,
            WindowChoice::Three => 3,
            WindowChoice::Twelve => 12,
        }
    }
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

/// The commands about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every option as TOML, with its value and the source of the value.
    Show(ServiceArgs),
}

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
    #[arg(long, conflicts_with_all = ["paths", "registry", "feed", "own_feed_only", "arrival", "partitions", "batch", "zone", "first_day"])]
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

/// The choice of measures: the built-in ones and a folder of measure files.
#[derive(Debug, Args)]
pub struct OwnMeasures {
    /// Read your own measures from this folder, one TOML file each. A file with the id of a built-in measure replaces it.
    #[arg(long, value_name = "DIR")]
    pub measures: Option<PathBuf>,
    /// Keep or drop the built-in measures that --measures does not replace.
    #[arg(long = "built-in-measures", value_enum, default_value = "keep")]
    pub built_in: BuiltIn,
    /// Read the meaning of codes from this CSV file; repeat the option for more files. TABLE is drugs, orders, questions or answers,
    /// such as drugs=dmd.csv.gz.
    #[arg(long, value_name = "TABLE=FILE")]
    pub codes: Vec<CodeFile>,
}

impl OwnMeasures {
    /// The selected measures, with the selected code files.
    ///
    /// # Errors
    /// [`MeasuresError`] names every invalid file.
    pub fn chosen(&self) -> Result<MeasureSelection, MeasuresError> {
        chosen(self.measures.as_deref(), self.built_in, &self.codes)
    }

    /// Whether the command line selects nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.measures.is_none() && self.built_in == BuiltIn::Keep && self.codes.is_empty()
    }

    /// The same selection with other code files.
    #[must_use]
    pub fn with_codes(&self, codes: Vec<CodeFile>) -> OwnMeasures {
        OwnMeasures { measures: self.measures.clone(), built_in: self.built_in, codes }
    }

    /// The selected measures, else those of the configuration, with the code files of both.
    ///
    /// # Errors
    /// [`MeasuresError`] names every invalid file.
    pub fn chosen_over(&self, config: &Config) -> Result<MeasureSelection, MeasuresError> {
        let is_own = self.measures.is_some() || self.built_in != BuiltIn::Keep;
        let (folder, built_in) =
            if is_own { (&self.measures, self.built_in) } else { (&config.measures, config.built_in_measures) };
        let codes: Vec<CodeFile> = config.codes.iter().chain(&self.codes).cloned().collect();
        chosen(folder.as_deref(), built_in, &codes)
    }
}

/// The commands about measures.
#[derive(Debug, Subcommand)]
pub enum Measures {
    /// List the measures: id and version, kind, domain, good direction, points, question.
    List {
        /// The measures.
        #[command(flatten)]
        measures: OwnMeasures,
    },
    /// Show the definition of one measure.
    Show {
        /// The measure's id, such as dna_rate.
        id: String,
        /// The measures.
        #[command(flatten)]
        measures: OwnMeasures,
    },
    /// Check a folder of measure files, and list every mistake with line and cure. Exits with 78 if there are any.
    Check {
        /// The folder of measure files.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Keep or drop the built-in measures that the folder does not replace.
        #[arg(long = "built-in-measures", value_enum, default_value = "keep")]
        built_in: BuiltIn,
    },
    /// Run the example events in the measure files, and compare the result with their expected amounts.
    Test {
        /// The measures.
        #[command(flatten)]
        measures: OwnMeasures,
    },
}

/// The commands about codes.
#[derive(Debug, Subcommand)]
pub enum CodesCommand {
    /// List the commonest codes of prescriptions that no table maps, each with its number of items.
    ///
    /// A PATH is a file or folder, as for `replay`. --log reads the log of the data folder or of Kafka instead; a service over the
    /// embedded log must be stopped first. The newest version of each event counts.
    ///
    /// A code is `system|code` as events hold it. Map it in a file of `codes.drugs`, or to `none` if it is no drug.
    ///
    /// Example: plumbline codes coverage export/ --codes drugs=dmd.csv.gz
    Coverage(CodesCoverageArgs),
}

/// The events whose codes are looked up, and the tables.
#[derive(Debug, Args)]
pub struct CodesCoverageArgs {
    /// Files or folders with events.
    #[arg(required_unless_present = "log", conflicts_with = "log", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Read the log of the data folder or of Kafka.
    #[arg(long)]
    pub log: bool,
    /// List at most N codes.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Write in this form.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// The measures, which name the drug classification, and the tables.
    #[command(flatten)]
    pub measures: OwnMeasures,
    /// The configuration.
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_zone_is_refused_with_an_example() {
        let refused = Cli::try_parse_from(["plumbline", "replay", "x", "--out", "y", "--zone", "Europe/Londres"]).unwrap_err();
        assert!(refused.to_string().contains("Europe/London"), "{refused}");
    }
}
