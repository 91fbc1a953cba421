//! Real brokers of Apache Kafka: whether they can be had, and those that `broker/kafka.sh` starts.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};

/// Names a broker (`host:port`), or says `require`: what cannot be had is a failure then.
pub const KAFKA_VARIABLE: &str = "PLUMBLINE_KAFKA";
/// Names a Python that has `confluent_kafka`.
pub const PYTHON_VARIABLE: &str = "PLUMBLINE_PYTHON";

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kafka/broker/kafka.sh");
/// The user of the listener for SASL over TLS.
pub const USER: (&str, &str) = ("line", "a-password-of-the-suite");

/// What the suite works with.
#[derive(Clone, Debug)]
pub struct Means {
    /// A Python that has `confluent_kafka`.
    pub python: String,
    /// A broker that somebody else runs; without it the suite starts its own.
    pub named: Option<String>,
}

/// What cannot be had.
#[derive(Clone, Debug)]
pub struct MissingTool {
    /// In a few words, for the runner's own lines.
    pub short: &'static str,
    /// Why, and how it is to be had.
    pub why: String,
}

/// Where the jars lie: in the target folder, so that they are fetched once.
fn jars() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("kafka").join("jars")
}

/// Looks for what the suite needs; gets the jars if it has to.
///
/// # Errors
/// [`MissingTool`] says how it is to be had.
pub fn look() -> Result<Means, MissingTool> {
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
        let lacking = |why| MissingTool { short: "no broker to be had: see PLUMBLINE_KAFKA", why };
        let fetched = script(&["fetch"]).output().map_err(|error| lacking(format!("{SCRIPT} does not run: {error}")))?;
        if !fetched.status.success() {
            let said = String::from_utf8_lossy(&fetched.stderr);
            let why = said.lines().last().unwrap_or("no reason was given");
            return Err(lacking(format!("{why}; or name a broker with {KAFKA_VARIABLE}=host:port")));
        }
    }
    Ok(Means { python, named })
}

fn script(arguments: &[&str]) -> Command {
    let mut command = Command::new(SCRIPT);
    command.args(arguments).env("KAFKA_LIB", jars());
    command
}

/// Brokers of one's own. Dropped, they end and their data goes.
#[derive(Debug)]
pub struct Brokers {
    dir: tempfile::TempDir,
    port: u16,
    /// Addresses, commas between them.
    pub bootstrap: String,
}

impl Brokers {
    /// Starts so many.
    pub fn start(count: u16) -> Brokers {
        let dir = tempfile::Builder::new().prefix("plumbline-kafka-").tempdir().expect("a temporary folder");
        let mut brokers = Brokers { dir, port: free_ports(count), bootstrap: String::new() };
        brokers.bootstrap = brokers.does(&["start", &count.to_string()]).trim().to_owned();
        brokers
    }

    /// Has the script do something, and waits until it is done.
    pub fn does(&self, arguments: &[&str]) -> String {
        let mut command = script(arguments);
        command.env("KAFKA_DIR", self.dir.path()).env("KAFKA_PORT", self.port.to_string());
        command.env("KAFKA_OWNER", std::process::id().to_string()).env("KAFKA_USERS", format!("{}={}", USER.0, USER.1));
        let output = command.output().expect("the script runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kafka.sh {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Where SASL over TLS is spoken, and the certificate to trust there.
    pub fn secured(&self) -> (String, PathBuf) {
        (format!("127.0.0.1:{}", self.port + 200), self.dir.path().join("ca.pem"))
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        let mut stop = script(&["stop"]);
        // Whatever it says, the owner's end ends them.
        let _ = stop.env("KAFKA_DIR", self.dir.path()).env("KAFKA_PORT", self.port.to_string()).output();
    }
}

/// The first of ports that are free for so many brokers, their controllers and their secured listeners.
fn free_ports(count: u16) -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let all_free = |base: &u16| (0..count).all(|n| [0, 100, 200].into_iter().all(|more| free(base + more + n)));
    let begin = 20_000 + u16::try_from(std::process::id() % 900).expect("below 900") * 10;
    // Brokers bind only some seconds later: what was given to others of this process is not given again.
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let from = begin + NEXT.fetch_add(5, Ordering::Relaxed);
    (from..30_000).step_by(300).find(all_free).expect("some ports between 20000 and 30000 are free")
}

/// The broker of most tests, started by the first one that wants it.
static SHARED: Mutex<Option<Brokers>> = Mutex::new(None);

/// The address of the broker that tests share.
pub fn shared(means: &Means) -> String {
    if let Some(named) = &means.named {
        return named.clone();
    }
    with_shared(|brokers| brokers.bootstrap.clone())
}

/// Something about the broker that tests share, which is the suite's own.
pub fn with_shared<T>(tell: impl FnOnce(&Brokers) -> T) -> T {
    // A test that panicked meanwhile left the broker as it was.
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    tell(shared.get_or_insert_with(|| Brokers::start(1)))
}

/// Ends the broker that tests shared.
pub fn end_shared() {
    drop(SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
}
