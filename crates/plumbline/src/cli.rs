//! The command line as a type. What the doc comments say is what `--help` prints.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use scorecard::registry::directory::civil_day;
use scorecard::time::calendar::{Day, Month, Zone};

use crate::measure_files::{BuiltIn, MeasureSelection, MeasuresError, chosen};
use crate::process::clock::Clock;
use crate::process::roles::ProcessRole;

/// Monthly scorecards for clinicians from a replayable log of events.
///
/// Cards and data go to standard output and to files, talk goes to standard error.
#[derive(Debug, Parser)]
#[command(name = "plumbline", version, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Shows the whole pipeline on a simulated network of practices, and one clinician's card.
    ///
    /// Practices, clinicians and patients are made up. Patients' numbers come from the range that is never issued, and
    /// pseudonyms are made with a fixed key that everybody can read: never use `demo` for real data.
    Demo(DemoArgs),
    /// Computes the cards of your own data as if they had been published month by month.
    ///
    /// PATHs are files or folders of FHIR R4 NDJSON (bulk export), FHIR JSON Bundles and native NDJSON events, each also
    /// gzipped, told apart by their content. Everything under one PATH is one feed, so that references across its files
    /// resolve; a native event that names a feed keeps it. What cannot be taken stands in rejects.ndjson with file and line: mend it
    /// there, or what refused it, and replay again.
    ///
    /// Events go in one after the other in virtual time, and cards are published at every publication instant until the last
    /// month with events is final. Everything is read first and kept until its turn: about 180 MB for a million events.
    ///
    /// With --from-kafka the log of a deployment is the source instead: its cuts are computed once more, from the same events in the same
    /// order, so that the cards have to be the same bytes; --compare tells where they are not.
    Replay(ReplayArgs),
    /// Writes simulated events as NDJSON, one a line.
    Simulate(SimulateArgs),
    /// Who is who: persons, roles and organisations.
    #[command(subcommand)]
    Registry(Registry),
    /// What is measured: one reviewed TOML file a measure.
    #[command(subcommand)]
    Measures(Measures),
    /// Serves on this machine: takes events over HTTP into a durable log, and publishes cards by the clock.
    ///
    /// Without any configuration the log and its keys are made in ./plumbline-data, and HTTP is answered on 127.0.0.1:8080:
    /// POST /v1/events takes one native event, an array or NDJSON; GET /v1/scorecards/{clinician}, /v1/scorecards?month= and
    /// /v1/changes?after= show what is published, /v1/scorecards/{clinician}/explain?month=&measure= the events behind a number;
    /// /v1/rejects shows what was refused and waits, POST /v1/rejects/retry puts it in again; /livez, /readyz and /version say how
    /// it is. Ctrl-C or SIGTERM ends it cleanly, a second one at once.
    Run(RunArgs),
    /// Reads the configuration and the files that it names, and says every mistake. Exit code 78 when there are any.
    Check(ServiceArgs),
    /// Asks the running service whether it is ready. Exit code 1 when it is not, or when nobody answers.
    Health(ServiceArgs),
    /// Makes the topics on the brokers, or says what is wrong with those that are there. Exit code 1 when anything is.
    ///
    /// Partitions, cleanup, retention, compaction, time stamps and replicas of each topic under `kafka.prefix` are compared with what
    /// Plumbline relies on. `--apply` makes what is missing and sets what may be set; a number of partitions is never changed, and
    /// while anything is wrong that only somebody who knows the deployment can mend, nothing is. Input topics are their owners'.
    Topics(TopicsArgs),
    /// Shows the records of one of Plumbline's topics, one a line, from the brokers or from the data folder.
    ///
    /// What does not open is shown with the reason. Without --from or -n all records are shown that the log holds at this moment.
    Peek(PeekArgs),
    /// Shows what is published of one clinician, from the running service or from its folder.
    Card(CardArgs),
    /// Shows the events behind one number of a card: what made it, and that they add up to it.
    ///
    /// The log is folded up to the cut that published the revision, so a revision is explained as it was, whatever came since. The
    /// events are listed in order of their day and id, each with what it adds to numerator and denominator. Where they do not add
    /// up to exactly what the card says, it fails and names both sums. It asks the running service, else opens its folder.
    Explain(ExplainArgs),
    /// What was refused and waits for a repair: list it, show it, put it in again.
    ///
    /// `run` keeps the raw records of which something was refused, sealed with a key of its own, in the folder `refused` of its data:
    /// up to the option `refused` and for 30 days. Of `replay` the files themselves are the records: rejects.ndjson names file and
    /// line, and after a repair the replay is run again.
    #[command(subcommand)]
    Rejects(Rejects),
    /// What is configured.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Writes completions for a shell to standard output.
    ///
    /// For bash: plumbline completions bash > ~/.local/share/bash-completion/completions/plumbline
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// Writes the manual pages, one for each command, into a folder that is there.
    ///
    /// For example: plumbline man ~/.local/share/man/man1, and then man plumbline-run.
    Man {
        /// The folder.
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

/// Which configuration. Options win over environment variables (PLUMBLINE_LISTEN), those over the file, that over the defaults.
#[derive(Debug, Args)]
pub struct ServiceArgs {
    /// TOML file; ./plumbline.toml without it, if that is there.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the log, the keys and the lock.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// Address and port of HTTP.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// Runs the service.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What this process is there for; all of it where none is named. Only over Kafka a process may do with less.
    #[arg(value_enum, value_name = "ROLE")]
    pub roles: Vec<ProcessRole>,
    /// The configuration.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Makes or checks the topics on the brokers.
#[derive(Debug, Args)]
pub struct TopicsArgs {
    /// Makes what is missing and sets what may be set.
    #[arg(long)]
    pub apply: bool,
    /// Only says what is wrong; so without --apply, too.
    #[arg(long, conflicts_with = "apply")]
    pub check: bool,
    /// Which deployment.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Shows the records of one of Plumbline's topics.
#[derive(Debug, Args)]
pub struct PeekArgs {
    /// events, clinician-months, registry, scorecards, scorecard-revisions, peer-groups, peer-snapshots, runs or rejects.
    #[arg(value_name = "TOPIC")]
    pub topic: String,
    /// Only records with this key.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Only this partition.
    #[arg(long, value_name = "P")]
    pub partition: Option<u32>,
    /// From this offset of each partition on.
    #[arg(long, value_name = "OFFSET", conflicts_with = "newest")]
    pub from: Option<u64>,
    /// The newest so many.
    #[arg(short = 'n', value_name = "N")]
    pub newest: Option<usize>,
    /// How it is written.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Which log.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Shows what is published of one clinician, from the running service or from its folder.
#[derive(Debug, Args)]
pub struct CardArgs {
    /// Id of the person, or system|value such as gmc|7012345 where no registry names one.
    #[arg(value_name = "CLINICIAN")]
    pub clinician: String,
    /// Only this month; all without it.
    #[arg(long, value_name = "YYYY-MM")]
    pub month: Option<Month>,
    /// This revision instead of the newest.
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// How it is written.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Which service.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Shows the events behind one number of a card: what made it, and that they add up to it.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Id of the person, or system|value such as gmc|7012345 where no registry names one.
    #[arg(value_name = "CLINICIAN")]
    pub clinician: String,
    /// The card's month.
    #[arg(value_name = "YYYY-MM")]
    pub month: Month,
    /// Id of the measure, or id@version; see `plumbline measures list`.
    #[arg(value_name = "MEASURE")]
    pub measure: String,
    /// Only events that add to this side.
    #[arg(long, value_enum)]
    pub side: Option<SideChoice>,
    /// Which window of the measure; its headline window without it.
    #[arg(long, value_enum)]
    pub window: Option<WindowChoice>,
    /// This revision instead of the newest.
    #[arg(long, value_name = "N")]
    pub revision: Option<u32>,
    /// The card of this practice, `all` for the one over all practices; needed only where there are several.
    #[arg(long, value_name = "PRACTICE")]
    pub practice: Option<String>,
    /// How it is written.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Which service.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// What was refused and waits for a repair.
#[derive(Debug, Subcommand)]
pub enum Rejects {
    /// In groups of one reason, feed and field: how many, from when to when, and the cure.
    List(RejectsWhich),
    /// Each of them, oldest first: when it came in, why it was refused, its shape.
    Show(RejectsShowArgs),
    /// Puts them in again, through the running service or into its folder.
    ///
    /// Repair first what refused them: the configuration (start the service anew, for it reads that at its start), the registry, a
    /// feed. What is accepted leaves the store; what is refused again stays with its new reason. A retry that was killed half-way
    /// may be run again: an event counts once.
    Retry(RejectsWhich),
}

/// Which of the refused, and how they are written.
#[derive(Debug, Args)]
pub struct RejectsWhich {
    /// Only those refused for this reason.
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Only those of this feed.
    #[arg(long, value_name = "FEED")]
    pub feed: Option<String>,
    /// Only those refused because of this field.
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// How it is written.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Which service.
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// Which of the refused are shown one by one.
#[derive(Debug, Args)]
pub struct RejectsShowArgs {
    /// Which.
    #[command(flatten)]
    pub which: RejectsWhich,
    /// At most so many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
    /// Their bytes as they came instead of their shapes. They name patients.
    #[arg(long)]
    pub raw: bool,
}

/// One side of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SideChoice {
    /// What is counted.
    Numerator,
    /// Over what.
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

/// The windows of every measure; all end with the card's month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WindowChoice {
    /// The month alone.
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
    /// How many months it has.
    #[must_use]
    pub fn months(self) -> u8 {
        match self {
            WindowChoice::Month => 1,
            WindowChoice::Three => 3,
            WindowChoice::Twelve => 12,
        }
    }
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// What is configured.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Every option with its value and where that comes from, as TOML.
    Show(ServiceArgs),
}

/// Shows the whole pipeline on a simulated network of practices, and one clinician's card.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The same seed gives the same network, events and cards.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many clinicians the network has.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(8..=2_000))]
    pub clinicians: u32,
    /// How many months of events.
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub months: u32,
    /// The last month of events is the last complete one before this day or month; without it before today.
    #[arg(long, value_name = "YYYY-MM[-DD]", default_value_t = today(), value_parser = last_complete_before, hide_default_value = true)]
    pub until: Month,
    /// Folder for what is published; made anew at each run.
    #[arg(long, value_name = "DIR", default_value = "./plumbline-demo")]
    pub out: PathBuf,
}

/// Computes the cards of your own data as if they had been published month by month.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Files or folders with events.
    #[arg(required_unless_present = "from_kafka", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Recomputes what a deployment over Kafka has published, from the events and the registry of its log. Nothing is written there.
    #[arg(long, conflicts_with_all = ["paths", "registry", "feed", "arrival", "partitions", "batch", "zone"])]
    pub from_kafka: bool,
    /// Says what would change of the published cards of open months: with other --measures the preview of a change of definitions.
    #[arg(long, requires = "from_kafka")]
    pub compare: bool,
    /// The deployment's configuration; ./plumbline.toml without it, if that is there.
    #[arg(long, value_name = "FILE", requires = "from_kafka")]
    pub config: Option<PathBuf>,
    /// Folder for what is published: scorecards, clinician-months, peer-groups, rejects and runs as NDJSON, summary.json.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Persons, roles and organisations, NDJSON or TOML; see `plumbline registry check`.
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// The feed of everything that names none, instead of the folder's name.
    #[arg(long, value_name = "NAME")]
    pub feed: Option<String>,
    /// When an event reaches the log in virtual time. Without it native events go in when they were recorded, FHIR
    /// resources when they occurred.
    #[arg(long, value_enum)]
    pub arrival: Option<Arrival>,
    /// Partitions of the log. Changes no card.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    pub partitions: u32,
    /// Events of one feed that are packed into one record of the log. Changes no card.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
    /// What is counted.
    #[command(flatten)]
    pub measures: OwnMeasures,
    /// The time zone whose calendar months are counted.
    #[arg(long, value_name = "ZONE", default_value = "Europe/London", value_parser = Zone::named)]
    pub zone: Zone,
}

/// The month that holds today in London.
fn today() -> Month {
    Zone::london().day_of(Clock::System.now()).month()
}

/// The last month that is over before a day (`2026-10-15`) or before a month (`2026-10`).
fn last_complete_before(text: &str) -> Result<Month, String> {
    let month = match text.len() {
        10 => civil_day(text).map(Day::month).ok_or_else(|| format!("{text:?} is not a day; write it as 2026-10-15"))?,
        _ => text.parse().map_err(|error: scorecard::time::calendar::NotAMonth| error.to_string())?,
    };
    let within = Month(1990 * 12)..Month(2100 * 12);
    if within.contains(&month) { Ok(month.plus(-1)) } else { Err(format!("{month} is not between {} and 2099-12", within.start)) }
}

/// When an event reaches the log in virtual time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Arrival {
    /// When the source system wrote it, else when it occurred.
    Recorded,
    /// When it occurred: as if every system had been perfectly up to date.
    Occurred,
}

/// Writes simulated events as NDJSON, one a line.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// File to write, `-` for standard output.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// How many events.
    #[arg(long, value_name = "N")]
    pub events: u64,
    /// The same seed gives the same events.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Measure files of one's own beside those that are built in.
#[derive(Debug, Args)]
pub struct OwnMeasures {
    /// Measure files of your own, one TOML file a measure. A file of the same id replaces the built-in one, others are added.
    #[arg(long, value_name = "DIR")]
    pub measures: Option<PathBuf>,
    /// Whether the built-in measures of other ids count beside your own.
    #[arg(long = "built-in-measures", value_enum, default_value = "keep")]
    pub built_in: BuiltIn,
}

impl OwnMeasures {
    /// The measures that are counted.
    ///
    /// # Errors
    /// [`MeasuresError`] names every file that cannot be taken.
    pub fn chosen(&self) -> Result<MeasureSelection, MeasuresError> {
        chosen(self.measures.as_deref(), self.built_in)
    }
}

/// What is measured: one reviewed TOML file a measure.
#[derive(Debug, Subcommand)]
pub enum Measures {
    /// One line a measure: id and version, kind, domain, good direction, points, question.
    List {
        /// Of which set.
        #[command(flatten)]
        measures: OwnMeasures,
    },
    /// Everything that one measure's file says.
    Show {
        /// Its id.
        id: String,
        /// Of which set.
        #[command(flatten)]
        measures: OwnMeasures,
    },
    /// Reads a folder of measure files and names every mistake with its line and cure. Exit code 78 when there are any.
    Check {
        /// Folder of measure files.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// Whether the built-in ones of other ids count beside them.
        #[arg(long = "built-in-measures", value_enum, default_value = "keep")]
        built_in: BuiltIn,
    },
    /// Runs the example events inside the measure files against what they say they add.
    Test {
        /// Of which set.
        #[command(flatten)]
        measures: OwnMeasures,
    },
}

/// Who is who: persons, roles and organisations.
#[derive(Debug, Subcommand)]
pub enum Registry {
    /// Reads a registry file and names every mistake with its line and cure. Exit code 78 when there are any.
    Check {
        /// NDJSON or TOML.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
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
