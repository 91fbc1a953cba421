//! The configuration of a service: what an operator must decide, each with a default that works, and where each value came from.
//! [`crate::config::config_file`] reads it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use scorecard::event::Versioning;
use scorecard::record::item::{DrugSource, Feed};
use scorecard::time::calendar::Zone;
use scorecard::time::schedule::Grid;

use crate::config::authorizer::Authorizer;
use crate::kafka::settings::KafkaSettings;
use crate::measure_files::BuiltIn;

/// Where a value came from; the later variant wins over the earlier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueOrigin {
    /// Nobody said anything.
    Default,
    /// A line of the configuration file.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// An option of the command line.
    Flag(&'static str),
}

impl fmt::Display for ValueOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueOrigin::Default => f.write_str("default"),
            ValueOrigin::File { path, line } => write!(f, "{}:{line}", path.display()),
            ValueOrigin::Environment(variable) => f.write_str(variable),
            ValueOrigin::Flag(flag) => f.write_str(flag),
        }
    }
}

/// How state changes are written to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// A configuration in which every value is sound.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the log, the keys and the lock.
    pub data: PathBuf,
    /// Where HTTP is answered.
    pub listen: SocketAddr,
    /// The zone whose calendar months are counted. Fixed for a log.
    pub zone: Zone,
    /// Partitions of `events`, 1 to 1,024. Fixed for a log.
    pub partitions: u32,
    /// Folder of measure files of one's own; without it those that are built in.
    pub measures: Option<PathBuf>,
    /// Whether the built-in ones of other ids count beside them.
    pub built_in_measures: BuiltIn,
    /// Registry file; without it every clinician is their own person.
    pub registry: Option<PathBuf>,
    /// File of the keys; made at the first start if it is not there.
    pub keys: PathBuf,
    /// The instants at which it publishes. Fixed for a log.
    pub grid: Grid,
    /// Bytes of raw records that may wait for a repair after they were refused; 0 keeps none.
    pub refused: usize,
    /// The largest body of a request, bytes.
    pub max_body: usize,
    /// Bytes of bodies that may wait for the log at once; beyond it requests are answered 429.
    pub max_waiting: usize,
    /// So long requests under way may take to end once the service was asked to stop, seconds.
    pub drain_seconds: u32,
    /// Which state changes are told, as `tracing` filters them.
    pub log_level: String,
    /// How they are written.
    pub log_format: LogFormat,
    /// Declared feeds by name.
    pub feeds: BTreeMap<String, Arc<Feed>>,
    /// Who may write and read over HTTP.
    pub gate: Authorizer,
    /// The brokers that keep the log; without them it is embedded, in `data`.
    pub kafka: Option<KafkaSettings>,
    /// Topics that practice systems write, by name.
    pub inputs: BTreeMap<String, Input>,
    /// Every value as text, in order of the options' names, feeds last.
    pub shown: Vec<OptionView>,
}

/// A value as `config show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionView {
    /// Name of the option as a key of TOML, `publish.every`.
    pub key: String,
    /// Its value as it may be written.
    pub value: String,
    /// Where it came from.
    pub origin: ValueOrigin,
}

/// One option: its name, its default and what it decides.
#[derive(Clone, Copy, Debug)]
pub struct OptionOf {
    /// Its name, dotted where it stands in a table.
    pub key: &'static str,
    /// The value when nobody says anything; empty for none.
    pub default: &'static str,
    /// What it decides, with its unit.
    pub help: &'static str,
}

const fn option(key: &'static str, default: &'static str, help: &'static str) -> OptionOf {
    OptionOf { key, default, help }
}

