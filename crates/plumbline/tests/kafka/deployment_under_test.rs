//! A Plumbline line on real brokers: its topics, its configuration, and its processes, each of which can be killed, stopped and
//! started again.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use codec::formats::record_decoder::{DecoderConfig, RecordDecoder};
use codec::identity::keys::{Keys, fingerprint};
use plumbline::config::keys_file;
use plumbline::config::keys_file::identity_seed;
use plumbline::process::clock::LAPSE_VARIABLE;
use scorecard::record::item::Feed;
use scorecard::record::log_record::{Genesis, Record};
use scorecard::registry::entry::Entry;
use scorecard::time::calendar::{Timestamp, Zone};
use scorecard::time::schedule::Grid;
use stream::deployment::FORMAT;

use crate::topic_writer::Hand;

/// Weekly cuts: enough for every phase of a month, and few enough for a suite of minutes.
pub const WEEKLY: Grid = Grid { period_seconds: 7 * 86_400, offset_seconds: 10_800 };

/// An input topic and what the configuration says of it.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name behind the line's prefix.
    pub name: &'static str,
    pub partitions: u32,
    /// The feed to which everything in it belongs.
    pub feed: Option<&'static str>,
    /// `json`, `avro`, `fhir`; told from content without it.
    pub format: Option<&'static str>,
}

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Intake,
    Tally,
    Publish,
    /// Everything, ticks of its own among it.
    All,
}

impl Role {
    /// Those of a line whose ticks the suite writes.
    pub const LINE: [Role; 3] = [Role::Intake, Role::Tally, Role::Publish];

    /// Its name; where it is one of the roles, the word of the command line.
    pub fn word(self) -> &'static str {
        match self {
            Role::Intake => "intake",
            Role::Tally => "tally",
            Role::Publish => "publish",
            Role::All => "all",
        }
    }
}

/// One line.
pub struct Line {
    dir: tempfile::TempDir,
    pub bootstrap: String,
    pub prefix: String,
    pub partitions: u32,
    pub first: Timestamp,
    pub grid: Grid,
    pub keys: Keys,
    pub inputs: Vec<Input>,
    /// Entries of the registry that were there before anybody started.
    pub registry: Vec<Entry>,
    /// Where its processes reach the brokers, and with which further properties of librdkafka; the suite itself uses `bootstrap`.
    reached: Mutex<(String, Vec<(String, String)>)>,
    /// The schema registry that its processes ask.
    schemas: Mutex<Option<String>>,
    /// The clock of everything but intake: it begins shortly before the first instant.
    lapse: String,
    started: AtomicU32,
}

/// How a line is to be.
pub struct Plan<'a> {
    pub name: &'a str,
    pub bootstrap: &'a str,
    pub partitions: u32,
    pub inputs: Vec<Input>,
    /// The publication instants, and the first of them.
    pub grid: Grid,
    pub first: Timestamp,
    /// The registry as NDJSON.
    pub registry: &'a str,
}

impl Line {
    /// Makes the topics, and puts genesis and registry into theirs.
    pub fn new(plan: &Plan<'_>) -> Line {
        let dir = tempfile::Builder::new().prefix("plumbline-line-").tempdir().expect("a temporary folder");
        let (keys, _) = keys_file::read_or_make(&dir.path().join("keys.toml")).expect("a folder of our own");
        let registry = match plan.registry {
            "" => Vec::new(),
            text => scorecard::registry::registry_file::parse_registry(text).expect("a registry in order"),
        };
        let line = Line {
            bootstrap: plan.bootstrap.to_owned(),
            // A broker that somebody else runs may hold what an earlier run left.
            prefix: format!("{}-{}.", plan.name, in_letters(real_now().unsigned_abs())),
            partitions: plan.partitions,
            first: plan.first,
            grid: plan.grid,
            keys,
            inputs: plan.inputs.clone(),
            registry,
            reached: Mutex::new((plan.bootstrap.to_owned(), Vec::new())),
            schemas: Mutex::default(),
            lapse: format!("{},{},1", real_now(), plan.first.0 - 86_400_000),
            started: AtomicU32::new(0),
            dir,
        };
        let hand = line.hand();
        hand.make_topics(line.partitions, &line.inputs);
        hand.append("registry", 0, "genesis", &Record::Genesis(line.genesis()));
        for entry in &line.registry {
            hand.append("registry", 0, "entry", &Record::Registry(entry.clone()));
        }
        hand.flush();
        line
    }

    /// Somebody beside the line who writes into its topics and waits for what comes of it.
    pub fn hand(&self) -> Hand {
        Hand::new(&self.bootstrap, &self.prefix)
    }

    fn genesis(&self) -> Genesis {
        Genesis {
            format: FORMAT,
            partitions: self.partitions,
            zone: Zone::london().name().to_owned(),
            grid_period_seconds: self.grid.period_seconds,
            grid_offset_seconds: self.grid.offset_seconds,
            first: self.first,
            permanent_key: fingerprint(self.keys.permanent()),
            patient_keys: self.keys.patients().iter().map(fingerprint).collect(),
        }
    }

