//! A Plumbline deployment on real brokers: its topics, its configuration, and its processes, which tests kill, pause and restart.

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

use crate::input_topic::InputTopic;
use crate::topic_writer::TopicWriter;

/// Weekly cuts: every state of a month occurs, and the suite takes minutes.
pub const WEEKLY: Grid = Grid { period_seconds: 7 * 86_400, offset_seconds: 10_800 };

/// The role of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Intake,
    Tally,
    Publish,
    /// All roles; the process writes ticks.
    All,
}

impl Role {
    /// The roles of separate processes. They write no ticks; the suite does.
    pub const SEPARATE: [Role; 3] = [Role::Intake, Role::Tally, Role::Publish];

    /// Its name: the argument of `run`, or `all`.
    pub fn word(self) -> &'static str {
        match self {
            Role::Intake => "intake",
            Role::Tally => "tally",
            Role::Publish => "publish",
            Role::All => "all",
        }
    }
}

/// A deployment on brokers.
pub struct TestDeployment {
    dir: tempfile::TempDir,
    pub bootstrap: String,
    pub prefix: String,
    pub partitions: u32,
    pub first: Timestamp,
    pub grid: Grid,
    pub keys: Keys,
    pub inputs: Vec<InputTopic>,
    /// Entries of the registry before the first process starts.
    pub registry: Vec<Entry>,
    /// The brokers' addresses for its processes, and further properties of librdkafka. The suite itself uses `bootstrap`.
    reached: Mutex<(String, Vec<(String, String)>)>,
    /// The schema registry of its processes.
    schemas: Mutex<Option<String>>,
    /// The clock of tally and publish: it starts a day before the first cut.
    lapse: String,
    started: AtomicU32,
}

/// The configuration of a deployment under test.
pub struct DeploymentPlan<'a> {
    pub name: &'a str,
    pub bootstrap: &'a str,
    pub partitions: u32,
    pub inputs: Vec<InputTopic>,
    /// The grid of cuts, and the first cut.
    pub grid: Grid,
    pub first: Timestamp,
    /// The registry as NDJSON.
    pub registry: &'a str,
}

