//! The configuration of a service: its options, their defaults, and the source of each value.
//! [`crate::config::config_file`] reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use scorecard::data_kind::DataKind;
use scorecard::record::item::{DrugSource, Feed};
use scorecard::time::calendar::{Day, Zone};
use scorecard::time::schedule::Grid;

use crate::config::authorizer::Authorizer;
use crate::config::page_settings::PageSettings;
use crate::config::source_rights::SourceRights;
use crate::input_files::code_files::CodeFile;
use crate::input_files::measure_files::BuiltIn;
use crate::kafka::settings::KafkaSettings;

/// The source of a value. A later variant wins over an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueOrigin {
    /// The default.
    Default,
    /// A line of the configuration file.
    File {
        /// The file's path as it was given.
        path: PathBuf,
        /// Line number, from 1.
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

/// The form of log lines on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// Text.
    Human,
    /// One JSON object a line.
    Json,
}

/// When metrics and version need no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMetrics {
    /// While the service listens on a loopback address.
    Loopback,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl OpenMetrics {
    /// All of them.
    pub const ALL: [OpenMetrics; 3] = [OpenMetrics::Loopback, OpenMetrics::Always, OpenMetrics::Never];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            OpenMetrics::Loopback => "loopback",
            OpenMetrics::Always => "always",
            OpenMetrics::Never => "never",
        }
    }
}

/// The first day of which events are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstDay {
    /// Every day.
    Unbounded,
    /// This day and later ones.
    On(Day),
}

/// A configuration whose values are all valid.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the log, the keys and the lock.
    pub data: PathBuf,
    /// Address and port of HTTP.
    pub listen: SocketAddr,
    /// The zone whose calendar months are used. Fixed for a log.
    pub zone: Zone,
    /// Partitions of `events`, 1 to 1,024. Fixed for a log.
    pub partitions: u32,
    /// Folder of measure files; without one the built-in measures are used.
    pub measures: Option<PathBuf>,
    /// Whether built-in measures that the folder does not replace are kept.
    pub built_in_measures: BuiltIn,
    /// Code files, in order of their tables.
    pub codes: Vec<CodeFile>,
    /// File of the reference network; without one small roles are compared with nobody.
    pub reference: Option<PathBuf>,
    /// The first day of which events are accepted; without one `run` accepts the five years before its first publication.
    pub first_day: Option<FirstDay>,
    /// Registry file; without one every clinician id is a person of its own.
    pub registry: Option<PathBuf>,
    /// File of the keys; the first start creates it.
    pub keys: PathBuf,
    /// The publication times. Fixed for a log.
    pub grid: Grid,
    /// Free space of the disk of an embedded log, below which intake accepts nothing, bytes; 0 for none.
    pub disk_reserve: usize,
    /// Limit of stored rejected records, bytes; 0 stores none.
    pub refused: usize,
    /// Limit of the body of a request, bytes.
    pub max_body: usize,
    /// Limit of open connections.
    pub max_connections: usize,
    /// Limit of the elements of a request.
    pub max_elements: usize,
    /// Limit of all bodies that wait for the log, bytes; beyond it requests get status 429.
    pub max_waiting: usize,
    /// Time for open requests to finish after a request to stop, seconds.
    pub drain_seconds: u32,
    /// Filter of log lines, in the syntax of `tracing`.
    pub log_level: String,
    /// The form of log lines.
    pub log_format: LogFormat,
    /// Codes of FHIR encounters that are no contact.
    pub no_contact: BTreeSet<String>,
    /// Declared feeds by name.
    pub feeds: BTreeMap<String, Arc<Feed>>,
    /// The kinds of data that feeds declare, by feed. They are entries of the operator's registry.
    pub sends: BTreeMap<String, Vec<DataKind>>,
    /// The permissions over HTTP.
    pub gate: Authorizer,
    /// Whether metrics and version need a token.
    pub open_metrics: OpenMetrics,
    /// The brokers that hold the log; without them the log is embedded in `data`.
    pub kafka: Option<KafkaSettings>,
    /// Pages with sign-in; none unless they are turned on.
    pub pages: Option<PageSettings>,
    /// Topics that practice systems write, by name.
    pub inputs: BTreeMap<String, Input>,
    /// Every value as text, in order of the options' names, feeds last.
    pub shown: Vec<OptionView>,
}

impl Config {
    /// Whether pages have the address of a proxy on which other machines reach this one.
    #[must_use]
    pub fn is_behind_proxy(&self) -> bool {
        self.pages.as_ref().and_then(|pages| pages.origin.as_ref()).is_some_and(|origin| origin.is_secure)
    }
}

/// A value as `config show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionView {
    /// Name of the option as a key of TOML, `publish.every`.
    pub key: String,
    /// Its value, in the form of the configuration file.
    pub value: String,
    /// The source of the value.
    pub origin: ValueOrigin,
}