    /// Seed of the identities of events under the line's keys.
    pub fn identity_seed(&self) -> u64 {
        identity_seed(&self.keys)
    }

    /// A decoder as the line's intake has it.
    pub fn decoder(&self) -> RecordDecoder {
        RecordDecoder::new(DecoderConfig { keys: self.keys.clone(), ..DecoderConfig::default() })
    }

    /// The feed that the configuration gives an input topic.
    pub fn feed_of(input: &Input) -> Option<Arc<Feed>> {
        input.feed.map(|name| Arc::new(Feed { zone: Zone::london(), ..Feed::undeclared(name) }))
    }

    /// Its processes reach the brokers there and so from now on.
    pub fn secure(&self, brokers: &str, properties: Vec<(String, String)>) {
        *self.reached.lock().expect("nobody panics with it") = (brokers.to_owned(), properties);
    }

    /// Its processes ask this schema registry from now on.
    pub fn ask_for_schemas(&self, url: &str) {
        *self.schemas.lock().expect("nobody panics with it") = Some(url.to_owned());
    }

    /// The configuration of a process with this name. Low timeouts, so that what is dead is soon known to be.
    fn configuration(&self, name: &str) -> String {
        let (brokers, properties) = self.reached.lock().expect("nobody panics with it").clone();
        let properties = properties.iter().map(|(key, value)| format!("{key:?} = {value:?}\n")).collect::<String>();
        let schemas = self.schemas.lock().expect("nobody panics with it").clone();
        let schemas = schemas.map(|url| format!("schema-registry = {url:?}\n")).unwrap_or_default();
        let input = |input: &Input| {
            let option = |key: &str, value: Option<&str>| value.map(|value| format!("{key} = {value:?}\n")).unwrap_or_default();
            let table = format!("[inputs.\"{}{}\"]\n", self.prefix, input.name);
            table + &option("feed", input.feed) + &option("format", input.format)
        };
        format!(
            "data = {:?}\nkeys = {:?}\nlisten = \"127.0.0.1:0\"\npartitions = {}\n[publish]\nevery = \"{}s\"\nat = \"{}s\"\n[kafka]\nbrokers = {:?}\nprefix = {:?}\n{schemas}[kafka.properties]\n\"client.id\" = {name:?}\n\"session.timeout.ms\" = \"2000\"\n\"heartbeat.interval.ms\" = \"400\"\n{properties}{}",
            self.dir.path().join(name),
            self.dir.path().join("keys.toml"),
            self.partitions,
            self.grid.period_seconds,
            self.grid.offset_seconds,
            brokers,
            self.prefix,
            self.inputs.iter().map(input).collect::<String>(),
        )
    }

    /// Starts a process of this role. Its name is the role's and a number; the group knows it by it.
    pub fn start(&self, role: Role) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", role.word());
        let config = self.dir.path().join(format!("{name}.toml"));
        fs::write(&config, self.configuration(&name)).expect("a folder of our own");
        let log = self.dir.path().join(format!("{name}.log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.arg("run").args((role != Role::All).then_some(role.word())).arg("--config").arg(&config);
        // Intake has to believe that the traffic lies in the past, the others must not write ticks of their own.
        if matches!(role, Role::Tally | Role::Publish) {
            command.env(LAPSE_VARIABLE, &self.lapse);
        }
        command.current_dir(self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(&log).expect("a folder of our own"));
        let child = command.spawn().expect("the binary runs");
        Process { watcher: watch(child.id()), child, name, role, log }
    }
}

/// A process that ends another one when the suite has ended, however that came about.
fn watch(process: u32) -> Child {
    let watching = "while kill -0 $0 2>/dev/null; do kill -0 $1 2>/dev/null || kill -9 $0; sleep 1; done";
    let mut command = Command::new("sh");
    command.args(["-c", watching, &process.to_string(), &std::process::id().to_string()]).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell runs")
}

/// A number in letters: digits in a row could be an NHS number, and a topic of such a name is never told in a reject.
fn in_letters(mut number: u64) -> String {
    let mut letters = String::new();
    while number > 0 {
        letters.push(char::from(b'a' + u8::try_from(number % 26).expect("below 26")));
        number /= 26;
    }
    letters
}

/// The machine's clock, milliseconds.
pub fn real_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292,000,000")
}

/// A process under way. Dropped, it is killed; what it said last is shown if the test failed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    watcher: Child,
    pub name: String,
    pub role: Role,
    log: PathBuf,
}

impl Process {
    /// As a loss of power would.
    pub fn kill(&mut self) {
        // One that has ended by itself cannot be killed; what it promised is judged by what it left.
        let _ = self.child.kill();
        self.child.wait().expect("it ends");
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success(), "{} has ended: {}", self.name, self.said());
    }

    /// Asks it to end, and waits until it has.
    pub fn end(&mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().expect("it ends")
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Everything that it said.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
        if std::thread::panicking() {
            let said = self.said();
            let last: Vec<&str> = said.lines().rev().take(15).collect();
            eprintln!("--- {} said last:", self.name);
            last.into_iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
