//! Brokers of Apache Kafka: finds the tools for them, and starts them with `broker/kafka.sh`.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};

/// Environment variable with a broker (`host:port`), or `require`: then a missing tool is a failure.
pub const KAFKA_VARIABLE: &str = "PLUMBLINE_KAFKA";
/// Environment variable with a Python that has `confluent_kafka`.
pub const PYTHON_VARIABLE: &str = "PLUMBLINE_PYTHON";

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/broker/kafka.sh");
/// The user of the listener for SASL over TLS.
pub const USER: (&str, &str) = ("plumbline", "a-password-of-the-suite");

/// The tools of the suite.
#[derive(Clone, Debug)]
pub struct TestTools {
    /// A Python that has `confluent_kafka`.
    pub python: String,
    /// A running broker; without one the suite starts its own.
    pub named: Option<String>,
}

/// A tool that this machine lacks.
#[derive(Clone, Debug)]
pub struct MissingTool {
    /// A few words for the runner's list.
    pub short: &'static str,
    /// The reason and the cure.
    pub why: String,
}

/// The folder of the jars: in the target folder, so that they are downloaded once.
fn jars() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("kafka").join("jars")
}

/// Finds the tools of the suite, and downloads the jars if necessary.
///
/// # Errors
/// [`MissingTool`] with the cure.
pub fn find_tools() -> Result<TestTools, MissingTool> {
    let named = std::env::var(KAFKA_VARIABLE).ok().filter(|value| !value.is_empty() && value != "require");
    let python = std::env::var(PYTHON_VARIABLE).unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", "import confluent_kafka"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        let cure = format!("pip install confluent-kafka, or name a Python that has it with {PYTHON_VARIABLE}");
        let why = format!("{python} has no confluent_kafka, the independent subscriber: {cure}");
        return Err(MissingTool { short: "no confluent_kafka: see PLUMBLINE_PYTHON", why });
    }
    if named.is_none() {
        let java = Command::new("java").arg("-version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !java.is_ok_and(|status| status.success()) {
            let why = format!("there is no java: install a JRE of 17 or later, or name a broker with {KAFKA_VARIABLE}=host:port");
            return Err(MissingTool { short: "no java: see PLUMBLINE_KAFKA", why });
        }
        let missing = |why| MissingTool { short: "no broker: see PLUMBLINE_KAFKA", why };
        let fetched = script(&["fetch"]).output().map_err(|error| missing(format!("{SCRIPT} does not run: {error}")))?;
        if !fetched.status.success() {
            let stderr = String::from_utf8_lossy(&fetched.stderr);
            let why = stderr.lines().last().unwrap_or("no reason was given");
            return Err(missing(format!("{why}; or name a broker with {KAFKA_VARIABLE}=host:port")));
        }
    }
    Ok(TestTools { python, named })
}

fn script(arguments: &[&str]) -> Command {
    let mut command = Command::new(SCRIPT);
    command.args(arguments).env("KAFKA_LIB", jars());
    command
}

/// Brokers of one test. Drop them to stop them and remove their data.
#[derive(Debug)]
pub struct Brokers {
    dir: tempfile::TempDir,
    port: u16,
    /// Further lines of their configuration.
    extra: &'static str,
    /// Their addresses, separated by commas.
    pub bootstrap: String,
}

impl Brokers {
    /// Starts `count` brokers.
    pub fn start(count: u16) -> Brokers {
        Brokers::start_with(count, "")
    }

    /// Starts `count` brokers with further lines of their configuration, separated by `;`.
    pub fn start_with(count: u16, extra: &'static str) -> Brokers {
        let dir = tempfile::Builder::new().prefix("plumbline-kafka-").tempdir().expect("a temporary folder");
        let mut brokers = Brokers { dir, port: free_ports(count), extra, bootstrap: String::new() };
        brokers.bootstrap = brokers.run(&["start", &count.to_string()]).trim().to_owned();
        brokers
    }

    /// Runs a command of the script and returns its output.
    pub fn run(&self, arguments: &[&str]) -> String {
        let mut command = script(arguments);
        command.env("KAFKA_DIR", self.dir.path()).env("KAFKA_PORT", self.port.to_string());
        command.env("KAFKA_OWNER", std::process::id().to_string()).env("KAFKA_USERS", format!("{}={}", USER.0, USER.1));
        command.env("KAFKA_EXTRA", self.extra);
        let output = command.output().expect("the script runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kafka.sh {arguments:?}: {stderr}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The address for SASL over TLS, and the certificate to trust.
    pub fn secured(&self) -> (String, PathBuf) {
        (format!("127.0.0.1:{}", self.port + 200), self.dir.path().join("ca.pem"))
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        let mut stop = script(&["stop"]);
        // A failure is harmless: the brokers end with the test process.
        let _ = stop.env("KAFKA_DIR", self.dir.path()).env("KAFKA_PORT", self.port.to_string()).output();
    }
}

/// The first port of a free range for `count` brokers, their controllers and their listeners for SASL.
fn free_ports(count: u16) -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let all_free = |base: &u16| (0..count).all(|n| [0, 100, 200].into_iter().all(|more| free(base + more + n)));
    let begin = 20_000 + u16::try_from(std::process::id() % 900).expect("below 900") * 10;
    // Brokers bind their ports seconds later, so each call of this process returns another range.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let from = begin + NEXT.fetch_add(5, Ordering::Relaxed);
    (from..30_000).step_by(300).find(all_free).expect("some ports between 20000 and 30000 are free")
}

/// The broker of most tests. The first test that needs it starts it.
static SHARED: Mutex<Option<Brokers>> = Mutex::new(None);

/// The address of the shared broker.
pub fn shared(tools: &TestTools) -> String {
    if let Some(named) = &tools.named {
        return named.clone();
    }
    with_shared(|brokers| brokers.bootstrap.clone())
}

/// Calls `then` with the shared broker of the suite.
pub fn with_shared<T>(then: impl FnOnce(&Brokers) -> T) -> T {
    // A test that panicked meanwhile does not affect the broker.
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    then(shared.get_or_insert_with(|| Brokers::start(1)))
}

/// Stops the shared broker.
pub fn end_shared() {
    drop(SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
}