/// Every option but the feeds.
pub const OPTIONS: [OptionOf; 22] = [
    option(
        "built-in-measures",
        "keep",
        "keep or drop: whether built-in measures count as well as those in the folder `measures`",
    ),
    option("data", "./plumbline-data", "folder of the log, the keys and the lock file"),
    option("http.drain", "10s", "time that running requests have to finish after SIGTERM"),
    option("http.max-body", "8MiB", "largest request body, 1KiB to 4GiB; a larger one gets 413"),
    option("http.max-waiting", "64MiB", "total size of bodies that wait for the log; above it requests get 429"),
    option("http.read-token-sha256", "", "SHA-256 of the reader token, 64 hexadecimal digits"),
    option(
        "kafka.brokers",
        "",
        "addresses of brokers, host:port separated by commas; without brokers the log is in the folder `data`",
    ),
    option(
        "kafka.instance",
        "",
        "static membership: name of this process that stays the same after a restart, so that it keeps its partitions",
    ),
    option("kafka.prefix", "plumbline.", "prefix of the names of all topics and groups; one per deployment"),
    option(
        "kafka.replication",
        "",
        "replicas of topics that `topics --apply` creates, 1 to 100; the brokers' default without it",
    ),
    option(
        "kafka.schema-registry",
        "",
        "Confluent-compatible schema registry, http[s]://[USER:PASSWORD@]HOST[:PORT]; without one records carry Plumbline's own schema ids",
    ),
    option("keys", "", "key file, created at the first start; keys.toml in the data folder without it"),
    option("listen", "127.0.0.1:8080", "address and port of HTTP"),
    option("log.format", "auto", "auto, human or json; auto is human on a terminal"),
    option("log.level", "info", "error, warn, info or debug"),
    option("measures", "", "folder of measure files; a file with the id of a built-in measure replaces it, others are added"),
    option("partitions", "4", "partitions of the topic events, 1 to 1024; fixed for a log"),
    option("publish.at", "3h", "offset of the publication instants after midnight UTC; fixed for a log"),
    option("publish.every", "1d", "time from one publication instant to the next; fixed for a log"),
    option(
        "refused",
        "64MiB",
        "total size of rejected raw records that wait for a retry, encrypted, for at most 30 days; 0B keeps none",
    ),
    option("registry", "", "registry file, read at each start; see `plumbline registry check`"),
    option("zone", "Europe/London", "time zone in which months begin and end; fixed for a log"),
];

/// A topic that practice systems write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// The feed of everything in it; without one each record names its own.
    pub feed: Option<String>,
    /// What its records are; without one it is told from their content.
    pub format: Option<InputFormat>,
}

/// What the records of an input topic are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFormat {
    /// Native JSON.
    Json,
    /// The input contract's Avro.
    Avro,
    /// FHIR R4, JSON.
    Fhir,
}

impl InputFormat {
    /// All of them.
    pub const ALL: [InputFormat; 3] = [InputFormat::Json, InputFormat::Avro, InputFormat::Fhir];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            InputFormat::Json => "json",
            InputFormat::Avro => "avro",
            InputFormat::Fhir => "fhir",
        }
    }
}

/// The options in the table of an input topic.
pub const INPUT_OPTIONS: [OptionOf; 2] = [
    option("feed", "", "feed of every record of the topic; without one each record names its own"),
    option("format", "", "json, avro or fhir; without it recognised by the content of each record"),
];
/// Their keys.
pub const INPUT_KEYS: [&str; 2] = [INPUT_OPTIONS[0].key, INPUT_OPTIONS[1].key];

/// The feed of this name: as it is declared, else with the defaults and this zone.
#[must_use]
pub fn feed_named(declared: &BTreeMap<String, Arc<Feed>>, zone: &Zone, name: &str) -> Arc<Feed> {
    let undeclared = || Arc::new(Feed { zone: zone.clone(), ..Feed::undeclared(name) });
    declared.get(name).cloned().unwrap_or_else(undeclared)
}

/// The options in the table of a feed.
pub const FEED_OPTIONS: [OptionOf; 5] = [
    option("drugs", "requests", "requests or dispenses: the FHIR resource that counts as a prescription"),
    option("practice", "", "practice of events that name none"),
    option("token-sha256", "", "SHA-256 of the token for events of this feed over HTTP, 64 hexadecimal digits"),
    option("versioning", "id", "id, updated or arrival: the order of the versions of an event; never change it"),
    option("zone", "", "time zone of the civil days of events; that of the deployment without it"),
];
/// Their keys.
pub const FEED_KEYS: [&str; 5] =
    [FEED_OPTIONS[0].key, FEED_OPTIONS[1].key, FEED_OPTIONS[2].key, FEED_OPTIONS[3].key, FEED_OPTIONS[4].key];

/// The word of a versioning.
#[must_use]
pub fn versioning_word(versioning: Versioning) -> &'static str {
    match versioning {
        Versioning::Id => "id",
        Versioning::Updated => "updated",
        Versioning::Arrival => "arrival",
    }
}

/// The word of a source of drugs.
#[must_use]
pub fn drugs_word(drugs: DrugSource) -> &'static str {
    match drugs {
        DrugSource::Requests => "requests",
        DrugSource::Dispenses => "dispenses",
    }
}