impl TestDeployment {
    /// Creates the topics, and appends genesis and registry entries.
    pub fn new(plan: &DeploymentPlan<'_>) -> TestDeployment {
        let dir = tempfile::Builder::new().prefix("plumbline-deployment-").tempdir().expect("a temporary folder");
        // All deployments have the same keys: signs of patients, and so cards, depend on them.
        let keys = Keys::new([0x50; 32], vec![[0x70; 32]]);
        keys_file::write(&dir.path().join("keys.toml"), &keys).expect("a folder of our own");
        let registry = match plan.registry {
            "" => Vec::new(),
            text => scorecard::registry::registry_file::parse_registry(text).expect("a registry in order").entries,
        };
        let deployment = TestDeployment {
            bootstrap: plan.bootstrap.to_owned(),
            // A broker outside of the suite may hold topics of an earlier run.
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
        let writer = deployment.writer();
        writer.create_topics(deployment.partitions, &deployment.inputs);
        writer.append("registry", 0, "genesis", &Record::Genesis(deployment.genesis()));
        for entry in &deployment.registry {
            writer.append("registry", 0, "entry", &Record::Registry(entry.clone()));
        }
        writer.flush();
        deployment
    }

    /// A writer of its topics.
    pub fn writer(&self) -> TopicWriter {
        TopicWriter::new(&self.bootstrap, &self.prefix)
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

    /// The seed of event identities under its keys.
    pub fn identity_seed(&self) -> u64 {
        identity_seed(&self.keys)
    }

    /// The decoder of its intake.
    pub fn decoder(&self) -> RecordDecoder {
        RecordDecoder::new(DecoderConfig { keys: self.keys.clone(), ..DecoderConfig::default() })
    }

    /// The feed of an input topic in the configuration.
    pub fn feed_of(input: &InputTopic) -> Option<Arc<Feed>> {
        input.feed.map(|name| Arc::new(Feed { zone: Zone::london(), ..Feed::undeclared(name) }))
    }

    /// Sets the brokers' addresses and properties for processes that start from now on.
    pub fn secure(&self, brokers: &str, properties: Vec<(String, String)>) {
        *self.reached.lock().expect("no test panics with the lock") = (brokers.to_owned(), properties);
    }

    /// Sets the schema registry for processes that start from now on.
    pub fn set_schema_registry(&self, url: &str) {
        *self.schemas.lock().expect("no test panics with the lock") = Some(url.to_owned());
    }

    /// The configuration of a process. Short timeouts: a crash is detected within seconds.
    fn configuration(&self, name: &str) -> String {
        let (brokers, properties) = self.reached.lock().expect("no test panics with the lock").clone();
        let properties = properties.iter().map(|(key, value)| format!("{key:?} = {value:?}\n")).collect::<String>();
        let schemas = self.schemas.lock().expect("no test panics with the lock").clone();
        let schemas = schemas.map(|url| format!("schema-registry = {url:?}\n")).unwrap_or_default();
        let input = |input: &InputTopic| {
            let option = |key: &str, value: Option<&str>| value.map(|value| format!("{key} = {value:?}\n")).unwrap_or_default();
            let table = format!("[inputs.\"{}{}\"]\n", self.prefix, input.name);
            // The suite compares with a replay of files, which have every right.
            let rights =
                if input.feed.is_none() { "feeds = \"any\"\nregistry = \"trusted\"\n" } else { "registry = \"trusted\"\n" };
            table + &option("feed", input.feed) + &option("format", input.format) + rights
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

    /// Starts a process of this role. Its name is the role and a number, and is its client id in groups.
    pub fn start(&self, role: Role) -> Process {
        // For intake the traffic is in the past. Tally and publish must write no ticks, so their clock is early.
        let early = matches!(role, Role::Tally | Role::Publish);
        if early { self.start_at(role, &self.lapse, &["--accept-clock"]) } else { self.launch(role, None, &[]) }
    }

    /// Starts a process of this role with another clock: the text of [`LAPSE_VARIABLE`].
    pub fn start_at(&self, role: Role, lapse: &str, arguments: &[&str]) -> Process {
        self.launch(role, Some(lapse), arguments)
    }

    fn launch(&self, role: Role, lapse: Option<&str>, arguments: &[&str]) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", role.word());
        let config = self.dir.path().join(format!("{name}.toml"));
        fs::write(&config, self.configuration(&name)).expect("a folder of our own");
        let log = self.dir.path().join(format!("{name}.log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_plumbline"));
        command.arg("run").args((role != Role::All).then_some(role.word())).args(arguments).arg("--config").arg(&config);
        if let Some(lapse) = lapse {
            command.env(LAPSE_VARIABLE, lapse);
        }
        command.current_dir(self.dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(&log).expect("a folder of our own"));
        let child = command.spawn().expect("the binary runs");
        Process { watcher: watch(child.id()), child, name, role, log }
    }
}

/// A process that kills `process` when the suite ends, even after a crash of the suite.
fn watch(process: u32) -> Child {
    let watching = "while kill -0 $0 2>/dev/null; do kill -0 $1 2>/dev/null || kill -9 $0; sleep 1; done";
    let mut command = Command::new("sh");
    command.args(["-c", watching, &process.to_string(), &std::process::id().to_string()]).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell runs")
}

/// A number in letters. Digits could look like an NHS number, and a reject masks the name of such a topic.
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

/// A running process. Drop it to kill it. After a failed test the drop shows its last log lines.
#[derive(Debug)]
pub struct Process {
    child: Child,
    watcher: Child,
    pub name: String,
    pub role: Role,
    log: PathBuf,
}

impl Process {
    /// Kills it with SIGKILL and waits for its end.
    pub fn kill(&mut self) {
        // A process that ended by itself cannot be killed; the test judges its topics.
        let _ = self.child.kill();
        self.child.wait().expect("it ends");
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success(), "{} has ended: {}", self.name, self.log_text());
    }

    /// Sends SIGTERM and waits for its end.
    pub fn end(&mut self) -> ExitStatus {
        self.signal("-TERM");
        self.child.wait().expect("it ends")
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its log so far.
    pub fn log_text(&self) -> String {
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
            let text = self.log_text();
            let last: Vec<&str> = text.lines().rev().take(15).collect();
            eprintln!("--- last log lines of {}:", self.name);
            last.into_iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