/// One option: its name, its default and its description.
#[derive(Clone, Copy, Debug)]
pub struct OptionOf {
    /// Its name, with dots between tables and key.
    pub key: &'static str,
    /// The default; empty for none.
    pub default: &'static str,
    /// Its description, with its unit.
    pub help: &'static str,
}

const fn option(key: &'static str, default: &'static str, help: &'static str) -> OptionOf {
    OptionOf { key, default, help }
}

/// Every option but the feeds.
pub const OPTIONS: [OptionOf; 48] = [
    option("built-in-measures", "keep", "keep or drop the built-in measures that the folder `measures` does not replace"),
    option("codes.answers", "", "CSV file of answers: question, code, target; the target is a word of measure files"),
    option(
        "codes.drugs",
        "",
        "CSV file of drug codes: system, code, target; the target is a BNF code, or none for a code that is no drug",
    ),
    option(
        "codes.identifiers",
        "",
        "CSV file of identifier systems of persons: system (a URI), target (its short name); the first target is preferred",
    ),
    option(
        "codes.orders",
        "",
        "CSV file of order categories: system, code, target; the target is referral, test, imaging or none",
    ),
    option("codes.questions", "", "CSV file of questions: question (a linkId), target; the target is a word of measure files"),
    option(
        "codes.roles",
        "",
        "CSV file of the codes of PractitionerRole: system (empty for any), code, target; the target is a role, such as gp",
    ),
    option("data", "./plumbline-data", "folder of the log, the keys and the lock"),
    option(
        "disk-reserve",
        "512MiB",
        "free space of the disk of an embedded log, below which intake answers 507 and everything else goes on; 0B for none",
    ),
    option(
        "first-day",
        "",
        "first day of which events are accepted, such as 2021-10-05, or none; earlier ones are rejected as `too_old`; without it \
         five years before the first publication for `run`, none for `replay`",
    ),
    option("http.drain", "10s", "time for open requests to finish after SIGTERM"),
    option("http.max-body", "8MiB", "limit of the body of one request; a larger one gets status 413"),
    option(
        "http.max-connections",
        "512",
        "limit of open connections; beyond it a new one replaces one that waits, and 16 more answer health checks",
    ),
    option("http.max-elements", "10000", "limit of the elements of one request; one with more gets status 413"),
    option("http.max-waiting", "64MiB", "limit of all bodies that wait for the log; beyond it requests get status 429"),
    option(
        "http.open-metrics",
        "loopback",
        "when `/metrics` and `/version` need no token: loopback (while `listen` is a loopback address), always or never",
    ),
    option("kafka.brokers", "", "Kafka brokers, HOST:PORT separated by commas; without them the log is embedded in `data`"),
    option(
        "kafka.instance",
        "",
        "name of this process; after a crash, a restart with the same name gets its partitions back at once",
    ),
    option("kafka.prefix", "plumbline.", "prefix of the names of all topics and consumer groups; one for each deployment"),
    option("kafka.replication", "", "replicas of each topic that `topics --apply` creates; without it the brokers' default"),
    option(
        "kafka.schema-registry",
        "",
        "Confluent-compatible schema registry, http[s]://[USER:PASSWORD@]HOST[:PORT]; without it records carry Plumbline's own \
         schema ids",
    ),
    option("keys", "", "file of the keys, created at the first start; without it keys.toml in the data folder"),
    option("listen", "127.0.0.1:8080", "address and port of HTTP"),
    option("log.format", "auto", "form of log lines: auto, human or json; auto is human on a terminal, else json"),
    option("log.level", "info", "least severe level of log lines: error, warn, info or debug"),
    option("measures", "", "folder of your own measure files; a file with the id of a built-in measure replaces it"),
    option(
        "no-contact",
        "",
        "codes of FHIR encounters that are no contact, with blanks between them: SYSTEM|CODE, or CODE for every system",
    ),
    option("pages.administrators", "", "persons who see the page of operations, by their ids in the registry"),
    option("pages.analysts", "", "persons who see the page of the network, by their ids in the registry"),
    option("pages.auditors", "", "persons who see the access log, by their ids in the registry"),
    option("pages.client", "", "id of this service at the OpenID Connect provider"),
    option("pages.idle", "30m", "time without use that ends a session"),
    option(
        "pages.issuer",
        "",
        "issuer of an OpenID Connect provider, a URL; its subject is the `login` of a person; needs `pages.client`",
    ),
    option(
        "pages.locality-leads",
        "",
        "persons who lead a locality and see no names: PERSON@CODE, with the code of the locality",
    ),
    option(
        "pages.proxy-addresses",
        "",
        "IP addresses of an identity-aware proxy; the header of any other client counts for nothing",
    ),
    option("pages.proxy-header", "", "header in which that proxy names the `login` of a person, such as X-Remote-User"),
    option("pages.secret-file", "", "file with the secret of this service at the provider; without it a public client"),
    option("pages.serve", "false", "true or false: pages with sign-in for clinicians and leads, and the access log"),
    option("pages.session", "12h", "time after which a session ends, however busy it is"),
    option(
        "pages.url",
        "",
        "address of the pages in browsers, such as https://scorecards.example.org; without it the address that HTTP listens on",
    ),
    option(
        "pages.wait",
        "7d",
        "time for which a clinician alone sees a new \"please check\" of a later revision; then the lead sees it, too",
    ),
    option("partitions", "4", "number of partitions of the events, 1 to 1024; fixed for a log"),
    option("publish.at", "3h", "first publication of a day, as time after midnight UTC; fixed for a log"),
    option("publish.every", "1d", "time between two publications; fixed for a log"),
    option(
        "reference",
        "",
        "file of a reference network, written by `plumbline reference export`; roles of fewer than 20 members are compared with it",
    ),
    option("refused", "64MiB", "limit of stored rejected records, encrypted and kept for at most 30 days; 0B stores none"),
    option("registry", "", "registry file, read at each start; `plumbline registry check` checks it"),
    option("zone", "Europe/London", "time zone whose calendar months are used; fixed for a log"),
];

/// A topic that practice systems write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The feed of records that name none.
    pub feed: Option<String>,
    /// The format of its records; without one it is detected from their content.
    pub format: Option<InputFormat>,
    /// The rights of its records: its feed alone, unless the configuration lets it write any feed.
    pub rights: SourceRights,
}

/// The format of the records of an input topic.
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
pub const INPUT_OPTIONS: [OptionOf; 5] = [
    option("feed", "", "the only feed of the topic; a record that names another one is rejected"),
    option("feeds", "", "any: each record names its feed, and `feed` is that of records that name none; needed without `feed`"),
    option("format", "", "json, avro or fhir; without it recognised by the content of each record"),
    option(
        "practice-only",
        "",
        "true or false: events only of the practice that the feed declares; true for a topic with one feed, else false",
    ),
    option("registry", "own", "own or trusted: whether registry entries are limited to the feed and its practice"),
];
/// Their keys.
pub const INPUT_KEYS: [&str; 5] =
    [INPUT_OPTIONS[0].key, INPUT_OPTIONS[1].key, INPUT_OPTIONS[2].key, INPUT_OPTIONS[3].key, INPUT_OPTIONS[4].key];

/// The feed of this name as declared, else with the defaults and this zone.
#[must_use]
pub fn feed_named(declared: &BTreeMap<String, Arc<Feed>>, zone: &Zone, name: &str) -> Arc<Feed> {
    let undeclared = || Arc::new(Feed::open(name, zone.clone()));
    declared.get(name).cloned().unwrap_or_else(undeclared)
}

/// The options in the table of a feed.
pub const FEED_OPTIONS: [OptionOf; 6] = [
    option("drugs", "requests", "requests or dispenses: the FHIR resource that counts as a prescription"),
    option("ids", "feed", "feed or kind: event ids are unique in the feed, or per kind of event; never change it"),
    option("practice", "", "practice of events that name none"),
    option(
        "sends",
        "",
        "kinds of data that the feed sends: words separated by spaces, or a list of them; without it Plumbline observes the kinds",
    ),
    option(
        "versioning",
        "",
        "id, updated or arrival: the order of the versions of an event; never change it; without it the first event decides",
    ),
    option("zone", "", "time zone of the civil days of events; that of the deployment without it"),
];
/// Their keys.
pub const FEED_KEYS: [&str; 6] = [
    FEED_OPTIONS[0].key,
    FEED_OPTIONS[1].key,
    FEED_OPTIONS[2].key,
    FEED_OPTIONS[3].key,
    FEED_OPTIONS[4].key,
    FEED_OPTIONS[5].key,
];

/// The options in the table of a token.
pub const TOKEN_OPTIONS: [OptionOf; 4] = [
    option("practice-only", "true", "true or false: events only of the practice that their feed declares"),
    option(
        "registry",
        "own",
        "own or trusted: whether registry entries are limited to the feed and its practice; needs the scope registry",
    ),
    option("scopes", "", "rights of the token: words separated by spaces, or a list of them"),
    option("sha256", "", "SHA-256 of the token, 64 hexadecimal digits"),
];
/// Their keys.
pub const TOKEN_KEYS: [&str; 4] = [TOKEN_OPTIONS[0].key, TOKEN_OPTIONS[1].key, TOKEN_OPTIONS[2].key, TOKEN_OPTIONS[3].key];

/// The word of a source of drugs.
#[must_use]
pub fn drugs_word(drugs: DrugSource) -> &'static str {
    match drugs {
        DrugSource::Requests => "requests",
        DrugSource::Dispenses => "dispenses",
    }
}
